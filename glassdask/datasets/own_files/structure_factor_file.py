"""A user's own static structure factor from a table of any layout or netCDF."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glassdask.datasets.netcdf import foreign_netcdf, single_state
from glassdask.datasets.own_files.measured_structure_factor import MeasuredStructureFactor
from glassdask.datasets.own_files.structure_factor_checks import check_structure_factor
from glassdask.datasets.own_files.table_doubts import doubts_of_structure
from glassdask.datasets.tables.column_names import our_names, structure_column
from glassdask.datasets.tables.number_table import SKIPPED, NumberTable, TableOptions, read_number_table
from glassdask.datasets.tables.source import IN_MEMORY, is_netcdf
from glassdask.datasets.tables.words import grid_in_words, resolution_in_words, table_in_words, with_their_names
from glassdask.errors import InvalidInput
from glassdask.physics.liquids.liquid import pairs_of

if TYPE_CHECKING:
    import xarray as xr

_ALLOWED = (
    "allowed: k,AA for one component; k,AA,AB,BB for two; k,AA,AB,AC,BB,BC,CC for three; with or without error_AA … "
    "(in any order, separated by commas, semicolons, tabs or blanks)"
)
_SPELLINGS = {"k": "k", "q": "k", "wavenumber": "k", "aa": "AA", "s_aa": "AA", "s(k)": "AA", "ab": "AB", "bb": "BB"}
#: What one letter each can name.
_MOST_SPECIES = 26


def read_structure_factor(
    source: str | os.PathLike | xr.Dataset,
    composition: Sequence[float] = (1.0,),
    density: float | None = None,
    options: TableOptions | None = None,
    normalisation: str | None = None,
) -> MeasuredStructureFactor:
    """The static structure factor of one state, from a file or a Dataset.

    Parameters
    ----------
    source
        Text with columns called k, AA, AB, BB, or as other programs call them (`column_names`), in the header or after #;
        separated by commas, semicolons, tabs or blanks; plain or compressed; of two columns without names k and S(k). Or
        arrays that NumPy saved, or netCDF with the variable ``structure_factor(pair, k)`` or ``structure_factor(k)``.
    composition
        Mole fractions x_a, one for each species; their sum is 1.
    density
        Total number density [1/length^3, the length of k]. If given, the main peak of the total Σ_ab S_ab(k) must lie
        within a factor 2 of k_p = 7 (density / 1.2)^(1/3), where dense liquids have it.
    options
        Names of the columns, separator, decimals, where the file leaves them open.
    normalisation
        One of `glassdask.datasets.own_files.normalisations.NORMALISATIONS`. By default it is told by the limits at large k and by
        g_ab(0) = 0; another than the package's own is converted only where that leaves no doubt, and refused else.

    Returns
    -------
    MeasuredStructureFactor
        In the package's normalisation, with a line that says how the file was understood, and what looks odd.

    Raises
    ------
    InvalidInput
        If the file cannot be read, is not one state, holds fewer than 20 wavenumbers, numbers that are no structure
        factor (NaN, k ≤ 0 or unsorted, S_aa < 0, a matrix without inverse), another normalisation, or another unit of
        length than the density.
    """
    path = Path(source) if isinstance(source, str | os.PathLike) else IN_MEMORY
    if path is IN_MEMORY or is_netcdf(path):
        measured, places = _from_netcdf(source, path)
        words, digits = "Dataset" if path is IN_MEMORY else "netCDF", None
    else:
        measured, places, words, digits = _from_table(path, options)
    checked, normalised, factor = check_structure_factor(measured, composition, density, places, path, normalisation)
    read = f"{words}; {grid_in_words('k', checked.wavenumber)}; {normalised}"
    if digits is None:
        return replace(checked, read=read)
    for pair, size in zip(checked.pairs, factor.tolist(), strict=True):
        digits |= {name: size * digits[name] for name in (pair, f"error_{pair}") if name in digits}
    found = doubts_of_structure(checked, places, digits)
    read = f"{read}; {resolution_in_words(found.resolution, 'AA')}"
    return replace(checked, read=read, doubts=(*checked.doubts, *found.words), resolution=found.resolution)


def _from_table(
    path: Path, options: TableOptions | None
) -> tuple[MeasuredStructureFactor, list[str], str, dict[str, np.ndarray]]:
    """Columns of a table, words for the place of each row, how it was understood, and the last digits of each column."""
    table = read_number_table(path, _ALLOWED, lambda name: structure_column(name) is not None, options)
    is_told, written = options is not None and options.columns is not None, table.names
    table = _without_twins(replace(table, names=_names(table, SKIPPED if is_told else ())))
    pairs = _pairs(table.names or [], path, "column")
    table = with_their_names(table, written)
    columns = table.numbers()
    partials = np.array([columns[pair] for pair in pairs]).reshape(len(pairs), -1)
    measured = MeasuredStructureFactor(columns["k"], partials, _errors(columns, pairs, path), doubts=table.doubts)
    digits = {{"error": "error_AA"}.get(name, name): table.last_digits(name) for name in columns}
    return measured, table.places, table_in_words(table), digits


def _names(table: NumberTable, skipped: Collection[str]) -> list[str]:
    """Our names of the columns; of two without names k and AA."""
    if table.names is None:
        if table.n_columns == 2:
            return ["k", "AA"]
        raise InvalidInput(
            f"{table.path} has no header over its {table.n_columns} columns (the first row is "
            f"{','.join(table.rows[0])}); {_ALLOWED}; say what they are with --columns, such as --columns k,AA,AB,BB, or write "
            "the names above the numbers"
        )
    return our_names(table.names, structure_column, _SPELLINGS, skipped, table.path, _ALLOWED)


def _without_twins(table: NumberTable) -> NumberTable:
    """S_ba as S_ab, for they are equal; of both, which must then be equal in the file, the first."""
    names = list(table.names or [])
    for place, name in enumerate(names):
        letters = name[-2:]
        if len(name) not in (2, 8) or not letters.isupper() or letters[0] <= letters[1]:
            continue
        twin = name[:-2] + letters[::-1]
        if twin not in names:
            names[place] = twin
            continue
        columns = table.numbers()
        unequal = np.flatnonzero(abs(columns[name] - columns[twin]) > 2 * table.last_digits(twin))
        if unequal.size:
            row = int(unequal[0])
            raise InvalidInput(
                f"{table.places[row]}: {twin} is {columns[twin][row]:.10g}, but {name} is {columns[name][row]:.10g}; allowed: "
                "equal ones, or one of them; leave the wrong one out with --columns"
            )
        names[place] = "_"
    return replace(table, names=names)


def _errors(columns: Mapping[str, np.ndarray], pairs: Sequence[str], path: Path) -> np.ndarray | None:
    """Standard errors of all pairs, or None; those of some alone are refused, for the others' are not 0."""
    if pairs == ("AA",) and "error" in columns:
        columns = {**columns, "error_AA": columns["error"]}
    missing = [pair for pair in pairs if f"error_{pair}" not in columns]
    if len(missing) == len(pairs) and "error" not in columns:
        return None
    if missing:
        raise InvalidInput(
            f"{path}: no column error_{missing[0]} beside the other errors; allowed: errors of all or none"
        )
    return np.array([columns[f"error_{pair}"] for pair in pairs])


def _pairs(names: Sequence[str], path: Path, kind: str) -> tuple[str, ...]:
    """The pairs that a file holds, in the package's order."""
    every = pairs_of(_MOST_SPECIES)
    letters = {letter for name in names if name in every for letter in name}
    pairs = pairs_of(1 + max((ord(letter) - ord("A") for letter in letters), default=0))
    missing = [name for name in ("k", *pairs) if name not in names]
    if missing:
        raise InvalidInput(f"{path}: no {kind} {', '.join(missing[:6])} beside {', '.join(names)}; {_ALLOWED}; add it")
    return pairs


def _from_netcdf(source: Any, path: Path) -> tuple[MeasuredStructureFactor, list[str]]:
    """S_ab(k) of a netCDF file or a Dataset, and the words for the place of each wavenumber."""
    with foreign_netcdf(source if path is IN_MEMORY else path) as data:
        S = _one_state(data, path).load()
    written = [str(label) for label in S["pair"].values.astype(str)] if "pair" in S.dims else ["AA"]
    labels = _labels(written, path)
    pairs = _pairs(["k", *labels], path, "pair")
    rows = np.reshape(S.values, (len(labels), -1)).astype(float)
    k = S["k"].values.astype(float)
    measured = MeasuredStructureFactor(k, rows[[labels.index(pair) for pair in pairs]])
    return measured, [f"{path}, k[{i}]" for i in range(k.size)]


def _labels(written: Sequence[str], path: Path) -> list[str]:
    """Our names of a netCDF file's pairs, each there once."""
    every = pairs_of(_MOST_SPECIES)
    found = [structure_column(label) or "" for label in written]
    labels = ["".join(sorted(name)) if "".join(sorted(name)) in every else None for name in found]
    for label, name in zip(written, labels, strict=True):
        if name is None:
            raise InvalidInput(f"{path}: unknown pair {label!r}; {_ALLOWED}")
        if labels.count(name) > 1:
            raise InvalidInput(f"{path}: {labels.count(name)} times the pair {name!r}; allowed: once; keep one of them")
    return [name for name in labels if name is not None]


def _one_state(data: xr.Dataset, path: Path) -> xr.DataArray:
    """``structure_factor`` with dimensions (pair, k) or (k,); further ones must have the size 1."""
    if "structure_factor" not in data:
        raise InvalidInput(
            f"{path} has the variables {', '.join(map(str, data.data_vars)) or 'none'}; "
            "allowed: one is structure_factor(pair, k); rename yours with .rename(NAME='structure_factor')"
        )
    S = data["structure_factor"]
    has_names = "k" in S.dims and {"k", "pair"} & set(S.dims) <= set(S.coords)
    if not has_names or any(array.dtype.kind not in "fiu" for array in (S, S["k"])):
        raise InvalidInput(
            f"{path}: structure_factor has the dimensions {', '.join(map(str, S.dims))} and type {S.dtype}; allowed: "
            "pair, k or k alone, numbers, with values of both as coordinates (.rename(q='k'), "
            ".assign_coords(pair=['AA', 'AB', 'BB']))"
        )
    return single_state(S, ("pair", "k"), path, "mct").transpose(..., "k")

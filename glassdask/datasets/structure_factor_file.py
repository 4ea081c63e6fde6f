"""A user's own static structure factor from CSV or netCDF."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from glassdask.datasets.measured_structure_factor import MeasuredStructureFactor, check_structure_factor, pairs_of
from glassdask.datasets.named_columns import read_named_columns, refuse_unknown_names
from glassdask.datasets.netcdf import foreign_netcdf, single_state
from glassdask.errors import InvalidInput

if TYPE_CHECKING:
    import xarray as xr

_ALLOWED = (
    "allowed: k,AA for one component; k,AA,AB,BB for two; k,AA,AB,AC,BB,BC,CC for three; with or without error_AA … "
    "(CSV: separated by commas, in any order)"
)
_SPELLINGS = {"k": "k", "q": "k", "aa": "AA", "s": "AA", "s(k)": "AA", "ab": "AB", "ba": "AB", "bb": "BB"}
#: What one letter each can name.
_MOST_SPECIES = 26


def read_structure_factor(
    path: str | os.PathLike, composition: Sequence[float] = (1.0,), density: float | None = None
) -> MeasuredStructureFactor:
    """The static structure factor of one state, from a file.

    Parameters
    ----------
    path
        Text with the header ``k,AA,AB,BB`` or ``k,AA`` (lines beginning with # are ignored), or a netCDF file (``.nc``)
        with the variable ``structure_factor(pair, k)`` or ``structure_factor(k)``.
    composition
        Mole fractions x_a, one for each species; their sum is 1.
    density
        Total number density [1/length^3, the length of k]. If given, the main peak of the total Σ_ab S_ab(k) must lie
        within a factor 2 of k_p = 7 (density / 1.2)^(1/3), where dense liquids have it.

    Raises
    ------
    InvalidInput
        If the file cannot be read, is not one state, holds fewer than 20 wavenumbers, numbers that are no structure
        factor (NaN, k ≤ 0 or unsorted, S_aa < 0, a matrix without inverse), another normalisation, or another unit of
        length than the density.
    """
    path = Path(path)
    measured, places = _from_netcdf(path) if path.suffix.lower() == ".nc" else _from_csv(path)
    check_structure_factor(measured, composition, density, places, path)
    return measured


def _from_csv(path: Path) -> tuple[MeasuredStructureFactor, list[str]]:
    """Columns of a text file, and the words for the place of each row."""
    table = read_named_columns(path, _ALLOWED)
    pairs = _pairs(table.names, path, "column")
    columns = table.numbers()
    partials = np.array([columns[pair] for pair in pairs])
    return MeasuredStructureFactor(columns["k"], partials, _errors(columns, pairs, path)), table.places


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
    """The pairs that a file holds, in the package's order; each name must be known and be there once."""
    every = pairs_of(_MOST_SPECIES)
    errors = ("error", *(f"error_{pair}" for pair in every)) if kind == "column" else ()
    refuse_unknown_names(names, ("k", *every, *errors), _SPELLINGS, path, kind, _ALLOWED)
    letters = {letter for name in names if name in every for letter in name}
    pairs = pairs_of(1 + max((ord(letter) - ord("A") for letter in letters), default=0))
    missing = [name for name in ("k", *pairs) if name not in names]
    if missing:
        raise InvalidInput(f"{path}: no {kind} {', '.join(missing)} beside {', '.join(names)}; {_ALLOWED}; add it")
    return pairs


def _from_netcdf(path: Path) -> tuple[MeasuredStructureFactor, list[str]]:
    """S_ab(k) of a netCDF file, and the words for the place of each wavenumber."""
    with foreign_netcdf(path) as data:
        S = _one_state(data, path).load()
    labels = [str(label) for label in S["pair"].values.astype(str)] if "pair" in S.dims else ["AA"]
    pairs = _pairs(["k", *labels], path, "pair")
    rows = np.reshape(S.values, (len(labels), -1)).astype(float)
    k = S["k"].values.astype(float)
    measured = MeasuredStructureFactor(k, rows[[labels.index(pair) for pair in pairs]])
    return measured, [f"{path}, k[{i}]" for i in range(k.size)]


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

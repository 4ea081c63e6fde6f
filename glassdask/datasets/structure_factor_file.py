"""A user's own static structure factor from CSV or netCDF."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from glassdask.datasets.measured_structure_factor import PAIRS, MeasuredStructureFactor, check_structure_factor
from glassdask.errors import InvalidInput

_ALLOWED = "allowed: k,AA for one component; k,AA,AB,BB for two (CSV: separated by commas, in any order)"
_SPELLINGS = {"k": "k", "q": "k", "aa": "AA", "s": "AA", "s(k)": "AA", "ab": "AB", "ba": "AB", "bb": "BB"}


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
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}; allowed: a readable CSV or netCDF file") from error
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InvalidInput(f"{path} is no text in UTF-8; allowed: CSV; give a netCDF file the ending .nc")
    lines = enumerate(map(str.strip, text.split("\n")), 1)
    rows = [(number, _cells(line)) for number, line in lines if line and not line.startswith("#")]
    header = rows[0][1] if rows else []
    _refuse_no_header(header, path)
    pairs = _pairs(header, path, "column")
    places = [f"{path}, line {number}" for number, _ in rows[1:]]
    table = [_numbers(cells, header, place) for (_, cells), place in zip(rows[1:], places, strict=True)]
    columns = dict(zip(header, np.reshape(table, (-1, len(header))).T, strict=True))
    return MeasuredStructureFactor(columns["k"], np.array([columns[pair] for pair in pairs])), places


def _cells(line: str) -> list[str]:
    return [cell.strip(' \t"') for cell in line.split(",")]


def _refuse_no_header(header: list[str], path: Path) -> None:
    try:
        [float(cell) for cell in header]
    except ValueError:
        return
    found = f"no header (its first line is {','.join(header)})" if header else "no line that does not begin with #"
    raise InvalidInput(f"{path} has {found}; {_ALLOWED}; write the names, without #, above the numbers")


def _pairs(names: Sequence[str], path: Path, kind: str) -> tuple[str, ...]:
    """The pairs that a file holds, in the package's order; each name must be known and be there once."""
    for name in names:
        if name not in ("k", *PAIRS[2]):
            near = difflib.get_close_matches(name.lower(), _SPELLINGS, n=1)
            hint = f"; did you mean {_SPELLINGS[near[0]]!r}?" if near else ""
            raise InvalidInput(f"{path}: unknown {kind} {name!r}{hint}; {_ALLOWED}")
        if names.count(name) > 1:
            raise InvalidInput(
                f"{path}: {names.count(name)} times the {kind} {name!r}; allowed: once; keep one of them"
            )
    pairs = PAIRS[2] if {"AB", "BB"} & set(names) else PAIRS[1]
    missing = [name for name in ("k", *pairs) if name not in names]
    if missing:
        raise InvalidInput(f"{path}: no {kind} {', '.join(missing)} beside {', '.join(names)}; {_ALLOWED}; add it")
    return pairs


def _numbers(cells: list[str], header: list[str], place: str) -> list[float]:
    if len(cells) != len(header):
        raise InvalidInput(
            f"{place}: {len(cells)} values for the columns {','.join(header)}; allowed: {len(header)}; "
            "write decimals with a point, not with a comma"
        )
    values = []
    for name, cell in zip(header, cells, strict=True):
        try:
            values.append(float(cell))
        except ValueError:
            raise InvalidInput(f"{place}: {name} is {cell!r}; allowed: a finite number; mend or remove it") from None
    return values


def _from_netcdf(path: Path) -> tuple[MeasuredStructureFactor, list[str]]:
    """S_ab(k) of a netCDF file, and the words for the place of each wavenumber."""
    try:
        with xr.open_dataset(path, engine="netcdf4", decode_times=False) as data:
            S = _one_state(data, path).load()
    except InvalidInput:
        raise
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInput(
            f"{path} cannot be read as netCDF ({reason}); allowed: a readable netCDF file; give CSV the ending .csv"
        ) from error
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
    further = [dim for dim in S.dims if dim not in ("pair", "k")]
    if any(S.sizes[dim] > 1 for dim in further):
        raise _not_one_state(S, further, path)
    return S.squeeze(further).transpose(..., "k")


def _not_one_state(S: xr.DataArray, further: Sequence, path: Path) -> InvalidInput:
    sizes = ", ".join(f"{dim} ({S.sizes[dim]})" for dim in further)
    first = ", ".join(f"{dim}={S[dim].values[0].item()!r}" for dim in further)
    return InvalidInput(
        f"{path}: structure_factor has the further dimensions {sizes}; allowed: one state; choose it, for example "
        f"xarray.open_dataset({str(path)!r}).sel({first}).squeeze().to_netcdf('state.nc'), or give the campaign "
        "itself to 'glassdask mct'"
    )

"""A user's own F(t) from a table of any layout or netCDF: the correlation functions whose memory is wanted."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.liquids import liquids_of
from glassdask.datasets.netcdf import foreign_netcdf, single_state
from glassdask.datasets.own_files.one_wavenumber import at_one_wavenumber, is_by_wavenumber
from glassdask.datasets.own_files.table_doubts import doubts_of_curves
from glassdask.datasets.tables.column_names import our_names, scattering_column
from glassdask.datasets.tables.number_table import SKIPPED, NumberTable, TableOptions, read_number_table
from glassdask.datasets.tables.source import IN_MEMORY, is_netcdf
from glassdask.datasets.tables.words import grid_in_words, resolution_in_words, table_in_words, with_their_names
from glassdask.errors import InvalidInput
from glassdask.physics.liquids.liquid import SPECIES, Liquid

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]
_ALLOWED = (
    "allowed: t,F or t,F,error for one component; t,F_A,F_B, with or without error_A,error_B, for two, and so on up to "
    "F_E; k,t,F for several wavenumbers (in any order, separated by commas, semicolons, tabs or blanks)"
)
_SPELLINGS = {
    **dict.fromkeys(("t", "time", "lag", "lag_time", "tau"), "t"),
    **dict.fromkeys(("f", "f(t)", "phi", "phi(t)", "f(k,t)"), "F"),
    **{
        spelling.format(species.lower()): f"F_{species}"
        for species in SPECIES
        for spelling in ("f_{0}", "f{0}", "fs_{0}", "f_s_{0}", "fs{0}", "f_{0}{0}")
    },
    **dict.fromkeys(("error", "err", "errors", "sigma", "std", "stderr", "f_error", "df"), "error"),
}
#: What a netCDF file may call F, with the names of its error and of its blocks.
_NETCDF_NAMES = {
    "F": ("error", "blocks"),
    "peak_scattering": ("peak_scattering_error", "peak_scattering_blocks"),
}


@dataclass(frozen=True, eq=False)
class MeasuredScattering:
    """Correlation functions of one state, as a file has them: values may be missing (NaN), times may not.

    Parameters
    ----------
    times
        Increasing, 0 or later, shape (n,). [time, in the unit of the file]
    F
        By species, shape (n,); not yet normalised. [1]
    error
        Standard errors by species, 0 or more, shape (n,); empty where the file has none. [as F]
    blocks
        F of independent stretches of time by species, shape (n_blocks, n); empty where the file has none. [as F]
    peak_wavenumber, temperature
        k_p and the measured temperature of a campaign's state, else None. [1/sigma_AA, epsilon_AA/k_B]
    masses
        Of the species of a campaign's state; empty where they are not known. [m_A]
    read
        How the file was understood, in a line.
    doubts
        What looks odd in it, in words.
    resolution
        By column, the smallest error of a single value that would have looked odd, shape (n,); None if not examined.
    """

    times: Floats
    F: dict[str, Floats]
    error: dict[str, Floats]
    blocks: dict[str, Floats]
    peak_wavenumber: float | None = None
    temperature: float | None = None
    masses: Mapping[str, float] = field(default_factory=dict)
    read: str = ""
    doubts: tuple[str, ...] = ()
    resolution: dict[str, Floats] | None = None


def read_scattering(
    source: str | os.PathLike | xr.Dataset, options: TableOptions | None = None, wavenumber: float | None = None
) -> MeasuredScattering:
    """F(t) of one state, from a file or a Dataset.

    Parameters
    ----------
    source
        Text with columns called t,F_A, t,F_A,F_B, each with or without error_A and error_B, or t,F and t,F,error for one
        component, which is then called A; or as other programs call them (`column_names`), in the header or after #;
        separated by commas, semicolons, tabs or blanks; plain or compressed; of two columns without names t and F. An empty
        cell or nan is a missing value. k,t,F holds several wavenumbers. Or arrays that NumPy saved, or netCDF with
        ``F(species, t)`` or ``F(t)`` (and ``error`` of the same shape), or the ``observables.nc`` of a campaign's state, with
        ``peak_scattering(species, t)``.
    options
        Names of the columns, separator, decimals, where the file leaves them open.
    wavenumber
        Which one is meant, of a table with a column k. [1/length]

    Raises
    ------
    InvalidInput
        If the file cannot be read, is not one state, has unknown or missing columns, times that are not finite or do
        not increase from 0 or later, or errors below 0.
    """
    path = Path(source) if isinstance(source, str | os.PathLike) else IN_MEMORY
    if path is IN_MEMORY or is_netcdf(path):
        if wavenumber is not None:
            raise InvalidInput(
                f"--wavenumber chooses among the rows of a table with a column k; {path} is netCDF; leave it out"
            )
        measured, places = _from_netcdf(source, path)
        kind = "Dataset" if path is IN_MEMORY else "netCDF"
        measured, digits = replace(measured, read=f"{kind}; {grid_in_words('t', measured.times)}"), None
    else:
        measured, places, digits = _from_table(path, options, wavenumber)
    _check_times(measured.times, places, path)
    for species, error in measured.error.items():
        _check_errors(error, species, measured, places)
    return measured if digits is None else _examined(measured, places, digits)


def _examined(measured: MeasuredScattering, places: Sequence[str], digits: dict[str, Floats]) -> MeasuredScattering:
    """With what looks odd in the table."""
    columns = {f"F_{name}": F for name, F in measured.F.items()}
    columns |= {f"error_{name}": error for name, error in measured.error.items()}
    found = doubts_of_curves(measured.times, columns, places, digits)
    read = f"{measured.read}; {resolution_in_words(found.resolution, 'F_A')}"
    return replace(measured, read=read, doubts=(*measured.doubts, *found.words), resolution=found.resolution)


# --- text -----------------------------------------------------------------------------------------------------------


def _from_table(
    path: Path, options: TableOptions | None, wavenumber: float | None
) -> tuple[MeasuredScattering, list[str], dict[str, Floats]]:
    """Columns of a table, words for the place of each row, and the last digits of each column."""
    table = read_number_table(path, _ALLOWED, lambda name: scattering_column(name) is not None, options)
    is_told = options is not None and options.columns is not None
    table = with_their_names(replace(table, names=_names(table, SKIPPED if is_told else ())), table.names)
    table = at_one_wavenumber(table, wavenumber)
    names = [name for name in table.names or [] if name not in SKIPPED]
    endings = _endings(names, path)
    columns = table.numbers(may_be_empty=set(names) - {"t"})
    F = {species: columns[f"F{ending}"] for species, ending in endings.items()}
    error = {species: columns[f"error{ending}"] for species, ending in endings.items() if f"error{ending}" in columns}
    read = f"{table_in_words(table)}; {grid_in_words('t', columns['t'])}"
    ours = {"t": "t"} | {f"{word}{ending}": f"{word}_{a}" for a, ending in endings.items() for word in ("F", "error")}
    digits = {ours[name]: table.last_digits(name) for name in columns}
    return MeasuredScattering(columns["t"], F, error, {}, read=read, doubts=table.doubts), table.places, digits


def _names(table: NumberTable, skipped: Collection[str]) -> list[str]:
    """Our names of the columns; of two without names t and F, of three k,t,F where the rows show it."""
    if table.names is not None:
        return our_names(table.names, scattering_column, _SPELLINGS, skipped, table.path, _ALLOWED)
    if table.n_columns == 2:
        return ["t", "F"]
    if is_by_wavenumber(table):
        return ["k", "t", "F"]
    raise InvalidInput(
        f"{table.path} has no header over its {table.n_columns} columns (the first row is {','.join(table.rows[0])}); "
        f"{_ALLOWED}; say what they are with --columns, such as --columns t,F,error, or write the names above the numbers"
    )


def _endings(names: Sequence[str], path: Path) -> dict[str, str]:
    """What follows F and error in the names of each species' columns."""
    if "F" in names:
        endings, wanted = {"A": ""}, ["t", "F"]
    else:
        last = max((i for i, name in enumerate(SPECIES) if {f"F_{name}", f"error_{name}"} & set(names)), default=0)
        species = SPECIES[: last + 1]
        endings = {name: f"_{name}" for name in species}
        wanted = ["t", *(f"F_{name}" for name in species)]
    missing = [name for name in wanted if name not in names]
    if missing:
        raise InvalidInput(f"{path}: no column {', '.join(missing)} beside {', '.join(names)}; {_ALLOWED}; add it")
    known = {"t", *(f"{name}{ending}" for ending in endings.values() for name in ("F", "error"))}
    foreign = [name for name in names if name not in known]
    if foreign:
        raise InvalidInput(
            f"{path}: the column {foreign[0]} does not go with {wanted[1]}; {_ALLOWED}; rename one of them"
        )
    return endings


# --- netCDF ---------------------------------------------------------------------------------------------------------


def _from_netcdf(source: Any, path: Path) -> tuple[MeasuredScattering, list[str]]:
    """F of a netCDF file or a Dataset, and the words for the place of each time."""
    with foreign_netcdf(source if path is IN_MEMORY else path) as data:
        name = _name_of_F(data, path)
        scalars = [
            float(data[other]) if name == "peak_scattering" and other in data and data[other].size == 1 else None
            for other in ("peak_wavenumber", "measured_temperature")
        ]
        liquid = _liquid(data)
        if liquid is not None and "species" in data.dims:  # a cube may hold liquids of more species
            data = data.sel(species=[label for label in data["species"].values if label in liquid.species])
        arrays = [_one_state(data[other], other, path) for other in (name, *_NETCDF_NAMES[name]) if other in data]
    F, further = arrays[0], {str(array.name): array for array in arrays[1:]}
    species = _species(F, path)
    error, blocks = (further.get(other) for other in _NETCDF_NAMES[name])
    for array in (error, blocks):
        if array is not None and not _goes_with(array, F):
            raise InvalidInput(f"{path}: {array.name} has other species or dimensions than {name}; allowed: the same")
    values = MeasuredScattering(
        F["t"].values.astype(float),
        _rows(F, species),
        {} if error is None else _rows(error, species),
        {} if blocks is None else _rows(blocks, species),
        peak_wavenumber=scalars[0],
        temperature=scalars[1],
        masses={} if liquid is None else liquid.masses,
    )
    return values, [f"{path}, t[{i}]" for i in range(values.times.size)]


def _liquid(data: xr.Dataset) -> Liquid | None:
    """That of a campaign's state."""
    found = list(liquids_of(data).values()) if "potential" in data.coords else []
    return found[0] if len(found) == 1 else None


def _goes_with(array: xr.DataArray, F: xr.DataArray) -> bool:
    if ("species" in array.dims) != ("species" in F.dims):
        return False
    return "species" not in F.dims or set(array["species"].values.tolist()) == set(F["species"].values.tolist())


def _name_of_F(data: xr.Dataset, path: Path) -> str:
    for name in _NETCDF_NAMES:
        if name in data:
            return name
    raise InvalidInput(
        f"{path} has the variables {', '.join(map(str, data.data_vars)) or 'none'}; allowed: one is F(species, t), F(t) "
        "or peak_scattering(species, t) of a campaign; rename yours with .rename(NAME='F')"
    )


def _one_state(array: xr.DataArray, name: str, path: Path) -> xr.DataArray:
    """The variable with the dimensions (species, block, t), the first two if it has them; others have size 1."""
    named = {"species", "t"} & set(array.dims)
    is_right = "t" in array.dims and named <= set(array.coords) and array.dtype.kind in "fiu"
    if not is_right or array["t"].dtype.kind not in "fiu":
        raise InvalidInput(
            f"{path}: {name} has the dimensions {', '.join(map(str, array.dims)) or 'none'} and type {array.dtype}; "
            "allowed: species, t or t alone, numbers, with values of both as coordinates (.rename(time='t'), "
            ".assign_coords(species=['A', 'B']))"
        )
    return single_state(array, ("species", "block", "t"), path, "fit").transpose(..., "t").load()


def _species(F: xr.DataArray, path: Path) -> list[str]:
    labels = np.atleast_1d(F["species"].values).astype(str).tolist() if "species" in F.coords else ["A"]
    if sorted(labels) != list(SPECIES[: len(labels)]) and not (len(labels) == 1 and labels[0] in SPECIES):
        raise InvalidInput(
            f"{path}: the species are {', '.join(labels)}; allowed: the first of {', '.join(SPECIES)}, each once, or one of "
            "them; rename them with .assign_coords(species=['A', 'B'])"
        )
    return sorted(labels)


def _rows(array: xr.DataArray, species: Sequence[str]) -> dict[str, Floats]:
    if "species" not in array.dims:
        return {species[0]: array.values.astype(float)}
    labels = array["species"].values.astype(str).tolist()
    along = array.get_axis_num("species")
    return {name: np.take(array.values, labels.index(name), axis=along).astype(float) for name in species}


# --- what holds for both --------------------------------------------------------------------------------------------


def _check_times(t: Floats, places: Sequence[str], path: Path) -> None:
    if t.size == 0:
        raise InvalidInput(f"{path} has no times; allowed: a row for each time, 20 or more, spread evenly over log t")
    for i in np.flatnonzero(~np.isfinite(t) | (t < 0)).tolist():
        raise InvalidInput(
            f"{places[i]}: t is {t[i]:g}; allowed: a finite time, 0 or later; mend it or remove the row (only F may "
            "be missing)"
        )
    for i in (np.flatnonzero(np.diff(t) <= 0) + 1).tolist():
        remedy = "average the rows of the same t" if t[i] == t[i - 1] else "sort the rows by t"
        raise InvalidInput(f"{places[i]}: t is {t[i]:g} after {t[i - 1]:g}; allowed: strictly increasing; {remedy}")


def _check_errors(error: Floats, species: str, measured: MeasuredScattering, places: Sequence[str]) -> None:
    for i in np.flatnonzero(error < 0).tolist():
        raise InvalidInput(
            f"{places[i]}: the error of F of {species} is {error[i]:g} at t = {measured.times[i]:g}; allowed: a "
            "standard error, 0 or more; leave the cell empty where none is known"
        )

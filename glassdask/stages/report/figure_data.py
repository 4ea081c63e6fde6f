"""The numbers behind a figure: a netCDF file of the variables that it draws, and tables (CSV) of the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from glassdask.datasets.netcdf import write_netcdf
from glassdask.files.atomic_write import atomic_write

#: Numbers that one table may hold; of more, the netCDF file alone is written.
MOST_NUMBERS = 1_000_000


def write_figure_data(data: xr.Dataset, name: str, folder: Path) -> tuple[list[Path], str]:
    """Writes what a figure draws as ``NAME.nc``, and ``NAME.csv`` or one table for each set of axes
    (``NAME_t_mct.csv``, …), each whole, into a folder that is there. Returns the files, and which tables were left out
    because of their size; "" if none.

    A table has a row for each point where anything was measured. Comments above its header give units and meaning.
    """
    files, left_out = [folder / f"{name}.nc"], []
    write_netcdf(_plain(data), files[0], dict(data.attrs))
    for suffix, table in tables(data).items():
        path = folder / f"{name}{suffix}.csv"
        n_numbers = sum(int(array.notnull().sum()) for array in table.data_vars.values())
        if n_numbers > MOST_NUMBERS:
            left_out.append(
                f"{path.name} is left out: {n_numbers:,} numbers, more than {MOST_NUMBERS:,}; {name}.nc has them"
            )
            continue
        write_table(table, path)
        files.append(path)
    return files, "; ".join(left_out)


def tables(data: xr.Dataset) -> dict[str, xr.Dataset]:
    """The variables by the axes that they need: those with fewer go with the smallest table that has theirs.

    By the ending of the table's name: nothing for the largest, the axes that it does not share for the others.
    """
    names = sorted(data.data_vars, key=lambda name: -data[name].ndim)
    groups: list[list[Any]] = []
    for name in names:
        around = [group for group in groups if set(data[name].dims) <= set(data[group[0]].dims)]
        min(around, key=lambda group: data[group[0]].ndim).append(name) if around else groups.append([name])
    first = set(data[groups[0][0]].dims)
    endings = ["", *("_" + "_".join(str(d) for d in data[g[0]].dims if d not in first) for g in groups[1:])]
    return {ending: data[group] for ending, group in zip(endings, groups, strict=True)}


def write_table(table: xr.Dataset, path: Path) -> None:
    """Writes variables over shared axes as CSV, whole, with comments on units: a row a point where any floating-point
    variable has a value, with all digits of its type; nothing where there is none."""
    names = [str(name) for name in table.data_vars]
    dims = [str(dim) for dim in table[names[0]].dims]
    rows = table.to_dataframe(dim_order=dims)[names]
    floats = rows.select_dtypes("floating")
    known = rows[np.isfinite(floats).any(axis=1)] if floats.size else rows
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        stream.write("".join(f"# {line}\n" for line in _header(table, [*dims, *names])))
        known.to_csv(stream, lineterminator="\n")


def _header(table: xr.Dataset, names: list[str]) -> Iterator[str]:
    if "title" in table.attrs:
        yield f"campaign {table.attrs['title']}"
    for name in names:
        attributes = table[name].attrs
        unit = f" [{attributes['units']}]" if "units" in attributes else ""
        flags = f" ({_flags(attributes)})" if "flag_meanings" in attributes else ""
        yield f"{name}{unit}: {attributes.get('long_name', 'label')}{flags}"


def _flags(attributes: Mapping[str, Any]) -> str:
    pairs = zip(np.atleast_1d(attributes["flag_values"]), str(attributes["flag_meanings"]).split(), strict=False)
    return ", ".join(f"{value} {word}" for value, word in pairs)


def _plain(data: xr.Dataset) -> xr.Dataset:
    """Without the compression that the data came with, which is not that of a part of them."""
    plain = data.copy()
    for variable in plain.variables.values():
        variable.encoding = {}
    return plain

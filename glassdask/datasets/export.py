"""A cube for other programs: tidy tables as CSV or Parquet with their units, or a Zarr store; whole or absent.

A table holds the variables that share their dimensions beyond those of the state, a row for each of their values: ``states``
those with none, ``species`` what is known of each species, ``species_t`` curves in time, and so on. It is written state by
state, in little memory.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

import glassdask
from glassdask.counted import did_you_mean
from glassdask.datasets.schema.variables import COORDINATES, STATE_DIMENSIONS, STATUS
from glassdask.errors import InvalidInput, MissingComponent
from glassdask.files.atomic_write import PARTIAL_MARK

if TYPE_CHECKING:
    Write = Callable[[pd.DataFrame], None]

#: Formats and what each needs besides.
FORMATS = {"csv": None, "parquet": "pyarrow", "zarr": "zarr"}
#: Name of the table of variables without further dimensions.
_STATES = "states"
#: Rows that are written at once.
_ROWS = 100_000
_STATUS = "status"
#: Statuses of states that have values.
_WITH_VALUES = ("done", "not_equilibrated")


@dataclass(frozen=True)
class _Table:
    """Variables of the same further dimensions."""

    name: str
    dims: tuple[str, ...]
    variables: tuple[str, ...]


def export_cube(
    data: xr.Dataset,
    file_format: str,
    output: Path,
    variables: Sequence[str] = (),
    states: Collection[tuple[str, float, float]] = (),
) -> list[Path]:
    """Writes a cube into a folder that is whole or absent.

    Parameters
    ----------
    data
        The cube.
    file_format
        ``csv``, ``parquet`` or ``zarr``.
    output
        The folder, which must not exist yet.
    variables
        Names; all without one. The error of a variable comes with it.
    states
        (potential, T, rho) that were asked for: those without values are in the tables, too.

    Returns
    -------
    list of Path
        The tables, or the store.

    Raises
    ------
    InvalidInput
        If a variable or the format is unknown, or the folder exists.
    MissingComponent
        If the package that writes the format is not installed.
    """
    _check_format(file_format)
    chosen = _chosen(data, variables)
    with _whole_folder(output) as temporary:
        if file_format == "zarr":
            _write_zarr(data[chosen], temporary)
            names = [""]
        else:
            opened = {"csv": _csv, "parquet": _parquet}[file_format]
            names = [
                _write_table(table, data, states, temporary / f"{table.name}.{file_format}", opened)
                for table in _tables(data, chosen)
            ]
    return [output / name if name else output for name in names]


def _check_format(file_format: str) -> None:
    if file_format not in FORMATS:
        raise InvalidInput(f"the format {file_format!r} is unknown; allowed: {', '.join(FORMATS)}")
    package = FORMATS[file_format]
    if package is not None:
        try:
            __import__(package)
        except ImportError as error:
            raise MissingComponent(
                f"the format {file_format} needs {package}; install it with: pip install 'glassdask[export]', or take csv"
            ) from error


def _chosen(data: xr.Dataset, variables: Sequence[str]) -> list[str]:
    known = [str(name) for name in data.data_vars]
    for name in variables:
        if name not in known:
            raise InvalidInput(f"variable {name!r}: {did_you_mean(name, known)}allowed: {', '.join(known)}")
    wanted = {*variables, *(f"{name}_error" for name in variables), _STATUS}
    return [name for name in known if not variables or name in wanted]


def _tables(data: xr.Dataset, names: Sequence[str]) -> list[_Table]:
    groups: dict[tuple[str, ...], list[str]] = {(): []}
    for name in names:
        dims = tuple(str(dim) for dim in data[name].dims if dim not in STATE_DIMENSIONS)
        groups.setdefault(dims, []).extend([name] * (name != _STATUS))
    return [_Table("_".join(dims) or _STATES, dims, tuple(found)) for dims, found in groups.items()]


def _write_table(
    table: _Table,
    data: xr.Dataset,
    states: Collection[tuple[str, float, float]],
    path: Path,
    opened: Callable[[Path, pd.DataFrame, xr.Dataset], AbstractContextManager[Write]],
) -> str:
    """Each state's rows, some states at once; the first rows tell the columns."""
    part = data[[*table.variables, _STATUS]].load()
    waiting: list[pd.DataFrame] = []
    with ExitStack() as stack:
        write: Write | None = None
        for rows in [*_rows(table, part, states), None]:
            waiting += [] if rows is None else [rows]
            if waiting and (rows is None or sum(map(len, waiting)) >= _ROWS):
                frame = pd.concat(waiting, ignore_index=True)
                write = write or stack.enter_context(opened(path, frame, data))
                write(frame)
                waiting.clear()
        if write is None:
            stack.enter_context(opened(path, _frame(table, part, None, "missing"), data))
    return path.name


def _rows(table: _Table, data: xr.Dataset, states: Collection[tuple[str, float, float]]) -> Iterator[pd.DataFrame]:
    """Rows of each state in turn; curves of those alone that have values."""
    is_curve = any(data[dim].dtype.kind == "f" for dim in table.dims)
    asked = {(potential, round(T, 9), round(rho, 9)) for potential, T, rho in states}
    places = np.ndindex(*(data.sizes[dim] for dim in STATE_DIMENSIONS))
    for place in places:
        state = data.isel(dict(zip(STATE_DIMENSIONS, place, strict=True)))
        status = STATUS[int(state[_STATUS])]
        key = (str(state["potential"].values), round(float(state["T"]), 9), round(float(state["rho"]), 9))
        if status in _WITH_VALUES:
            rows = _frame(table, state, key, str(status))
            yield rows.dropna(how="all", subset=list(table.variables)) if is_curve and table.variables else rows
        elif not is_curve and (status != "missing" or key in asked):
            yield _frame(table, state, key, str(status))


def _frame(table: _Table, state: xr.Dataset, key: tuple[str, float, float] | None, status: str) -> pd.DataFrame:
    """All values of one state; without `key` the columns alone."""
    grids = np.meshgrid(*(state[dim].values for dim in table.dims), indexing="ij")
    columns: dict[str, Any] = dict(zip(STATE_DIMENSIONS, key or ("", np.nan, np.nan), strict=True)) | {_STATUS: status}
    columns |= {dim: grid.ravel() for dim, grid in zip(table.dims, grids, strict=True)}
    for name in table.variables:
        array = state[name] if key else state[name].isel(dict.fromkeys(STATE_DIMENSIONS, 0))
        values = array.transpose(*table.dims).values.ravel()
        if values.dtype.kind in "iu":  # whole numbers know no NaN: without values they are 0 in the cube
            values = pd.array(values, dtype="Int64")
            if status not in _WITH_VALUES:
                values[:] = pd.NA
        columns[name] = values
    n_rows = int(np.prod([state.sizes[dim] for dim in table.dims]))
    return pd.DataFrame(columns, index=range(n_rows)) if key else pd.DataFrame(columns, index=range(n_rows)).iloc[:0]


def _described(name: str, data: xr.Dataset) -> Mapping[str, str]:
    """Unit and meaning of a column."""
    if name == _STATUS:
        return {"long_name": f"what became of the state: {', '.join(STATUS)}"}
    attributes = data[name].attrs if name in data.variables else {}
    found = {**COORDINATES.get(name, {}), **attributes}
    kept = ("units", "long_name", "flag_meanings", "flag_values")
    return {key: " ".join(map(str, np.atleast_1d(found[key]))) for key in kept if key in found}


@contextmanager
def _csv(path: Path, frame: pd.DataFrame, data: xr.Dataset) -> Iterator[Write]:
    """Comments that say what each column is, then the table: ``pandas.read_csv(path, comment="#")``."""
    with path.open("w", encoding="utf-8", newline="") as file:
        about = " ".join(str(data.attrs.get(key, "")) for key in ("title", "campaign")).strip()
        file.write(f"# glassdask {glassdask.__version__}: {' '.join(about.split()) or 'cube'}\n")
        for name in frame.columns:
            facts = dict(_described(str(name), data))
            unit = facts.pop("units", "")
            words = "; ".join(facts.values())
            file.write(f"# {name}" + (f" [{unit}]" if unit else "") + (f": {words}" if words else "") + "\n")
        file.write(",".join(map(str, frame.columns)) + "\n")
        yield lambda rows: rows.to_csv(file, index=False, header=False, lineterminator="\n")


@contextmanager
def _parquet(path: Path, frame: pd.DataFrame, data: xr.Dataset) -> Iterator[Write]:
    """Each field has its unit and meaning as metadata, the file the cube's attributes as JSON under ``glassdask``."""
    import pyarrow as pa
    from pyarrow import parquet

    found = pa.Schema.from_pandas(frame, preserve_index=False)
    fields = [found.field(name).with_metadata(_described(name, data)) for name in found.names]
    attributes = json.dumps({str(key): str(value) for key, value in data.attrs.items()})
    schema = pa.schema(fields, metadata={**(found.metadata or {}), b"glassdask": attributes.encode()})
    with parquet.ParquetWriter(path, schema) as writer:
        yield lambda rows: writer.write_table(pa.Table.from_pandas(rows, schema=schema, preserve_index=False))


def _write_zarr(data: xr.Dataset, folder: Path) -> None:
    """The cube itself, every variable with its attributes: ``xarray.open_zarr(folder, consolidated=False)``."""
    loaded = data.load()
    for variable in loaded.variables.values():
        variable.encoding.clear()  # of netCDF
    words = {
        name: (name, np.asarray(array.values, dtype=object), array.attrs)
        for name, array in loaded.coords.items()
        if array.dtype.kind == "U" and array.ndim == 1
    }
    loaded.assign_coords(words).to_zarr(folder, mode="w", consolidated=False)


@contextmanager
def _whole_folder(output: Path) -> Iterator[Path]:
    """A folder beside it, which takes its place at the end; nothing is left of it where writing has failed."""
    if output.exists():
        raise InvalidInput(f"--output {str(output)!r} exists; allowed: the name of a folder that does not exist yet")
    if not output.absolute().parent.is_dir():
        raise InvalidInput(f"--output {str(output)!r}: its folder does not exist; make it first")
    temporary = output.with_name(f".{output.name}{PARTIAL_MARK}{os.getpid()}-{os.urandom(4).hex()}")
    temporary.mkdir()
    try:
        yield temporary
        temporary.rename(output)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)

"""A cube that is larger than memory, written part by part: each part is made, put where it belongs, and forgotten."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from glassdask.datasets.cube import StateEntry, axes_of, build_cube, grouped
from glassdask.datasets.netcdf import COMPRESSION, ONE_AT_A_TIME, dataset, global_attributes
from glassdask.datasets.schema.variables import STATE_DIMENSIONS, Variable
from glassdask.files.atomic_write import atomic_write, require_room

#: Variables of up to so many numbers a state are gathered and written at the end: most of a chunk would be written anew for
#: each part.
_FEW = 16
#: The largest piece that is compressed as one. [bytes]
_MOST_CHUNK = 2**20


def cube_bytes(
    entries: Iterable[StateEntry], coordinates: Mapping[str, np.ndarray], variables: Mapping[str, Variable]
) -> int:
    """Memory that the cube of these states would take."""
    axes = axes_of(grouped(entries))
    sizes = {name: len(values) for name, values in {**axes, **coordinates}.items()}
    numbers = {name: math.prod(sizes[d] for d in (*STATE_DIMENSIONS, *v.dims)) for name, v in variables.items()}
    return sum(count * np.dtype(variables[name].dtype).itemsize for name, count in numbers.items())


def write_cube_in_parts(
    entries: Sequence[StateEntry],
    coordinates: Mapping[str, np.ndarray],
    variables: Mapping[str, Variable],
    path: Path,
    attributes: Mapping[str, Any],
    most_bytes: int,
) -> None:
    """Writes the file that `build_cube` and `write_netcdf` would make, never holding more than about so many bytes of it: a
    liquid and a few temperatures at a time."""
    axes = axes_of(grouped(entries))
    n_T = len(axes["T"])
    step = max(1, int(most_bytes / cube_bytes(entries, coordinates, variables) * n_T * len(axes["potential"])))
    members: dict[tuple[int, int], list[StateEntry]] = {}
    for entry in entries:
        p = int(np.searchsorted(axes["potential"], entry.state.potential))
        T = int(np.searchsorted(axes["T"], entry.state.temperature))
        members.setdefault((p, T // step), []).append(entry)
    sources: set[str] = set()

    def parts() -> Iterator[tuple[dict[str, slice], xr.Dataset]]:
        for p in range(len(axes["potential"])):
            for number in range(-(-n_T // step)):
                place = {
                    "potential": slice(p, p + 1),
                    "T": slice(number * step, (number + 1) * step),
                    "rho": slice(None),
                }
                own = {name: axes[name][where] for name, where in place.items()}
                part = build_cube(members.get((p, number), ()), coordinates, variables, own)
                sources.update(source for source in part.attrs["source"].split("; ") if source)
                yield place, part

    whole = dataset({}, {**axes, **coordinates}, {}, STATE_DIMENSIONS)
    _write_parts(whole, STATE_DIMENSIONS, parts(), path, lambda: {"source": "; ".join(sorted(sources)), **attributes})


def _write_parts(
    coordinates: xr.Dataset,
    leading: tuple[str, ...],
    parts: Iterable[tuple[Mapping[str, slice], xr.Dataset]],
    path: Path,
    attributes: Callable[[], Mapping[str, Any]],
) -> None:
    """Writes a Dataset whole or not at all, as `glassdask.datasets.netcdf.write_netcdf` would write all parts as one.

    Parameters
    ----------
    coordinates
        Of the whole, without data.
    leading
        The first dimensions of every variable, along which there are parts.
    parts
        Each with its place along these. All have the same variables.
    path
        The file.
    attributes
        Called after the last part: global attributes.
    """

    with atomic_write(path) as temporary:
        try:
            _write_each(coordinates, leading, parts, temporary, attributes)
        except RuntimeError:  # "NetCDF: HDF error" is all that is said of a full disk
            room = 2 * temporary.stat().st_size + 2**20 if temporary.exists() else 2**20
            temporary.unlink(missing_ok=True)
            require_room(path.parent, room)
            raise


def _write_each(
    coordinates: xr.Dataset,
    leading: tuple[str, ...],
    parts: Iterable[tuple[Mapping[str, slice], xr.Dataset]],
    path: Path,
    attributes: Callable[[], Mapping[str, Any]],
) -> None:
    import netCDF4

    gathered: dict[str, np.ndarray] = {}
    with ONE_AT_A_TIME, netCDF4.Dataset(path, "w", format="NETCDF4") as file:
        for name, size in coordinates.sizes.items():
            file.createDimension(str(name), size)
        for where, part in parts:
            if not gathered:
                _declare(file, coordinates, part, leading)
            place = tuple(where[name] for name in leading)
            for name, variable in part.data_vars.items():
                _put(file, str(name), variable.values, place, gathered, len(leading))
        for name, values in gathered.items():
            file[name][:] = values
        file.setncatts(global_attributes(attributes()))


def _declare(file: Any, coordinates: xr.Dataset, part: xr.Dataset, leading: tuple[str, ...]) -> None:
    """Every variable with its attributes, encoded as xarray does, and the coordinates' values."""
    for name, variable in coordinates.variables.items():
        encoded = xr.conventions.encode_cf_variable(variable, name=name)
        _create(file, str(name), encoded, None)[...] = encoded.values
    for name in part.data_vars:
        encoded = xr.conventions.encode_cf_variable(part[name].variable, name=name)
        _create(file, str(name), encoded, _chunks(file, encoded, leading))


def _create(file: Any, name: str, encoded: xr.Variable, chunks: tuple[int, ...] | None) -> Any:
    attributes = dict(encoded.attrs)
    fill = attributes.pop("_FillValue", None)
    is_text = encoded.dtype.kind in "OU"
    kind = str if is_text else encoded.dtype
    filters = COMPRESSION if encoded.ndim and encoded.dtype.kind in "fiu" else {}
    made = file.createVariable(name, kind, encoded.dims, fill_value=fill, chunksizes=chunks, **filters)
    made.set_auto_maskandscale(False)
    made.setncatts(attributes)
    return made


def _chunks(file: Any, encoded: xr.Variable, leading: tuple[str, ...]) -> tuple[int, ...] | None:
    """One state a chunk, or all of one T where these are small."""
    own = [len(file.dimensions[name]) for name in encoded.dims[len(leading) :]]
    if math.prod(own) <= _FEW:
        return None
    last = len(file.dimensions[leading[-1]])
    n_states = max(1, min(last, _MOST_CHUNK // (math.prod(own) * encoded.dtype.itemsize)))
    return (*[1] * (len(leading) - 1), n_states, *own)


def _put(
    file: Any, name: str, values: np.ndarray, place: tuple[slice, ...], gathered: dict[str, np.ndarray], n_leading: int
) -> None:
    """What is NaN is what stands there anyway."""
    if math.prod(values.shape[n_leading:]) <= _FEW:
        if name not in gathered:
            whole = file[name]
            gathered[name] = np.full(whole.shape, np.nan if values.dtype.kind == "f" else 0, dtype=whole.dtype)
        gathered[name][place] = values
    elif values.dtype.kind != "f" or not np.isnan(values).all():
        file[name][place] = values

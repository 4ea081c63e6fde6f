"""netCDF files that are whole or absent, compressed and with checksums of their own (zlib and Fletcher-32)."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import glassdask
from glassdask.datasets.schema.variables import COORDINATES, PRESENT_NAMES, REFERENCES, Variable, variable_attributes
from glassdask.errors import InvalidInput
from glassdask.files.atomic_write import atomic_write, require_room

if TYPE_CHECKING:
    import xarray as xr

#: Held while a file is open: HDF5's library, which several threads of a driver use, ends the process where two open files
#: at once, and xarray's own locks leave that open.
ONE_AT_A_TIME = threading.RLock()


COMPRESSION = {"zlib": True, "complevel": 4, "shuffle": True, "fletcher32": True}
#: By the kind of number: what stands where nothing is known, and its type where words come later.
_NOTHING_KNOWN: dict[str, tuple[Any, ...]] = {"float": (np.nan,), "str": ("", object)}


def dataset(
    values: Mapping[str, Any], coordinates: Mapping[str, Any], schema: Mapping[str, Variable], leading: tuple = ()
) -> xr.Dataset:
    """A Dataset with dimensions, units and names from the schema.

    Parameters
    ----------
    values
        Arrays by variable name; each name must be in `schema`.
    coordinates
        Values of the dimensions (and scalar coordinates).
    schema
        The declarations.
    leading
        Dimensions in front of those that the schema gives.

    Raises
    ------
    InvalidInput
        If a name is not in the schema or a shape does not match.
    """
    import xarray as xr  # a quarter of a second, which those who bring a table do without

    data = {}
    for name, value in values.items():
        if name not in schema:
            raise InvalidInput(f"{name!r} is no variable of the dataset; allowed: {', '.join(schema)}")
        variable = schema[name]
        array = np.asarray(value)
        dims = (*leading, *variable.dims)
        if array.ndim != len(dims):
            raise InvalidInput(f"{name} has shape {array.shape}; allowed: one axis for each of {dims}")
        data[name] = (dims, array.astype(variable.dtype, copy=False), variable_attributes(variable))
    coords = {
        name: (name if np.ndim(value) else (), np.asarray(value), COORDINATES[name])
        for name, value in coordinates.items()
    }
    return xr.Dataset(data, coords)


def unfilled(schema: Mapping[str, Variable], sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
    """An array for each variable of a schema, nothing known yet: NaN, 0 for flags and counts, and "" for words.

    Parameters
    ----------
    schema
        The declarations.
    sizes
        Of their dimensions.
    """
    return {
        name: np.full(
            [sizes[dim] for dim in variable.dims], *_NOTHING_KNOWN.get(variable.dtype.rstrip("0123456789"), (0,))
        )
        for name, variable in schema.items()
    }


def write_netcdf(data: xr.Dataset, path: Path, attributes: Mapping[str, Any]) -> None:
    """Writes a Dataset whole or not at all.

    Parameters
    ----------
    data
        What to write.
    path
        The file.
    attributes
        Global attributes besides Conventions, history, references and version; None is left out.

    Raises
    ------
    OSError
        If the disk is full, or a quota or a limit on file sizes is reached.
    """
    data = data.assign_attrs(global_attributes(attributes))
    with atomic_write(path) as temporary:
        try:
            with ONE_AT_A_TIME:
                data.to_netcdf(temporary, engine="netcdf4", format="NETCDF4", encoding=_encoding(data))
        except RuntimeError:  # "NetCDF: HDF error" is all that is said of a full disk
            temporary.unlink(missing_ok=True)
            require_room(path.parent, 2 * data.nbytes + 2**20)  # HDF5's own structures included
            raise


def global_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """These, and what every file says of itself; None is left out."""
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "Conventions": "CF-1.11",
        "history": f"{stamp} glassdask {glassdask.__version__}",
        "references": REFERENCES,
        "glassdask_version": glassdask.__version__,
        **{name: value for name, value in attributes.items() if value is not None},
    }


def read_netcdf(path: str | os.PathLike) -> xr.Dataset:
    """The whole Dataset of a small file, in memory, the file closed; variables of older versions by their present names."""
    import xarray as xr

    with ONE_AT_A_TIME, xr.open_dataset(path, engine="netcdf4") as data:
        return with_present_names(data.load())


def with_present_names(data: xr.Dataset) -> xr.Dataset:
    """The Dataset of an older version with the names of this one; what is read lazily stays so."""
    names = {old: new for old, new in PRESENT_NAMES.items() if old in data}
    if not names:
        return data
    renamed = data.rename_vars(names)
    renamed.set_close(data.close)
    return renamed


def single_state(array: xr.DataArray, kept: Collection[str], path: Path, verb: str) -> xr.DataArray:
    """The variable of a user's file without its further dimensions, which must have the size 1.

    Parameters
    ----------
    array
        A named variable.
    kept
        Dimensions that it may have.
    path, verb
        The file and the verb that takes a whole campaign, for messages.

    Raises
    ------
    InvalidInput
        If it holds more than one state.
    """
    further = [dim for dim in array.dims if dim not in kept]
    if any(array.sizes[dim] > 1 for dim in further):
        sizes = ", ".join(f"{dim} ({array.sizes[dim]})" for dim in further)
        first = ", ".join(f"{dim}={array[dim].values[0].item()!r}" for dim in further)
        raise InvalidInput(
            f"{path}: {array.name} has the further dimensions {sizes}; allowed: one state; choose it, for example "
            f"xarray.open_dataset({str(path)!r}).sel({first}).squeeze().to_netcdf('state.nc'), or give the campaign "
            f"itself to 'glassdask {verb}'"
        )
    return array.squeeze(further)


@contextmanager
def foreign_netcdf(source: Path | xr.Dataset) -> Iterator[xr.Dataset]:
    """A netCDF file that a user brings, opened, or the Dataset itself; times stay numbers.

    Raises
    ------
    InvalidInput
        If it cannot be read.
    """
    import xarray as xr

    if isinstance(source, xr.Dataset):
        yield source
        return
    try:
        with ONE_AT_A_TIME, xr.open_dataset(source, engine="netcdf4", decode_times=False) as data:
            yield data
    except InvalidInput:
        raise
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInput(
            f"{source} cannot be read as netCDF ({reason}); allowed: a readable netCDF file; give CSV the ending .csv"
        ) from error


def _encoding(data: xr.Dataset) -> dict[str, dict[str, Any]]:
    """Compression and Fletcher-32 for arrays; scalars and text cannot be filtered."""
    return {
        str(name): dict(COMPRESSION)
        for name, variable in data.variables.items()
        if variable.ndim > 0 and variable.dtype.kind in "fiu"
    }

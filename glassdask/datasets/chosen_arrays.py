"""Some variables of a netCDF file as plain arrays: what a loop over the files of many states reads them by.

A file of a state holds some sixty variables. To open all of it as a Dataset takes 35 ms, most of it spent on what nobody has
asked for; the arrays alone take a tenth.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from glassdask.datasets.netcdf import ONE_AT_A_TIME
from glassdask.datasets.schema.variables import PRESENT_NAMES

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False)
class ChosenArrays:
    """What was asked for of a file, as far as it is there.

    Parameters
    ----------
    values
        Arrays by the names of variables and coordinates.
    dimensions
        Of each, by the same names.
    attributes
        Global ones.
    """

    values: Mapping[str, np.ndarray]
    dimensions: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, Any]

    def dataset(self) -> xr.Dataset:
        """The same as a Dataset: what bears the name of its dimension is a coordinate, all else a variable."""
        import xarray as xr

        arrays = {name: (self.dimensions[name], array) for name, array in self.values.items()}
        return xr.Dataset(arrays, attrs=self.attributes)


def read_arrays(path: str | os.PathLike, names: Iterable[str]) -> ChosenArrays:
    """Reads these variables and coordinates of a file of this package; those that it lacks are left out.

    Parameters
    ----------
    path
        The file; numbers are stored there as they are, without scale or offset, and NaN where nothing is known.
    names
        Present ones; a variable of an older version is found by its name of then.

    Returns
    -------
    ChosenArrays
        Shapes and units are those of the schema (:mod:`glassdask.datasets.schema.variables`); text is ``str``.

    Raises
    ------
    OSError, RuntimeError
        If the file is not there, or cannot be read.

    Examples
    --------
    >>> read_arrays("observables.nc", ["structure_factor", "pair"]).values["pair"]  # doctest: +SKIP
    array(['AA', 'AB', 'BB'], dtype='<U2')
    """
    import netCDF4

    earlier = {new: old for old, new in PRESENT_NAMES.items()}
    values: dict[str, np.ndarray] = {}
    dimensions: dict[str, tuple[str, ...]] = {}
    with ONE_AT_A_TIME, netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        stored = file.variables
        for name in names:
            variable = stored.get(name)
            if variable is None:
                variable = stored.get(earlier.get(name, ""))
            if variable is not None:
                array = np.asarray(variable[...])
                values[name] = array.astype(str) if array.dtype.kind == "O" else array
                dimensions[name] = variable.dimensions
        attributes = {name: file.getncattr(name) for name in file.ncattrs()}
    return ChosenArrays(values, dimensions, attributes)

"""Arrays that know their dimensions: a Dataset before xarray, a quarter of a second to load, is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from glassdask.datasets.netcdf import dataset
from glassdask.datasets.schema.variables import Variable

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False)
class LabelledArrays:
    """The one result of an analysis, from which JSON, text, Dataset and file come.

    Parameters
    ----------
    values
        Arrays by the names of variables.
    coordinates
        Labels of the dimensions.
    schema
        The declarations of the variables.
    attributes
        Of all: JSON values by name.
    """

    values: Mapping[str, Any]
    coordinates: Mapping[str, Any]
    schema: Mapping[str, Variable]
    attributes: Mapping[str, Any]

    def __getitem__(self, name: str) -> np.ndarray:
        return np.asarray(self.values[name])

    def at(self, dimension: str, place: int) -> LabelledArrays:
        """The part at one place of a dimension, which it then lacks."""
        values, schema = dict(self.values), dict(self.schema)
        for name, value in self.values.items():
            dims = schema[name].dims
            if dimension in dims:
                values[name] = np.take(value, place, axis=dims.index(dimension))
                schema[name] = replace(schema[name], dims=tuple(dim for dim in dims if dim != dimension))
        return replace(self, values=values, schema=schema)

    def dataset(self) -> xr.Dataset:
        """With units, names and attributes."""
        return dataset(self.values, self.coordinates, self.schema).assign_attrs(self.attributes)

"""Some temperatures of a campaign that is larger than what a figure can hold in memory."""

from __future__ import annotations

import numpy as np
import xarray as xr

from glassdask.figures.drawing.panels import evenly

#: Global attribute of data that hold some temperatures alone: how many of how many.
OF_TEMPERATURES = "of_temperatures"


def with_fewer_temperatures(data: xr.Dataset, cube: xr.Dataset | None, most_bytes: int) -> xr.Dataset:
    """The data as they are, or, of more than so many bytes, at some of the temperatures: of each potential and density those that
    lie evenly among its own, the lowest and the highest among them.

    Parameters
    ----------
    data
        Opened, nothing of it read yet.
    cube
        That of the campaign, whose ``n_replicas`` says which temperatures a potential and density has.
    most_bytes
        Of all variables together.
    """
    if cube is None or "n_replicas" not in cube or "T" not in data.dims or data.nbytes <= most_bytes:
        return data
    is_there = (cube["n_replicas"].transpose("potential", "rho", "T").values > 0).reshape(-1, cube.sizes["T"])
    allowed = max(1, most_bytes * data.sizes["T"] // data.nbytes)
    each = min(allowed, data.sizes["T"])
    while (chosen := _chosen(is_there, each)).size > allowed and each > 1:
        each //= 2
    if chosen.size == data.sizes["T"]:
        return data
    words = f"{chosen.size} of {data.sizes['T']}"
    return data.sel(T=cube["T"].values[chosen]).assign_attrs({OF_TEMPERATURES: words})


def _chosen(is_there: np.ndarray, each: int) -> np.ndarray:
    """Numbers of temperatures, of rows that say which there are."""
    found = [evenly(np.flatnonzero(row), each) for row in is_there if row.any()]
    return np.unique(np.concatenate(found)) if found else np.arange(1)

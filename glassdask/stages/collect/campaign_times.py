"""The lag times of a campaign: those of its simulations, and those of trajectories that were imported, which keep their own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from glassdask.datasets.campaign_grids import TIME_TOLERANCE
from glassdask.datasets.netcdf import ONE_AT_A_TIME
from glassdask.stages.reduce import OBSERVABLES
from glassdask.stages.simulate import IMPORT

Floats = NDArray[np.float64]


def campaign_times(simulated: Floats, homes: Iterable[Path]) -> Floats:
    """All lag times of a campaign, increasing: where states were imported, the union of theirs with those of simulations.

    Parameters
    ----------
    simulated
        Of every simulation of the campaign. [tau_MD]
    homes
        Folders of its states.

    Returns
    -------
    numpy.ndarray
        `simulated` itself where nothing was imported. [tau_MD]
    """
    folders = list(homes)
    imported = [home for home in folders if (home / IMPORT).is_file()]
    own = [_lag_times(home / OBSERVABLES) for home in imported if (home / OBSERVABLES).is_file()]
    if not own:
        return simulated
    grids = own if len(imported) == len(folders) else [simulated, *own]
    return _union(grids)


def _union(grids: list[Floats]) -> Floats:
    """Times that differ by rounding are one: that of the first grid which has it."""
    union = grids[0]
    for grid in grids[1:]:
        after = np.clip(np.searchsorted(union, grid), 1, len(union) - 1)
        distance = np.minimum(np.abs(grid - union[after - 1]), np.abs(grid - union[after]))
        union = np.union1d(union, grid[distance > TIME_TOLERANCE * grid])
    return union


def _lag_times(path: Path) -> Floats:
    with ONE_AT_A_TIME, xr.open_dataset(path, engine="netcdf4") as data:
        return np.asarray(data["t"].values, dtype=float)

"""Panels of a cube: one a (potential, density), and in each the temperatures that were measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

NAMES = {"lj": "Lennard-Jones", "wca": "WCA"}


@dataclass(frozen=True)
class Panel:
    """One (potential, density) of the cube and the axes that it is drawn on."""

    axes: Axes
    title: str
    data: xr.Dataset
    temperatures: np.ndarray


def panels(cube: xr.Dataset, figure: Figure, variable: str, height: float = 2.9) -> Iterator[Panel]:
    """Panels for every (potential, density) where `variable` was measured, densities in rows.

    Parameters
    ----------
    cube
        The campaign.
    figure
        Empty; its size is set.
    variable
        Name of the variable that decides which temperatures were measured.
    height
        Of a row. [inch]
    """
    potentials, densities = cube["potential"].values, cube["rho"].values
    figure.set_size_inches(1.2 + 3.6 * len(potentials), 0.6 + height * len(densities))
    grid = figure.subplots(len(densities), len(potentials), squeeze=False, sharex=True, sharey="row")
    for row, rho in enumerate(densities):
        for column, potential in enumerate(potentials):
            data = cube.sel(potential=potential, rho=rho)
            values = np.moveaxis(data[variable].values, data[variable].get_axis_num("T"), 0)
            measured = np.isfinite(values).reshape(len(values), -1).any(axis=1)
            title = f"{NAMES.get(str(potential), potential)}, ρ = {rho:g}"
            yield Panel(grid[row, column], title, data, cube["T"].values[measured])

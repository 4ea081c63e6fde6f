"""Panels of a cube: one a (potential, density), and in each the temperatures that were measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glassdask.figures.drawing.style import temperature_colours
from glassdask.physics.liquids.catalogue import title_of

#: Temperatures that a legend names; of more, some are chosen evenly.
_MOST_LABELS = 6
#: Curves of a panel and rows of a figure; of more, some are chosen evenly, the first and the last among them.
MOST_CURVES, MOST_DENSITIES = 30, 6
#: Of captions.
SOME_ARE_DRAWN = (
    f"Of more than {MOST_CURVES} temperatures or {MOST_DENSITIES} densities the figure draws some, evenly chosen; the "
    "data hold all."
)


@dataclass(frozen=True)
class Panel:
    """One (potential, density) of the cube and the axes that it is drawn on; at most `MOST_CURVES` of the temperatures
    that were measured, and their colours, the same in all panels of a figure."""

    axes: Axes
    title: str
    data: xr.Dataset
    temperatures: np.ndarray
    colours: Mapping[float, tuple[float, ...]]

    def label(self, temperature: float) -> str | None:
        """How the legend names a temperature; None for those that it leaves out."""
        return f"T = {temperature:g}" if temperature in evenly(self.temperatures, _MOST_LABELS) else None


def evenly(values: np.ndarray, most: int) -> np.ndarray:
    """At most so many of the values, chosen evenly, the first and the last among them.

    >>> evenly(np.arange(10), 4).tolist()
    [0, 3, 6, 9]
    """
    return values[np.unique(np.linspace(0, len(values) - 1, min(len(values), most)).round().astype(int))]


def panel_title(potential: object, rho: float) -> str:
    """Of one liquid at one density, over a panel or beside a curve."""
    return f"{title_of(potential)}, ρ = {rho:g}"


def panels(cube: xr.Dataset, figure: Figure, variable: str, height: float = 2.9) -> Iterator[Panel]:
    """Panels for every potential and up to `MOST_DENSITIES` densities where `variable` was measured, densities in rows,
    whose height [inch] sets the size of the empty figure."""
    potentials, densities = cube["potential"].values, evenly(cube["rho"].values, MOST_DENSITIES)
    figure.set_size_inches(1.2 + 3.6 * len(potentials), 0.6 + height * len(densities))
    grid = figure.subplots(len(densities), len(potentials), squeeze=False, sharex=True, sharey="row")
    everywhere = _measured(cube, variable)
    colours = dict(zip(everywhere.tolist(), temperature_colours(everywhere), strict=True))
    for row, rho in enumerate(densities):
        for column, potential in enumerate(potentials):
            data = cube.sel(potential=potential, rho=rho)
            title = panel_title(potential, rho)
            temperatures = _measured(data, variable)
            if temperatures.size:
                grid[row, column].tick_params(labelbottom=True)  # the panel below may be empty
                yield Panel(grid[row, column], title, data, evenly(temperatures, MOST_CURVES), colours)
            else:
                grid[row, column].set_axis_off()


def _measured(data: xr.Dataset, variable: str) -> np.ndarray:
    """Temperatures at which any value of the variable was measured."""
    values = np.moveaxis(data[variable].values, data[variable].get_axis_num("T"), 0)
    return data["T"].values[np.isfinite(values).reshape(len(values), -1).any(axis=1)]

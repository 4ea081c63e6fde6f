"""Panels of a cube: one a (potential, density), and in each the temperatures that were measured."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glassdask.datasets.liquids import titles_of
from glassdask.figures.drawing.colour_scales import ColourScale, temperature_scale

#: Width of a panel where so many stand beside each other: a figure of three fits two columns of a paper. [inch]
_PANEL_WIDTH = {1: 3.6, 2: 3.3, 3: 2.7}
#: Liquids that stand side by side, densities below each other; panels of more of them follow each other in lines of three.
MOST_ASIDE, LINE = 2, 3
#: Ratio of the highest to the lowest temperature.
_FAR_APART = 20.0
#: Letters of a title in one line.
WIDEST_TITLE = 36
#: Curves of a panel and rows of a figure; of more, some are chosen evenly, the first and the last among them.
MOST_CURVES, MOST_DENSITIES = 30, 6
#: Of captions.
SOME_ARE_DRAWN = (
    f"Of more than {MOST_CURVES} temperatures or {{most_densities}} densities the figure draws some, evenly chosen; the "
    "data hold all."
)


@dataclass(frozen=True)
class Panel:
    """One (potential, density) of the cube and the axes that it is drawn on; at most `MOST_CURVES` of the temperatures
    that were measured, and the colours of temperatures, the same in all panels."""

    axes: Axes
    title: str
    data: xr.Dataset
    temperatures: np.ndarray
    scale: ColourScale


def evenly(values: np.ndarray, most: int) -> np.ndarray:
    """At most so many of the values, chosen evenly, the first and the last among them.

    >>> evenly(np.arange(10), 4).tolist()
    [0, 3, 6, 9]
    """
    return values[np.unique(np.linspace(0, len(values) - 1, min(len(values), most)).round().astype(int))]


def is_measured(values: xr.DataArray, *along: str) -> np.ndarray:
    """Where any value is finite, by these dimensions."""
    array = values.transpose(*along, ...).values
    found: np.ndarray = np.isfinite(array).any(axis=tuple(range(len(along), array.ndim)))
    return found


def panel_title(title: str, rho: float) -> str:
    """Of one liquid at one density, over a panel or beside a curve."""
    return f"{title}, ρ = {rho:g}"


def width_of(n_columns: int) -> float:
    """Of a figure with so many panels beside each other. [inch]"""
    return 1.0 + n_columns * _PANEL_WIDTH[n_columns]


def most_densities(n_potentials: int) -> int:
    """Of each of so many liquids that figures draw; of more, some are chosen evenly."""
    return max(MOST_ASIDE * MOST_DENSITIES // max(n_potentials, MOST_ASIDE), 1)


def drawn_places(is_known: np.ndarray) -> list[tuple[int, int]]:
    """Which (potential, density) figures draw, by number.

    Of one or two liquids all at the same densities, density by density, known or not, so that they are compared; of each of
    more the densities at which something is known.

    >>> drawn_places(np.array([[True, False], [True, True]]))
    [(0, 0), (1, 0), (0, 1), (1, 1)]
    >>> drawn_places(np.array([[True, False], [True, True], [False, False]]))
    [(0, 0), (1, 0), (1, 1)]
    """
    n_potentials, n_densities = is_known.shape
    most = most_densities(n_potentials)
    if n_potentials <= MOST_ASIDE:
        return [(p, int(r)) for r in evenly(np.arange(n_densities), most) for p in range(n_potentials)]
    return [(p, int(r)) for p in range(n_potentials) for r in evenly(np.flatnonzero(is_known[p]), most)]


def is_far_apart(data: xr.Dataset) -> bool:
    """Whether temperatures of several liquids, each in units of its own ε_AA, need a logarithmic axis."""
    return data.sizes["potential"] > MOST_ASIDE and float(data["T"].max() / data["T"].min()) > _FAR_APART


class Place(NamedTuple):
    """Axes of one (potential, density), their title, whether anything is drawn there, whether they are the first of their
    row, and whether nothing is below."""

    axes: Axes
    title: str
    potential: str
    rho: float
    is_drawn: bool
    is_first: bool
    is_lowest: bool


def places(
    figure: Figure,
    data: xr.Dataset,
    is_known: np.ndarray,
    height: float,
    margin: float = 0.6,
    share_y: Literal["row", "all"] = "row",
) -> list[Place]:
    """Axes for every potential and density of `drawn_places`; sets the size of the empty figure.

    One or two liquids are columns, and a density is a row. Panels of more liquids follow each other in lines of three.

    Parameters
    ----------
    figure
        The empty figure.
    data
        With the coordinates potential and rho.
    is_known
        Where there is something to draw, shape (n_potential, n_rho).
    height, margin
        Of a row, and of what stands above and below them. [inch]
    share_y
        Axes that have the same y, as of `matplotlib.figure.Figure.subplots`; of lines of three each has its own.
    """
    potentials, densities = data["potential"].values, data["rho"].values
    drawn = drawn_places(is_known)
    n_columns = len(potentials) if len(potentials) <= MOST_ASIDE else min(LINE, len(drawn))
    n_rows = math.ceil(len(drawn) / n_columns)
    figure.set_size_inches(width_of(n_columns), margin + height * n_rows)
    is_shared = share_y if len(potentials) <= MOST_ASIDE else "none"
    grid = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True, sharey=is_shared).ravel()
    titles = titles_of(data)
    found = []
    for number, (axes, (p, r)) in enumerate(zip(grid, drawn, strict=False)):
        axes.tick_params(labelbottom=True)  # the panel below may be empty
        title = textwrap.fill(panel_title(titles[str(potentials[p])], densities[r]), WIDEST_TITLE)
        ends = number % n_columns == 0, number + n_columns >= len(drawn)
        found.append(Place(axes, title, potentials[p], densities[r], bool(is_known[p, r]), *ends))
    for axes in [*grid[len(drawn) :], *(place.axes for place in found if not place.is_drawn)]:
        axes.set_axis_off()
    return found


def lines_of_three(
    figure: Figure, n_panels: int, height: float, margin: float = 0.0, n_rows: int = 1
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Axes of panels beside each other, in lines of three where there are more; sets the size of the empty figure.

    Parameters
    ----------
    figure
        The empty figure.
    n_panels
        How many.
    height, margin
        Of a panel with all its rows, and of what stands above and below. [inch]
    n_rows
        Axes of a panel, one below the other.

    Returns
    -------
    tuple
        All axes, shape (lines · n_rows, columns), and those of each panel, shape (n_rows,).
    """
    n_columns = min(n_panels, LINE)
    n_lines = math.ceil(n_panels / n_columns)
    figure.set_size_inches(width_of(n_columns), margin + height * n_lines)
    grid = figure.subplots(n_lines * n_rows, n_columns, squeeze=False, sharex=True, sharey="row")
    columns = [grid[line * n_rows : (line + 1) * n_rows, i] for line in range(n_lines) for i in range(n_columns)]
    for axes in np.ravel(columns[n_panels:]):
        axes.set_axis_off()
    for column in columns:
        column[-1].tick_params(labelbottom=True)  # the panel below may be empty
    return grid, columns[:n_panels]


def panels(cube: xr.Dataset, figure: Figure, variable: str, height: float = 2.9) -> Iterator[Panel]:
    """Panels for every potential and density of `places` where `variable` was measured, a row `height` inches high."""
    scale = temperature_scale(cube)
    for place in places(figure, cube, is_measured(cube[variable], "potential", "rho"), height):
        if place.is_drawn:
            data = cube.sel(potential=place.potential, rho=place.rho)
            temperatures = cube["T"].values[is_measured(data[variable], "T")]
            yield Panel(place.axes, place.title, data, evenly(temperatures, MOST_CURVES), scale)

"""A curve a temperature, a panel a potential and density: what most figures of a campaign are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glassdask.figures.drawing.keys import colour_key, is_named, key_below, named_level
from glassdask.figures.drawing.panels import panels
from glassdask.figures.drawing.style import curve_with_band, lag_time_label, save, styled

#: Draws one state in its colour.
DrawState = Callable[[Axes, xr.Dataset, Any], None]


def draw_temperature_curves(
    cube: xr.Dataset,
    path: Path,
    variable: str,
    draw_state: DrawState,
    axes: Mapping[str, Any],
    lines: Mapping[str, Mapping[str, Any]] | None = None,
    levels: Mapping[str, float] | None = None,
) -> Path:
    """Draws every state of every panel, and beside the panels which colour is which temperature.

    Parameters
    ----------
    cube
        With the variable.
    path
        The file; its ending says the format.
    variable
        Where it was measured there are panels.
    draw_state
        Given axes, what the cube holds of one state, and its colour.
    axes
        What is set of all axes, such as labels and limits; ``ylabel`` may be a function of a panel's data.
    lines
        Looks of lines and markers by what they are called.
    levels
        Horizontal lines by their names.

    Returns
    -------
    Path
        The file.
    """
    label = axes["ylabel"]
    with styled():
        figure = Figure(layout="constrained")
        drawn = []
        for panel in panels(cube, figure, variable):
            for name, level in (levels or {}).items():
                named_level(panel.axes, level, name)
            for temperature in panel.temperatures:
                draw_state(panel.axes, panel.data.sel(T=temperature), panel.scale.colour(temperature))
            panel.axes.set(**{**axes, "title": panel.title, "ylabel": label(panel.data) if callable(label) else label})
            drawn.append(panel)
        temperatures = np.concatenate([panel.temperatures for panel in drawn])
        if not is_named(temperatures):
            for panel in drawn:
                low, high = panel.temperatures[[0, -1]]
                panel.axes.set_title(f"{panel.title}, {low:.4g} ≤ T ≤ {high:.4g}")
        colour_key(figure, [panel.axes for panel in drawn], drawn[0].scale, temperatures, "T")
        key_below(figure, lines or {})
        return save(figure, path)


def draw_time_curves(cube: xr.Dataset, path: Path, name: str, label: str) -> Path:
    """Draws a variable of A, and its band of two standard errors, against log t.

    Parameters
    ----------
    cube
        With the variable, its ``_error`` and the dimension t, of A alone.
    path
        The file; its ending says the format.
    name, label
        Of the variable, and of its axis.
    """

    def draw_state(axes: Axes, state: xr.Dataset, colour: Any) -> None:
        time_curve(axes, state.sel(species="A"), name, colour)

    axes = {"xscale": "log", "xlabel": lag_time_label(cube), "ylabel": label}
    return draw_temperature_curves(cube, path, name, draw_state, axes)


def time_curve(axes: Axes, state: xr.Dataset, name: str, colour: Any, line: Any = "-", scale: float = 1.0) -> None:
    """A variable along t with its band of two standard errors; t = 0 has no place on a logarithmic axis."""
    later = state["t"].values > 0
    t, y, error = (state[one].values[later] for one in ("t", name, f"{name}_error"))
    curve_with_band(axes, t, scale * y, scale * np.nan_to_num(error), colour, line)

"""A curve a temperature against the logarithm of lag time, a panel a potential and density: what many figures are."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import xarray as xr
from matplotlib.figure import Figure

from glassdask.figures.drawing.panels import panels
from glassdask.figures.drawing.style import curve_with_band, lag_time_label, save, styled


def draw_time_curves(
    cube: xr.Dataset,
    path: Path,
    name: str,
    label: str,
    legend: Literal["upper left", "upper right", "lower left"],
    **limits: Any,
) -> Path:
    """Draws a variable of A, and its band of two standard errors, against log t.

    Parameters
    ----------
    cube
        With the variable, its ``_error`` and the dimension t; its species are told apart if it has them.
    path
        The file; its ending says the format.
    name
        Of the variable.
    label
        Of the axis.
    legend
        Where the legend stands.
    limits
        What else is set of the axes, such as ``yscale``.

    Returns
    -------
    Path
        The file.
    """
    later = cube["t"].values > 0  # t = 0 has no place on a logarithmic axis
    with styled():
        figure = Figure(layout="constrained")
        for panel in panels(cube, figure, name):
            for temperature in panel.temperatures:
                state = panel.data.sel(T=temperature, species="A").isel(t=later)
                y, error = state[name].values, state[f"{name}_error"].fillna(0.0).values
                colour = panel.colours[temperature]
                curve_with_band(panel.axes, state["t"].values, y, error, colour, label=panel.label(temperature))
            panel.axes.set(title=panel.title, xscale="log", xlabel=lag_time_label(cube), ylabel=label, **limits)
            panel.axes.legend(loc=legend)
        return save(figure, path)

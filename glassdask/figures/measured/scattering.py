"""Figure: F_s(k_p,t) of all species for every temperature, with error bands."""

from __future__ import annotations

import math
import textwrap
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.panels import SOME_ARE_DRAWN, is_measured, panels
from glassdask.figures.drawing.style import LINES, curve_with_band, lag_time_label, lines_in_words, save, styled


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws F_s(k_p,t) against log t: A solid, B dashed, …, a band of two standard errors, 1/e as a line."""
    is_later = cube["t"].values > 0  # t = 0 has no place on a logarithmic axis
    with styled():
        figure = Figure(layout="constrained")
        for panel in panels(cube, figure, "peak_scattering"):
            panel.axes.axhline(math.exp(-1), color="0.6", lw=0.8)
            species = panel.data["species"].values[is_measured(panel.data["peak_scattering"], "species")]
            for temperature in panel.temperatures:
                for a, line in zip(range(len(species)), LINES.values(), strict=False):
                    state = panel.data.sel(T=temperature).isel(species=a, t=is_later)
                    label = panel.label(temperature) if a == 0 else None
                    F, error = state["peak_scattering"].values, state["peak_scattering_error"].values
                    colour = panel.colours[temperature]
                    curve_with_band(panel.axes, state["t"].values, F, error, colour, line, label=label)
            panel.axes.set(title=panel.title, xscale="log", ylim=(-0.05, 1.05))
            panel.axes.set(xlabel=lag_time_label(cube), ylabel=_what_is_drawn(species))
            panel.axes.legend(loc="upper right")
        return save(figure, path)


def _what_is_drawn(species: np.ndarray) -> str:
    lines = textwrap.fill(lines_in_words(species), 40)
    return f"F$_s$(k$_p$,t)   {lines}" if len(species) < 3 else f"F$_s$(k$_p$,t)\n{lines}"


FIGURE = CampaignFigure(
    place=20,
    draw=draw,
    sources=(CUBE,),
    variables=("peak_scattering", "peak_scattering_error"),
    shows="peak_scattering",
    caption=Caption(
        title="Self intermediate scattering function",
        paper="what Figs. 2 and 6 compare with (eq. 1)",
        text=(
            "F_s(k_p,t), 1 at t = 0, against lag time t in τ_MD = √(m σ_AA²/48 ε_AA): {lines}, a colour a "
            "temperature T (in ε_AA/k_B). Bands: two standard errors, from ten blocks of time. Grey line: 1/e, where the "
            "relaxation time is read. " + SOME_ARE_DRAWN
        ),
        alt="Curves that decay from 1 to 0 over several decades of time, slower and in two steps at lower temperatures",
        missing="No state has been reduced yet.",
    ),
    words=lambda cube: {"lines": lines_in_words(cube["species"].values)},
)

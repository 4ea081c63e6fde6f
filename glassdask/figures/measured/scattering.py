"""Figure: F_s(k_p,t) of all species for every temperature, with error bands."""

from __future__ import annotations

import math
import textwrap
from pathlib import Path
from typing import Any

import xarray as xr
from matplotlib.axes import Axes

from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.panels import SOME_ARE_DRAWN, is_measured
from glassdask.figures.drawing.style import LINES, lag_time_label, lines_in_words
from glassdask.figures.drawing.temperature_curves import draw_temperature_curves, time_curve


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws F_s(k_p,t) against log t: A solid, B dashed, …, a band of two standard errors, 1/e as a line."""

    def draw_state(axes: Axes, state: xr.Dataset, colour: Any) -> None:
        for species, line in zip(state["species"].values, LINES.values(), strict=False):
            time_curve(axes, state.sel(species=species), "peak_scattering", colour, line)

    axes = {"xscale": "log", "ylim": (-0.05, 1.05), "xlabel": lag_time_label(cube), "ylabel": _what_is_drawn}
    return draw_temperature_curves(cube, path, "peak_scattering", draw_state, axes, levels={"1/e": math.exp(-1)})


def _what_is_drawn(data: xr.Dataset) -> str:
    species = data["species"].values[is_measured(data["peak_scattering"], "species")]
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

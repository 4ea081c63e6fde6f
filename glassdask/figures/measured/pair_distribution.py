"""Figure: the pair distribution function g_AA(r) for every temperature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.panels import SOME_ARE_DRAWN
from glassdask.figures.drawing.style import curve_with_band
from glassdask.figures.drawing.temperature_curves import draw_temperature_curves


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws g_AA(r) with a band of two standard errors, a curve a temperature, and 1 as a line."""

    def draw_state(axes: Axes, state: xr.Dataset, colour: Any) -> None:
        g, error = (state[f"pair_distribution{end}"].sel(pair="AA").values for end in ("", "_error"))
        curve_with_band(axes, state["r"].values, g, np.nan_to_num(error), colour, lw=0.9)

    axes = {"xlim": (0, float(cube["r"][-1])), "xlabel": "distance r [σ$_{AA}$]", "ylabel": "g$_{AA}$(r)"}
    return draw_temperature_curves(cube, path, "pair_distribution", draw_state, axes, levels={"ideal\ngas": 1.0})


FIGURE = CampaignFigure(
    place=36,
    draw=draw,
    sources=(CUBE,),
    variables=("pair_distribution", "pair_distribution_error"),
    shows="pair_distribution",
    caption=Caption(
        title="Pair distribution function",
        paper="not drawn in the paper",
        text=(
            "g_AA(r) of the A particles against distance r in σ_AA (g without unit), a colour a temperature T (in ε_AA/k_B), up "
            "to half of the box. Bands: two standard errors, from ten blocks of time. Grey line: 1, an ideal gas. "
            + SOME_ARE_DRAWN
        ),
        alt="Curves that are 0 inside the particles, have a high first peak near one diameter, and oscillate around 1",
        missing="No state has it: pair_distribution is not among what the campaign file computes, or no state is so far.",
    ),
    selection={"pair": ["AA"]},
)

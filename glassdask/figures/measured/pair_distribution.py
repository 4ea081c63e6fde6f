"""Figure: the pair distribution function g_AA(r) for every temperature."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.panels import SOME_ARE_DRAWN, panels
from glassdask.figures.drawing.style import curve_with_band, save, styled


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws g_AA(r) with a band of two standard errors, a curve a temperature, and 1 as a line."""
    with styled():
        figure = Figure(layout="constrained")
        for panel in panels(cube, figure, "pair_distribution"):
            panel.axes.axhline(1.0, color="0.6", lw=0.8)
            for temperature in panel.temperatures:
                state, colour = panel.data.sel(T=temperature, pair="AA"), panel.colours[temperature]
                g, error = (state[f"pair_distribution{end}"].values for end in ("", "_error"))
                look = {"lw": 0.9, "label": panel.label(temperature)}
                curve_with_band(panel.axes, state["r"].values, g, np.nan_to_num(error), colour, **look)
            panel.axes.set(title=panel.title, xlabel="distance r [σ$_{AA}$]", ylabel="g$_{AA}$(r)")
            panel.axes.set_xlim(0, float(cube["r"][-1]))
            panel.axes.legend(loc="upper right")
        return save(figure, path)


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

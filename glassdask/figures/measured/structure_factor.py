"""Figure: S_AA(k) for every temperature, and how its main peak grows."""

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

_PEAK: dict[str, Any] = {"marker": "v", "ms": 5, "mec": "white", "mew": 0.5}


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws the partial structure factor S_AA(k) in fine bins with a band of two standard errors, a curve a temperature; the
    peak k_p is marked."""

    def draw_state(axes: Axes, state: xr.Dataset, colour: Any) -> None:
        names = ("mean_wavenumber_fine", "structure_factor_fine", "structure_factor_fine_error")
        k, S, error = (state.sel(pair="AA")[name].values for name in names)
        curve_with_band(axes, k, S, np.nan_to_num(error), colour, lw=0.9)
        axes.plot(state["peak_wavenumber"], state["peak_structure_factor"].sel(species="A"), color=colour, **_PEAK)

    axes = {"xlim": (0, 20), "xlabel": "wavenumber k [1/σ$_{AA}$]", "ylabel": "S$_{AA}$(k)"}
    return draw_temperature_curves(cube, path, "structure_factor_fine", draw_state, axes, {"main peak, k$_p$": _PEAK})


FIGURE = CampaignFigure(
    place=10,
    draw=draw,
    sources=(CUBE,),
    variables=(
        "structure_factor_fine",
        "structure_factor_fine_error",
        "mean_wavenumber_fine",
        "peak_wavenumber",
        "peak_structure_factor",
    ),
    shows="structure_factor_fine",
    caption=Caption(
        title="Static structure factor S(k)",
        paper="input of everything that follows (Fig. 1, sketch)",
        text=(
            "Partial structure factor S_AA(k) of the A particles, (1/N) normalisation, against wavenumber k in 1/σ_AA, in "
            "fine bins. A curve a temperature T (in ε_AA/k_B), a panel a potential and density ρ (in 1/σ_AA³). Bands: two "
            "standard errors, from "
            "blocks of frames. Triangles: the main peak, k_p. " + SOME_ARE_DRAWN
        ),
        alt="Curves of S_AA(k) with a main peak near k = 7 to 8 per sigma that grows as the temperature falls",
        missing="No state has been reduced yet.",
    ),
    selection={"pair": ["AA"], "species": ["A"]},
)

"""Figure: the mean squared displacement of A for every temperature, with the lines that diffusion coefficients are read from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.panels import SOME_ARE_DRAWN
from glassdask.figures.drawing.style import lag_time_label
from glassdask.figures.drawing.temperature_curves import draw_temperature_curves, time_curve

#: Of space, in which campaigns simulate.
_DIMENSION = 3
_FIT: dict[str, Any] = {"ls": "--", "color": "0.2", "lw": 0.9}


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws <|Δr|²> of A against t on logarithmic axes with a band of two standard errors, and 6 D t + c dashed in its window."""

    def draw_state(axes: Axes, state: xr.Dataset, colour: Any) -> None:
        time_curve(axes, state.sel(species="A"), "mean_squared_displacement", colour)
        _diffusion(axes, state.sel(species="A"))

    axes = {"xscale": "log", "yscale": "log", "xlabel": lag_time_label(cube), "ylabel": "⟨|Δr|²⟩ of A [σ$_{AA}^2$]"}
    has_fit = "diffusion_coefficient" in cube and np.isfinite(cube["diffusion_coefficient"].values).any()
    lines = {"6 D t + c, fitted": _FIT} if has_fit else {}
    return draw_temperature_curves(cube, path, "mean_squared_displacement", draw_state, axes, lines)


def _diffusion(axes: Axes, state: xr.Dataset) -> None:
    """2 d D t + c over the lags of the fit, where a diffusion coefficient is known."""
    if "diffusion_coefficient" in state and np.isfinite(state["diffusion_coefficient"]):
        D, c, start, end = (
            float(state[f"diffusion_{name}"]) for name in ("coefficient", "offset", "window_start", "window_end")
        )
        t = np.geomspace(start, end, 50)
        axes.plot(t, 2 * _DIMENSION * D * t + c, **_FIT)


FIGURE = CampaignFigure(
    place=37,
    draw=draw,
    sources=(CUBE,),
    variables=(
        "mean_squared_displacement",
        "mean_squared_displacement_error",
        "diffusion_coefficient",
        "diffusion_offset",
        "diffusion_window_start",
        "diffusion_window_end",
    ),
    shows="mean_squared_displacement",
    caption=Caption(
        title="Mean squared displacement and diffusion",
        paper="not drawn in the paper",
        text=(
            "⟨|Δr|²⟩ of A in σ_AA² against lag time t in τ_MD, a colour a temperature T (in ε_AA/k_B): ballistic at first, then a "
            "shoulder where particles rattle in their cages, diffusive at last. Dashed: 6 D t + c over the lags of the fit of the "
            "diffusion coefficient D; none where the run is too short to be diffusive. Bands: two standard errors, from ten "
            "blocks of time. " + SOME_ARE_DRAWN
        ),
        alt="Curves on logarithmic axes that rise steeply, bend into a shoulder, and end in straight lines, later at lower temperatures",
        missing="No state has been reduced yet.",
    ),
    selection={"species": ["A"]},
)

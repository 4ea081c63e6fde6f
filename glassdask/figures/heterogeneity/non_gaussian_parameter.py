"""Figure: the non-Gaussian parameter alpha_2(t) of A for every temperature."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.panels import SOME_ARE_DRAWN
from glassdask.figures.drawing.temperature_curves import draw_time_curves


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws α_2(t) of A with a band of two standard errors."""
    return draw_time_curves(cube, path, "non_gaussian_parameter", "non-Gaussian parameter α$_2$(t) of A")


FIGURE = CampaignFigure(
    place=38,
    draw=draw,
    sources=(CUBE,),
    variables=("non_gaussian_parameter", "non_gaussian_parameter_error"),
    shows="non_gaussian_parameter",
    caption=Caption(
        title="Non-Gaussian parameter",
        paper="not drawn in the paper",
        text=(
            "α_2(t) = 3⟨Δr⁴⟩/(5⟨Δr²⟩²) − 1 of A against lag time t in τ_MD, a colour a temperature T (in ε_AA/k_B): 0 of "
            "displacements that are Gaussian, largest while some particles have left their cages and others not. Bands: two "
            "standard errors, a jackknife over ten blocks of time. " + SOME_ARE_DRAWN
        ),
        alt="Curves that rise from near 0 to a maximum and fall again, higher and later at lower temperatures",
        missing="No state has it: non_gaussian_parameter is not among what the campaign file computes, or no state is so far.",
    ),
    selection={"species": ["A"]},
)

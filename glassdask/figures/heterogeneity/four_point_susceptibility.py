"""Figure: the four-point susceptibility chi_4(t) of A for every temperature."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.panels import SOME_ARE_DRAWN
from glassdask.figures.drawing.temperature_curves import draw_time_curves


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws χ_4(t) of A with a band of two standard errors."""
    label = "four-point susceptibility χ$_4$(t) of A"
    return draw_time_curves(cube, path, "four_point_susceptibility", label)


FIGURE = CampaignFigure(
    place=39,
    draw=draw,
    sources=(CUBE,),
    variables=("four_point_susceptibility", "four_point_susceptibility_error"),
    shows="four_point_susceptibility",
    caption=Caption(
        title="Four-point susceptibility",
        paper="not drawn in the paper",
        text=(
            "χ_4(t) = N_A(⟨q²⟩ − ⟨q⟩²) of A against lag time t in τ_MD, a colour a temperature T (in ε_AA/k_B); q is the share "
            "of particles that are within the overlap distance of where they were. It counts particles that move together. The "
            "energy is constant in these runs, so that it is a lower bound. Bands: two standard errors, a jackknife over ten "
            "blocks of time. " + SOME_ARE_DRAWN
        ),
        alt="Curves that rise to a maximum near the relaxation time and fall again, higher and later at lower temperatures",
        missing="No state has it: overlap is not among what the campaign file computes, or no state is so far.",
    ),
    selection={"species": ["A"]},
)

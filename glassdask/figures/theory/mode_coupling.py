"""Figure: F_s(k_p,t) of A from molecular dynamics against mode-coupling theory from the same S(k) (paper, Fig. 2)."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.panels import SOME_ARE_DRAWN
from glassdask.figures.theory.beside_theory import Compared, draw_beside_theory


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws F_s(k_p,t) against log t: molecular dynamics solid with a band of two standard errors, theory dotted."""
    compared = Compared("peak_scattering", "mct_peak_scattering", {"species": "A"}, "F$_s$(k$_p$,t) of A")
    return draw_beside_theory(cube, path, "mct_peak_scattering", compared, (-0.05, 1.05))


FIGURE = CampaignFigure(
    place=40,
    draw=draw,
    sources=(CUBE,),
    variables=("peak_scattering", "peak_scattering_error", "mct_peak_scattering"),
    shows="mct_peak_scattering",
    caption=Caption(
        title="Molecular dynamics beside mode-coupling theory",
        paper="Fig. 2, dotted lines",
        text=(
            "F_s(k_p,t) of A against t in τ_MD: molecular dynamics (solid, bands of two standard errors) and mode-coupling "
            "theory of the "
            "same S(k) (dotted; without an error bar). The theory has no free parameter and freezes below T_mct. "
            + SOME_ARE_DRAWN
        ),
        alt="Measured decays beside dotted curves of the theory, which are slower and end on a plateau at low temperatures",
        missing="Mode-coupling theory has not been solved for any state.",
    ),
    selection={"species": ["A"]},
)

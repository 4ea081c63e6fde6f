"""Figure: S_AA(k) for every temperature, and how its main peak grows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.panels import SOME_ARE_DRAWN, panels
from glassdask.figures.drawing.style import curve_with_band, save, styled


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws the partial structure factor S_AA(k) in fine bins with a band of two standard errors, a curve a temperature; the
    peak k_p is marked."""
    with styled():
        figure = Figure(layout="constrained")
        for panel in panels(cube, figure, "structure_factor_fine"):
            for temperature in panel.temperatures:
                state, colour = panel.data.sel(T=temperature), panel.colours[temperature]
                names = ("mean_wavenumber_fine", "structure_factor_fine", "structure_factor_fine_error")
                k, S, error = (state.sel(pair="AA")[name].values for name in names)
                curve_with_band(panel.axes, k, S, np.nan_to_num(error), colour, lw=0.9, label=panel.label(temperature))
                panel.axes.plot(
                    state["peak_wavenumber"], state["peak_structure_factor"].sel(species="A"), "v", color=colour, ms=4
                )
            panel.axes.set(title=panel.title, xlim=(0, 20), xlabel="wavenumber k [1/σ$_{AA}$]", ylabel="S$_{AA}$(k)")
            panel.axes.legend(loc="upper right")
        return save(figure, path)


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

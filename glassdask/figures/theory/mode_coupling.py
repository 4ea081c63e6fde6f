"""Figure: F_s(k_p,t) of A from molecular dynamics against mode-coupling theory from the same S(k) (paper, Fig. 2)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.panels import SOME_ARE_DRAWN, panels
from glassdask.figures.drawing.style import curve_with_band, lag_time_label, save, styled


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws F_s(k_p,t) against log t: molecular dynamics solid with a band of two standard errors, theory dotted."""
    with styled():
        figure = Figure(layout="constrained")
        for panel in panels(cube, figure, "mct_peak_scattering"):
            for temperature in panel.temperatures:
                state = panel.data.sel(T=temperature, species="A")
                _curves(panel.axes, state, panel.colours[temperature], panel.label(temperature))
            panel.axes.set(title=panel.title, xscale="log", ylim=(-0.05, 1.05))
            panel.axes.set(xlabel=lag_time_label(cube), ylabel="F$_s$(k$_p$,t) of A")
            lines = [Line2D([], [], color="0.3", ls=style) for style in ("-", ":")]
            words, look = ["molecular dynamics", "theory"], {"frameon": True, "framealpha": 0.85, "edgecolor": "none"}
            panel.axes.add_artist(panel.axes.legend(lines, words, loc="lower left", **look))
            panel.axes.legend(loc="upper right", **look)
        return save(figure, path)


def _curves(axes, state: xr.Dataset, colour, label: str | None) -> None:
    t, F, error = (state[name].values for name in ("t", "peak_scattering", "peak_scattering_error"))
    later = t > 0
    curve_with_band(axes, t[later], F[later], error[later], colour, label=label)
    t, F = state["t_mct"].values, state["mct_peak_scattering"].values
    shown = (t > 0) & np.isfinite(F)
    axes.plot(t[shown], F[shown], ":", color=colour)


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

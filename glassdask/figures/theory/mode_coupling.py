"""Figure: F_s(k_p,t) of A from molecular dynamics against mode-coupling theory from the same S(k) (paper, Fig. 2)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from glassdask.figures.drawing.panels import panels
from glassdask.figures.drawing.style import save, styled


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws F_s(k_p,t) against log t: molecular dynamics solid with a band of two standard errors, theory dotted."""
    with styled():
        figure = Figure(layout="constrained")
        for panel in panels(cube, figure, "mct_peak_scattering"):
            for temperature in panel.temperatures:
                state = panel.data.sel(T=temperature, species="A")
                _curves(panel.axes, state, panel.colours[temperature], panel.label(temperature))
            panel.axes.set(title=panel.title, xscale="log", ylim=(-0.05, 1.05))
            panel.axes.set(xlabel="lag time t [τ$_{MD}$]", ylabel="F$_s$(k$_p$,t) of A")
            lines = [Line2D([], [], color="0.3", ls=style) for style in ("-", ":")]
            words, look = ["molecular dynamics", "theory"], {"frameon": True, "framealpha": 0.85, "edgecolor": "none"}
            panel.axes.add_artist(panel.axes.legend(lines, words, loc="lower left", **look))
            panel.axes.legend(loc="upper right", **look)
        return save(figure, path)


def _curves(axes, state: xr.Dataset, colour, label: str | None) -> None:
    t, F, error = (state[name].values for name in ("t", "peak_scattering", "peak_scattering_error"))
    shown = (t > 0) & np.isfinite(F)
    axes.plot(t[shown], F[shown], "-", color=colour, label=label)
    axes.fill_between(t[shown], (F - 2 * error)[shown], (F + 2 * error)[shown], color=colour, alpha=0.2, lw=0)
    t, F = state["t_mct"].values, state["mct_peak_scattering"].values
    shown = (t > 0) & np.isfinite(F)
    axes.plot(t[shown], F[shown], ":", color=colour)

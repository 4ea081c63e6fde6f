"""Figure: F_s(k_p,t) of both species for every temperature, with error bands."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from glassdask.figures.drawing.panels import panels
from glassdask.figures.drawing.style import save, styled

_LINES = {"A": "-", "B": "--"}


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws F_s(k_p,t) against log t: A solid, B dashed, a band of two standard errors, 1/e as a line."""
    with styled():
        figure = Figure(layout="constrained")
        for panel in panels(cube, figure, "peak_scattering"):
            panel.axes.axhline(math.exp(-1), color="0.6", lw=0.8)
            for temperature in panel.temperatures:
                for species, line in _LINES.items():
                    state = panel.data.sel(T=temperature, species=species)
                    label = panel.label(temperature) if species == "A" else None
                    _curve(panel.axes, state, panel.colours[temperature], line, label)
            panel.axes.set(title=panel.title, xscale="log", ylim=(-0.05, 1.05))
            panel.axes.set(xlabel="lag time t [τ$_{MD}$]", ylabel="F$_s$(k$_p$,t)   A solid, B dashed")
            panel.axes.legend(loc="upper right")
        return save(figure, path)


def _curve(axes, state: xr.Dataset, colour, line: str, label: str | None) -> None:
    t = state["t"].values
    F, error = state["peak_scattering"].values, state["peak_scattering_error"].values
    shown = (t > 0) & np.isfinite(F)
    axes.plot(t[shown], F[shown], line, color=colour, label=label)
    axes.fill_between(t[shown], (F - 2 * error)[shown], (F + 2 * error)[shown], color=colour, alpha=0.2, lw=0)

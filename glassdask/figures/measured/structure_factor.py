"""Figure: S_AA(k) for every temperature, and how its main peak grows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from glassdask.figures.drawing.panels import panels
from glassdask.figures.drawing.style import save, styled


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws the partial structure factor S_AA(k) in fine bins with a band of two standard errors, a curve a temperature; the
    peak k_p is marked."""
    with styled():
        figure = Figure(layout="constrained")
        for panel in panels(cube, figure, "structure_factor_fine"):
            for temperature in panel.temperatures:
                state, colour = panel.data.sel(T=temperature), panel.colours[temperature]
                _curve(panel.axes, state.sel(pair="AA"), colour, panel.label(temperature))
                panel.axes.plot(
                    state["peak_wavenumber"], state["peak_structure_factor"].sel(species="A"), "v", color=colour, ms=4
                )
            panel.axes.set(title=panel.title, xlim=(0, 20), xlabel="wavenumber k [1/σ$_{AA}$]", ylabel="S$_{AA}$(k)")
            panel.axes.legend(loc="upper right")
        return save(figure, path)


def _curve(axes, state: xr.Dataset, colour, label: str | None) -> None:
    k, S = state["mean_wavenumber_fine"].values, state["structure_factor_fine"].values
    error = np.nan_to_num(state["structure_factor_fine_error"].values)
    filled = np.isfinite(S)
    axes.plot(k[filled], S[filled], color=colour, lw=0.9, label=label)
    axes.fill_between(k[filled], (S - 2 * error)[filled], (S + 2 * error)[filled], color=colour, alpha=0.2, lw=0)

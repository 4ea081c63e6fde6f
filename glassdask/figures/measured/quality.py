"""Figure: can the runs be trusted? Energy drift and measured temperature of every state."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.panels import MOST_DENSITIES
from glassdask.figures.drawing.style import MARKERS, NAMED, save, styled
from glassdask.physics.liquids.catalogue import title_of


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws |energy drift| / T and T_measured/T − 1 with its standard error of every state against T."""
    with styled():
        figure = Figure(figsize=(7.6, 3.4), layout="constrained")
        drift_axes, temperature_axes = figure.subplots(1, 2, sharex=True)
        for column, potential in enumerate(cube["potential"].values):
            for row, rho in enumerate(cube["rho"].values):
                data = cube.sel(potential=potential, rho=rho)
                look = {"fmt": MARKERS[row % 4], "color": NAMED[column % 4], "ms": 4.5}
                label = _label(str(potential), float(rho), row, cube.sizes["rho"])
                if np.isfinite(data["energy_drift"].values).any():
                    _points(drift_axes, temperature_axes, data, look, label)
        drift_axes.set(yscale="log", xlabel="T [ε$_{AA}$/k$_B$]", ylabel="|energy drift| / k$_B$T per particle")
        temperature_axes.axhline(0.0, color="0.6", lw=0.8)
        temperature_axes.set(xlabel="T [ε$_{AA}$/k$_B$]", ylabel="measured T / T − 1 [%]")
        figure.legend(loc="outside lower center", ncols=4)
        return save(figure, path)


def _label(potential: str, rho: float, row: int, n_densities: int) -> str | None:
    """A name for each density, or of many densities one for all."""
    name = title_of(potential)
    if n_densities <= MOST_DENSITIES:
        return f"{name}, ρ = {rho:g}"
    return name if row == 0 else None


def _points(drift_axes, temperature_axes, data: xr.Dataset, look: dict, label: str | None) -> None:
    T = data["T"].values
    measured = np.isfinite(data["energy_drift"].values)
    drift = np.abs(data["energy_drift"].values / T)[measured]
    drift_axes.errorbar(T[measured], np.maximum(drift, 1e-9), **look)
    off = 100 * (data["measured_temperature"].values / T - 1)
    error = 100 * data["measured_temperature_error"].values / T
    temperature_axes.errorbar(T[measured], off[measured], np.nan_to_num(error[measured]), **look, label=label)


FIGURE = CampaignFigure(
    place=130,
    draw=draw,
    sources=(CUBE,),
    variables=("energy_drift", "measured_temperature", "measured_temperature_error"),
    shows="energy_drift",
    caption=Caption(
        title="Whether the runs can be trusted",
        paper="not in the paper",
        text=(
            "Left: drift of the total energy per particle over production, in k_BT (no error bar: a linear fit of one run). "
            "Right: deviation of the measured temperature from the target in per cent, with one standard error. Against T in "
            "ε_AA/k_B, every state."
        ),
        alt="Energy drifts and deviations of the temperature of all states, scattered about small values",
        missing="No state has been reduced yet.",
    ),
)

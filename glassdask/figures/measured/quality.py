"""Figure: can the runs be trusted? Energy drift and measured temperature of every state."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from glassdask.datasets.liquids import titles_of
from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.keys import key_beside, named_level
from glassdask.figures.drawing.log_ticks import plain_numbers
from glassdask.figures.drawing.panels import MOST_ASIDE, MOST_DENSITIES, is_measured, panel_title
from glassdask.figures.drawing.style import MARKERS, NAMED, save, styled

#: Ratio of temperatures beyond which their axis is logarithmic.
_SPREAD = 4.0
#: Drifts below this are drawn at it, as arrows.
_LEAST_DRIFT = 1e-9


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws |energy drift| / T and T_measured/T − 1 with its standard error of every state against T."""
    with styled():
        figure = Figure(figsize=(7.6, 3.0), layout="constrained")
        drift_axes, temperature_axes = figure.subplots(1, 2, sharex=True)
        is_known = is_measured(cube["energy_drift"], "potential", "rho")
        is_each_named = cube.sizes["rho"] <= MOST_DENSITIES and is_known.sum() <= MOST_ASIDE * MOST_DENSITIES
        for column, (potential, title) in enumerate(titles_of(cube).items()):
            rows = np.flatnonzero(is_known[column])
            for row in rows:
                look = {"fmt": MARKERS[row % len(MARKERS)], "color": NAMED[column % len(NAMED)], "ms": 4.5}
                name = panel_title(title, cube["rho"].values[row]) if is_each_named else title
                label = name if is_each_named or row == rows[0] else None
                _points(drift_axes, temperature_axes, cube.sel(potential=potential).isel(rho=row), look, label)
        drift_axes.set(yscale="log", xlabel="T [ε$_{AA}$/k$_B$]", ylabel="|energy drift| / k$_B$T per particle")
        named_level(temperature_axes, 0.0, "target")
        temperature_axes.set(xlabel="T [ε$_{AA}$/k$_B$]", ylabel="measured T / T − 1 [%]")
        T = cube["T"].values
        if T.min() > 0 and T.max() > _SPREAD * T.min():
            temperature_axes.set_xscale("log")
            plain_numbers(temperature_axes.xaxis)
        key_beside(figure, *temperature_axes.get_legend_handles_labels())
        return save(figure, path)


def _points(drift_axes, temperature_axes, data: xr.Dataset, look: dict, label: str | None) -> None:
    T = data["T"].values
    measured = np.isfinite(data["energy_drift"].values)
    drift = np.abs(data["energy_drift"].values / T)[measured]
    is_less = drift < _LEAST_DRIFT
    drift_axes.errorbar(T[measured][~is_less], drift[~is_less], **look)
    for x in T[measured][is_less]:
        drift_axes.annotate("less", (x, _LEAST_DRIFT), xytext=(0, 9), textcoords="offset points", ha="center",
                            fontsize="x-small", arrowprops={"arrowstyle": "->", "color": look["color"]})  # fmt: skip
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

"""Figure: how far predictions carry: error of every state against T/T_mct, for each examination (paper, Figs. 3 to 5)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glassdask.figures.drawing.campaign_figure import EXAMINATIONS, CampaignFigure, Caption
from glassdask.figures.drawing.keys import GUIDE, key_below
from glassdask.figures.drawing.panels import width_of
from glassdask.figures.drawing.style import named_look, save, styled

_COLUMNS = 3
_THRESHOLD: dict[str, Any] = {**GUIDE, "ls": "--"}


def draw(examinations: xr.Dataset, path: Path) -> Path:
    """Draws 1 − R² of each tested state's curves on a logarithmic axis, a panel an examination: both networks and the best
    baseline. R² itself cannot be told from 1 where it matters. T0 of a temperature split is a line."""
    names = examinations["examination"].values
    networks = [str(name) for name in examinations["model"].values if "network" in str(name)]
    n_rows = math.ceil(len(names) / _COLUMNS)
    with styled():
        figure = Figure(figsize=(width_of(_COLUMNS), 0.2 + 2.6 * n_rows), layout="constrained")
        grid = figure.subplots(n_rows, _COLUMNS, squeeze=False, sharey=True)
        for axes, name in zip(grid.flat, names, strict=False):
            _panel(axes, examinations.sel(examination=name), networks)
        for axes in grid.flat[len(names) :]:
            axes.set_axis_off()
        for axes in grid[:, 0]:
            axes.set_ylabel("1 − R² of a state")
        looks = dict(zip([*networks, "best baseline (named above)"], map(_look, range(len(networks) + 1)), strict=True))
        if np.isfinite(examinations["threshold"].values).any():
            looks["learned above"] = _THRESHOLD
        key_below(figure, looks)
        return save(figure, path)


def _look(number: int) -> dict[str, Any]:
    return {**named_look(number), "ms": 3.5}


def _panel(axes: Axes, data: xr.Dataset, networks: list[str]) -> None:
    known = np.isfinite(data["reduced_temperature"].values).all()
    x = data["reduced_temperature" if known else "state_temperature"].values
    best = str(data["best_baseline"].values)
    for i, name in enumerate([*networks, best]):
        complement = 1 - data["r2_by_state"].sel(model=name).values
        there = complement > 0  # not NaN, and no error too small for the axis
        order = np.argsort(x[there])
        axes.plot(x[there][order], complement[there][order], lw=0.0, **_look(i))
    if np.isfinite(threshold := float(data["threshold"])):
        axes.axvline(threshold, zorder=1, **_THRESHOLD)
    axes.set(yscale="log", xlabel="T / T$_{mct}$" if known else "T [ε$_{AA}$/k$_B$]")
    axes.set_title(f"{data['examination'].item()}\nbest baseline: {best}", fontsize=8.0)


FIGURE = CampaignFigure(
    place=60,
    draw=draw,
    sources=(EXAMINATIONS,),
    variables=(
        "r2_by_state",
        "state_potential",
        "state_density",
        "state_temperature",
        "reduced_temperature",
        "threshold",
        "best_baseline",
    ),
    shows="r2_by_state",
    caption=Caption(
        title="How far predictions carry",
        paper="Figs. 3, 4 and 5",
        text=(
            "1 − R² of each tested state's curves (smaller is better; R² with the mean of the truth, eqs. 2 to 4) against "
            "T/T_mct, or T in ε_AA/k_B where T_mct is not known; a panel a question: states at random (Fig. 3), colder than a "
            "threshold, dashed line (Fig. 4), another potential (Fig. 5), another density. A point a state; errors of the "
            "means stand in learning.md."
        ),
        alt="Errors of two networks and of the best baseline for every tested state, a panel for each kind of transfer",
        missing="The campaign has no trained networks.",
        command="glassdask train",
    ),
)

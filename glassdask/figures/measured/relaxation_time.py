"""Figure: the relaxation time of A against 1/T, one curve a (potential, density)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from glassdask.datasets.liquids import titles_of
from glassdask.datasets.schema.variables import STATUS
from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.keys import key_beside
from glassdask.figures.drawing.panels import (
    SOME_ARE_DRAWN,
    drawn_places,
    is_far_apart,
    is_measured,
    panel_title,
)
from glassdask.figures.drawing.style import named_look, save, styled


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws τ_α against 1/T with standard errors; states that are not equilibrated are drawn hollow."""
    with styled():
        figure = Figure(figsize=(4.2, 3.2), layout="constrained")
        axes = figure.subplots()
        titles = list(titles_of(cube).values())
        drawn = drawn_places(is_measured(cube["relaxation_time"].sel(species="A"), "potential", "rho"))
        rows = sorted({r for _, r in drawn})
        for p, r in drawn:
            data = cube.isel(potential=p, rho=r).sel(species="A")
            if np.isfinite(data["relaxation_time"].values).any():
                label = panel_title(titles[p], float(data["rho"]))
                _curve(axes, data, label, named_look(p)["color"], named_look(rows.index(r))["marker"])
        axes.set(yscale="log", xlabel="1/T [k$_B$/ε$_{AA}$]", ylabel="relaxation time τ$_α$ of A [τ$_{MD}$]")
        if is_far_apart(cube):
            axes.set_xscale("log")
        if _is_unsettled(cube).any():
            axes.plot([], [], "o", color="0.3", mfc="white", ms=4.5, label="hollow: not equilibrated")
        key_beside(figure, *axes.get_legend_handles_labels())
        return save(figure, path)


def _is_unsettled(data: xr.Dataset) -> np.ndarray:
    """Where there is a time of a state that is not in equilibrium."""
    is_done = data["status"] == STATUS.index("done")
    return (data["relaxation_time"].notnull() & ~is_done).values


def _curve(axes, data: xr.Dataset, label: str, colour: str, marker: str) -> None:
    tau, error = data["relaxation_time"].values, data["relaxation_time_error"].values
    measured = np.isfinite(tau)
    x = 1.0 / data["T"].values
    axes.plot(x[measured], tau[measured], color=colour, lw=0.8)
    for is_hollow, face in ((False, colour), (True, "white")):
        shown = measured & (_is_unsettled(data) == is_hollow)
        axes.errorbar(
            x[shown], tau[shown], np.nan_to_num(error[shown]), fmt=marker, color=colour, mfc=face, ms=4.5,
            label=None if is_hollow else label,
        )  # fmt: skip


FIGURE = CampaignFigure(
    place=30,
    draw=draw,
    sources=(CUBE,),
    variables=("relaxation_time", "relaxation_time_error", "status"),
    shows="relaxation_time",
    caption=Caption(
        title="Relaxation times",
        paper="not drawn in the paper",
        text=(
            "Relaxation time τ_α of A, F_s(k_p,τ_α) = 1/e, in τ_MD, against 1/T in k_B/ε_AA; colour: potential, marker: "
            "density. Error "
            "bars: one standard error. Hollow: states that are not in equilibrium. " + SOME_ARE_DRAWN
        ),
        alt=(
            "Relaxation times on a logarithmic axis that rise with the inverse temperature, one line for each potential and "
            "density"
        ),
        missing="No state has a relaxation time yet: none has been reduced, or F_s stays above 1/e in all of them.",
    ),
    selection={"species": ["A"]},
)

"""Figure: F_s(k_p,t) for a ladder of temperatures: measured, of the networks, of mode-coupling theory (paper, Fig. 2)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glassdask.figures.drawing.campaign_figure import PREDICTIONS, CampaignFigure, Caption
from glassdask.figures.drawing.panels import evenly, is_measured, places
from glassdask.figures.drawing.style import save, styled, temperature_colours

#: Temperatures of a panel; of more, some are chosen evenly.
_MOST = 5
#: Figures narrower than this break their key into two lines. [inch]
_ONE_LINE = 7.0


def draw(predicted: xr.Dataset, path: Path) -> Path:
    """Draws F_s of A against log t, a panel a (potential, density): measured as points with two standard errors, the first
    model as a line with a band of two errors, the second dashed, mode-coupling theory dotted. No state was learned from."""
    is_known = is_measured(predicted["peak_scattering"].sel(species="A"), "potential", "rho")
    with styled():
        figure = Figure(layout="constrained")
        for place in places(figure, predicted, is_known, 2.9, margin=0.8, share_y="all"):
            axes = place.axes
            if place.is_drawn:
                _panel(axes, predicted.sel(potential=place.potential, rho=place.rho, species="A"))
            axes.set(title=place.title, xscale="log", ylim=(-0.05, 1.05))
            if place.is_lowest:
                axes.set_xlabel("lag time t [τ$_{MD}$]")
            if place.is_first:
                axes.set_ylabel("F$_s$(k$_p$,t) of A")
        _key(figure, [str(name) for name in predicted["model"].values])
        return save(figure, path)


def _panel(axes: Axes, data: xr.Dataset) -> None:
    temperatures = evenly(data["T"].values[is_measured(data["peak_scattering"], "T")], _MOST)
    t = data["t"].values
    for T, colour in zip(temperatures, temperature_colours(temperatures), strict=True):
        state = data.sel(T=T)
        F, error = state["peak_scattering"].values, state["peak_scattering_error"].values
        known = np.isfinite(F)
        theta = float(state["reduced_temperature"])
        label = f"T = {T:g}" + (f" ({theta:.2f} T$_{{mct}}$)" if np.isfinite(theta) else "")
        axes.errorbar(t[known], F[known], 2 * error[known], fmt="o", ms=2.6, lw=0.8, color=colour, label=label)
        for m, line in enumerate(("-", "--")[: state.sizes["model"]]):
            axes.plot(t, state["predicted_scattering"].values[m], line, color=colour, lw=1.2 if m == 0 else 0.9)
        mean, spread = state["predicted_scattering"].values[0], state["predicted_scattering_error"].values[0]
        axes.fill_between(t, mean - 2 * spread, mean + 2 * spread, color=colour, alpha=0.2, lw=0)
        axes.plot(t, state["mct_peak_scattering"].values, ":", color=colour, lw=1.2)
    axes.legend(fontsize=6.5, loc="lower left")


def _key(figure: Figure, models: list[str]) -> None:
    words = ["points: molecular dynamics", f"line: {models[0]}"]
    words += [f"dashed: {models[1]}"] if len(models) > 1 else []
    words.append("dotted: mode-coupling theory")
    is_narrow = figure.get_figwidth() < _ONE_LINE
    lines = [" · ".join(words[:2]), " · ".join(words[2:])] if is_narrow else [" · ".join(words)]
    figure.suptitle("\n".join(lines), fontsize=8)


FIGURE = CampaignFigure(
    place=50,
    draw=draw,
    sources=(PREDICTIONS,),
    variables=(
        "predicted_scattering",
        "predicted_scattering_error",
        "peak_scattering",
        "peak_scattering_error",
        "mct_peak_scattering",
        "reduced_temperature",
    ),
    shows="predicted_scattering",
    caption=Caption(
        title="F_s predicted from S(k) by networks",
        paper="Fig. 2",
        text=(
            "F_s(k_p,t) of A against t in τ_MD for up to five temperatures a panel: molecular dynamics (points, bars of two "
            "standard errors), the first network (line, band of two errors calibrated on states set apart), the second "
            "network (dashed), mode-coupling theory (dotted). No state was learned from by the networks that predict it."
        ),
        alt="Measured points beside the lines of two networks and of mode-coupling theory, for a ladder of temperatures",
        missing="The campaign has no trained networks.",
        command="glassdask train",
    ),
    selection={"species": ["A"]},
)

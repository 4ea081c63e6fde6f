"""Figure: F_s(k_p,t) for a ladder of temperatures: measured, of the networks, of mode-coupling theory (paper, Fig. 2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glassdask.figures.drawing.campaign_figure import PREDICTIONS, CampaignFigure, Caption
from glassdask.figures.drawing.colour_scales import ColourScale, temperature_scale
from glassdask.figures.drawing.keys import key_below, key_of_panel, room_for_panel_keys
from glassdask.figures.drawing.panels import evenly, is_measured, places
from glassdask.figures.drawing.style import save, styled

#: Temperatures of a panel; of more, some are chosen evenly.
_MOST = 5


def draw(predicted: xr.Dataset, path: Path) -> Path:
    """Draws F_s of A against log t, a panel a (potential, density): measured as points with two standard errors, the first
    model as a line with a band of two errors, the second dashed, mode-coupling theory dotted. No state was learned from."""
    is_known = is_measured(predicted["peak_scattering"].sel(species="A"), "potential", "rho")
    scale = temperature_scale(predicted)
    with styled():
        figure = Figure(layout="constrained")
        n_columns = 0
        for place in places(figure, predicted, is_known, 2.7, margin=0.4, share_y="all"):
            n_columns += place.is_lowest
            axes = place.axes
            if place.is_drawn:
                _panel(axes, predicted.sel(potential=place.potential, rho=place.rho, species="A"), scale)
            axes.set(title=place.title, xscale="log", ylim=(-0.05, 1.05))
            if place.is_lowest:
                axes.set_xlabel("lag time t [τ$_{MD}$]")
            if place.is_first:
                axes.set_ylabel("F$_s$(k$_p$,t) of A")
        room_for_panel_keys(figure, n_columns)
        key_below(figure, _looks([str(name) for name in predicted["model"].values]))
        return save(figure, path)


def _panel(axes: Axes, data: xr.Dataset, scale: ColourScale) -> None:
    colours: dict[str, Any] = {}
    temperatures = evenly(data["T"].values[is_measured(data["peak_scattering"], "T")], _MOST)
    t = data["t"].values
    for T in temperatures:
        state, colour = data.sel(T=T), scale.colour(T)
        F, error = state["peak_scattering"].values, state["peak_scattering_error"].values
        known = np.isfinite(F)
        theta = float(state["reduced_temperature"])
        label = f"T = {T:.4g}" + (f"\n= {theta:.2f} T$_{{mct}}$" if np.isfinite(theta) else "")
        axes.errorbar(t[known], F[known], 2 * error[known], fmt="o", ms=2.6, lw=0.8, color=colour)
        colours[label] = colour
        for m, line in enumerate(("-", "--")[: state.sizes["model"]]):
            axes.plot(t, state["predicted_scattering"].values[m], line, color=colour, lw=1.2 if m == 0 else 0.9)
        mean, spread = state["predicted_scattering"].values[0], state["predicted_scattering_error"].values[0]
        axes.fill_between(t, mean - 2 * spread, mean + 2 * spread, color=colour, alpha=0.2, lw=0)
        axes.plot(t, state["mct_peak_scattering"].values, ":", color=colour, lw=1.2)
    key_of_panel(axes, colours)


def _looks(models: list[str]) -> dict[str, dict[str, Any]]:
    """What is drawn how."""
    looks: dict[str, dict[str, Any]] = {"molecular dynamics": {"marker": "o", "ms": 2.6}}
    looks |= {name: {"ls": line} for name, line in zip(models, ("-", "--"), strict=False)}
    return {**looks, "mode-coupling theory": {"ls": ":"}}


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

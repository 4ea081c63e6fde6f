"""Figure: the collective scattering function F_AA(k_p,t)/S_AA(k_p), measured and by mode-coupling theory."""

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
    """Draws F_AA(k_p,t)/S_AA(k_p) against log t: molecular dynamics solid with a band of two standard errors, theory
    dotted."""
    with styled():
        figure = Figure(layout="constrained")
        for panel in panels(cube, figure, "collective_scattering"):
            for temperature in panel.temperatures:
                state = panel.data.sel(T=temperature, pair="AA")
                _curves(panel.axes, state, panel.colours[temperature], panel.label(temperature))
            panel.axes.set(title=panel.title, xscale="log", ylim=(-0.1, 1.05))
            panel.axes.set(xlabel=lag_time_label(cube), ylabel="F$_{AA}$(k$_p$,t) / S$_{AA}$(k$_p$)")
            lines = [Line2D([], [], color="0.3", ls=style) for style in ("-", ":")]
            words, look = ["molecular dynamics", "theory"], {"frameon": True, "framealpha": 0.85, "edgecolor": "none"}
            panel.axes.add_artist(panel.axes.legend(lines, words, loc="lower left", **look))
            panel.axes.legend(loc="upper right", **look)
        return save(figure, path)


def _curves(axes, state: xr.Dataset, colour, label: str | None) -> None:
    F, error = (state[f"collective_scattering{end}"].sel(chosen=0).values for end in ("", "_error"))
    later = state["t"].values > 0
    curve_with_band(axes, state["t"].values[later], F[later] / F[0], error[later] / F[0], colour, label=label)
    if "mct_scattering" in state:
        t, theory = state["t_mct"].values, state["mct_scattering"].values
        shown = (t > 0) & np.isfinite(theory)
        axes.plot(t[shown], theory[shown] / theory[0], ":", color=colour)


def _at_peak(cube: xr.Dataset) -> xr.Dataset:
    """With the theory's F_AA at k_p alone, linear in k between the neighbours of k_p on its grid."""
    if "mct_scattering" not in cube:
        return cube
    k, k_p = cube["k"].values, cube["peak_wavenumber"]
    above = xr.DataArray(np.clip(np.searchsorted(k, k_p.fillna(0.0).values), 1, k.size - 1), dims=k_p.dims)
    share = (k_p - k[above - 1]) / (k[above] - k[above - 1])
    F = cube["mct_scattering"].load()
    at_peak = (1.0 - share) * F.isel(k=above - 1).drop_vars("k") + share * F.isel(k=above).drop_vars("k")
    at_peak = at_peak.transpose(*(dim for dim in F.dims if dim != "k"))
    at_peak.attrs = {**F.attrs, "long_name": "mode-coupling theory: F_ab(k_p,t); F_ab(k_p,0) = S_ab(k_p)"}
    return cube.drop_vars(["mct_scattering", "k"]).assign(mct_scattering=at_peak)


FIGURE = CampaignFigure(
    place=42,
    draw=draw,
    sources=(CUBE,),
    variables=("collective_scattering", "collective_scattering_error", "mct_scattering", "peak_wavenumber"),
    shows="collective_scattering",
    caption=Caption(
        title="Collective scattering beside mode-coupling theory",
        paper="not drawn in the paper, which compares the self part alone",
        text=(
            "F_AA(k_p,t)/S_AA(k_p), the collective intermediate scattering function of A, against lag time t in τ_MD, a colour "
            "a temperature T (in ε_AA/k_B): molecular dynamics (solid, bands of two standard errors from ten blocks of time) "
            "and mode-coupling theory of the same S(k) (dotted; without an error bar), linear in k between the neighbours of "
            "k_p on its grid. The theory has no free parameter. " + SOME_ARE_DRAWN
        ),
        alt="Measured collective decays beside dotted curves of the theory, which end on a plateau at low temperatures",
        missing="No state has it: collective_scattering is not among what the campaign file computes, or no state is so far.",
    ),
    selection={"pair": ["AA"], "chosen": [0]},
    narrowed=_at_peak,
)

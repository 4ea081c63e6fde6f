"""Figure: the self part of the van Hove function of A at the lowest temperature, as the density of distances."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.colour_scales import lag_scale
from glassdask.figures.drawing.keys import colour_key
from glassdask.figures.drawing.panels import is_measured, panels
from glassdask.figures.drawing.style import curve_with_band, save, styled

#: Bins of distances that are drawn as one.
_MERGED = 4


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws 4π r² G_s(r,t) of A of the coldest state of each panel, a colour a lag time, with a band of two standard errors."""
    r, times = cube["r"].values, cube["van_hove_time"].values
    scale = lag_scale(times[np.isfinite(times) & (times > 0)])
    with styled():
        figure = Figure(layout="constrained")
        drawn: list[float] = []
        for panel in panels(cube, figure, "van_hove"):
            state = panel.data.sel(T=panel.temperatures[0], species="A")
            for lag in np.flatnonzero(is_measured(state["van_hove"], "van_hove_lag")):
                middle, density, error = _density(r, state.isel(van_hove_lag=lag))
                if np.isfinite(density).sum() > 1:  # else nobody has left the first bin, and there is no line
                    drawn.append(float(f"{float(state['van_hove_time'][lag]):.3g}"))
                    curve_with_band(panel.axes, middle, density, error, scale.colour(drawn[-1]), lw=0.9)
            panel.axes.set(title=f"{panel.title}, T = {panel.temperatures[0]:g}", yscale="log", ylim=(1e-3, 30))
            panel.axes.set(xlim=(0, 3), xlabel="distance r [σ$_{AA}$]", ylabel="4πr² G$_s$(r,t) of A [σ$_{AA}^{-1}$]")
        colour_key(figure, figure.axes, scale, drawn, "t")
        return save(figure, path)


def _density(r: np.ndarray, state: xr.Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """r, 4π r² G_s and its error in bins that are four times as wide, as few particles are in one; NaN where none is, which
    has no place on a logarithmic axis, and without a band where it would reach 0."""
    n = len(r) // _MERGED * _MERGED
    G, error = (4.0 * np.pi * r[:n] ** 2 * state[f"van_hove{end}"].values[:n] for end in ("", "_error"))
    middle, density = (array.reshape(-1, _MERGED).mean(axis=1) for array in (r[:n], G))
    sigma = np.sqrt((error.reshape(-1, _MERGED) ** 2).sum(axis=1)) / _MERGED
    known = np.where(density > 0, density, np.nan)
    return middle, known, np.where(known > 2 * sigma, sigma, np.nan)


def _coldest(cube: xr.Dataset) -> xr.Dataset:
    """Without temperatures that are the lowest of no liquid and density: nothing is drawn of them."""
    is_known = is_measured(cube["van_hove"], "potential", "T", "rho")
    first = np.where(is_known.any(axis=1), np.argmax(is_known, axis=1), -1)
    return cube.isel(T=np.unique(first[first >= 0])) if (first >= 0).any() else cube


FIGURE = CampaignFigure(
    place=39,
    draw=draw,
    sources=(CUBE,),
    variables=("van_hove", "van_hove_error", "van_hove_time"),
    shows="van_hove",
    caption=Caption(
        title="Van Hove function",
        paper="not drawn in the paper",
        text=(
            "4πr² G_s(r,t), the density of the distances r (in σ_AA) that A particles have moved in the lag time t (in τ_MD, a "
            "colour each, early ones dark), at the lowest temperature of each potential and density. A second maximum near one "
            "diameter is hopping. Bands: two standard errors, from ten blocks of time. At most {most_densities} densities are drawn."
        ),
        alt="Densities of distances on a logarithmic axis that widen with lag time, with a shoulder at one diameter in cold liquids",
        missing="No state has it: van_hove is not among what the campaign file computes, or no state is so far.",
    ),
    selection={"species": ["A"]},
    narrowed=_coldest,
)

"""Figure: F_s(k_p,t) and the memory that reproduces it, for four states from liquid to glass (paper, Fig. 6)."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from glassdask.datasets.liquids import titles_of
from glassdask.datasets.schema.variables import STATE_DIMENSIONS
from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.panels import WIDEST_TITLE, evenly, is_measured, lines_of_three, panel_title
from glassdask.figures.drawing.style import save, styled, temperature_colours
from glassdask.physics.memory.memory_kernels import StretchedMemory

#: States drawn in each panel.
_MOST_STATES = 4
#: The memory is drawn as far down as this share of M(0).
_LOWEST = 1e-4


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws, for A and the first equation fitted, measured F_s (points, bars of two standard errors) with its fit (solid)
    above, and the memories (solid) with mode-coupling theory's (dashed) below: a column a potential, up to four temperatures
    of the density that was fitted most; a liquid that was not fitted there, of its own."""
    fits = cube.isel(dynamics=0).sel(species="A")
    is_fitted = is_measured(fits["memory_bic"], *STATE_DIMENSIONS)
    n_fitted = is_fitted.sum(axis=1)
    most = int(np.argmax(n_fitted.sum(axis=0)))
    titles = titles_of(cube)
    drawn = [(p, most if n[most] else int(np.argmax(n))) for p, n in enumerate(n_fitted) if n.any()]
    with styled():
        figure = Figure(layout="constrained")
        grid, columns = lines_of_three(figure, len(drawn), 6.0, n_rows=2)
        for (above, below), (potential, rho) in zip(columns, drawn, strict=True):
            data, is_here = (fits.isel(potential=potential, rho=rho), is_fitted[potential, :, rho])
            T = evenly(data["T"].values[is_here], _MOST_STATES)
            for temperature, colour in zip(T, temperature_colours(T), strict=True):
                state = data.sel(T=temperature)
                _scattering(above, state, colour, f"T = {temperature:g}")
                _memories(below, state, colour, _is_theory_comparable(cube))
            title = panel_title(titles[str(data["potential"].values)], float(data["rho"]))
            above.set(title=textwrap.fill(title, WIDEST_TITLE), ylim=(-0.05, 1.05))
            below.set(xscale="log", yscale="log", xlabel="time t [τ$_{MD}$]")
        _explain(grid, columns, str(cube["dynamics"].values[0]))
        return save(figure, path)


def narrowed(cube: xr.Dataset) -> xr.Dataset:
    """The part of a cube that `draw` draws: the first equation, and of the theory's memory the wavenumbers around k_p."""
    if cube.sizes["dynamics"] == 0 or "mct_self_memory" not in cube:
        return cube.isel(dynamics=slice(1))
    k, peak = cube["k"].values, cube["peak_wavenumber"].values
    if not np.isfinite(peak).any():
        return cube.isel(dynamics=slice(1))
    first, last = np.searchsorted(k, [np.nanmin(peak), np.nanmax(peak)])
    return cube.isel(dynamics=slice(1), k=slice(max(first - 1, 0), last + 1))


def _is_theory_comparable(cube: xr.Dataset) -> bool:
    """Whether the theory's memory is there and has the unit of the fitted one."""
    return "mct_self_memory" in cube and cube.attrs.get("mode_coupling_dynamics") == str(cube["dynamics"].values[0])


def _explain(grid: np.ndarray, columns: list[np.ndarray], dynamics: str) -> None:
    unit = "τ$_{MD}^{-2}$" if dynamics == "newtonian" else "τ$_{MD}^{-1}$"
    for above, below in zip(grid[::2, 0], grid[1::2, 0], strict=True):
        above.set_ylabel("F$_s$(k$_p$,t) of A")
        below.set_ylabel(f"memory M(t) of A [{unit}]")
    upper = [("none", "."), ("-", "")], ["molecular dynamics", "fit of eq. 6"]
    lower = [("-", ""), ("--", "")], ["fit of eq. 6", "theory (MCT)"]
    for axes, (styles, words), place in zip(columns[0], (upper, lower), ("center right", "lower left"), strict=True):
        lines = [Line2D([], [], color="0.3", ls=ls, marker=marker) for ls, marker in styles]
        axes.add_artist(axes.legend(lines, words, loc=place, frameon=True, framealpha=0.85, edgecolor="none"))
    for above, _ in columns:
        above.legend(loc="upper right", frameon=True, framealpha=0.85, edgecolor="none")


def _best(state: xr.Dataset) -> xr.Dataset:
    return state.isel(n_exp=int(np.nanargmin(state["memory_bic"].values)))


def _scattering(axes, state: xr.Dataset, colour, label: str) -> None:
    t, F, fit = state["t"].values, state["peak_scattering"].values, _best(state)["memory_scattering"].values
    shown = (t > 0) & np.isfinite(F)
    bars = 2 * np.nan_to_num(state["peak_scattering_error"].values[shown])
    axes.errorbar(t[shown], F[shown], bars, fmt=".", color=colour, ms=4, elinewidth=0.8)
    axes.plot(t[shown], fit[shown], "-", color=colour, lw=1.1, label=label)


def fitted_memory(state: xr.Dataset) -> StretchedMemory:
    """Eq. 6 of one state, species, equation and number of modes."""
    n = int(state["n_exp"])
    w, tau, b = (state[f"memory_{name}"].values[:n] for name in ("weight", "time", "stretch"))
    return StretchedMemory(float(state["memory_baseline"]), w, np.zeros(n), tau, b)


def _memories(axes, state: xr.Dataset, colour, has_theory: bool) -> None:
    t = state["t"].values[state["t"].values > 0]
    t = np.geomspace(t[0], t[-1], 300)
    M = fitted_memory(_best(state))(t)
    lowest = _LOWEST * M[0]
    is_shown = lowest < M
    axes.plot(t[is_shown], M[is_shown], "-", color=colour)
    if not has_theory:
        return
    t = state["t_mct"].values
    theory = state["mct_self_memory"].interp(k=float(state["peak_wavenumber"])).values
    shown = (t > 0) & (theory > lowest)
    axes.plot(t[shown], theory[shown], "--", color=colour, lw=1.0)


FIGURE = CampaignFigure(
    place=80,
    draw=draw,
    sources=(CUBE,),
    variables=(
        "memory_weight",
        "memory_weight_error",
        "memory_time",
        "memory_stretch",
        "memory_baseline",
        "memory_bic",
        "memory_scattering",
        "peak_scattering",
        "peak_scattering_error",
        "peak_wavenumber",
        "mct_self_memory",
    ),
    shows="memory_bic",
    caption=Caption(
        title="Memory functions",
        paper="Fig. 6",
        text=(
            "Above: F_s(k_p,t) of A (points, bars of two standard errors) and the fit of eq. 6 with the number of modes that "
            "BIC prefers (solid). Below: the memory M(t) that was found (solid) and that of mode-coupling theory (dashed, "
            "where its equation is the same), in 1/τ_MD² for the Newtonian equation and 1/τ_MD for the overdamped one. Time "
            "in τ_MD; up to four temperatures of the density with most states. Standard errors of the parameters are in the "
            "data."
        ),
        alt="Measured decays with their fits above, memory functions falling over four decades below, theory dashed above them",
        missing="No memory has been fitted.",
    ),
    selection={"species": ["A"]},
    narrowed=narrowed,
)

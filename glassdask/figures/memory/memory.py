"""Figure: F_s(k_p,t) and the memory that reproduces it, for four states from liquid to glass (paper, Fig. 6)."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from glassdask.datasets.liquids import titles_of
from glassdask.datasets.schema.variables import STATE_DIMENSIONS
from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.colour_scales import temperature_scale
from glassdask.figures.drawing.keys import key_below, key_of_panel, room_for_panel_keys
from glassdask.figures.drawing.panels import LINE, WIDEST_TITLE, evenly, is_measured, lines_of_three, panel_title
from glassdask.figures.drawing.style import save, styled
from glassdask.physics.memory.memory_kernels import StretchedMemory

#: States drawn in each panel.
_MOST_STATES = 4
#: The memory is drawn as far down as this share of M(0).
_LOWEST = 1e-4
#: A band is no wider than this, in ln M; opacity of bands, and of what is not determined.
_WIDEST, _BAND, _PALE = 5.0, 0.25, 0.4


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
        scale, is_determined = temperature_scale(cube), list[bool]()
        grid, columns = lines_of_three(figure, len(drawn), 5.2, n_rows=2)
        for (above, below), (potential, rho) in zip(columns, drawn, strict=True):
            data, is_here = (fits.isel(potential=potential, rho=rho), is_fitted[potential, :, rho])
            temperatures = evenly(data["T"].values[is_here], _MOST_STATES)
            key_of_panel(above, {f"T = {T:.4g}": scale.colour(T) for T in temperatures})
            for temperature in temperatures:
                state, colour = data.sel(T=temperature), scale.colour(temperature)
                _scattering(above, state, colour)
                is_determined.append(_memories(below, state, colour, _is_theory_comparable(cube)))
            title = panel_title(titles[str(data["potential"].values)], float(data["rho"]))
            above.set(title=textwrap.fill(title, WIDEST_TITLE), ylim=(-0.05, 1.05))
            below.set(xscale="log", yscale="log", xlabel="time t [τ$_{MD}$]")
        _label(grid, str(cube["dynamics"].values[0]))
        room_for_panel_keys(figure, min(len(drawn), LINE))
        key_below(figure, _looks(cube, all(is_determined)))
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


def _label(grid: np.ndarray, dynamics: str) -> None:
    unit = "τ$_{MD}^{-2}$" if dynamics == "newtonian" else "τ$_{MD}^{-1}$"
    for above, below in zip(grid[::2, 0], grid[1::2, 0], strict=True):
        above.set_ylabel("F$_s$(k$_p$,t) of A")
        below.set_ylabel(f"memory M(t) of A [{unit}]")


def _looks(cube: xr.Dataset, is_all_determined: bool) -> dict[str, dict[str, Any]]:
    """What is drawn how."""
    looks: dict[str, dict[str, Any]] = {"molecular dynamics": {"marker": "."}, "fit of eq. 6": {"ls": "-"}}
    if "memory_kernel_error" in cube and np.isfinite(cube["memory_kernel_error"].values).any():
        looks["two standard errors (bootstrap)"] = {"ls": "-", "lw": 7, "alpha": _BAND, "solid_capstyle": "butt"}
    if _is_theory_comparable(cube):
        looks["mode-coupling theory"] = {"ls": "--"}
    return looks if is_all_determined else {**looks, "pale: a mode is not determined": {"ls": "-", "alpha": _PALE}}


def _best(state: xr.Dataset) -> xr.Dataset:
    return state.isel(n_exp=int(np.nanargmin(state["memory_bic"].values)))


def _scattering(axes, state: xr.Dataset, colour) -> None:
    t, F, fit = state["t"].values, state["peak_scattering"].values, _best(state)["memory_scattering"].values
    shown = (t > 0) & np.isfinite(F)
    bars = 2 * np.nan_to_num(state["peak_scattering_error"].values[shown])
    axes.errorbar(t[shown], F[shown], bars, fmt=".", color=colour, ms=4, elinewidth=0.8)
    axes.plot(t[shown], fit[shown], "-", color=colour, lw=1.1)


def fitted_memory(state: xr.Dataset) -> StretchedMemory:
    """Eq. 6 of one state, species, equation and number of modes."""
    n = int(state["n_exp"])
    w, tau, b = (state[f"memory_{name}"].values[:n] for name in ("weight", "time", "stretch"))
    return StretchedMemory(float(state["memory_baseline"]), w, np.zeros(n), tau, b)


def _memories(axes, state: xr.Dataset, colour, has_theory: bool) -> bool:
    """The memory of the fit, its band, and theory's; returns whether all modes of the fit are determined."""
    best = _best(state)
    is_determined = not ("memory_is_degenerate" in best and best["memory_is_degenerate"].item())
    memory, known = fitted_memory(best), state["t"].values[state["t"].values > 0]
    t = np.geomspace(known[0], known[-1], 300)
    lowest = _LOWEST * memory(t[:1])[0]
    M = np.where(memory(t) > lowest, memory(t), np.nan)
    axes.plot(t, M, "-", color=colour, alpha=1.0 if is_determined else _PALE)
    if "memory_kernel_error" in best:
        error = best["memory_kernel_error"].values[state["t"].values > 0]
        _band(axes, known, memory(known), error, lowest, colour)
    if has_theory:
        t = state["t_mct"].values
        theory = state["mct_self_memory"].interp(k=float(state["peak_wavenumber"])).values
        shown = (t > 0) & (theory > lowest)
        axes.plot(t[shown], theory[shown], "--", color=colour, lw=1.0)
    return is_determined


def _band(axes, t: np.ndarray, M: np.ndarray, error: np.ndarray, lowest: float, colour) -> None:
    """Two standard errors of ln M, as the axis is logarithmic; no lower than the curves are drawn."""
    shown = np.isfinite(error) & (lowest < M)
    if shown.any():
        factor = np.exp(np.minimum(2 * error[shown] / M[shown], _WIDEST))
        low, high = np.maximum(M[shown] / factor, lowest), M[shown] * factor
        axes.fill_between(t[shown], low, high, color=colour, alpha=_BAND, lw=0)


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
        "memory_is_degenerate",
        "memory_kernel_error",
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
            "BIC prefers (solid). Below: the memory M(t) that was found (solid; pale where a mode is not determined) with a band "
            "of two standard errors of ln M over resampled time origins (bootstrap), where they were made, and that of "
            "mode-coupling theory (dashed, where its equation is the same), in 1/τ_MD² for the Newtonian equation and 1/τ_MD "
            "for the overdamped one. Time in τ_MD; up to four temperatures of the density with most states. Standard errors "
            "of the parameters are in the data."
        ),
        alt="Measured decays with their fits above, memory functions falling over four decades below, theory dashed above them",
        missing="No memory has been fitted.",
    ),
    selection={"species": ["A"]},
    narrowed=narrowed,
)

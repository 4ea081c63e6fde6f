"""Figures with two campaigns in each panel: τ(1/T), S(k) and F_s(k_p,t); lines are A, points with error bars B."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glassdask.datasets.schema.variables import STATE_DIMENSIONS
from glassdask.errors import InvalidInput
from glassdask.figures.drawing.colour_scales import TEMPERATURE_RANGE, temperature_range
from glassdask.figures.drawing.keys import colour_key
from glassdask.figures.drawing.panels import Panel, evenly, is_far_apart, panels
from glassdask.figures.drawing.style import FORMATS, NAMED, curve_with_band, save, styled

#: Points of a curve of B; of more, some are chosen evenly.
_MOST_POINTS = 120
#: Wavenumber up to which S(k) is drawn. [1/sigma_AA]
_LARGEST_K = 20.0


def draw_both(
    first: xr.Dataset, second: xr.Dataset, names: tuple[str, str], folder: Path, file_format: str = "png"
) -> dict[str, Path]:
    """Draws what both have.

    Parameters
    ----------
    first, second
        Cubes with the same labels, A and B.
    names
        What they are called.
    folder
        Of the files.
    file_format
        ``png``, ``pdf`` or ``svg``.

    Returns
    -------
    dict of Path
        Files by the names of the figures; one without common values is left out.

    Raises
    ------
    InvalidInput
        If the format is unknown.
    """
    if file_format not in FORMATS:
        raise InvalidInput(f"the format {file_format!r} is unknown; allowed: {', '.join(FORMATS)}")
    return {
        f"compared_{name}": draw(first, second, names, folder / f"compared_{name}.{file_format}")
        for name, (variable, draw) in _FIGURES.items()
        if all(variable in part for part in (first, second)) and _common(first, second, variable).any()
    }


def draw_relaxation_times(A: xr.Dataset, B: xr.Dataset, names: tuple[str, str], path: Path) -> Path:
    """Draws τ_α of the first species against 1/T, with error bars of one standard error."""

    def draw(panel: Panel, other: xr.Dataset) -> None:
        for data, colour, marker, face in ((panel.data, NAMED[0], "-o", NAMED[0]), (other, NAMED[1], "s", "none")):
            tau, error = (data.isel(species=0)[name].values for name in ("relaxation_time", "relaxation_time_error"))
            is_there = np.isfinite(tau)
            bars = np.nan_to_num(error[is_there])
            x = 1 / data["T"].values[is_there]
            panel.axes.errorbar(x, tau[is_there], bars, fmt=marker, color=colour, mfc=face, lw=0.9, ms=5)
        panel.axes.set(yscale="log", xlabel="1/T [k$_B$/ε$_{AA}$]", ylabel="τ$_α$ of A [τ$_{MD}$]")
        if is_far_apart(A):
            panel.axes.set_xscale("log")

    return _drawn(A, B, "relaxation_time", draw, names, path)


def draw_structure_factors(A: xr.Dataset, B: xr.Dataset, names: tuple[str, str], path: Path) -> Path:
    """Draws S(k) of the first pair in fine bins."""

    def draw(panel: Panel, other: xr.Dataset) -> None:
        for temperature in panel.temperatures:
            curves = [
                _curve(one.sel(T=temperature).isel(pair=0), "structure_factor_fine") for one in (panel.data, other)
            ]
            k = panel.data["k_fine"].values
            _lines_and_points(panel, temperature, np.where(k <= _LARGEST_K, k, np.nan), curves)
        panel.axes.set(xlim=(0, _LARGEST_K), xlabel="wavenumber k [1/σ$_{AA}$]", ylabel="S$_{AA}$(k)")

    return _drawn(A, B, "structure_factor_fine", draw, names, path)


def draw_scattering(A: xr.Dataset, B: xr.Dataset, names: tuple[str, str], path: Path) -> Path:
    """Draws F_s(k_p,t) of the first species."""

    def draw(panel: Panel, other: xr.Dataset) -> None:
        times = panel.data["t"].values
        for temperature in panel.temperatures:
            curves = [_curve(one.sel(T=temperature).isel(species=0), "peak_scattering") for one in (panel.data, other)]
            _lines_and_points(panel, temperature, np.where(times > 0, times, np.nan), curves)
        panel.axes.set(xscale="log", ylim=(-0.05, 1.05), xlabel="lag time t [τ$_{MD}$]", ylabel="F$_s$(k$_p$,t) of A")

    return _drawn(A, B, "peak_scattering", draw, names, path)


def _drawn(
    A: xr.Dataset,
    B: xr.Dataset,
    variable: str,
    draw: Callable[[Panel, xr.Dataset], None],
    names: tuple[str, str],
    path: Path,
) -> Path:
    """A panel for each potential and density at which both have values."""
    is_common = _common(A, B, variable)
    A = A.assign_attrs(
        {TEMPERATURE_RANGE: temperature_range(A)}
    )  # of all that A has: colours are those of its own figures
    for dim in STATE_DIMENSIONS:  # without liquids, temperatures and densities that would be empty panels
        kept = is_common.any([other for other in STATE_DIMENSIONS if other != dim]).values
        A, B = A.isel({dim: kept}), B.isel({dim: kept})
    is_common = _common(A, B, variable)
    A, B = A.assign({variable: A[variable].where(is_common)}), B.assign({variable: B[variable].where(is_common)})
    with styled():
        figure = Figure(layout="constrained")
        drawn = list(panels(A, figure, variable))
        for panel in drawn:
            potential, rho = str(panel.data["potential"].values), float(panel.data["rho"])
            draw(panel, B.sel(potential=potential, rho=rho))
            panel.axes.set_title(panel.title)
        marks = ("filled", "hollow") if variable == "relaxation_time" else ("lines", "points")
        if variable != "relaxation_time":
            temperatures = np.concatenate([panel.temperatures for panel in drawn])
            colour_key(figure, [panel.axes for panel in drawn], drawn[0].scale, temperatures, "T")
        figure.suptitle(f"A ({marks[0]}): {names[0]}\nB ({marks[1]}): {names[1]}", fontsize="small")
        return save(figure, path)


def _common(A: xr.Dataset, B: xr.Dataset, variable: str) -> xr.DataArray:
    """States of which both have a value."""
    found = A[variable].notnull() & B[variable].notnull()
    return found.any([dim for dim in found.dims if dim not in STATE_DIMENSIONS])


def _curve(state: xr.Dataset, name: str) -> tuple[np.ndarray, np.ndarray]:
    return state[name].values, np.nan_to_num(state[f"{name}_error"].values)


def _lines_and_points(panel: Panel, temperature: float, x: np.ndarray, curves: list[Any]) -> None:
    (A, error_A), (B, error_B) = curves
    colour, axes = panel.scale.colour(temperature), panel.axes
    curve_with_band(axes, x, np.where(np.isfinite(x), A, np.nan), error_A, colour, lw=0.9)
    _points(axes, x, B, error_B, colour)


def _points(axes: Axes, x: np.ndarray, y: np.ndarray, error: np.ndarray, colour: Any) -> None:
    shown = evenly(np.flatnonzero(np.isfinite(x) & np.isfinite(y)), _MOST_POINTS)
    axes.errorbar(x[shown], y[shown], error[shown], fmt="o", color=colour, mfc="none", ms=2.5, elinewidth=0.7, lw=0)


_FIGURES: dict[str, tuple[str, Callable[..., Path]]] = {
    "relaxation_time": ("relaxation_time", draw_relaxation_times),
    "structure_factor": ("structure_factor_fine", draw_structure_factors),
    "scattering": ("peak_scattering", draw_scattering),
}

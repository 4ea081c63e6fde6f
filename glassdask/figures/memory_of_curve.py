"""Figure: a user's own F(t) with what was fitted to it, and the memory M(t) that was found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glassdask.figures.style import MARKERS, NAMED, save, styled

#: Of the numbers of modes, from the first on.
_LINES = (":", "--", "-", "-.")
#: M is shown down to this share of its largest value.
_DEPTH = 1e-6


def draw(data: xr.Dataset, path: Path) -> Path:
    """Draws F and M against log t: data as points with two standard errors, fits as lines.

    Parameters
    ----------
    data
        As `glassdask.tasks.memory_answer.memory_dataset` makes it: F, F_error, F_fit and M of (species[, n_exp], t).
    path
        The file; its ending says the format.
    """
    with styled():
        figure = Figure(figsize=(8.0, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        for a, species in enumerate(data["species"].values):
            here, colour = data.sel(species=species), NAMED[a % len(NAMED)]
            _points(left, here, colour, MARKERS[a % len(MARKERS)], f"F of {species}")
            for label, style, fit in _fits(here):
                _line(left, fit["t"].values, fit["F_fit"].values, colour, style)
                _line(right, fit["t"].values, fit["M"].values, colour, style, f"{species}, {label}")
        left.set(xscale="log", ylim=(min(-0.05, float(data["F"].min())), 1.05), xlabel="t", ylabel="F(t) / F(0)")
        right.set(xscale="log", xlabel="t", ylabel="memory M(t)")
        _show_decades(right, data["M"].values)
        left.legend(loc="lower left")
        right.legend(loc="best")
        return save(figure, path)


def _fits(data: xr.Dataset) -> Iterator[tuple[str, str, xr.Dataset]]:
    """Label, line style and curves of each number of modes, or of the one memory without a form."""
    if "n_exp" not in data.dims:
        yield "inversion", "-", data
        return
    for i, n_exp in enumerate(data["n_exp"].values):
        yield f"n_exp = {n_exp}", _LINES[i % len(_LINES)], data.sel(n_exp=n_exp)


def _points(axes: Axes, data: xr.Dataset, colour: str, marker: str, label: str) -> None:
    t, F, error = (data[name].values for name in ("t", "F", "F_error"))
    shown = np.isfinite(F)
    bars = 2 * error[shown] if np.isfinite(error[shown]).all() else None
    axes.errorbar(t[shown], F[shown], bars, fmt=marker, color=colour, ms=3.0, lw=0.8, mfc="none", label=label)


def _line(axes: Axes, t: np.ndarray, values: np.ndarray, colour: str, style: str, label: str | None = None) -> None:
    shown = np.isfinite(values)
    if shown.any():
        axes.plot(t[shown], values[shown], style, color=colour, label=label)


def _show_decades(axes: Axes, M: np.ndarray) -> None:
    """A logarithmic axis of M, no deeper than where it has vanished."""
    positive = M[np.isfinite(M) & (M > 0)]
    if positive.size:
        axes.set_yscale("log")
        axes.set_ylim(max(positive.min(), _DEPTH * positive.max()) / 2, 2 * positive.max())

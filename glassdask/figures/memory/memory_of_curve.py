"""Figure: a user's own F(t) with what was fitted to it, and the memory M(t) that was found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glassdask.figures.drawing.keys import key_beside
from glassdask.figures.drawing.style import MARKERS, NAMED, save, styled
from glassdask.outcome import MemoryVerdict

#: Of the number of modes that BIC prefers; and of the others, from the first on.
_CHOSEN, _OTHERS = {"ls": "-", "lw": 1.8}, ((0, (1, 2)), "--", "-.", (0, (5, 1, 1, 1, 1, 1)))
#: M is shown down to this share of its largest value.
_DEPTH = 1e-6
#: A band is no wider than this, in ln M.
_WIDEST = 5.0


def draw(data: xr.Dataset, curves: xr.Dataset, path: Path) -> Path:
    """Draws F and M against log t: data as points with two standard errors, fits as lines, that of the lowest BIC bold.

    Parameters
    ----------
    data
        As `glassdask.stages.fit_memory.memory_answer.memory_dataset` makes it: F, F_error and, of fits, best_n_exp and is_reproduced.
    curves
        As `glassdask.stages.fit_memory.memory_answer.smooth_curves` makes it: F_fit and M of (species[, n_exp], t) at many times.
    path
        The file; its ending says the format.
    """
    with styled():
        figure = Figure(figsize=(7.4, 3.4), layout="constrained")
        left, right = figure.subplots(1, 2)
        for a, species in enumerate(data["species"].values):
            here, colour = data.sel(species=species), NAMED[a % len(NAMED)]
            _points(left, here, colour, MARKERS[a % len(MARKERS)], f"F of {species}")
            for label, style, fit in fits_drawn(here, curves.sel(species=species)):
                _line(left, fit["t"].values, fit["F_fit"].values, {"color": colour, **style})
                _line(
                    right, fit["t"].values, fit["M"].values, {"color": colour, **style, "label": f"{species}, {label}"}
                )
                _band(right, fit, colour)
        left.set(xscale="log", ylim=(min(-0.05, float(data["F"].min())), 1.05), xlabel="t", ylabel="F(t) / F(0)")
        right.set(xscale="log", xlabel="t", ylabel="memory M(t)")
        _show_decades(right, curves["M"].values)
        found = [axes.get_legend_handles_labels() for axes in (left, right)]
        key_beside(figure, found[0][0] + found[1][0], found[0][1] + found[1][1])
        return save(figure, path)


def fits_drawn(data: xr.Dataset, curves: xr.Dataset) -> Iterator[tuple[str, dict[str, Any], xr.Dataset]]:
    """Label, style and curves of each number of modes, or of the one memory without a form; the chosen one last, on top."""
    if "n_exp" not in curves.dims:
        yield "inversion", _CHOSEN, curves
        return
    chosen, numbers = int(data["best_n_exp"]), curves["n_exp"].values.tolist()
    for n_exp in sorted(numbers, key=lambda n: n == chosen):
        style = _CHOSEN if n_exp == chosen else {"ls": _OTHERS[numbers.index(n_exp)], "lw": 1.0, "alpha": 0.6}
        words = ", lowest BIC" if n_exp == chosen and len(numbers) > 1 else ""
        yield f"n_exp = {n_exp}{words}{_doubts(data.sel(n_exp=n_exp))}", style, curves.sel(n_exp=n_exp)


def _doubts(fit: xr.Dataset) -> str:
    """What is to be said against a fit: that it misses F, or has a mode that the data do not determine."""
    if not fit["is_reproduced"]:
        return ", misses F"
    is_open = "verdict" in fit and (fit["verdict"] == MemoryVerdict.DEGENERATE.flag).any()
    return ", a mode not determined" if is_open else ""


def _points(axes: Axes, data: xr.Dataset, colour: str, marker: str, label: str) -> None:
    t, F, error = (data[name].values for name in ("t", "F", "F_error"))
    shown = np.isfinite(F)
    bars = 2 * error[shown] if np.isfinite(error[shown]).all() else None
    axes.errorbar(t[shown], F[shown], bars, fmt=marker, color=colour, ms=3.0, lw=0.8, mfc="none", label=label)


def _line(axes: Axes, t: np.ndarray, values: np.ndarray, style: dict[str, Any]) -> None:
    shown = np.isfinite(values)
    if shown.any():
        axes.plot(t[shown], values[shown], **style)


def _band(axes: Axes, fit: xr.Dataset, colour: str) -> None:
    """Two standard errors of ln M over resampled data, where they were made."""
    if "M_error" not in fit:
        return
    t, M, error = (fit[name].values for name in ("t", "M", "M_error"))
    shown = np.isfinite(error) & (_DEPTH * np.nanmax(M) < M)
    if shown.any():
        factor = np.exp(np.minimum(2 * error[shown] / M[shown], _WIDEST))
        label = "two standard errors (bootstrap)"
        axes.fill_between(t[shown], M[shown] / factor, M[shown] * factor, color=colour, alpha=0.2, lw=0, label=label)


def _show_decades(axes: Axes, M: np.ndarray) -> None:
    """A logarithmic axis of M, no deeper than where it has vanished."""
    positive = M[np.isfinite(M) & (M > 0)]
    if positive.size:
        axes.set_yscale("log")
        axes.set_ylim(max(positive.min(), _DEPTH * positive.max()) / 2, 2 * positive.max())

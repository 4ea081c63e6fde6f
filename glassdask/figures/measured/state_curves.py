"""Figure: F_s(k_p,t) and S(k) of one state, with error bands and, where it is there, mode-coupling theory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glassdask.figures.drawing.keys import GUIDE, named_level
from glassdask.figures.drawing.style import NAMED, curve_with_band, pair_colours, save, styled
from glassdask.physics.liquids.liquid import SPECIES, pairs_of

#: Largest k that is drawn. [1/sigma_AA]
_LARGEST_WAVENUMBER = 20.0


def draw(curves: Mapping[str, Sequence[float | None] | Any], title: str, path: Path) -> Path:
    """Draws F_s(k_p,t) against log t and the S_ab(k), bands of two standard errors, theory dashed.

    Parameters
    ----------
    curves
        As of :func:`glassdask.stages.collect.state_curves.state_curves`; what is not there is left out.
    title
        The state's identifier.
    path
        The file; its ending says the format.

    Returns
    -------
    Path
        The file.
    """
    with styled():
        figure = Figure(figsize=(7.6, 3.4), layout="constrained")
        left, right = figure.subplots(1, 2)
        figure.suptitle(title + (" (so far)" if curves.get("is_so_far") else ""), fontsize=10)
        _scattering(left, curves)
        _structure(right, curves)
        for axes, n_columns in ((left, 2), (right, 4)):
            axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=n_columns, columnspacing=1.2)
        return save(figure, path)


def _scattering(axes: Axes, curves: Mapping[str, Any]) -> None:
    named_level(axes, math.exp(-1), "1/e")
    for species, colour in zip([name for name in SPECIES if f"F_{name}" in curves], NAMED, strict=False):
        _band(axes, curves, "t", f"F_{species}", colour, species)
        t, F = _array(curves, "t_mct"), _array(curves, f"F_mct_{species}")
        if t.size:
            axes.plot(t, F, "--", color=colour, lw=0.9, label=f"{species}, theory")
    shown = _array(curves, "t")
    if np.any(shown > 0):
        axes.set_xlim(shown[shown > 0].min(), shown.max())
    axes.set(xscale="log", ylim=(-0.05, 1.05), xlabel="lag time t [τ$_{MD}$]", ylabel="F$_s$(k$_p$,t)")


def _structure(axes: Axes, curves: Mapping[str, Any]) -> None:
    pairs = [pair for pair in pairs_of(len(SPECIES)) if f"S_{pair}" in curves]
    for pair, (colour, line) in pair_colours(pairs).items():
        _band(axes, curves, "k", f"S_{pair}", colour, pair, line)
    if curves.get("k_p") is not None:
        axes.axvline(curves["k_p"], label="k$_p$", zorder=1, **GUIDE)
    axes.set(xlim=(0, _LARGEST_WAVENUMBER), xlabel="wavenumber k [1/σ$_{AA}$]", ylabel="S$_{ab}$(k)")


def _band(
    axes: Axes, curves: Mapping[str, Any], x_name: str, name: str, colour: str, label: str, line: Any = "-"
) -> None:
    """A curve and its band of two standard errors; t = 0 has no place on a logarithmic axis."""
    x, y, error = (_array(curves, key) for key in (x_name, name, f"{name}_error"))
    later = (x > 0) | (x_name != "t")
    if np.isfinite(y[later]).any():
        curve_with_band(axes, x[later], y[later], error[later], colour, line, label=label)


def _array(curves: Mapping[str, Any], name: str) -> np.ndarray:
    """None becomes NaN; an absent curve is empty."""
    return np.array(curves.get(name, ()), dtype=float)

"""The bipolar grid of mode-coupling theory, k_i = (i + ½) dk, and S(k) on it from the fine bins of a simulation.

Nothing is known below 2π/L, and the first peak must not be smeared: a mean over a bin of 0.4 lowers it by 5 to 9 %, and the
critical temperature by some percent. So S is taken at k_i itself, from a parabola through the points around it; below the
first few wavenumbers from an even polynomial, as an isotropic fluid is even in k. Tables of users: `table_on_grid`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput

Floats = NDArray[np.float64]
#: dk σ at ρσ³ = 1.2 in the paper and for the authors' data; it scales as ρ^(1/3).
SPACING, DENSITY = 0.4, 1.2
#: Points of the grid: up to k = 40/σ at ρσ³ = 1.2.
COUNT = 100
#: Half width of the window of a parabola, in units of dk.
HALF_WIDTH = 0.625
#: A window is widened until it holds this many points.
_FEWEST_POINTS = 5


def bipolar_wavenumbers(spacing: float = SPACING, count: int = COUNT) -> Floats:
    """k_i = (i + ½) dk, i = 0 … count − 1.

    Parameters
    ----------
    spacing
        dk. [1/length]
    count
        Points.

    Returns
    -------
    numpy.ndarray
        Shape (count,). [1/length]

    Examples
    --------
    >>> bipolar_wavenumbers(0.4, 3)
    array([0.2, 0.6, 1. ])
    """
    return np.asarray((np.arange(count) + 0.5) * spacing, dtype=np.float64)


def is_bipolar(wavenumber: ArrayLike) -> bool:
    """Whether k_i = (i + ½) dk to a part in a million."""
    k = np.asarray(wavenumber, dtype=float)
    return bool(k.size >= 4 and k[0] > 0 and np.allclose(k, bipolar_wavenumbers(2 * k[0], k.size), rtol=1e-6, atol=0))


def smoothed_at(
    at: ArrayLike,
    wavenumber: ArrayLike,
    partials: ArrayLike,
    weight: ArrayLike,
    lowest: float,
    half_width: float = HALF_WIDTH * SPACING,
) -> Floats:
    """S_ab at wavenumbers, from noisy values on a fine grid.

    At k_i ≥ `lowest`: the value at k_i of the parabola fitted to the points within `half_width`, each with its weight times
    1 − (Δk / half_width)². Below: s_0 + s_2 k² + s_4 k⁴ through all points up to 1.5 `lowest`.

    Parameters
    ----------
    at
        Where S is wanted, shape (n,). [1/length]
    wavenumber
        Of the points, increasing; mean |k| of a bin rather than its centre, shape (n_k,). [1/length]
    partials
        S of the points, shape (n_pairs, n_k).
    weight
        Inverse variances up to a factor: the number of wavevectors, shape (n_k,); points of weight 0 are not used.
    lowest
        Below it the points are too few for parabolas. [1/length]
    half_width
        Of the window. [1/length]

    Returns
    -------
    numpy.ndarray
        Shape (n_pairs, n). [1]

    Raises
    ------
    InvalidInput
        If there are not enough points.
    """
    targets, k = np.asarray(at, dtype=float), np.asarray(wavenumber, dtype=float)
    S, w = np.atleast_2d(np.asarray(partials, dtype=float)), np.asarray(weight, dtype=float)
    used = (w > 0) & np.isfinite(k) & np.isfinite(S).all(axis=0)
    k, S, w = k[used], S[:, used], w[used]
    if k.size < 2 * _FEWEST_POINTS:
        raise InvalidInput(f"{k.size} points of S(k) have a weight; needed: {2 * _FEWEST_POINTS} or more")
    result = np.empty((len(S), targets.size))
    for i, target in enumerate(targets):
        result[:, i] = _parabola_at(target, k, S, w, half_width) if target >= lowest else 0.0
    below = targets < lowest
    if below.any():
        result[:, below] = _even_polynomial_at(targets[below], k, S, w, 1.5 * lowest)
    return result


def _parabola_at(target: float, k: Floats, S: Floats, w: Floats, half_width: float) -> Floats:
    distance = np.abs(k - target)
    width = max(half_width, 1.001 * np.partition(distance, _FEWEST_POINTS - 1)[_FEWEST_POINTS - 1])
    near = distance < width
    x = (k[near] - target) / width
    root = np.sqrt(w[near] * (1.0 - x**2))
    fit, *_ = np.linalg.lstsq(root[:, None] * x[:, None] ** np.arange(3), (root * S[:, near]).T, rcond=None)
    return fit[0]


def _even_polynomial_at(targets: Floats, k: Floats, S: Floats, w: Floats, highest: float) -> Floats:
    near = k <= max(highest, k[_FEWEST_POINTS - 1])
    powers = 2 * np.arange(3)
    root = np.sqrt(w[near])
    scale = k[near].max()  # powers of numbers up to 1, so that no column dwarfs the others
    design = root[:, None] * (k[near] / scale)[:, None] ** powers
    fit, *_ = np.linalg.lstsq(design, (root * S[:, near]).T, rcond=None)
    return ((targets / scale)[:, None] ** powers @ fit).T

"""The maximum of a curve over lags that rises and falls once: of alpha_2(t), of chi_4(t)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.numerics.error_bars import jackknife_error

Floats = NDArray[np.float64]
#: The parabola goes through lags within this factor of the largest value's.
_WINDOW = 2.0


class CurveMaximum(NamedTuple):
    """Where a curve is largest.

    Attributes
    ----------
    value, value_error
        In the unit of the curve; NaN where the curve has no maximum inside its lags, the error without blocks.
    time, time_error
        In the unit of the lag times.
    is_inside
        Whether the curve rises before its largest value and falls after it: if not, the run is too short.
    """

    value: float
    value_error: float
    time: float
    time_error: float
    is_inside: bool


def maximum_of(lag_times: ArrayLike, curve: ArrayLike, left_out_curves: ArrayLike | None = None) -> CurveMaximum:
    """Height and time of the maximum of a curve, by a parabola in ln t around its largest value.

    The parabola is fitted to the lags within a factor of two of the largest value, to three of them at least. With curves of the
    jackknife, the largest value is looked for in the curve less its standard error, at lags that have one, so that noise at the
    longest lags is not taken for it, and both errors are those of the jackknife.

    Parameters
    ----------
    lag_times
        Increasing, from 0 or above, shape (n_lags,); a lag of 0 is left out.
    curve
        NaN where not measured, shape (n_lags,).
    left_out_curves
        The curve without one block of time origins each, shape (n_blocks, n_lags)
        (:func:`glassdask.physics.numerics.error_bars.leave_one_out`).

    Returns
    -------
    CurveMaximum
        NaN where the curve is largest at its first or last lag.

    Raises
    ------
    InvalidInput
        If shapes do not fit or times do not increase.

    Examples
    --------
    >>> t = np.geomspace(0.1, 100.0, 40)
    >>> found = maximum_of(t, 3.0 - np.log(t / 5.0) ** 2)
    >>> round(found.value, 9), round(found.time, 9)
    (3.0, 5.0)
    """
    t, y = np.asarray(lag_times, dtype=float), np.asarray(curve, dtype=float)
    if t.ndim != 1 or y.shape != t.shape or t.size == 0 or t[0] < 0 or np.any(np.diff(t) <= 0):
        raise InvalidInput(f"lag_times {t.shape} must increase from 0 or above, and curve {y.shape} be of their shape")
    if left_out_curves is None:
        value, time = _top(t, y, y)
        return CurveMaximum(value, math.nan, time, math.nan, not math.isnan(value))
    others = np.asarray(left_out_curves, dtype=float)
    if others.ndim != 2 or others.shape[1] != t.size:
        raise InvalidInput(f"left_out_curves has the shape {others.shape}; expected (n_blocks, {t.size})")
    error = np.asarray(jackknife_error(others, y))
    value, time = _top(t, y, y - error)
    found = np.array([_top(t, other, other - error) for other in others])
    value_error, time_error = (float(jackknife_error(found[:, i], whole)) for i, whole in enumerate((value, time)))
    return CurveMaximum(value, value_error, time, time_error, not math.isnan(value))


def _top(t: Floats, y: Floats, lowest: Floats) -> tuple[float, float]:
    """Height and time, NaN without a maximum inside; `lowest` is what the curve certainly reaches, NaN where not known."""
    is_known = (t > 0) & np.isfinite(y) & np.isfinite(lowest)
    u, y, lowest = np.log(t[is_known]), y[is_known], lowest[is_known]
    if u.size < 3:
        return math.nan, math.nan
    top = int(np.argmax(lowest))
    if top in (0, u.size - 1):
        return math.nan, math.nan
    near = np.abs(u - u[top]) <= math.log(_WINDOW)
    near[top - 1 : top + 2] = True
    x = u[near] - u[top]
    c, b, a = np.linalg.lstsq(np.vander(x, 3, increasing=True), y[near], rcond=None)[0]
    shift = -0.5 * b / a if a < 0 else math.inf
    if not x[0] <= shift <= x[-1]:  # noise that no parabola describes
        return float(y[top]), float(math.exp(u[top]))
    return float(c + 0.5 * b * shift), float(math.exp(u[top] + shift))

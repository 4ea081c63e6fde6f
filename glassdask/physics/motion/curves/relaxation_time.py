"""The structural relaxation time: when a decaying correlation has fallen to 1/e."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput

Floats = NDArray[np.float64]


class RelaxationTime(NamedTuple):
    """When a curve crosses the threshold.

    Attributes
    ----------
    value
        In the unit of the lag times; NaN if the curve does not fall that far.
    standard_error
        NaN if there are fewer than two blocks, or the curve without one of them does not cross.
    is_reached
        Whether the curve crosses the threshold.
    """

    value: float
    standard_error: float
    is_reached: bool


def relaxation_time(
    lag_times: ArrayLike,
    curve: ArrayLike,
    block_curves: ArrayLike | None = None,
    threshold: float = math.exp(-1.0),
) -> RelaxationTime:
    """First time at which F(t) ≤ threshold, interpolated between the lags around it.

    ln(−ln F) is taken as linear in ln t, which is exact for a stretched exponential exp[−(t/tau)^beta] on lags of any
    spacing; where F leaves (0, 1) on either side, F is taken as linear in t. The standard error is the jackknife over
    blocks: the spread of the times found with one block of origins left out.

    Parameters
    ----------
    lag_times
        Increasing, from 0 or above, shape (n_lags,).
    curve
        F(t) normalised to F(0) = 1, NaN where not measured, shape (n_lags,).
    block_curves
        F of blocks of time origins, NaN where not measured, shape (n_blocks, n_lags).
    threshold
        Between 0 and 1.

    Returns
    -------
    RelaxationTime
        In the unit of the lag times, with its standard error; NaN where F stays above the threshold.

    Raises
    ------
    InvalidInput
        If shapes do not fit, times do not increase, or the threshold is not between 0 and 1.

    Examples
    --------
    >>> t = np.array([0.0, 1.0, 4.0, 16.0])
    >>> round(relaxation_time(t, np.exp(-np.sqrt(t / 9.0))).value, 12)
    9.0
    """
    t, F = np.asarray(lag_times, dtype=float), np.asarray(curve, dtype=float)
    if t.ndim != 1 or F.shape != t.shape or t.size == 0 or t[0] < 0 or np.any(np.diff(t) <= 0):
        raise InvalidInput(f"lag_times {t.shape} must increase from 0 or above, and curve {F.shape} be of their shape")
    if not 0.0 < threshold < 1.0:
        raise InvalidInput(f"threshold is {threshold}; allowed: between 0 and 1, usually 1/e")
    value = _crossing(t, F, threshold)
    error = float("nan")
    if block_curves is not None:
        blocks = np.asarray(block_curves, dtype=float)
        if blocks.ndim != 2 or blocks.shape[1] != t.size:
            raise InvalidInput(f"block_curves has the shape {blocks.shape}; expected (n_blocks, {t.size})")
        error = _jackknife_error(t, blocks, threshold)
    return RelaxationTime(value, error, not math.isnan(value))


def _crossing(t: Floats, F: Floats, threshold: float) -> float:
    t, F = t[~np.isnan(F)], F[~np.isnan(F)]  # lags that no block has
    below = np.flatnonzero(threshold >= F)
    if below.size == 0:
        return float("nan")
    after = int(below[0])
    if after == 0:
        return float(t[0])
    t_0, t_1, F_0, F_1 = t[after - 1], t[after], F[after - 1], F[after]
    if t_0 > 0 and F_0 < 1 and F_1 > 0:
        y_0, y_1, y = (math.log(-math.log(value)) for value in (F_0, F_1, threshold))
        return float(t_0 * (t_1 / t_0) ** ((y - y_0) / (y_1 - y_0)))
    return float(t_0 + (t_1 - t_0) * (F_0 - threshold) / (F_0 - F_1))


def _jackknife_error(t: Floats, blocks: Floats, threshold: float) -> float:
    n = len(blocks)
    if n < 2:
        return float("nan")
    times = np.array([_crossing(t, _mean_of_measured(np.delete(blocks, b, axis=0)), threshold) for b in range(n)])
    return float(np.sqrt((n - 1) / n * ((times - times.mean()) ** 2).sum()))


def _mean_of_measured(curves: Floats) -> Floats:
    is_measured = ~np.isnan(curves)
    with np.errstate(invalid="ignore"):
        return np.where(is_measured, curves, 0.0).sum(axis=0) / is_measured.sum(axis=0)

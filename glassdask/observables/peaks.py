"""The maximum of a function of lag time, with its error."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from glassdask.observables.averages import Average, Counts
from glassdask.observables.frames import Floats
from glassdask.observables.observable import Values

#: Blocks of time that must know of a lag: the noise of fewer origins would be taken for a maximum.
_FEWEST_BLOCKS = 3


class LargestValue(NamedTuple):
    """Value and time of a maximum; NaN where nothing is known.

    Attributes
    ----------
    value
        [unit of the curve]
    time
        [unit of the lag times]
    """

    value: float
    time: float


def largest_value(lag_times: Floats, curve: Floats) -> LargestValue:
    """The largest value of a curve, by a parabola in ln t through the largest point and its neighbours.

    Parameters
    ----------
    lag_times
        Increasing, shape (n_lags,). [time]
    curve
        NaN where not known, shape (n_lags,).

    Returns
    -------
    LargestValue
        The point itself where it is the first or the last that is known, or t = 0.

    Examples
    --------
    >>> largest_value(np.array([1.0, 2.0, 4.0]), np.array([0.0, 1.0, 0.0]))
    LargestValue(value=1.0, time=2.0)
    """
    is_known = np.isfinite(curve)
    if not is_known.any():
        return LargestValue(float("nan"), float("nan"))
    t, y = lag_times[is_known], curve[is_known]
    top = int(np.argmax(y))
    if not 0 < top < len(y) - 1 or t[top - 1] <= 0:
        return LargestValue(float(y[top]), float(t[top]))
    x = np.log(t[top - 1 : top + 2] / t[top])
    a, b, c = np.polyfit(x, y[top - 1 : top + 2], 2)
    if a >= 0:
        return LargestValue(float(y[top]), float(t[top]))
    place = -0.5 * b / a
    return LargestValue(float(c + 0.5 * b * place), float(t[top] * np.exp(place)))


def peak_values(name: str, average: Average, curves: Callable[[Floats, Counts], Floats], lag_times: Floats) -> Values:
    """Variables NAME, NAME_error and NAME_time of the maxima of curves, one a species.

    Parameters
    ----------
    name
        Of the maximum.
    average
        Of the rows.
    curves
        Given means and how many rows they are of, the curves of shape (n_lags, n_species).
    lag_times
        Shape (n_lags,). [time]

    Returns
    -------
    dict
        Arrays of shape (n_species,).
    """
    is_sure = (average.counts > 0).sum(axis=0) >= min(_FEWEST_BLOCKS, len(average.counts))

    def peaks(mean: Floats, n: Counts) -> Floats:
        found = np.where(is_sure[:, None], curves(mean, n), np.nan)
        return np.array([largest_value(lag_times, curve) for curve in found.T]).reshape(-1, 2).T

    value, time = peaks(average.mean, average.n_rows)
    error = np.asarray(average.estimate(lambda mean, n: peaks(mean, n)[0], is_by_lag=False).standard_error)
    return {name: value, f"{name}_error": error, f"{name}_time": time}

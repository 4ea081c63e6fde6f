"""Single values of a smooth table that do not go with their neighbours: a wrong digit, a lost sign, a shifted row.

Each value is compared with what a polynomial through its neighbours, without it, leads to: six around it, fewer on one side at
the ends. How well that works nearby, the median deviation of the rows around that do not use it, is the table's own roughness
there; a deviation of many times that, and of the last printed digits, is odd. What is less is within the errors that a table
of this roughness has, and the smallest deviation that would have been seen is stated with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: How many times the median of how many rows is odd: 10 times 16, or 20 times 6, whose median scatters more but which lie
#: nearer. Gaussian scatter beyond both is named in about one table of 60.
_WINDOWS = ((10.0, 16), (20.0, 6))
#: A longer table is not compared with itself: it would take seconds.
_MOST_ROWS = 20_000
#: Standard deviations in a median of absolute values.
_MEDIAN = 1.4826
#: Neighbours of a value, and rows whose medians are looked at from an end.
_AROUND, _FROM_END = 6, 32
#: What the two outer neighbours change, times this, bounds what further ones would.
_COARSE = 8.0
#: Rounding of positions by more than this part of a step would show in many rows.
_FINE = 0.02
_ONE_SIDED = (2, 3, 4, 6)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Of the values of one column with their neighbours.

    Parameters
    ----------
    expected
        What the neighbours lead to, shape (n,).
    limit
        The deviation from which on a value is odd, shape (n,); infinite where there is nothing to compare with.
    coarseness
        How much the two outer ones of six neighbours change what they lead to, shape (n,).
    """

    expected: Floats
    limit: Floats
    coarseness: Floats

    def careful(self) -> Comparison:
        """With limits that a table too coarse for its peaks does not exceed by that alone."""
        n = self.coarseness.size
        around = np.array([self.coarseness[max(0, i - 2) : i + 3].max() for i in range(n)])
        return replace(self, limit=np.maximum(self.limit, _COARSE * around))

    def is_odd(self, values: Floats) -> NDArray[np.bool_]:
        """Whether each value deviates by more than the limit, and by more than the values beside it."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.nan_to_num(abs(values - self.expected) / self.limit, nan=0.0, posinf=np.inf)
        around = np.array([ratio[max(0, i - 3) : i + 4].max() for i in range(ratio.size)])
        return (ratio > 1.0) & (ratio == around)


def compared(x: Floats, values: Floats, last_digit: Floats, spread: Floats | None = None) -> Comparison:
    """A column compared with its neighbours.

    Parameters
    ----------
    x
        Where the values belong, increasing, shape (n,).
    values
        Of which none is missing, shape (n,).
    last_digit
        The unit of the last printed digit, shape (n,).
    spread
        How noise, if there is some, differs from row to row, up to a factor, shape (n,); by default it does not.
    """
    n = x.size
    if n > _MOST_ROWS:
        return Comparison(values.copy(), np.full(n, np.inf), np.zeros(n))
    expected, limit, coarseness = values.copy(), np.full(n, np.inf), np.zeros(n)
    if n < 2 * _AROUND:
        return Comparison(expected, limit, coarseness)
    half = _AROUND // 2
    inner = np.arange(half, n - half)
    offsets = np.array([i for i in range(-half, half + 1) if i])
    table = (x, values, last_digit, spread)
    expected[inner], limit[inner] = _judged(*table, inner, offsets)
    coarseness[inner] = abs(_judged(*table, inner, offsets[1:-1])[0] - expected[inner])
    for side, ends in ((1, np.arange(half)), (-1, np.arange(n - 1, n - half - 1, -1))):
        ways = []
        for count in _ONE_SIDED:
            rows = np.arange(n - count)[:_FROM_END] if side > 0 else np.arange(n - 1, count - 1, -1)[:_FROM_END]
            ways.append([part[:half] for part in _judged(*table, rows, side * np.arange(1, count + 1))])
        best = np.argmin([limits for _, limits in ways], axis=0)
        other = np.where(best > 0, best - 1, 1)
        place = np.arange(half)
        found, limits = (np.array([way[part] for way in ways]) for part in (0, 1))
        expected[ends], limit[ends] = found[best, place], limits[best, place]
        coarseness[ends] = abs(found[other, place] - found[best, place])
        for i in range(1, half):  # the second and third have neighbours on both sides, too
            beside = side * np.array([*range(-i, 0), *range(1, _AROUND - i + 1)])
            rows = np.arange(i, n - _AROUND) if side > 0 else np.arange(n - 1 - i, _AROUND - 1, -1)
            of_both, limits_of_both = (part[0] for part in _judged(*table, rows[:_FROM_END], beside))
            if limits_of_both < limit[ends[i]]:
                expected[ends[i]], limit[ends[i]] = of_both, limits_of_both
    return Comparison(expected, limit, coarseness)


def _judged(
    x: Floats, values: Floats, last_digit: Floats, spread: Floats | None, rows: NDArray, offsets: NDArray
) -> tuple[Floats, Floats]:
    """What neighbours at these offsets lead to, and the limit of deviations from it, for some rows in order."""
    places = rows[:, None] + offsets
    weights = _weights(x[rows], x[places])
    expected = (weights * values[places]).sum(axis=1)
    deviation = abs(values[rows] - expected)
    digits = last_digit[rows] + (abs(weights) * last_digit[places]).sum(axis=1)
    limit = digits
    for of_noise in (np.ones_like(x), spread):
        if of_noise is not None:
            gain = np.sqrt(of_noise[rows] ** 2 + (weights**2 * of_noise[places] ** 2).sum(axis=1))
            reach = int(abs(offsets).max())
            roughness = [times * _local_median(deviation / gain, reach, window) for times, window in _WINDOWS]
            limit = np.maximum(limit, _MEDIAN * gain * np.min(roughness, axis=0))
    return expected, limit


def _weights(at: Floats, points: Floats) -> Floats:
    """Lagrange's weights of the points, shape (n, m), for a value at `at`, shape (n,)."""
    m = points.shape[1]
    weights = np.ones_like(points)
    for j in range(m):
        for other in range(m):
            if other != j:
                weights[:, j] *= (at - points[:, other]) / (points[:, j] - points[:, other])
    return weights


def _local_median(values: Floats, reach: int, window: int) -> Floats:
    """The median of the `window` nearest values of each whose neighbours do not include it; infinite where they are too few."""
    near = _others_near(values.size, reach, window)
    return np.median(values[near], axis=1) if near.shape[1] >= 3 else np.full(values.size, np.inf)


@lru_cache(maxsize=64)
def _others_near(n: int, reach: int, window: int) -> NDArray[np.int_]:
    """For each of n rows the nearest that are more than `reach` away, shape (n, m)."""
    count = max(0, min(window, n - 1 - 2 * reach))
    steps = np.arange(reach + 1, min(n, reach + window + 1))
    places = np.arange(n)[:, None] + np.column_stack([-steps, steps]).ravel()  # the nearest first
    is_outside = (places < 0) | (places >= n)
    first = np.argsort(is_outside, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(places, first, axis=1)


def breaks_of_grid(x: Floats, last_digit: Floats) -> tuple[list[int], list[int]] | None:
    """Rows after which rows of a regular grid are missing, and rows that lie beside it; None if the grid is not regular.

    Parameters
    ----------
    x
        Increasing; for a geometric grid its logarithm. Shape (n,).
    last_digit
        The unit of the last printed digit of x, shape (n,).
    """
    steps = np.diff(x)
    if steps.size < 8:
        return None
    multiple = steps / np.median(steps)
    whole = np.round(multiple)
    misfit = abs(multiple - whole)
    rounding = (last_digit[1:] + last_digit[:-1]) / np.median(steps)
    rounding[rounding > _FINE] = 0.0  # 0.2, 0.6, 1: what formats leave out, not what rounding did
    fits = misfit <= 1e-6 + np.maximum(2.0 * np.quantile(misfit, 0.9), rounding)
    if np.quantile(misfit, 0.75) > 0.05 or np.mean(fits & (whole == 1)) < 0.75:
        return None
    gaps = [int(i) for i in np.flatnonzero(fits & (whole > 1))]
    beside: list[int] = []
    for i in np.flatnonzero(~fits).tolist():
        row = 0 if i == 0 and fits[1] else i + 1
        if i not in beside:
            beside.append(row)
    return gaps, beside

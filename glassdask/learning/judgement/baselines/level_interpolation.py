"""Baselines that interpolate, along a series, the logarithm of the time at which F passes each level: no network, no S(k).

A series is one potential and density. ln t of a level is nearly a straight line in 1/T, in ln T, or in ln g_c between neighbours,
where F itself, at a given time, falls from 1 to 0; outside of the series' temperatures the line goes on.

Level times of a state that stopped before a level was passed are not known; the level then keeps its distance in ln t from the
one before, as of the nearest state that knows both, else as the levels before (they are equally far from each other in z).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from glassdask.learning.data.level_times import LEVELS, curve_of_levels, level_times
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.judgement.baselines.copies import nearest

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
#: States that a line is drawn through: the nearest ones of the series.
NEAREST = 3
#: Fewer states of a series show no bend.
_FEWEST_BENT = 4


def in_inverse_temperature(samples: TrainingSet, train: Rows, test: Rows) -> Floats:
    """ln t of each level linear in 1/T (Arrhenius) through the three nearest states; else the nearest state's curve."""
    F = along_series(samples, train, test, 1 / samples.temperature, nearest_line)
    return or_else(F, lambda: nearest(samples, train, test))


def in_log_temperature(samples: TrainingSet, train: Rows, test: Rows) -> Floats:
    """As `in_inverse_temperature`, linear in ln T, which is ln T/T_mct but for a constant."""
    F = along_series(samples, train, test, np.log(samples.temperature), nearest_line)
    return or_else(F, lambda: nearest(samples, train, test))


def vogel_fulcher_tammann(samples: TrainingSet, train: Rows, test: Rows) -> Floats:
    """ln t = A + B/(T − T_0) of each level through all states, one T_0 a series, the best by least squares; three states or
    fewer show none, and T_0 is 0."""
    F = along_series(samples, train, test, samples.temperature, _bent_line)
    return or_else(F, lambda: nearest(samples, train, test))


def nearest_line(x: Floats, times: Floats, wanted: float) -> Floats:
    """ln t of levels at `wanted`: the straight line through the `NEAREST` states that know the level.

    Parameters
    ----------
    x
        Place of each state, shape (n,).
    times
        ln t of its levels, NaN where not known, shape (n, n_levels).
    wanted
        Where.

    Returns
    -------
    ndarray
        Shape (n_levels,), NaN where no state knows the level. [1]
    """
    order = np.argsort(np.abs(x - wanted), kind="stable")
    found = np.full(times.shape[1], np.nan)
    for level in range(found.size):
        known = order[np.isfinite(times[order, level])][:NEAREST]
        if known.size:
            found[level] = _line(x[known], times[known, level], wanted)
    return found


def with_all_levels(found: Floats, times: Floats, distance: Floats) -> Floats:
    """Levels that no state knows, and times out of order, put right; `distance` of each state to the wanted one, shape (n,)."""
    if not np.isfinite(found).any():
        return np.full(found.shape, np.nan)
    steps = np.diff(times[np.argsort(distance, kind="stable")], axis=1)
    result = np.maximum.accumulate(np.where(np.isfinite(found), found, -np.inf))
    for level in range(1, result.size):
        if not np.isfinite(found[level]):
            known = steps[np.isfinite(steps[:, level - 1]), level - 1]
            before = result[level - 1] - result[level - 2] if level > 1 else LEVELS[1] - LEVELS[0]
            result[level] = result[level - 1] + (known[0] if known.size else before)
    return result


def merged(samples: TrainingSet, rows: Rows, x: Floats, unit: Floats) -> tuple[Floats, Floats]:
    """States of rows, replicas in one: places, shape (n,), and ln t of levels of each species over `unit`, shape (n, n_species,
    n_levels)."""
    log_times = np.log(samples.lag_time)
    levels = np.array(LEVELS)
    places, times = [], []
    for state in np.unique(samples.state[rows]):
        here = rows[samples.state[rows] == state]
        if np.isfinite(x[here]).all():
            curves = [
                [level_times(log_times, F, levels) - unit[row] for F in samples.scattering[row].T] for row in here
            ]
            places.append(x[here].mean())
            times.append(_mean_of_known(np.array(curves)))
    shape = (len(places), samples.n_species, levels.size)
    return np.array(places), np.array(times).reshape(shape)


def curves_of(samples: TrainingSet, row: int, times: Floats) -> Floats:
    """F from ln t of levels, shape (n_species, n_levels), NaN for species that the liquid has not; shape (n_t, n_species)."""
    log_times = np.log(samples.lag_time)
    F = np.stack([curve_of_levels(log_times, own, np.array(LEVELS)) for own in times], axis=1)
    return np.where(samples.has_species[row], F, np.nan)


def along_series(
    samples: TrainingSet, train: Rows, test: Rows, x: Floats, line: Callable[[Floats, Floats, float], Floats]
) -> Floats:
    """F of tested rows from `line` (`nearest_line`) through the states of their series at `x`, shape (n,); NaN where there
    are none."""
    F = np.full((len(test), *samples.scattering.shape[1:]), np.nan)
    nothing = np.zeros(len(samples))
    for i, row in enumerate(test):
        series = train[samples.is_same_series(train, row)]
        places, times = merged(samples, series, x, nothing)
        if not len(places) or not np.isfinite(x[row]):
            continue
        F[i] = curves_of(samples, row, levels_at(places, times, x[row], line))
    return F


def levels_at(places: Floats, times: Floats, wanted: float, line: Callable[[Floats, Floats, float], Floats]) -> Floats:
    """ln t of all levels of each species at `wanted`, shape (n_species, n_levels), by `line` through states that `merged` gave."""
    distance = np.abs(places - wanted)
    return np.array([with_all_levels(line(places, own, wanted), own, distance) for own in times.swapaxes(0, 1)])


def or_else(F: Floats, other: Callable[[], Floats]) -> Floats:
    """F, and another baseline's where it has no answer."""
    is_missing = np.isnan(F).all(axis=(1, 2))
    if is_missing.any():
        F[is_missing] = other()[is_missing]
    return F


def _bent_line(T: Floats, times: Floats, wanted: float) -> Floats:
    """ln t of levels at the temperature `wanted`."""
    T_0 = _vogel_temperature(T, times, wanted) if len(T) >= _FEWEST_BENT else 0.0
    x, at = 1 / (T - T_0), 1 / (wanted - T_0)
    found = np.full(times.shape[1], np.nan)
    for level in range(found.size):
        known = np.isfinite(times[:, level])
        if known.any():
            found[level] = _line(x[known], times[known, level], at)
    return found


def _vogel_temperature(T: Floats, times: Floats, wanted: float) -> float:
    """T_0 below all temperatures, that asked for included."""

    def squares(T_0: float) -> float:
        x = 1 / (T - T_0)
        total = 0.0
        for own in times.T:
            known = np.isfinite(own)
            if known.sum() > 2:
                total += float(((own[known] - np.polyval(np.polyfit(x[known], own[known], 1), x[known])) ** 2).sum())
        return total

    return float(minimize_scalar(squares, bounds=(0.0, 0.95 * min(T.min(), wanted)), method="bounded").x)


def _line(x: Floats, y: Floats, wanted: float) -> float:
    """Of one place, or of several at the same one, the mean."""
    spread = x - x.mean()
    below = float(spread @ spread)
    if below <= 1e-18 * max(1.0, float(x @ x)):
        return float(y.mean())
    return float(y.mean() + (spread @ y) / below * (wanted - x.mean()))


def _mean_of_known(values: Floats) -> Floats:
    """Over the first axis, NaN where nothing is known."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)

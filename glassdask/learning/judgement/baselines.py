"""What anybody would try first, beside every network: if one of these wins, the network has not earned its place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from glassdask.learning.data.features import Points, features, has_common_structure
from glassdask.learning.data.training_set import TrainingSet

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
_SHRINKAGES = np.logspace(-4, 5, 19)
_FEWEST_ROWS = 3


def mode_coupling(samples: TrainingSet, train: Rows, test: Rows) -> Floats:  # noqa: ARG001
    """F of mode-coupling theory from the tested state's own S(k); learns nothing."""
    return samples.theory[test]


def nearest(samples: TrainingSet, train: Rows, test: Rows) -> Floats:
    """The curve of the nearest state: of the same potential and density if there is one, then at the nearest temperature."""
    return _copied(samples, train, test, samples.temperature)


def nearest_reduced(samples: TrainingSet, train: Rows, test: Rows) -> Floats:
    """As `nearest`, but at the nearest T/T_mct, which takes S(k) of several temperatures of the tested potential and density."""
    return _copied(samples, train, test, samples.reduced_temperature)


def interpolation(samples: TrainingSet, train: Rows, test: Rows) -> Floats:
    """F at each time linear in T between the two neighbours along the same potential and density; else the nearest state."""
    F = nearest(samples, train, test)
    for i, row in enumerate(test):
        series = train[_is_same_series(samples, train, row)]
        T = samples.temperature[series]
        if not len(series) or not T.min() <= samples.temperature[row] <= T.max():
            continue
        hot, cold = _neighbours(T, samples.temperature[row])
        share = 0.0 if hot == cold else (samples.temperature[row] - T[cold]) / (T[hot] - T[cold])
        below, above = (_carried_on(samples.scattering[series[place]]) for place in (cold, hot))
        F[i] = (1 - share) * below + share * above
    return F


def ridge(samples: TrainingSet, train: Rows, test: Rows) -> Floats:
    """F at each time linear in the paper's 303 numbers, the penalty by leave-one-out; NaN where liquids differ in species."""
    if not has_common_structure(samples):
        return np.full((len(test), *samples.scattering.shape[1:]), np.nan)
    X = features(samples, "structure")
    F = np.empty((len(test), *samples.scattering.shape[1:]))
    for time in range(F.shape[1]):
        y = samples.scattering[train, time]
        known = np.isfinite(y).all(axis=1)
        if known.sum() < _FEWEST_ROWS:
            F[:, time] = F[:, time - 1] if time else 1.0
            continue
        model = make_pipeline(StandardScaler(), RidgeCV(_SHRINKAGES)).fit(X[train[known]], y[known])
        F[:, time] = model.predict(X[test])
    return F


def boosting(samples: TrainingSet, train: Rows, test: Rows) -> Floats:
    """Gradient boosting of trees on the network's own rows, scikit-learn's defaults; NaN where liquids differ in species."""
    if not has_common_structure(samples):
        return np.full((len(test), *samples.scattering.shape[1:]), np.nan)
    points = Points.of(samples, "structure")
    fitted = points.of_rows(train)
    n_t = len(samples.lag_time)
    rows = np.concatenate([np.repeat(points.states[test], n_t, axis=0), points.log_times[test].reshape(-1, 1)], axis=1)
    inputs = points.inputs(fitted)
    with threadpool_limits(1):  # so few rows are done before a second thread has begun
        F = [
            HistGradientBoostingRegressor(random_state=0).fit(inputs, points.target[fitted, a]).predict(rows)
            for a in range(samples.n_species)
        ]
    return np.stack(F, axis=1).reshape(len(test), n_t, samples.n_species)


#: Every baseline by the name that tables show.
BASELINES: dict[str, Callable[[TrainingSet, Rows, Rows], Floats]] = {
    "mode-coupling theory": mode_coupling,
    "nearest state": nearest,
    "nearest state in T/T_mct": nearest_reduced,
    "interpolation in T": interpolation,
    "ridge": ridge,
    "gradient boosting": boosting,
}


def _is_same_series(samples: TrainingSet, train: Rows, row: int) -> NDArray[np.bool_]:
    same = (samples.potential[train] == samples.potential[row]) & np.isclose(
        samples.density[train], samples.density[row]
    )
    return np.asarray(same)


def _copied(samples: TrainingSet, train: Rows, test: Rows, scale: Floats) -> Floats:
    """Curves of the nearest states: by species, potential, density, then the logarithm of a temperature; NaN where that is not
    known."""
    F = np.full((len(test), *samples.scattering.shape[1:]), np.nan)
    for i, row in enumerate(test):
        other_potential = samples.potential[train] != samples.potential[row]
        lacks = (samples.has_species[row] & ~samples.has_species[train]).any(axis=1)
        density = np.abs(np.log(samples.density[train] / samples.density[row])).round(6)
        temperature = np.abs(np.log(scale[train] / scale[row]))
        if np.isfinite(temperature).all():
            F[i] = _carried_on(samples.scattering[train[np.lexsort((temperature, density, other_potential, lacks))[0]]])
    return F


def _neighbours(T: Floats, wanted: float) -> tuple[int, int]:
    """Places of the lowest T above or at `wanted`, and of the highest below or at it."""
    distance = T - wanted
    above, below = np.where(distance >= 0, T, np.inf), np.where(distance <= 0, T, -np.inf)
    return int(above.argmin()), int(below.argmax())


def _carried_on(curve: Floats) -> Floats:
    """A curve with its last value in place of later times, which a shorter run has not measured."""
    is_there = np.isfinite(curve).any(axis=0)
    known = np.isfinite(curve[:, is_there]).all(axis=1)
    last = np.maximum.accumulate(np.where(known, np.arange(len(curve)), 0))
    return curve[last]

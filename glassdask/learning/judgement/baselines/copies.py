"""Baselines that take a curve, or two, as they are: of theory, of the nearest state, of the two neighbours in T."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassdask.learning.data.training_set import TrainingSet

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


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
        series = train[samples.is_same_series(train, row)]
        T = samples.temperature[series]
        if not len(series) or not T.min() <= samples.temperature[row] <= T.max():
            continue
        hot, cold = _neighbours(T, samples.temperature[row])
        share = 0.0 if hot == cold else (samples.temperature[row] - T[cold]) / (T[hot] - T[cold])
        below, above = (_carried_on(samples.scattering[series[place]]) for place in (cold, hot))
        F[i] = (1 - share) * below + share * above
    return F


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

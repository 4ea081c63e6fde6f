"""Baselines that lay series on each other: level times in units of free flight as a function of one number of the state.

The unit is ρ^(−1/3) (k_BT/m)^(−1/2), the time in which an atom flies its own distance. States of the tested one's own series are
left out: what is used of it is that number alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassdask.learning.data.features import log_time_unit
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.judgement.baselines.level_interpolation import (
    along_series,
    curves_of,
    levels_at,
    merged,
    nearest_line,
    or_else,
)

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


def coupling_collapse(samples: TrainingSet, train: Rows, test: Rows) -> Floats:
    """ln t of each level linear in ln g_c, the critical coupling of the state's own S(k), through the three nearest states of other
    series; NaN where there are none, or g_c is not known."""
    return _collapsed(samples, train, test, np.log(samples.critical_coupling))


def in_coupling(samples: TrainingSet, train: Rows, test: Rows) -> Floats:
    """ln t of each level linear in ln g_c through the three nearest states of its own series; where there are none, as
    `coupling_collapse`."""
    F = along_series(samples, train, test, np.log(samples.critical_coupling), nearest_line)
    return or_else(F, lambda: coupling_collapse(samples, train, test))


def temperature_collapse(samples: TrainingSet, train: Rows, test: Rows) -> Floats:
    """As `coupling_collapse`, in ln T/T_mct, which takes S(k) of several temperatures of the tested series."""
    return _collapsed(samples, train, test, np.log(samples.reduced_temperature))


def _for_every_species(times: Floats) -> Floats:
    """Level times, shape (n, n_species, n_levels), with the mean of the others for a species that no liquid learned from has."""
    is_known = np.asarray(np.isfinite(times).any(axis=(0, 2)))
    if not is_known.any() or is_known.all():
        return times
    mean = times[:, is_known].mean(axis=1)
    return np.where(is_known[None, :, None], times, mean[:, None, :])


def _collapsed(samples: TrainingSet, train: Rows, test: Rows, x: Floats) -> Floats:
    F = np.full((len(test), *samples.scattering.shape[1:]), np.nan)
    unit = log_time_unit(samples, "coupling")
    known: dict[tuple[str, float], tuple[Floats, Floats]] = {}
    for i, row in enumerate(test):
        series = (str(samples.potential[row]), float(samples.density[row]))
        if series not in known:
            places, times = merged(samples, train[~samples.is_same_series(train, row)], x, unit)
            known[series] = places, _for_every_species(times)
        places, times = known[series]
        if not len(places) or not np.isfinite(x[row]):
            continue
        F[i] = curves_of(samples, row, levels_at(places, times, x[row], nearest_line) + unit[row])
    return F

"""Where measured curves pass given levels, curves from such times, and the linear function of a state's features that says so: where training of
the decay network starts, near its end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: z = ln(−ln F) of the levels: F from 0.998 to 0.001, denser in the two steps.
LEVELS = tuple(np.linspace(np.log(0.002), np.log(6.9), 20).round(6).tolist())
#: Slope of z in ln t before the first level: atoms are ballistic, F = 1 − k² <v²> t²/2.
BALLISTIC = 2.0
#: Below this, F is noise: levels after the first such point of a curve are taken as not reached.
_NOISE = 4e-3
#: Fewer rows than this tell nothing of a slope; its level keeps the mean distance to the one before.
_FEWEST_ROWS = 4


def level_times(log_times: Floats, F: Floats, levels: Floats) -> Floats:
    """ln t at which one curve passes z = ln(−ln F) of each level, both increasing; NaN where it does not come so far.

    `log_times` and F (1 at t = 0, NaN where not measured) have the shape (n_t,), `levels` (n_levels,).
    """
    known = np.isfinite(F)
    x, falling = log_times[known], np.minimum.accumulate(np.clip(F[known], 1e-9, 1 - 1e-9))
    if x.size < 2:
        return np.full(levels.size, np.nan)
    below = falling < _NOISE
    end = int(np.argmax(below)) + 1 if below.any() else x.size
    z = np.log(-np.log(falling[:end])) + 1e-9 * np.arange(end)
    times = np.interp(levels, z, x[:end], right=np.nan)
    before = levels < z[0]
    times[before] = x[0] - (z[0] - levels[before]) / BALLISTIC
    return times


def curve_of_levels(log_times: Floats, times: Floats, levels: Floats) -> Floats:
    """F at ln t, shape (n_t,), of a curve that passes the levels at `times`, not decreasing, both of shape (n_levels,).

    z is linear in ln t between levels, ballistic before the first, and goes on beyond the last as before it.
    """
    x = times + 1e-9 * np.arange(times.size)
    z = np.interp(log_times, x, levels)
    before, beyond = log_times < x[0], log_times > x[-1]
    z[before] = levels[0] + BALLISTIC * (log_times[before] - x[0])
    z[beyond] = levels[-1] + (levels[-1] - levels[-2]) / (x[-1] - x[-2]) * (log_times[beyond] - x[-1])
    return np.asarray(np.exp(-np.exp(np.clip(z, -30.0, 5.0))))


def linear_levels(states: Floats, times: Floats, shrinkage: float) -> tuple[Floats, Floats]:
    """Slopes, shape (n_species, n_levels, n_features), and offsets, shape (n_species, n_levels), of ln t of each level as linear
    functions of scaled features, shape (n, n_features): ridge regression, `shrinkage` of squared slopes a row.

    `times` is ln t of the levels of each species, NaN where not reached, shape (n, n_species, n_levels).
    """
    _, n_species, n_levels = times.shape
    slopes = np.zeros((n_species, n_levels, states.shape[1]))
    offsets = np.zeros((n_species, n_levels))
    for species in range(n_species):
        for level in range(n_levels):
            known = np.isfinite(times[:, species, level])
            if known.sum() >= _FEWEST_ROWS or level == 0:
                slopes[species, level], offsets[species, level] = _ridge(
                    states[known], times[known, species, level], shrinkage
                )
            else:
                slopes[species, level] = slopes[species, level - 1]
                step = offsets[species, level - 1] - offsets[species, level - 2] if level > 1 else 0.1
                offsets[species, level] = offsets[species, level - 1] + step
    return slopes, offsets


def _ridge(X: Floats, y: Floats, shrinkage: float) -> tuple[Floats, float]:
    if not len(y):
        return np.zeros(X.shape[1]), 0.0
    centre, middle = X.mean(axis=0), float(y.mean())
    n, n_features = X.shape
    design = np.concatenate([X - centre, np.sqrt(shrinkage * n) * np.eye(n_features)])
    slope, *_ = np.linalg.lstsq(design, np.concatenate([y - middle, np.zeros(n_features)]), rcond=None)
    return slope, middle - float(centre @ slope)

"""Errors of a predicted curve as errors of its times: by what factor in time it has to be moved to pass through what was measured.

A model of F errs where F falls: a curve that is right but for its relaxation time errs by |dF/d ln t| times the error of ln τ, nothing
at 1 and 0. The error of a point is therefore its delay

    δ = the smallest shift of the predicted curve along ln t with |F̂(ln t − δ) − F| ≤ ε

above 0 where what was measured is slower, and ε what neither a simulation nor a model resolves. All delays up to a bound make a band,

    F̂(ln t + δ) − ε ≤ F ≤ F̂(ln t − δ) + ε,

which grows with the bound, and lies between 0 and 1. Between its points and beyond them a curve is linear in z = ln(−ln F) and
ln t: ballistic before the first point, and after the last one as before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassdask.learning.data.level_times import BALLISTIC

Floats = NDArray[np.float64]
#: Nearer to 1 and 0 than this no F is looked at.
_EDGE = 1e-9
#: Least slope of z in ln t with which a curve goes on: one that does not fall in the window is not known to fall later.
_LEAST_SLOPE = 0.05


def level_of(F: Floats) -> Floats:
    """z = ln(−ln F), 0 at F = 1/e, increasing in time."""
    return np.asarray(np.log(-np.log(np.clip(F, _EDGE, 1 - _EDGE))))


@dataclass(frozen=True, eq=False)
class _Falling:
    """A curve that never rises, z at ln t, both of shape (n_t,)."""

    log_times: Floats
    z: Floats

    @classmethod
    def of(cls, log_times: Floats, F: Floats) -> _Falling:
        return cls(log_times, level_of(F) + 1e-9 * np.arange(F.size))

    @property
    def last_slope(self) -> float:
        back = min(2, self.z.size - 1)
        if back == 0:
            return _LEAST_SLOPE
        step = self.log_times[-1] - self.log_times[-1 - back]
        return max(float((self.z[-1] - self.z[-1 - back]) / step), _LEAST_SLOPE)

    def at(self, log_times: Floats) -> Floats:
        """F at any ln t."""
        x, z = self.log_times, self.z
        found = np.interp(log_times, x, z)
        found = np.where(log_times < x[0], z[0] + BALLISTIC * (log_times - x[0]), found)
        found = np.where(log_times > x[-1], z[-1] + self.last_slope * (log_times - x[-1]), found)
        return np.asarray(np.exp(-np.exp(np.clip(found, -30.0, 5.0))))

    def time_of(self, z: Floats) -> Floats:
        """ln t at which the curve passes z."""
        x, own = self.log_times, self.z
        found = np.interp(z, own, x)
        found = np.where(z < own[0], x[0] + (z - own[0]) / BALLISTIC, found)
        return np.where(z > own[-1], x[-1] + (z - own[-1]) / self.last_slope, found)


def _envelopes(log_times: Floats, F: Floats) -> tuple[_Falling, _Falling]:
    """The highest falling curve below F, and the lowest above: F itself where it never rises."""
    below, above = np.minimum.accumulate(F), np.maximum.accumulate(F[::-1])[::-1]
    return _Falling.of(log_times, below), _Falling.of(log_times, above)


def delays(log_times: Floats, predicted: Floats, measured: Floats, resolution: Floats) -> Floats:
    """δ of every point of one curve: above 0 where what was measured is slower, 0 within ε, NaN where nothing was measured.

    All arguments have the shape (n_t,); `resolution` is ε.
    """
    below, above = _envelopes(log_times, predicted)
    late = log_times - above.time_of(level_of(measured - resolution))
    early = below.time_of(level_of(measured + resolution)) - log_times
    found = np.where(measured - resolution > above.at(log_times), np.maximum(late, 0.0), 0.0)
    found = np.where(measured + resolution < below.at(log_times), -np.maximum(early, 0.0), found)
    return np.where(np.isfinite(measured), found, np.nan)


def band(log_times: Floats, predicted: Floats, delay: Floats, resolution: float) -> tuple[Floats, Floats]:
    """The lowest and highest F that delays up to `delay` leave possible, each of shape (n_t,), as `predicted` and `delay`."""
    below, above = _envelopes(log_times, predicted)
    lowest, highest = below.at(log_times + delay) - resolution, above.at(log_times - delay) + resolution
    return np.clip(lowest, 0.0, 1.0), np.clip(highest, 0.0, 1.0)

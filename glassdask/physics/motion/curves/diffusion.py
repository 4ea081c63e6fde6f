"""The diffusion coefficient: a straight line through the mean squared displacement where particles diffuse, and only there."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.numerics.error_bars import jackknife_error, leave_one_out
from glassdask.physics.numerics.periodic_cell import DIMENSIONS

Floats = NDArray[np.float64]
#: The mean squared displacement grows as a power of time that is 1 to this, or to its error where that is larger.
_TOLERANCE = 0.1
#: Lags whose exponent has a larger standard error say nothing of it.
_NOISE = 0.05
#: The exponent is the slope between lags this factor apart, so that noise of neighbouring lags does not make it.
_FACTOR = 3.0
#: Fewer lags, or a shorter span, are no line.
_FEWEST_LAGS, _SHORTEST_SPAN = 4, 3.0


class DiffusionCoefficient(NamedTuple):
    """D, and where it comes from.

    Attributes
    ----------
    value, standard_error
        [length^2 / time]; NaN where nothing diffuses, the error with fewer than two blocks.
    window
        Shortest and longest lag of the fit; NaN where there is none. [time]
    offset
        c of the line 2 d D t + c: what rattling in the cage adds. [length^2]
    n_lags
        Lags of the fit.
    exponent
        d ln MSD / d ln t of the longest lags.
    reason
        Why D is NaN, in words; "" where it is not.
    """

    value: float
    standard_error: float
    window: tuple[float, float]
    offset: float
    n_lags: int
    exponent: float
    reason: str


def diffusion_coefficient(
    lag_times: ArrayLike, msd: ArrayLike, msd_blocks: ArrayLike | None = None, *, dimension: int = 3
) -> DiffusionCoefficient:
    """D from a weighted fit of MSD(t) = 2 d D t + c to the lags at which the motion is diffusive.

    The window of the fit begins after the last lag at which d ln MSD / d ln t differs from 1 by more than 0.1, looking back
    from the longest: beyond the ballistic motion and the cage. With blocks, lags are left out at which fewer than two blocks have
    data, those longer than half of the longest such lag, which few independent spans of the run have, and those where the
    exponent has a standard error above 0.05 (enlarged where a lag is longer than a block, and neighbours share its motion); and it
    may differ from 1 by that error more. A window is a factor of three long and has four lags. Weights are those of particles
    that diffuse through a run of given length, 1/(MSD² t); the error is the jackknife's over blocks, so it holds whatever the
    correlations between lags.

    In a periodic box of length L, D is smaller than in an infinite one by about 2.837 k_BT/(6π η L), η the shear viscosity
    (Dünweg & Kremer, J. Chem. Phys. 99, 6983 (1993); Yeh & Hummer, J. Phys. Chem. B 108, 15873 (2004)); this is not corrected.

    Parameters
    ----------
    lag_times
        Increasing, from 0 or above, shape (n_lags,). [time]
    msd
        <|Δr|²> of one species, NaN where not measured, shape (n_lags,). [length^2]
    msd_blocks
        Of blocks of time origins, NaN where not measured, shape (n_blocks, n_lags)
        (:func:`glassdask.physics.motion.lag_average.lag_average`).
    dimension
        d, 2 or 3.

    Returns
    -------
    DiffusionCoefficient
        NaN with a reason where the run is too short to be diffusive. [length^2 / time]

    Raises
    ------
    InvalidInput
        If shapes do not fit, times do not increase, or there are no such dimensions.

    Examples
    --------
    >>> t = np.geomspace(0.1, 1000.0, 40)
    >>> found = diffusion_coefficient(t, 6 * 0.25 * t + 0.1)
    >>> round(found.value, 12), round(found.offset, 12)
    (0.25, 0.1)
    """
    t, y, blocks = _checked(lag_times, msd, msd_blocks, dimension)
    is_known = (t > 0) & np.isfinite(y) & (y > 0)
    if blocks is not None:
        is_known &= np.count_nonzero(~np.isnan(blocks), axis=0) > 1
        is_known &= t <= 0.5 * t[is_known].max(initial=0.0)
    chosen = np.flatnonzero(is_known)
    if chosen.size < _FEWEST_LAGS:
        return _none(math.nan, f"{chosen.size} lags have a mean squared displacement; needed: {_FEWEST_LAGS}")
    left_out = None if blocks is None else leave_one_out(blocks)[:, chosen]
    exponent, error = _exponents(t[chosen], y[chosen], left_out)
    if blocks is not None:  # a lag longer than a block: neighbouring blocks share its motion
        error = error * np.sqrt(1.0 + t[chosen] * len(blocks) / t[-1])
    is_told = error <= _NOISE
    if np.count_nonzero(is_told) < _FEWEST_LAGS:
        return _none(
            math.nan,
            f"the exponent of the mean squared displacement is not known to {_NOISE:g} at any {_FEWEST_LAGS} lags",
        )
    chosen, exponent, error = chosen[is_told], exponent[is_told], error[is_told]
    left_out = None if left_out is None else left_out[:, is_told]
    is_diffusive = np.abs(exponent - 1.0) <= _TOLERANCE + error
    first = int(chosen.size - np.argmin(is_diffusive[::-1])) if not is_diffusive.all() else 0
    if first == chosen.size:
        return _none(
            exponent[-1], f"the mean squared displacement grows as t^{exponent[-1]:.2g} at the longest lags, not as t"
        )
    window = chosen[first:]
    if window.size < _FEWEST_LAGS or t[window[-1]] < _SHORTEST_SPAN * t[window[0]]:
        span = f"from {t[window[0]]:.4g} to {t[window[-1]]:.4g}, {window.size} lags"
        return _none(
            exponent[-1],
            f"the motion is diffusive {span}; needed: a factor of {_SHORTEST_SPAN:g} and {_FEWEST_LAGS} lags",
        )
    return _fitted(
        t[window], y[window], None if left_out is None else left_out[:, first:], dimension, float(exponent[-1])
    )


def _checked(
    lag_times: ArrayLike, msd: ArrayLike, msd_blocks: ArrayLike | None, dimension: int
) -> tuple[Floats, Floats, Floats | None]:
    t, y = np.asarray(lag_times, dtype=float), np.asarray(msd, dtype=float)
    if t.ndim != 1 or y.shape != t.shape or t.size == 0 or t[0] < 0 or np.any(np.diff(t) <= 0):
        raise InvalidInput(f"lag_times {t.shape} must increase from 0 or above, and msd {y.shape} be of their shape")
    if dimension not in DIMENSIONS:
        raise InvalidInput(f"dimension is {dimension!r}; allowed: 2, 3")
    if msd_blocks is None:
        return t, y, None
    blocks = np.asarray(msd_blocks, dtype=float)
    if blocks.ndim != 2 or blocks.shape[1] != t.size:
        raise InvalidInput(f"msd_blocks has the shape {blocks.shape}; expected (n_blocks, {t.size})")
    return t, y, blocks


def _none(exponent: float, reason: str) -> DiffusionCoefficient:
    nan = math.nan
    return DiffusionCoefficient(nan, nan, (nan, nan), nan, 0, float(exponent), f"{reason}; run longer")


def _exponents(t: Floats, y: Floats, left_out: Floats | None) -> tuple[Floats, Floats]:
    """d ln MSD / d ln t at each lag, between the lags a factor of two apart that lie around it, and its standard error."""
    u, half = np.log(t), 0.5 * math.log(_FACTOR)
    before = np.searchsorted(u, np.maximum(u - half, u[0]) + 1e-9, side="right") - 1
    after = np.searchsorted(u, np.minimum(u + half, u[-1]) - 1e-9, side="left")
    after, before = np.maximum(after, np.minimum(before + 1, u.size - 1)), np.minimum(before, u.size - 2)

    def slopes(curve: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            log = np.log(curve)
        return np.asarray((log[..., after] - log[..., before]) / (u[after] - u[before]))

    found = slopes(y)
    if left_out is None:
        return found, np.zeros(u.size)
    return found, np.nan_to_num(jackknife_error(slopes(left_out), found))


def _fitted(t: Floats, y: Floats, left_out: Floats | None, dimension: int, exponent: float) -> DiffusionCoefficient:
    weight = 1.0 / (y**2 * t)

    def line(curve: Floats) -> tuple[float, float]:
        mean_t, mean_y = np.average(t, weights=weight), np.average(curve, weights=weight)
        slope = (weight * (t - mean_t) * (curve - mean_y)).sum() / (weight * (t - mean_t) ** 2).sum()
        return float(slope) / (2 * dimension), float(mean_y - slope * mean_t)

    D, offset = line(y)
    error = math.nan
    if left_out is not None:
        error = float(jackknife_error([line(curve)[0] for curve in left_out], D))
    return DiffusionCoefficient(D, error, (float(t[0]), float(t[-1])), offset, t.size, exponent, "")

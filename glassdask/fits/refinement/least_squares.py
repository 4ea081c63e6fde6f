"""Least squares from many starts at once, within bounds: Levenberg and Marquardt's damped steps.

Every start goes its own way, but all ask for their residuals and slopes together: one compiled call a step. A library's
solver takes one start at a time, and its own arithmetic costs as much as our solutions do. Damping as in Nielsen, Damping
parameter in Marquardt's method, IMM-REP-1999-05 (1999); scales as in Moré, Lecture Notes in Math. 630, 105 (1978); bounds by
projection, as in Kanzow, Yamashita and Fukushima, J. Comput. Appl. Math. 172, 375 (2004).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
#: Residuals, shape (m, n), and slopes, shape (m, n, p), of points x, shape (m, p), of the starts with these numbers.
Values = Callable[[Places, Floats], tuple[Floats, Floats]]
#: Damping of the first step, in units of scaled curvature, of a start anywhere and of one next to a minimum.
FAR, NEAR = 1e-3, 1e-8
#: Residuals and slopes whose cosine is below this are at right angles.
_RIGHT_ANGLE = 1e-12
#: Beyond this no step is long enough to be seen.
_LARGEST_DAMPING = 1e16
#: The share of the gain foretold from which on a gain counts for the end, as in MINPACK.
_FORETOLD = 0.25
#: Times that a step is taken anew because coordinates have met their bounds.
_PASSES = 4
#: Why a descent ended.
STEPS, GRADIENT, LOSS, PLACE = "steps", "gradient", "loss", "place"


@dataclass(frozen=True, eq=False)
class Minima:
    """Where the descents ended: points, shape (m, p), residuals there, shape (m, n), and why they ended."""

    x: Floats
    residuals: Floats
    reasons: list[str]


def least_squares_minima(
    values: Values,
    start: Floats,
    low: Floats,
    high: Floats,
    most_steps: NDArray[np.integer] | int = 60,
    tolerance: Floats | float = 1e-8,
    damping: float = FAR,
) -> Minima:
    """The minimum of Σ r² next to each start, low ≤ x ≤ high; `start` and bounds have the shape (m, p), `most_steps`
    and `tolerance` one number for all or one each.

    A descent ends where a step gains less than `tolerance` of its loss as foretold, or moves x by less than that share, where
    the gradient vanishes, or after `most_steps` points.
    """
    x = start.copy()
    left = np.arange(len(x))
    residuals, J = values(left, x)
    loss = (residuals**2).sum(axis=1)
    scale = np.zeros_like(x)
    dampings, growth = np.full(len(x), damping), np.full(len(x), 2.0)
    reasons = [STEPS] * len(x)
    most, share = (np.broadcast_to(each, len(x)) for each in (most_steps, tolerance))
    taken = 1
    while (left := left[most[left] > taken]).size:
        taken += 1
        here, r, slopes = x[left], residuals[left], J[left]
        scale[left] = np.maximum(scale[left], np.linalg.norm(slopes, axis=1))
        step, foretold, cosine = _damped_steps(here, r, slopes, scale[left], dampings[left], low[left], high[left])
        there = np.clip(here + step, low[left], high[left])
        r_there, J_there = values(left, there)
        loss_there = (r_there**2).sum(axis=1)
        gain = loss[left] - loss_there
        ratio = gain / np.where(foretold > 0, foretold, np.inf)
        is_better = (gain > 0) & (foretold > 0)
        better, worse = left[is_better], left[~is_better]
        before = loss[left]
        x[better], residuals[better], J[better] = there[is_better], r_there[is_better], J_there[is_better]
        loss[better] = loss_there[is_better]
        dampings[better] *= np.maximum(1.0 / 3.0, 1.0 - (2.0 * ratio[is_better] - 1.0) ** 3)
        growth[better] = 2.0
        dampings[worse] *= growth[worse]
        growth[worse] *= 2.0
        moved, enough = np.linalg.norm(step, axis=1), share[left]
        ends = {
            GRADIENT: cosine < _RIGHT_ANGLE,
            LOSS: (np.abs(gain) < enough * before) & ((ratio > _FORETOLD) | (foretold < enough * before)),
            PLACE: (moved < enough * (enough + np.linalg.norm(here, axis=1))) | (dampings[left] > _LARGEST_DAMPING),
        }
        for reason, is_end in reversed(ends.items()):
            for place in left[is_end]:
                reasons[place] = reason
        left = left[~np.any(list(ends.values()), axis=0)]
    return Minima(x, residuals, reasons)


def _damped_steps(
    x: Floats, r: Floats, J: Floats, scale: Floats, damping: Floats, low: Floats, high: Floats
) -> tuple[Floats, Floats, Floats]:
    """Steps −(JᵀJ + μD²)⁻¹Jᵀr within the bounds; what each gains if the residuals are straight lines; and the largest cosine
    of residuals and slopes.

    Coordinates that lie on a bound and would leave it stay; those that meet one stop there, and the others take their step
    again, knowing it.
    """
    gradient = np.einsum("mnp,mn->mp", J, r)
    unit = np.where(scale > 0, scale, 1.0)
    is_held = ((x <= low) & (gradient > 0)) | ((x >= high) & (gradient < 0))
    length = np.sqrt(((J / unit[:, None, :]) ** 2).sum(axis=1) * (r**2).sum(axis=1)[:, None])
    cosine = np.abs(np.where(is_held, 0.0, gradient / unit)) / np.where(length > 0, length, np.inf)
    step = np.zeros_like(x)
    for _ in range(_PASSES):
        rest = r + np.einsum("mnp,mp->mn", J, np.where(is_held, step, 0.0))
        scaled = np.where(is_held[:, None, :], 0.0, J / unit[:, None, :])
        U, s, V = np.linalg.svd(scaled, full_matrices=False)
        along = np.einsum("mnp,mn->mp", U, rest) * s / (s**2 + damping[:, None])
        step = np.where(is_held, step, -np.einsum("mqp,mq->mp", V, along) / unit)
        is_out = ~is_held & ((x + step < low) | (x + step > high))
        step, is_held = np.where(is_out, np.clip(x + step, low, high) - x, step), is_held | is_out
        if not is_out.any():
            break
    change = np.einsum("mnp,mp->mn", J, step)
    return step, -(2.0 * (r * change).sum(axis=1) + (change**2).sum(axis=1)), cosine.max(axis=1)

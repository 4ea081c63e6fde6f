"""Whether a memory fitted to one measurement gives another of the same state: what no χ² of its own data can say.

Points of a curve err together, so that a fit follows part of their noise and χ² per point is far below 1 for models that are
right and some that are wrong. A second measurement has other noise. Its distance from the fit is compared with its distance from
the first measurement itself, which has no misfit: that noise which both hold, and the size of the errors, drop out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.fits.target.correlation import block_length, circular_blocks
from glassdask.fits.target.target import Target

Floats = NDArray[np.float64]
#: Resampled curves that the error of an excess is taken from.
_RESAMPLED = 200


@dataclass(frozen=True)
class HeldOutScore:
    """How far a held-out F is from a fit, and from the F that was fitted.

    Parameters
    ----------
    of_fit, of_data
        Mean of squared differences in units of both errors' squares: 1 of two independent measurements with right errors.
    error
        Of `excess`, from blocks of neighbouring times.
    """

    of_fit: float
    of_data: float
    error: float

    @property
    def excess(self) -> float:
        """What the fit misses beyond noise: below 0 of a right model, which is smoother than the data that it was fitted to."""
        return self.of_fit - self.of_data

    @property
    def is_missed(self) -> bool:
        """Whether the held-out F is farther from the fit than from the fitted F, by two errors."""
        return self.excess > 2.0 * self.error


def prediction(F: Floats, fitted: Target, held_out: Target, seed: int = 0) -> HeldOutScore:
    """The judgement on F of a fit to one target by another of the same times, all of shape (n,).

    Raises
    ------
    InvalidInput
        If the times differ, or errors are unknown.
    """
    if fitted.n != held_out.n or not np.allclose(fitted.times, held_out.times):
        raise InvalidInput(f"targets of {fitted.n} and {held_out.n} times; allowed: the same times in both")
    if fitted.error is None or held_out.error is None:
        raise InvalidInput("a target without errors; allowed: errors in both, from blocks of time or replicas")
    variance = fitted.scale**2 + held_out.scale**2
    of_fit, of_data = (F - held_out.F) ** 2 / variance, (fitted.F - held_out.F) ** 2 / variance
    excess = of_fit - of_data
    rng, length = np.random.default_rng(seed), block_length(excess)
    means = [excess[circular_blocks(fitted.n, length, rng)].mean() for _ in range(_RESAMPLED)]
    return HeldOutScore(float(of_fit.mean()), float(of_data.mean()), float(np.std(means)))


def halves(target: Target) -> tuple[Target, Target]:
    """A target's blocks of time in two halves, the earlier and the later, at the times that all of them hold.

    Raises
    ------
    InvalidInput
        If there are fewer than four blocks.
    """
    if target.blocks is None or len(target.blocks) < 4:
        raise InvalidInput("a target without four blocks of time; allowed: four or more, or a second replica instead")
    known: NDArray[np.bool_] = np.asarray(np.isfinite(target.blocks).all(axis=0))
    middle = len(target.blocks) // 2
    return _of_blocks(target, target.blocks[:middle], known), _of_blocks(target, target.blocks[middle:], known)


def _of_blocks(target: Target, blocks: Floats, known: NDArray[np.bool_]) -> Target:
    error = target.scale[known] * np.sqrt(2.0)
    return Target(target.times[known], blocks[:, known].mean(axis=0), error)

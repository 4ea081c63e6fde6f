"""Whether a memory reproduces F: a fit that misses it has parameters, and errors of them, that mean nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassdask.fits.target.target import ERROR_FLOOR, Target

Floats = NDArray[np.float64]
#: χ² per point up to which the data are met.
MET = 1.2
#: Chance with which independent normal errors exceed what is allowed of χ².
_CHANCE = 1e-3
#: rms deviation beyond which F is missed though its errors are unknown: curves that scatter so much are usually told so.
_WORST_RMS = 0.05
#: Standard deviations by which deviations of neighbouring times must go together to be none of noise.
_SEEN = 3.0


@dataclass(frozen=True)
class Reproduction:
    """How far the F of a memory is from the one measured.

    Parameters
    ----------
    is_reproduced
        Within its errors; where none are known: to 10⁻³ (rms), or to a scatter without a sign of a misfit.
    rms, largest, at
        Of F_fit − F: root mean square, the value of largest size, and its time.
    is_systematic
        Whether deviations of neighbouring times go together more than noise does.
    """

    is_reproduced: bool
    rms: float
    largest: float
    at: float
    is_systematic: bool


def reproduction(target: Target, F: Floats, n_parameters: int) -> Reproduction:
    """The judgement on F of a memory at the target's times, shape (n,); the degrees of freedom lack its parameters."""
    missed = F - target.F
    rms, worst = float(np.sqrt(np.mean(missed**2))), int(np.argmax(np.abs(missed)))
    is_systematic = _goes_together(missed / target.scale)
    if target.error is not None:
        chi2_per_point = float(np.mean((missed / target.scale) ** 2))
        is_reproduced = chi2_per_point <= allowed_chi2_per_point(target.n, n_parameters)
    else:
        is_reproduced = rms <= ERROR_FLOOR or (rms <= _WORST_RMS and not is_systematic)
    return Reproduction(bool(is_reproduced), rms, float(missed[worst]), float(target.times[worst]), is_systematic)


def allowed_chi2_per_point(n_points: int, n_parameters: int) -> float:
    """χ² per point that independent errors exceed once in a thousand times, 1.2 at least.

    >>> round(allowed_chi2_per_point(80, 7), 2), allowed_chi2_per_point(100_000, 7)
    (1.45, 1.2)
    """
    from scipy.special import chdtri  # a tenth of a second, which those who only import this do without

    return max(MET, float(chdtri(max(n_points - n_parameters, 1), _CHANCE)) / n_points)


def _goes_together(missed: Floats) -> bool:
    """Whether the mean squared difference of neighbours is below twice the mean square: von Neumann's ratio, 2 ± 2/√n of
    independent values (Ann. Math. Stat. 12, 367 (1941))."""
    size = float((missed**2).sum())
    ratio = float((np.diff(missed) ** 2).sum()) / size if size > 0 else 2.0
    return ratio < 2.0 - _SEEN * 2.0 / np.sqrt(missed.size)

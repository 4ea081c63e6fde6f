"""What the beginning of F says of the dynamics: d ln(1 − F)/d ln t is 2 of ballistic and 1 of overdamped motion.

Newtonian: 1 − F = Ω t²/2 + O(t⁴). Overdamped: 1 − F = Ω t + O(t²), and, F being completely monotone, 1 − F is concave: its
slope is nowhere above 1. Below 1 neither beginning is seen: the data begin too late.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glassdask.fits.target.target import ERROR_FLOOR, Target
from glassdask.physics.memory.dynamics import Dynamics

#: 1 − F of the points that tell: above so many errors (the second where none are known), and below the last.
_SEEN, _LEAST, _MOST = 10.0, ERROR_FLOOR, 0.1
#: They lie within this factor of the first time.
_SPAN = 4.0
_FEWEST = 3
#: A slope is told from 1, or from 2, by this and three of its errors.
_TOLD = 0.1
#: A slope with a larger error says nothing.
_WORST_ERROR = 0.1
#: From here on a slope is that of ballistic motion, which the memory has begun to slow down; below, of no beginning at all.
_BALLISTIC, _UNSEEN = 1.6, 0.75


@dataclass(frozen=True)
class ShortTimes:
    """The slope of ln(1 − F) over ln t at the beginning.

    Parameters
    ----------
    slope, error
        Of a straight line, with the standard error of its scatter (of the data, where that is larger).
    first, last
        Times between which it was taken.
    is_whole
        Whether they begin with the first time of the data: earlier ones, hidden by noise, might say something else.
    """

    slope: float
    error: float
    first: float
    last: float
    is_whole: bool = True

    @property
    def _doubt(self) -> float:
        return _TOLD + 3.0 * self.error

    @property
    def is_above_1(self) -> bool:
        """No overdamped equation begins so."""
        return self.slope > 1.0 + self._doubt

    @property
    def is_below_1(self) -> bool:
        """By so much that the beginning must lie before the data: what the memory alone does to it is less."""
        return self.slope + 3.0 * self.error < _UNSEEN

    @property
    def is_below_2(self) -> bool:
        """By more than the memory does to ballistic motion that is in the data."""
        return self.is_whole and self.slope + 3.0 * self.error < _BALLISTIC and not self.is_above_1

    @property
    def is_ballistic(self) -> bool:
        """As of atoms, 2, or nearly."""
        return self.slope > _BALLISTIC

    def __str__(self) -> str:
        return (
            f"d ln(1-F)/d ln t is {self.slope:.2f} ± {self.error:.2g} from t = {self.first:.3g} to {self.last:.3g} "
            "(overdamped 1, ballistic 2)"
        )


def short_times(target: Target) -> ShortTimes | None:
    """The slope at the first times that tell; None where fewer than three do, or they scatter too much."""
    fallen = 1.0 - target.F
    least = np.full(target.n, _LEAST) if target.error is None else _SEEN * np.maximum(target.error, 1e-9)
    tells = (fallen > least) & (fallen < _MOST)
    if not tells.any():
        return None
    first = int(np.argmax(tells))
    tells[target.times > _SPAN * target.times[first]] = False
    if tells.sum() < _FEWEST:
        return None
    x, y = np.log(target.times[tells]), np.log(fallen[tells])
    (slope, _), scatter = _line(x, y)
    spread = np.sqrt(((x - x.mean()) ** 2).sum())
    of_data = 0.0 if target.error is None else float((target.error[tells] / fallen[tells]).max()) / spread
    error = max(scatter, of_data)
    if error > _WORST_ERROR:
        return None
    return ShortTimes(slope, error, float(target.times[first]), float(target.times[tells][-1]), first == 0)


def _line(x: np.ndarray, y: np.ndarray) -> tuple[tuple[float, float], float]:
    """Slope and intercept of a straight line, and the slope's standard error."""
    slope, intercept = np.polyfit(x, y, 1)
    missed = y - slope * x - intercept
    freedom = max(x.size - 2, 1)
    return (float(slope), float(intercept)), float(np.sqrt((missed**2).sum() / freedom / ((x - x.mean()) ** 2).sum()))


def note_on_dynamics(found: ShortTimes | None, dynamics: Dynamics, name: str = "F") -> list[str]:
    """A word where the beginning contradicts the equation that is used, or tells that it is not in the data."""
    if found is None:
        return []
    if dynamics == "overdamped" and found.is_above_1:
        remedy = (
            "give --dynamics newtonian, or leave out the ballistic times (--t-min)"
            if found.is_ballistic
            else "try --dynamics newtonian, or leave these times out (--t-min)"
        )
        return [f"{name} contradicts overdamped dynamics, whose slope is nowhere above 1: {found}; {remedy}"]
    if dynamics == "newtonian" and found.is_below_2:
        return [
            (
                f"{name} shows no ballistic beginning: {found}; with Newtonian dynamics Omega and fast modes are not "
                "determined: give --dynamics overdamped, or earlier times"
            )
        ]
    if dynamics == "overdamped" and found.is_below_1 and found.is_whole:
        return [
            (
                f"{name} begins before its first time: {found}; Omega and modes faster than that are bounds, earlier times "
                "would tell them"
            )
        ]
    return []

"""The correlation function that a memory is to reproduce, checked for what a memory equation cannot have made."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.memory.dynamics import Dynamics

Floats = NDArray[np.float64]
#: Errors below this share of F(0) are not believed: time step, finite size and solver are no better.
ERROR_FLOOR = 1e-3
#: Points that one stretched exponential and a plateau can be told from.
FEWEST_POINTS = 6
#: F that has fallen by less than this gives the slope at short times.
_SHORT = 0.2
#: A fall of so many errors is one.
_SEEN = 5.0
#: So many values at the end tell where F tends to.
_LAST_VALUES = 3
#: A plateau above this at the last time is told: F has not decayed.
_DECAYED = 0.05


@dataclass(frozen=True, eq=False)
class Target:
    """F at some times, normalised to 1 at t = 0.

    Parameters
    ----------
    times
        Increasing, above 0, shape (n,). [time]
    F
        Shape (n,). [1]
    error
        Standard error of each value, or None where nothing is known of it.
    blocks
        F of independent stretches of time (or replicas), NaN where one has no value, shape (n_blocks, n), or None.
    """

    times: Floats
    F: Floats
    error: Floats | None = None
    blocks: Floats | None = None

    @property
    def n(self) -> int:
        """Number of points."""
        return self.times.size

    @property
    def scale(self) -> Floats:
        """What residuals are measured in: the error, at least 10⁻³; 1 where no error is known."""
        return np.ones(self.n) if self.error is None else np.maximum(self.error, ERROR_FLOOR)

    def later_than(self, t_min: float) -> Target:
        """The points from `t_min` on.

        Raises
        ------
        InvalidInput
            If too few are left.
        """
        kept = self.times >= t_min
        if kept.sum() < FEWEST_POINTS:
            raise InvalidInput(
                f"t_min is {t_min:g}: {kept.sum()} points from {self.times[0]:g} to {self.times[-1]:g} are left; allowed: "
                f"{FEWEST_POINTS} points or more, so an earlier t_min or more data"
            )
        return self.at(kept)

    def at(self, kept: NDArray[np.bool_]) -> Target:
        """The same at some of its times, shape (n_times,)."""
        error, blocks = self.error, self.blocks
        return replace(
            self,
            times=self.times[kept],
            F=self.F[kept],
            error=None if error is None else error[kept],
            blocks=None if blocks is None else blocks[:, kept],
        )


def checked_target(
    times: ArrayLike, F: ArrayLike, error: ArrayLike | None = None, blocks: ArrayLike | None = None, name: str = "F"
) -> tuple[Target, list[str]]:
    """A target from measured values, and what was done to them or is odd about them, in words.

    Values that are not finite are left out; so are values without an error where others have one. F is divided by its
    value at t = 0 if that is given, and taken to be 1 there if it is not.

    Parameters
    ----------
    times, F, error, blocks
        As for `Target`; t = 0 may be included.
    name
        What messages call F.

    Raises
    ------
    InvalidInput
        If shapes differ, times do not increase from 0 or later, F does not start at its maximum, or fewer than 6 values
        are left.
    """
    t, values = np.asarray(times, dtype=float), np.asarray(F, dtype=float)
    errors = np.zeros(t.shape) if error is None else np.asarray(error, dtype=float)
    of_blocks = np.zeros((0, t.size)) if blocks is None else np.asarray(blocks, dtype=float)
    if t.ndim != 1 or values.shape != t.shape or errors.shape != t.shape or of_blocks.shape[1:] != t.shape:
        raise InvalidInput(f"{name} has the shape {values.shape} and its times {t.shape}; allowed: one value a time")
    if not np.isfinite(t).all() or t.size == 0 or t[0] < 0 or np.any(np.diff(t) <= 0):
        raise InvalidInput(f"the times of {name} do not increase from 0 or later; sort them, each only once")
    kept = np.isfinite(values) & (np.isfinite(errors) | (t == 0))  # F(0) divides the others, and needs no error
    notes = []
    if not kept.all():
        notes.append(f"{name}: {(~kept).sum()} of {t.size} values are not finite or have no error and are left out")
    t, values, errors, of_blocks = t[kept], values[kept], errors[kept], of_blocks[:, kept]
    t, values, errors, of_blocks, normalised = _normalised(t, values, errors, of_blocks, name)
    notes += normalised
    if t.size < FEWEST_POINTS:
        raise InvalidInput(
            f"{name} has {t.size} finite values after t = 0; allowed: {FEWEST_POINTS} or more, better 20, spread evenly over "
            "log t"
        )
    _check_start(t, values, errors, name)
    known, of_errors = _known_errors(errors if error is not None else None, name)
    target = Target(t, values, known, of_blocks if blocks is not None else None)
    return target, notes + of_errors + _oddities(target, name)


def _known_errors(errors: Floats | None, name: str) -> tuple[Floats | None, list[str]]:
    """Errors that say something: a column of zeros is none, and a zero among others is the least error that is believed."""
    if errors is None or (errors > 0).all():
        return errors, []
    if not errors.any():
        return None, [f"{name}: every error is 0, as no measurement's is: they are taken to be unknown"]
    words = f"{(errors == 0).sum()} of {errors.size} errors are 0, and taken as {ERROR_FLOOR:g}, like all below that"
    return errors, [f"{name}: {words}"]


def _normalised(
    t: Floats, values: Floats, errors: Floats, blocks: Floats, name: str
) -> tuple[Floats, Floats, Floats, Floats, list[str]]:
    """Everything in units of F(0), without t = 0."""
    if t.size == 0 or t[0] > 0:
        return t, values, errors, blocks, []
    first = values[0]
    if not first > 0:
        raise InvalidInput(f"{name} is {first:g} at t = 0; allowed: a number above 0, its largest value")
    is_other = abs(first - 1.0) > 1e-6
    notes = [f"{name}: divided by its value at t = 0, {first:g}"] if is_other else []
    return t[1:], values[1:] / first, errors[1:] / first, blocks[:, 1:] / first, notes


def _check_start(t: Floats, values: Floats, errors: Floats, name: str) -> None:
    highest = int(np.argmax(values))
    if values[highest] > 1.0 + 5 * max(errors[highest], ERROR_FLOOR):
        raise InvalidInput(
            f"{name} is {values[highest]:.4g} of its value at t = 0 at t = {t[highest]:g}: it does not start at its "
            "maximum; allowed: a correlation function, largest at t = 0, with that value in the first row or normalised to 1"
        )


def _oddities(target: Target, name: str) -> list[str]:
    t, F = target.times, target.F
    notes: list[str] = []
    noise = ERROR_FLOOR if target.error is None else np.maximum(target.error, ERROR_FLOOR)
    rises = np.diff(F) > 5 * np.broadcast_to(noise, F.shape)[1:]
    is_early = F[:-1] > 0.5
    if (rises & is_early).any():
        place = int(np.argmax(rises & is_early))
        notes.append(
            f"{name} rises from {F[place]:.3g} at t = {t[place]:g} to {F[place + 1]:.3g} at t = {t[place + 1]:g}: no "
            "overdamped memory equation does that; Newtonian dynamics or a vibration may"
        )
    if F[0] < 1.0 - _SHORT:
        notes.append(f"{name} has fallen to {F[0]:.3g} at the first time, {t[0]:g}: its beginning is not known")
    if _ends_below_0(target):
        notes.append(
            f"{name} ends below 0 ({F[-1]:.3g} at t = {t[-1]:g}), where no memory with M(∞) = c of 0 or more takes it: "
            "subtract the constant that it tends to, or look at its normalisation and centre-of-mass drift"
        )
    if F[-1] > _DECAYED:
        notes.append(
            f"{name} has not decayed at the last time ({F[-1]:.3g} at t = {t[-1]:g}): the slowest time and M(∞) are bounds"
        )
    return notes


def _ends_below_0(target: Target) -> bool:
    """Whether the last values, one vibration longer than noise, lie below 0 by five of their errors (of 10⁻³ at least)."""
    noise = ERROR_FLOOR if target.error is None else np.maximum(target.error[-_LAST_VALUES:], ERROR_FLOOR)
    return bool((target.F[-_LAST_VALUES:] < -_SEEN * noise).all())


def initial_rate(target: Target, dynamics: Dynamics) -> float:
    """Ω from the beginning of F: (1 − F)/t in overdamped, 2 (1 − F)/t² in Newtonian dynamics, at the first point.

    The memory lowers the slope as soon as it acts: for the overdamped form this is a lower bound.
    """
    t, fallen = target.times[0], max(1.0 - float(target.F[0]), 1e-12)
    if dynamics == "newtonian":
        return 2.0 * fallen / t**2
    return -np.log1p(-min(fallen, 0.999999)) / t


def note_on_units(target: Target, Omega: float, dynamics: Dynamics, name: str = "F") -> list[str]:
    """A warning where the beginning of F contradicts Ω: the times may be in another unit.

    Ballistic motion, 1 − F = Ω t²/2 with Ω = k² k_BT/m, is seen in the first point that has fallen by more than its error
    (and less than 0.2); a factor of 1.5 in time is told. Overdamped data can only say that F falls faster than Ω allows.
    """
    fallen = 1.0 - target.F
    is_seen = np.ones(target.n, dtype=bool) if target.error is None else fallen > _SEEN * target.error
    early = target.at((fallen < _SHORT) & is_seen)
    if early.n == 0:
        return []
    ratio = initial_rate(early, dynamics) / Omega
    factor = np.sqrt(ratio) if dynamics == "newtonian" else ratio
    is_off = not 1 / 1.5 < factor < 1.5 if dynamics == "newtonian" else factor > 1.5
    if not is_off:
        return []
    return [
        (
            f"{name} begins with a rate {ratio:.3g} times Ω = {Omega:.4g}: its times may be in another unit, {factor:.3g} "
            f"times too short (tau_LJ = {np.sqrt(48.0):.4g} tau_MD), or k_BT/m or D is another"
        )
    ]

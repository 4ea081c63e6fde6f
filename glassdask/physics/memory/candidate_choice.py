"""A core or a GPU for a batch of candidates: whichever was measured to be quicker for so many.

A core takes a time for each candidate; a GPU takes one time for all that it can hold at once, and more only for what is
beyond that. Which wins depends on the batch, the device, the clock of the core, the grid, and on who else works on the GPU,
so it is measured where it is needed, on the first batch that asks.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.physics.memory.dynamics import Dynamics
from glassdask.physics.memory.memory_candidates import CandidateSolver
from glassdask.physics.numerics.batches import NoRoom

Floats = NDArray[np.float64]
#: Batches that are timed: few candidates and many; what lies between is interpolated.
_FEW, _MANY = 32, 1024
#: Timings of each; the quickest counts.
_REPEATS = 3

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Speed:
    """Seconds for a batch as a straight line, t = latency + n · each."""

    latency: float
    each: float

    def seconds(self, n: int) -> float:
        """Time of a batch of n candidates.

        Returns
        -------
        float
            [s]
        """
        return self.latency + n * self.each


@dataclass(eq=False)
class QuickerSolver:
    """Solves each batch of candidates where that takes less time.

    Parameters
    ----------
    host, device
        The same problem on a core and on a GPU.

    Attributes
    ----------
    speeds
        Of both, once a batch was solved.
    is_full
        Whether the GPU had no room for a single candidate; the core then solves all.
    """

    host: CandidateSolver
    device: CandidateSolver
    speeds: tuple[Speed, Speed] | None = field(default=None, init=False)
    is_full: bool = field(default=False, init=False)

    #: Candidates of any number of modes go into one batch: what costs a core more costs a device less.
    is_for_mixed_modes = True

    @property
    def dynamics(self) -> Dynamics:
        """Which equation."""
        return self.host.dynamics

    @property
    def break_even(self) -> float:
        """The number of candidates from which on the device is quicker: 0 if always, infinite if never or not yet known. [1]"""
        if self.speeds is None:
            return float("inf")
        host, device = self.speeds
        if device.each >= host.each:
            return 0.0 if device.latency < host.latency else float("inf")
        return max(0.0, (device.latency - host.latency) / (host.each - device.each))

    def solve(self, candidates: ArrayLike, least_rates: ArrayLike = 0.0) -> Floats:
        """F of each candidate at the times asked for, from the side that is quicker for so many.

        Parameters
        ----------
        candidates
            As for `CandidateSolver.solve`, shape (n_rows, 2 + 3 n) or (n_groups, n_rows, 2 + 3 n).
        least_rates
            As for `CandidateSolver.solve`.

        Returns
        -------
        numpy.ndarray
            Shape (n_rows, n_times) or (n_groups, n_rows, n_times); NaN in rows that diverge. [1]
        """
        rows = np.atleast_2d(np.asarray(candidates, dtype=float))
        if not self.is_full:
            try:
                return self._quicker(rows.reshape(-1, rows.shape[-1])).solve(rows, least_rates)
            except NoRoom as error:
                logger.warning("memory equation: solved on a core from here on, since %s", error)
                self.is_full = True
        return self.host.solve(rows, least_rates)

    def _quicker(self, rows: Floats) -> CandidateSolver:
        """The side that was measured to be quicker for so many; it is measured when first asked."""
        if self.speeds is None:
            self.speeds = measured_speed(self.host, rows), measured_speed(self.device, rows)
            host, device = self.speeds
            logger.info(
                "memory equation: %.3g ms and %.3g us a candidate on a core, %.3g ms and %.3g us on the GPU, which is "
                "used from %.0f candidates on",
                1e3 * host.latency, 1e6 * host.each, 1e3 * device.latency, 1e6 * device.each, self.break_even,
            )  # fmt: skip
        return self.device if len(rows) > self.break_even else self.host


def measured_speed(solver: CandidateSolver, rows: Floats) -> Speed:
    """Of a solver on batches like these rows, repeated as often as needed.

    Returns
    -------
    Speed
        From the quickest of three timings of 32 and of 1024 candidates. [s]
    """
    few, many = (np.resize(rows, (n, rows.shape[1])) for n in (_FEW, _MANY))
    solver.solve(few)  # compiled, and its grid built
    seconds = [min(_seconds(solver, batch) for _ in range(_REPEATS)) for batch in (few, many)]
    each = max(0.0, seconds[1] - seconds[0]) / (_MANY - _FEW)
    return Speed(max(0.0, seconds[0] - _FEW * each), each)


def _seconds(solver: CandidateSolver, rows: Floats) -> float:
    begin = time.perf_counter()
    solver.solve(rows)
    return time.perf_counter() - begin

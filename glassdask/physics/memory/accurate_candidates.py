"""F of one memory with an error that was measured: Richardson's extrapolation, with as many steps as that memory needs.

The scheme of :mod:`glassdask.physics.memory.memory_candidates` is of second order in 1/N, so R_N = (4 F_N − F_{N/2})/3 is better by
two orders, and R_N − R_{N/2} says how good it is. N is doubled until that is enough: a memory that only decays is content
with N = 128, one that vibrates needs up to 2048.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.physics.memory.dynamics import Dynamics
from glassdask.physics.memory.memory_candidates import CandidateSolver

Floats = NDArray[np.float64]
#: Of the first block, where F is expanded in t: an error of 3e-8 at most, whatever N.
_START = 0.002
#: The first N of an accurate solution, and the last: beyond, a solution takes a second.
_FIRST, _LAST = 128, 2048
#: The error of R_N is at most this share of R_N − R_{N/2}: a tenth where vibrations are resolved, less where there are none.
_SHARE = 0.25


@dataclass(frozen=True, eq=False)
class AccurateSolution:
    """F of one memory.

    Parameters
    ----------
    F
        At the times asked for, shape (n_times,).
    error
        Its estimated error, with the sign that the scheme gives it, shape (n_times,); NaN where a solution diverges.
    n_half
        N that was enough, or the largest that is tried.
    """

    F: Floats
    error: Floats
    n_half: int

    @property
    def largest_error(self) -> float:
        """max |error| over the times, in units of F(0); infinite where it is not known. [1]"""
        return float(np.abs(self.error).max()) if np.isfinite(self.error).all() else np.inf


@dataclass(frozen=True, eq=False)
class AccurateSolver:
    """Solves the memory equation for one candidate until a measured error is small enough.

    Parameters
    ----------
    times
        Where F is wanted, increasing, from 0 or later, shape (n_times,). [time]
    dynamics
        "overdamped" or "newtonian".
    tolerance
        Largest error allowed.

    Examples
    --------
    F for M = e^{−t}, Ω = 1 is known in closed form (docs/equations.md).

    >>> t, root = np.array([0.1, 1.0, 10.0]), np.sqrt(5.0)
    >>> exact = ((1 + root) * np.exp((root - 3) / 2 * t) + (root - 1) * np.exp(-(root + 3) / 2 * t)) / (2 * root)
    >>> found = AccurateSolver(t, "overdamped", 1e-6).solution([1.0, 0.0, 1.0, 1.0, 1.0])
    >>> bool(np.abs(found.F - exact).max() < 1e-6), found.n_half
    (True, 128)
    """

    times: Floats
    dynamics: Dynamics
    tolerance: float = 1e-6
    _solvers: dict[int, CandidateSolver] = field(default_factory=dict, init=False, repr=False)

    def solution(
        self, candidate: ArrayLike, tolerance: float | None = None, near: AccurateSolution | None = None
    ) -> AccurateSolution:
        """F of a row (Ω, K, A, τ, b), as `CandidateSolver.solve` takes it.

        Parameters
        ----------
        candidate
            The row.
        tolerance
            In place of the solver's own.
        near
            The solution of a candidate like this one, whose N is the first that is tried.

        Returns
        -------
        AccurateSolution
            With the first N whose error is small enough; with the largest N that is tried where none is.
        """
        n, enough = near.n_half if near else _FIRST, self.tolerance if tolerance is None else tolerance
        quarter, half, whole = (self._at(m).solve(candidate)[0] for m in (n // 4, n // 2, n))
        while True:
            F = extrapolated(half, whole)
            error = _SHARE * (F - extrapolated(quarter, half))
            found = AccurateSolution(F, error, n)
            if found.largest_error <= enough or n >= _LAST:
                return found
            n *= 2
            quarter, half, whole = half, whole, self._at(n).solve(candidate)[0]  # one new solution a doubling

    def _at(self, n_half: int) -> CandidateSolver:
        if n_half not in self._solvers:
            self._solvers[n_half] = CandidateSolver(self.times, self.dynamics, n_half, _START)
        return self._solvers[n_half]


@dataclass(frozen=True, eq=False)
class ExtrapolatedSolver:
    """Many candidates at once by R_N, N = 128 if nothing else is said, with what it is wrong by where that is known.

    Parameters
    ----------
    times, dynamics
        As for `CandidateSolver`.
    correction
        What is added to every F, shape (n_times,): near a candidate for which an accurate solution is known, the
        difference from it.
    n_half
        N; N/2 is solved, too.
    least_rate
        Ω + M(0) that grids are made for at least.
    """

    times: Floats
    dynamics: Dynamics
    correction: Floats | float = 0.0
    n_half: int = _FIRST
    least_rate: float = 0.0
    is_for_mixed_modes: bool = False
    _solvers: tuple[CandidateSolver, ...] = field(default=(), init=False, repr=False)

    def __post_init__(self) -> None:
        both = tuple(CandidateSolver(self.times, self.dynamics, n, _START) for n in (self.n_half // 2, self.n_half))
        object.__setattr__(self, "_solvers", both)

    def solve(self, candidates: Floats, least_rates: ArrayLike | None = None) -> Floats:
        """F of each row at the times asked for, as of `CandidateSolver.solve` but extrapolated and corrected.

        Parameters
        ----------
        candidates
            Rows (Ω, K, A, τ, b), shape (n_rows, 2 + 3 n) or (n_groups, n_rows, 2 + 3 n).
        least_rates
            As for `CandidateSolver.solve`, in place of the solver's own.

        Returns
        -------
        numpy.ndarray
            Shape (n_rows, n_times) or (n_groups, n_rows, n_times), F(0) = 1; NaN in rows that diverge. [1]
        """
        rates = self.least_rate if least_rates is None else least_rates
        return extrapolated(*(solver.solve(candidates, rates) for solver in self._solvers)) + self.correction

    def corrected(self, correction: Floats, least_rate: float | None = None) -> ExtrapolatedSolver:
        """The same with this added to its correction.

        Parameters
        ----------
        correction
            Shape (n_times,). [1]
        least_rate
            Of the grid on which it was found, if it is not this solver's own.

        Returns
        -------
        ExtrapolatedSolver
            It shares the grids of this one, which take longer to make than a solution.
        """
        rate = self.least_rate if least_rate is None else least_rate
        other = ExtrapolatedSolver(self.times, self.dynamics, self.correction + correction, self.n_half, rate)
        object.__setattr__(other, "_solvers", self._solvers)  # with the grids that they know
        return other


def extrapolated(coarse: Floats, fine: Floats) -> Floats:
    """Richardson's (4 F_2N − F_N)/3 for an error of order N⁻².

    Parameters
    ----------
    coarse, fine
        With N and with 2N steps in half a block, of one shape.

    Returns
    -------
    numpy.ndarray
        Of that shape, in the unit of F.
    """
    return (4.0 * fine - coarse) / 3.0

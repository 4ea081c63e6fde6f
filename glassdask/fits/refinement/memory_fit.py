"""A memory that reproduces a correlation function, and all that is said of it: misfit, BIC, errors, accuracy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassdask.fits.refinement.identifiability import Uncertainty, uncertainty
from glassdask.fits.search.objective import Objective
from glassdask.fits.search.search_space import SearchSpace
from glassdask.fits.target.reproduction import Reproduction, reproduction
from glassdask.outcome import MemoryVerdict
from glassdask.physics.memory.accurate_candidates import AccurateSolution, AccurateSolver
from glassdask.physics.memory.dynamics import Dynamics
from glassdask.physics.memory.memory_kernels import StretchedMemory

Floats = NDArray[np.float64]
#: A solution whose estimated error is larger than this is not resolved.
RESOLUTION = 1e-3
#: Error of F that a fit is made with: a two-hundredth of the smallest error of data that is believed.
FINE = 5e-6


@dataclass(frozen=True, eq=False)
class MemoryFit:
    """A memory that reproduces a target, and how well.

    Parameters
    ----------
    n_exp, dynamics, Omega, memory
        What was found; a_i = 0, modes in the order of their times.
    F
        Its solution at the target's times, shape (n,), good to `FINE` where `is_resolved`, or as `solver_error` says.
    loss
        Σ (F − F_measured)² over the times: eq. 7 without its regularisation.
    chi2_per_point
        Mean of [(F − F_measured)/error]² over the times, errors no smaller than 10⁻³; None where no errors are known.
    bic
        n chi2_per_point + p ln n, or n ln(loss/n) + p ln n without errors; smaller is better.
    solver_error
        Estimated error of F.
    reproduction
        Whether, and how nearly, F is that of the data.
    is_resolved
        False where the doubling grid cannot follow the solution (weakly damped oscillations).
    uncertainty
        Errors from the covariance.
    bootstrap_error
        Standard deviations over resampled data of (K, A, τ, b, Ω); None but for the number of modes of the lowest BIC.
    evaluations
        Solutions of the memory equation.
    seconds
        Of searching and polishing; searches that went in step share their time by their evaluations.
    stop_reason
        Why the best search stopped, and then the polish.
    resampled
        The memories of the resampled data that `bootstrap_error` is of.
    """

    n_exp: int
    dynamics: Dynamics
    Omega: float
    memory: StretchedMemory
    F: Floats
    loss: float
    chi2_per_point: float | None
    bic: float
    solver_error: float
    reproduction: Reproduction
    is_resolved: bool
    uncertainty: Uncertainty
    bootstrap_error: Floats | None
    evaluations: int
    seconds: float
    stop_reason: str
    resampled: tuple[StretchedMemory, ...] = ()

    def kernel_error(self, t: Floats) -> Floats:
        """Standard deviation of M(t) over resampled data, NaN without any, shape (n,). [unit of M]"""
        if len(self.resampled) < 2:
            return np.full(len(t), np.nan)
        deviation: Floats = np.std([memory(t) for memory in self.resampled], axis=0, ddof=1)
        return deviation

    @property
    def misfit_verdict(self) -> MemoryVerdict | None:
        """What makes all its parameters worthless; None if nothing does."""
        if not self.reproduction.is_reproduced:
            return MemoryVerdict.NOT_REPRODUCED
        return None if self.is_resolved else MemoryVerdict.UNRESOLVED


def best(fits: list[MemoryFit]) -> MemoryFit:
    """The fit of the lowest BIC."""
    return min(fits, key=lambda fit: fit.bic)


def described(
    objective: Objective[SearchSpace], x: Floats, solution: AccurateSolution, seconds: float, reason: str
) -> MemoryFit:
    """All that is said of a point x of the search space: its memory, its F, misfits, errors.

    The objective has the solver that the point was found with, `solution` holds F there; what that may be wrong by, and
    what the objective's solver is, become errors of the parameters.
    """
    target, space, dynamics = objective.target, objective.space, objective.solver.dynamics
    missed = solution.F - objective.solver.solve(space.candidates(x[None]))[0]
    errors = uncertainty(objective, x, np.array([solution.error, missed]))
    Omega, memory = space.memory(x)
    F, solver_error = solution.F, solution.largest_error
    loss = float(((F - target.F) ** 2).sum())
    chi2 = None if target.error is None else float((((F - target.F) / target.scale) ** 2).sum())
    n, p = target.n, space.dimension
    misfit = chi2 if chi2 is not None else n * np.log(max(loss / n, 1e-30))
    return MemoryFit(
        n_exp=space.n_exp,
        dynamics=dynamics,
        Omega=Omega,
        memory=memory,
        F=F,
        loss=loss,
        chi2_per_point=None if chi2 is None else chi2 / n,
        bic=float(misfit + p * np.log(n)),
        solver_error=solver_error,
        reproduction=reproduction(target, F, p),
        is_resolved=solver_error <= RESOLUTION,
        uncertainty=errors,
        bootstrap_error=None,
        evaluations=objective.evaluations,
        seconds=seconds,
        stop_reason=reason,
    )


def accurate_solution(
    memory: StretchedMemory, Omega: float, times: Floats, dynamics: Dynamics, tolerance: float = 1e-6
) -> tuple[Floats, float]:
    """F of a memory with as many steps as the tolerance asks for, and its estimated error."""
    found = AccurateSolver(times, dynamics, tolerance).solution(memory.candidate(Omega))
    return found.F, found.largest_error

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
        `criterion`; smaller is better.
    independent_points
        n of that: how many of the points count (:mod:`glassdask.fits.target.correlation`), the same for all numbers of modes.
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
    probability
        The share of resampled data whose lowest `criterion` has this number of modes; None without any.
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
    independent_points: float = np.nan
    resampled: tuple[StretchedMemory, ...] = ()
    probability: float | None = None

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


def criterion(misfit: float | Floats, n_points: int, n_parameters: int, n: float, has_error: bool) -> float | Floats:
    """The Bayesian information criterion n χ²/n_points + p ln n, or n ln(misfit/n_points) + p ln n without errors, of n points that
    count as independent: n_points of one curve, which err together, tell no more than so many.

    `misfit` is Σ of squared residuals over all points, in units of their errors where these are known; of one fit or several.
    """
    mean = np.asarray(misfit) / n_points
    found = n * (mean if has_error else np.log(np.maximum(mean, 1e-30))) + n_parameters * np.log(n)
    return float(found) if found.ndim == 0 else found


def best(fits: list[MemoryFit]) -> MemoryFit:
    """The fit of the lowest BIC."""
    return min(fits, key=lambda fit: fit.bic)


def described(
    objective: Objective[SearchSpace],
    x: Floats,
    solution: AccurateSolution,
    seconds: float,
    reason: str,
    n_independent: float | None = None,
) -> MemoryFit:
    """All that is said of a point x of the search space: its memory, its F, misfits, errors.

    The objective has the solver that the point was found with, `solution` holds F there; what that may be wrong by, and
    what the objective's solver is, become errors of the parameters. All points count as independent if it isn't said how many do.
    """
    target, space, dynamics = objective.target, objective.space, objective.solver.dynamics
    missed = solution.F - objective.solver.solve(space.candidates(x[None]))[0]
    errors = uncertainty(objective, x, np.array([solution.error, missed]))
    Omega, memory = space.memory(x)
    F, solver_error = solution.F, solution.largest_error
    loss = float(((F - target.F) ** 2).sum())
    chi2 = None if target.error is None else float((((F - target.F) / target.scale) ** 2).sum())
    n, p = target.n, space.dimension
    n_independent = float(n) if n_independent is None else n_independent
    misfit = loss if chi2 is None else chi2
    return MemoryFit(
        n_exp=space.n_exp,
        dynamics=dynamics,
        Omega=Omega,
        memory=memory,
        F=F,
        loss=loss,
        chi2_per_point=None if chi2 is None else chi2 / n,
        bic=float(criterion(misfit, n, p, n_independent, chi2 is not None)),
        solver_error=solver_error,
        reproduction=reproduction(target, F, p),
        is_resolved=solver_error <= RESOLUTION,
        uncertainty=errors,
        bootstrap_error=None,
        evaluations=objective.evaluations,
        seconds=seconds,
        stop_reason=reason,
        independent_points=n_independent,
    )


def accurate_solution(
    memory: StretchedMemory, Omega: float, times: Floats, dynamics: Dynamics, tolerance: float = 1e-6
) -> tuple[Floats, float]:
    """F of a memory with as many steps as the tolerance asks for, and its estimated error."""
    found = AccurateSolver(times, dynamics, tolerance).solution(memory.candidate(Omega))
    return found.F, found.largest_error

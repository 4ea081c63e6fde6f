"""The end of a fit with an F that is right to five millionths (or a thousandth of what is missed), whatever the memory.

Least squares need slopes, which a quick solver has right, and F itself, which it may not: a memory that vibrates needs
thirty times the work. So F of the quick solver is corrected by its difference from an accurate solution at the minimum, and
the minimum sought again, until that difference no longer changes (defect correction).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassdask.fits.refinement.memory_fit import FINE, RESOLUTION, MemoryFit, described
from glassdask.fits.refinement.polish import polished
from glassdask.fits.search.objective import Objective
from glassdask.fits.search.search_space import SearchSpace
from glassdask.physics.memory.accurate_candidates import AccurateSolution, AccurateSolver, ExtrapolatedSolver

Floats = NDArray[np.float64]
#: Steps of least squares where F was right to the limit below so far, and where it was not.
_FEW_STEPS, _MANY_STEPS, _NEARLY_RIGHT = 10, 60, 1e-4
#: Corrections at most, each leaves a few hundredths of the difference before.
_CORRECTIONS = 4
#: F need not be better than this share of the rms by which it misses the data.
_OF_MISSED = 1e-3


@dataclass(frozen=True, eq=False)
class FineMinimum:
    """A minimum with an accurate F: the objective with the corrected solver, the point x, shape (dimension,), F there,
    and why the last polish stopped."""

    objective: Objective[SearchSpace]
    x: Floats
    solution: AccurateSolution
    stop_reason: str

    @property
    def misfit(self) -> float:
        """Σ [(F − F_measured)/scale]² of the accurate F, and the Lasso's term."""
        return float((self.objective.residuals_of(self.solution.F[None].copy(), self.x[None]) ** 2).sum())

    @property
    def is_as_good_as_F(self) -> bool:
        """Whether the data are missed by no more than what F itself is good to, be that 5e-6 or, unresolved, worse."""
        missed = float(np.sqrt(np.mean((self.solution.F - self.objective.target.F) ** 2)))
        return missed <= FINE or self.solution.largest_error > RESOLUTION

    def described(self, seconds: float, reason: str) -> MemoryFit:
        """All that is said of it."""
        words = f"{reason}; {self.stop_reason}"
        return described(self.objective, self.x, self.solution, seconds, words)


def fine_minimum(objective: Objective[SearchSpace], start: Floats) -> FineMinimum:
    """The minimum next to a point, found with F that is good to `FINE`, or to a thousandth of what is missed.

    `start` is where the search has ended, shape (dimension,); its objective's evaluations are counted on.
    """
    times, dynamics = objective.target.times, objective.solver.dynamics
    solver = ExtrapolatedSolver(times, dynamics)
    accurate = AccurateSolver(times, dynamics)
    solution: AccurateSolution | None = None
    row = objective.space.candidates(start[None])
    is_near = np.abs(solver.solve(row) - objective.solver.solve(row)).max() < _NEARLY_RIGHT  # not where one diverges
    steps, x = _FEW_STEPS if is_near else _MANY_STEPS, start
    fine = objective.on(solver)
    for number in range(_CORRECTIONS + 1):
        found = polished(fine, x, most_steps=steps, tolerance=1e-9)
        x, row = found.x, objective.space.candidates(found.x[None])
        F = solver.solve(row)[0]
        tolerance = max(FINE, _OF_MISSED * float(np.sqrt(np.mean((F - objective.target.F) ** 2))))
        solution = accurate.solution(row, tolerance, solution)
        wrong_by = solution.F - F
        if number == _CORRECTIONS or not np.abs(wrong_by).max() > tolerance:
            break
        solver = solver.corrected(wrong_by)
        fine, steps = fine.on(solver), _FEW_STEPS
    assert solution is not None
    return FineMinimum(fine, x, solution, found.stop_reason)

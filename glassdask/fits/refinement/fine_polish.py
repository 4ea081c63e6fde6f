"""The end of a fit with an F that is right to five millionths (or a thousandth of what is missed), whatever the memory.

Least squares need slopes, which a quick solver has right, and F itself, which it may not: a memory that vibrates needs
thirty times the work. So F of the quick solver is corrected by its difference from an accurate solution at the minimum, and
the minimum sought again, until that difference no longer changes (defect correction).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from glassdask.fits.refinement.memory_fit import FINE, RESOLUTION, MemoryFit, described
from glassdask.fits.refinement.polish import Polished, grid_rate, polished_together
from glassdask.fits.search.objective import Objective, Solver
from glassdask.fits.search.search_space import SearchSpace
from glassdask.fits.target.correlation import independent_points
from glassdask.physics.memory.accurate_candidates import AccurateSolution, AccurateSolver, ExtrapolatedSolver

Floats = NDArray[np.float64]
#: Steps of least squares where F was right to the limit below so far, and where it was not.
_FEW_STEPS, _MANY_STEPS, _NEARLY_RIGHT = 10, 60, 1e-4
#: A step that gains less than this share of the loss is the last: of exact data, and of noisy ones, where χ² is not that well known.
_ENOUGH, _ENOUGH_OF_NOISE = 1e-9, 1e-6
#: N of the solver for the way to the minimum.
_ON_THE_WAY = 64
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

    def independent_points(self) -> float:
        """How many points of the data count as independent, if this fit has no misfit."""
        target = self.objective.target
        return independent_points((self.solution.F - target.F) / target.scale, target.blocks)

    def described(self, seconds: float, reason: str, n_independent: float) -> MemoryFit:
        """All that is said of it, where so many points count as independent."""
        words = f"{reason}; {self.stop_reason}"
        return described(self.objective, self.x, self.solution, seconds, words, n_independent)


def fine_minimum(objective: Objective[SearchSpace], start: Floats) -> FineMinimum:
    """The minimum next to a point, found with F that is good to `FINE`, or to a thousandth of what is missed.

    `start` is where the search has ended, shape (dimension,); its objective's evaluations are counted on.
    """
    return fine_minima([objective], [start])[0]


def fine_minima(objectives: Sequence[Objective[SearchSpace]], starts: Sequence[Floats]) -> list[FineMinimum]:
    """As `fine_minimum`, of one objective a start: those that share a solver go in step."""
    solvers = {id(one.solver): _Solvers.of(one) for one in objectives}
    all_fits = [_Fine(one, x, solvers[id(one.solver)]) for one, x in zip(objectives, starts, strict=True)]
    several = [fit.on_the_way() for fit in all_fits]
    found = polished_together(
        several,
        starts,
        [fit.steps for fit in all_fits],
        [fit.enough for fit in all_fits],
        [fit.rate for fit in all_fits],
    )
    for fit, objective, minimum in zip(all_fits, several, found, strict=True):
        fit.approach(objective, minimum)
    left = all_fits
    for number in range(_CORRECTIONS + 1):
        several = [fit.shifted() for fit in left]
        found = polished_together(
            several,
            [fit.x for fit in left],
            [fit.steps for fit in left],
            [fit.enough for fit in left],
            [fit.rate for fit in left],
        )
        for fit, objective, minimum in zip(left, several, found, strict=True):
            fit.take(objective, minimum)
        left = [fit for fit in left if fit.is_wrong()]
        if number == _CORRECTIONS or not left:
            break
        for fit in left:
            fit.correct()
    return [fit.minimum() for fit in all_fits]


@dataclass(frozen=True, eq=False)
class _Solvers:
    """A quick solver with slopes that are right, and an accurate one: their grids take longer to make than a solution."""

    on_the_way: ExtrapolatedSolver
    quick: ExtrapolatedSolver
    accurate: AccurateSolver

    @classmethod
    def of(cls, objective: Objective[SearchSpace]) -> _Solvers:
        times, dynamics = objective.target.times, objective.solver.dynamics
        return cls(
            ExtrapolatedSolver(times, dynamics, n_half=_ON_THE_WAY),
            ExtrapolatedSolver(times, dynamics),
            AccurateSolver(times, dynamics),
        )


@dataclass(eq=False)
class _Fine:
    """A fit in the making: where it is, what is added to F of the quick solver, and F there."""

    objective: Objective[SearchSpace]
    x: Floats
    solvers: _Solvers
    correction: Floats = field(default_factory=lambda: np.zeros(1))
    solution: AccurateSolution | None = None

    def __post_init__(self) -> None:
        self.rate = grid_rate(self.objective, self.x)
        self.steps = self._steps(self.objective.solver, self.solvers.on_the_way)
        self.enough = _ENOUGH if self.objective.target.error is None else _ENOUGH_OF_NOISE
        self.evaluations = 0

    def _steps(self, before: Solver, after: Solver) -> int:
        """Few, if F of two solvers is about the same; never where one diverges."""
        row = self.objective.space.candidates(self.x[None])
        is_near = np.abs(after.solve(row) - before.solve(row)).max() < _NEARLY_RIGHT
        return _FEW_STEPS if is_near else _MANY_STEPS

    def on_the_way(self) -> Objective[SearchSpace]:
        """The problem with a solver of a third of the work: most steps are made with it."""
        return Objective(self.objective.target, self.objective.space, self.solvers.on_the_way, self.objective.lasso)

    def approach(self, objective: Objective[SearchSpace], found: Polished) -> None:
        """Where that descent has ended."""
        self.x, self.rate = found.x, grid_rate(objective, found.x)
        self.evaluations += objective.evaluations
        self.steps = self._steps(self.solvers.on_the_way, self.solvers.quick)

    def shifted(self) -> Objective[SearchSpace]:
        """The problem with the correction taken from the data instead of added to F: all fits then share a solver."""
        target = self.objective.target
        moved = replace(target, F=target.F - self.correction)
        return Objective(moved, self.objective.space, self.solvers.quick, self.objective.lasso)

    def take(self, objective: Objective[SearchSpace], found: Polished) -> None:
        """Where a descent with the present correction has ended, and F there."""
        target = self.objective.target
        self.x, self.stop_reason = found.x, found.stop_reason
        self.evaluations += objective.evaluations
        F = target.F + found.residuals[: target.n] * target.scale
        self.tolerance = max(FINE, _OF_MISSED * float(np.sqrt(np.mean((F - target.F) ** 2))))
        row = self.objective.space.candidates(self.x[None])
        self.solution = self.solvers.accurate.solution(row, self.tolerance, self.solution)
        self.wrong_by = self.solution.F - F

    def is_wrong(self) -> bool:
        """Whether F is not what it is taken for; never where no solution is known."""
        return bool(np.abs(self.wrong_by).max() > self.tolerance)

    def correct(self) -> None:
        """What F was wrong by is mended; few steps are left to go."""
        self.correction, self.steps = self.correction + self.wrong_by, _FEW_STEPS

    def minimum(self) -> FineMinimum:
        assert self.solution is not None
        fine = self.objective.on(self.solvers.quick.corrected(self.correction, self.rate))
        fine.evaluations += self.evaluations
        return FineMinimum(fine, self.x, self.solution, self.stop_reason)

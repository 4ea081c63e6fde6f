"""How far the F of a memory is from the F that was measured (eq. 7), for many memories at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from glassdask.fits.target.target import Target
from glassdask.physics.memory.dynamics import Dynamics

Floats = NDArray[np.float64]
#: Residual of a memory whose F diverges: worse than any that does not.
_LOST = 1e3


class Space(Protocol):
    """Coordinates of memories with `n_exp` modes."""

    @property
    def n_exp(self) -> int:
        """N of eq. 6."""

    def candidates(self, x: Floats, /) -> Floats:
        """Rows (Ω, K, A, τ, b), shape (n, 2 + 3 N), from x of shape (n, dimension)."""


class Solver(Protocol):
    """Solves the memory equation for rows of candidates, as `glassdask.physics.memory.memory_candidates.CandidateSolver` does."""

    @property
    def dynamics(self) -> Dynamics:
        """Which equation."""

    @property
    def is_for_mixed_modes(self) -> bool:
        """Whether candidates of different numbers of modes are best solved in one batch."""

    def solve(self, candidates: Floats, least_rates: Floats | float = 0.0, /) -> Floats:
        """F of each row at the target's times, shape (n_rows, n_times), or of each row of each group; NaN in rows without a
        solution."""


AnySpace = TypeVar("AnySpace", bound=Space)


@dataclass(eq=False)
class Objective(Generic[AnySpace]):
    """Residuals (F − F_measured) / error of points of a search space.

    All objectives that are solved together share a solver. With `lasso`, λ Σ A_i/Ω is added to the loss: above 10⁻⁸ it
    moves the fit.
    """

    target: Target
    space: AnySpace
    solver: Solver
    lasso: float = 0.0
    evaluations: int = field(default=0, init=False)

    def residuals(self, x: Floats) -> Floats:
        """Shape (n, n_times), of x of shape (n, dimension); with Lasso, √(λ A_i/Ω) of each mode behind them."""
        self.evaluations += len(x)
        return self.residuals_of(self.solver.solve(self.space.candidates(x)), x)

    def residuals_of(self, F: Floats, x: Floats) -> Floats:
        """As `residuals`, of curves that were solved elsewhere."""
        found = (F - self.target.F) / self.target.scale
        found[~np.isfinite(found).all(axis=1)] = _LOST
        if self.lasso:
            found = np.hstack([found, np.sqrt(self.lasso * np.exp(x[:, 1 : 1 + self.space.n_exp]))])
        return found

    def losses(self, x: Floats) -> Floats:
        """Σ residual² of each point, shape (n,)."""
        return (self.residuals(x) ** 2).sum(axis=1)

    def on(self, solver: Solver) -> Objective[AnySpace]:
        """The same with another solver, its evaluations counted from here on."""
        other = Objective(self.target, self.space, solver, self.lasso)
        other.evaluations = self.evaluations
        return other

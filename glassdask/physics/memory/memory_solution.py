"""What comes of the memory equation: F and M on a grid of times, and how far they can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.memory.time_doubling import DoublingGrid

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MemorySolution:
    """F and M on the grid, and how far they can be trusted.

    Attributes
    ----------
    grid
        Its `times` belong to the first axis of F and M.
    F, M
        Shape (n_times, n, n, n_rows); NaN from where a row diverged.
    outcome
        Of each row: "converged"; "diverged" (not finite, or 1000 times its beginning); "not_resolved" (iterations spent
        without convergence, or an error estimate above what was asked). Shape (n_rows,).
    error
        Largest difference of each row from the solution with half the step, in units of F_0: an estimate of the error of
        the finer one, conservative for the extrapolated one. NaN where only one was made. Shape (n_rows,).
    most_iterations
        Of any time step; 0 for a given memory.
    n_evaluations
        Of the memory kernel.
    """

    grid: DoublingGrid
    F: Floats
    M: Floats
    outcome: NDArray[np.str_]
    error: Floats
    most_iterations: int = 0
    n_evaluations: int = 0

    @property
    def has_converged(self) -> bool:
        """Whether every row did."""
        return bool(np.all(self.outcome == "converged"))


def extrapolate(coarse: MemorySolution, fine: MemorySolution, resolution: float = 0.01) -> MemorySolution:
    """Richardson's extrapolation (4 F_2N − F_N) / 3, with an estimate of the error of each row.

    Parameters
    ----------
    coarse, fine
        Solutions of one equation on a grid and on its `halved()`.
    resolution
        Rows whose two solutions differ by more than this, in units of F's largest value, are "not_resolved": such as
        weakly damped oscillations, which a grid of doubling steps cannot follow.

    Returns
    -------
    MemorySolution
        On the coarse grid, with the outcome of both and an error in units of F's largest value.

    Raises
    ------
    InvalidInput
        If the grid of `fine` is not that of `coarse` halved.
    """
    if fine.grid != coarse.grid.halved():
        raise InvalidInput(f"fine was solved on {fine.grid}; allowed: {coarse.grid.halved()}, coarse.grid.halved()")
    shared = coarse.grid.places_in_halved()
    F, M = ((4.0 * two[shared] - one) / 3.0 for one, two in ((coarse.F, fine.F), (coarse.M, fine.M)))
    scale = np.fmax.reduce(np.abs(fine.F), axis=(0, 1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.fmax.reduce(np.abs(fine.F[shared] - coarse.F), axis=(0, 1, 2)) / (3.0 * scale)
    outcome = np.where(coarse.outcome == "converged", fine.outcome, coarse.outcome)
    outcome = np.where((outcome == "converged") & ~(error <= resolution), "not_resolved", outcome)
    return MemorySolution(
        coarse.grid,
        F,
        M,
        outcome,
        error,
        max(coarse.most_iterations, fine.most_iterations),
        coarse.n_evaluations + fine.n_evaluations,
    )

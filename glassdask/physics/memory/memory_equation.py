"""Solver of the memory equation in the time domain (eqs. 5 and 11 of the paper; docs/equations.md, E1 and E1').

    overdamped:  dF/dt   + Ω F + ∫₀ᵗ M(t−τ) dF/dτ dτ = s,   F(0) = F_0
    newtonian:   d²F/dt² + Ω F + ∫₀ᵗ M(t−τ) dF/dτ dτ = s,   F(0) = F_0, dF/dt(0) = 0

for matrices over species (products are matrix products) in any number of rows: wavenumbers that a self-consistent kernel
couples, or candidates that know nothing of each other. M is given, or follows from F at the same time. Time doubling as
in Fuchs et al., J. Phys.: Condens. Matter 3, 5047 (1991): set up, step, store, double the step. Second order in 1/N.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.compiled import (
    GivenValues,
    MemoryFunctional,
    end_step,
    halve_block,
    solve_steps,
    weights_of_differences,
)
from glassdask.physics.memory.dynamics import DEFAULT_DYNAMICS, Dynamics, checked_dynamics
from glassdask.physics.memory.memory_solution import MemorySolution
from glassdask.physics.memory.time_doubling import DoublingGrid
from glassdask.physics.numerics.row_matrices import inverses, products

Floats = NDArray[np.float64]
#: F beyond this many times its beginning is not coming back. A source feeds F, and has no such limit.
_BOUND = 1e3
#: A step is guessed from so many times before it, of the later half of time: with more, what iterations have left undone is
#: multiplied by more than the next power of the step gains. Where a step of this level or the one before took many iterations,
#: much is left undone.
_MOST_TIMES, _FEWEST_TIMES, _MANY_ITERATIONS = 7, 3, 10
#: After so many steps rows that have diverged are set to rest.
_STEPS_TOGETHER = 8
#: How `solve_steps` says that iterations have left all bounds.
_DIVERGED = 1


class MemoryKernel(Protocol):
    """Where M comes from. `is_given` says that it does not depend on F, so that no step is iterated."""

    @property
    def is_given(self) -> bool:
        """Whether M is known beforehand."""

    def fill(self, place: int, F: Floats, M: Floats) -> None:
        """Writes M at the grid's time number `place`, where F has the value given, into M, shape (n, n, n_rows)."""


@dataclass(frozen=True)
class GivenMemory:
    """M known beforehand.

    Parameters
    ----------
    values
        M(t) at every time of the grid, shape (n_times, n, n, n_rows). [1/time, or 1/time² in Newtonian dynamics]
    """

    values: Floats
    is_given: bool = True

    def fill(self, place: int, F: Floats, M: Floats) -> None:  # noqa: ARG002
        """M at this time."""
        M[...] = self.values[place]


def solve_memory_equation(
    kernel: MemoryKernel,
    Omega: ArrayLike,
    F_0: ArrayLike,
    grid: DoublingGrid,
    dynamics: Dynamics = DEFAULT_DYNAMICS,
    *,
    source: ArrayLike = 0.0,
    tolerance: float = 1e-9,
    most_iterations: int = 1000,
    told: Callable[[float], None] = lambda _share: None,
) -> MemorySolution:
    """F(t) from the memory equation, in every row at once.

    Parameters
    ----------
    kernel
        The memory.
    Omega
        Ω: a rate (overdamped, [1/time]) or a frequency squared (Newtonian, [1/time²]), shape (n, n, n_rows).
    F_0
        F at t = 0, same shape.
    grid
        The times. The first block is filled by a short-time expansion: `first_step_for` gives a step short enough.
    dynamics
        "overdamped" or "newtonian".
    source
        s, broadcast to the shape of F_0. [F/time, or F/time²]
    tolerance
        Iterations of a step end when F changes by less than this, in units of F_0.
    most_iterations
        Of a step; when they are spent the rows are "not_resolved" and the solution ends in NaN: nothing hangs.
    told
        Called after every octave of time with the share of octaves that is done.

    Returns
    -------
    MemorySolution
        F and M at `grid.times`, shape (n_times, n, n, n_rows), F in the unit of F_0; rows that could not be solved say so in
        `outcome`, and nothing is raised for them.

    Raises
    ------
    InvalidInput
        If shapes do not fit or the dynamics are unknown.

    Examples
    --------
    Without memory F decays exponentially:

    >>> grid = DoublingGrid.reaching(64, 1e-5, 1.0)
    >>> none = GivenMemory(np.zeros((grid.times.size, 1, 1, 1)))
    >>> solution = solve_memory_equation(none, [[[1.0]]], [[[1.0]]], grid)
    >>> round(float(solution.F[-1, 0, 0, 0]), 4)
    0.3679
    """
    run = _Run(kernel, Omega, F_0, grid, dynamics, source, tolerance, most_iterations)
    with np.errstate(over="ignore", invalid="ignore"):  # a row that overflows is "diverged"
        run.fill_first_block()
        for level in range(1, grid.n_levels + 1):
            run.double_the_step()
            if not run.solve_upper_half(level):
                break
            told(level / grid.n_levels)
        return run.solution()


class _Run:
    """One solution in the making: a block of the past, and what has been found so far."""

    def __init__(self, kernel, Omega, F_0, grid, dynamics, source, tolerance, most_iterations):
        self.kernel, self.grid, self.is_newtonian = kernel, grid, checked_dynamics(dynamics) == "newtonian"
        self.Omega, self.F_0 = (np.ascontiguousarray(array, dtype=float) for array in (Omega, F_0))
        if self.F_0.ndim != 3 or self.Omega.shape != self.F_0.shape or self.F_0.shape[0] != self.F_0.shape[1]:
            raise InvalidInput(
                f"Omega has the shape {self.Omega.shape} and F_0 {self.F_0.shape}; allowed: (n, n, n_rows) for both"
            )
        shape = self.F_0.shape
        if isinstance(kernel, GivenMemory) and kernel.values.shape != (grid.times.size, *shape):
            raise InvalidInput(
                f"the given memory has the shape {kernel.values.shape}; allowed: {(grid.times.size, *shape)}, its values at "
                "grid.times, (n_times, n, n, n_rows)"
            )
        s = np.broadcast_to(np.asarray(source, dtype=float), shape)
        self.scale = np.maximum(np.abs(self.F_0).max(axis=(0, 1)), np.finfo(float).tiny)
        self.bound = np.where(np.any(s != 0, axis=(0, 1)), np.inf, _BOUND * self.scale)
        self.source = np.ascontiguousarray(s) if np.any(s != 0) else None
        self.tolerance, self.most = tolerance, most_iterations
        block = (2 * grid.n_half + 1, *shape)
        self.F, self.F_mean, self.F_skew, self.F_hat = (np.zeros(block) for _ in range(4))
        self.M, self.M_mean, self.M_skew, self.M_hat = (np.zeros(block) for _ in range(4))
        self.found_F = np.full((grid.times.size, *shape), np.nan)
        self.found_M = np.full((grid.times.size, *shape), np.nan)
        self.is_diverged = np.zeros(shape[2], dtype=bool)
        self.is_unresolved = False
        self.memory: MemoryFunctional | Callable[[int, int], None] = getattr(kernel, "compiled", self._fill)
        if isinstance(kernel, GivenMemory):
            self.memory = GivenValues(np.ascontiguousarray(kernel.values, dtype=float))
        self.iterations = self.evaluations = 0
        self.of_levels = [0, 0]  # most iterations of a step, in the level before and in this one

    # --- the three parts of the scheme ------------------------------------------------------------------------------

    def fill_first_block(self) -> None:
        """F from its expansion in t, F'(0) and F''(0) (overdamped) or F''(0) and F''''(0) (Newtonian) included."""
        t = self.grid.times[: 2 * self.grid.n_half + 1, None, None, None]
        self._evaluate(0, self.F_0, self.M[0])
        first = (0.0 if self.source is None else self.source) - products(self.Omega, self.F_0)
        second = -products(self.Omega + self.M[0], first)
        if self.is_newtonian:
            self.F[...] = self.F_0 + first * t**2 / 2 + second * t**4 / 24
        else:
            self.F[...] = self.F_0 + first * t + second * t**2 / 2
        self.found_F[0], self.found_M[0] = self.F[0], self.M[0]
        for i in range(1, len(self.F)):
            self._evaluate(i, self.F[i], self.M[i])
            self._store(i)

    def double_the_step(self) -> None:
        """Keeps every second time of the block, and what happened in between as moments."""
        halve_block(self.F, self.F_mean, self.F_skew)
        halve_block(self.M, self.M_mean, self.M_skew)
        weights_of_differences(self.F_mean, self.F_skew, self.F_hat)
        weights_of_differences(self.M_mean, self.M_skew, self.M_hat)

    def solve_upper_half(self, level: int) -> bool:
        """Solves the times N+1 … 2N of a level; False where nothing is left to be solved."""
        h = self.grid.step(level)
        self.of_levels = [self.of_levels[1], 0]
        power, leading = (h**2, 2.0) if self.is_newtonian else (h, 1.5)
        identity = np.eye(self.F_0.shape[0])[:, :, None]
        A_inverse = inverses(leading / power * identity + self.Omega + self.M_hat[1])
        about = A_inverse, self.F_0 - self.F_hat[1], self.scale
        n, place = self.grid.n_half, self.grid.index(level, self.grid.n_half + 1) - 1
        first = n + 1
        for last in [i for i in range(first, 2 * n + 1) if i % _STEPS_TOGETHER == 0 or i == 2 * n]:
            if not self._solve(about, power, place, (first, last)):
                self.is_unresolved = True
                return False
            self._set_lost_rows_to_rest(place + last - n)
            first = last + 1
        return not np.all(self.is_diverged)

    def solution(self) -> MemorySolution:
        """What was found."""
        is_lost = np.maximum.accumulate(np.isnan(self.found_F).any(axis=(1, 2)), axis=0)
        for found in (self.found_F, self.found_M):
            np.moveaxis(found, 3, 1)[is_lost] = np.nan
        outcome = np.where(self.is_diverged, "diverged", "not_resolved" if self.is_unresolved else "converged")
        no_error = np.full(outcome.shape, np.nan)
        return MemorySolution(
            self.grid, self.found_F, self.found_M, outcome, no_error, self.iterations, self.evaluations
        )

    # --- time steps -------------------------------------------------------------------------------------------------

    def _solve(self, about: tuple[Floats, Floats, Floats], power: float, place: int, steps: tuple[int, int]) -> bool:
        """Some steps of a level, F_i = A⁻¹ (M_i D + C), iterated where M_i depends on F_i; False where one was not solved."""
        end, self.of_levels[1], evaluations = solve_steps(
            (self.F, self.F_mean, self.F_skew, self.F_hat),
            (self.M, self.M_mean, self.M_skew, self.M_hat),
            self.memory,
            self.kernel.is_given,
            about,
            self.source,
            power,
            self.is_newtonian,
            (self.tolerance, _BOUND, self.most),
            (_FEWEST_TIMES, _MOST_TIMES, _MANY_ITERATIONS),
            (self.of_levels[0], self.of_levels[1]),
            place,
            steps,
            self.found_F,
            self.found_M,
        )
        self.evaluations += evaluations
        self.iterations = max(self.iterations, self.of_levels[1])
        if end == _DIVERGED:
            self.is_diverged[:] = True
        return end == 0

    def _fill(self, place: int, i: int) -> None:
        self.kernel.fill(place, self.F[i], self.M[i])

    def _evaluate(self, place: int, F: Floats, M: Floats) -> None:
        self.kernel.fill(place, F, M)
        self.evaluations += 1

    def _store(self, i: int) -> None:
        end_step(self.F, self.F_mean, self.F_skew, self.M, self.M_mean, self.M_skew, i)
        self.found_F[i], self.found_M[i] = self.F[i], self.M[i]
        if i % _STEPS_TOGETHER == 0 or i == 2 * self.grid.n_half:
            self._set_lost_rows_to_rest(i)

    def _set_lost_rows_to_rest(self, place: int) -> None:
        """So that a row which diverges cannot spoil the others, nor overflow."""
        self.is_diverged |= ~(np.abs(self.found_F[place]).max(axis=(0, 1)) <= self.bound)
        if self.is_diverged.any():
            for block in (self.F, self.F_mean, self.F_skew, self.F_hat):
                block[..., self.is_diverged] = 0.0
            lost = self.found_F[: place + 1, ..., self.is_diverged]
            lost[np.abs(lost) > self.bound[self.is_diverged]] = np.nan
            self.found_F[: place + 1, ..., self.is_diverged] = lost


def first_step_for(Omega: ArrayLike, M_0: ArrayLike, n_half: int, dynamics: Dynamics = DEFAULT_DYNAMICS) -> float:
    """A first step for which the short-time expansion of the first block is good to 2e-8 of F_0.

    The block ends at 2N h with 2N h ‖Ω + M(0)‖ ≤ 0.005 (overdamped) or (2N h)² ‖Ω + M(0)‖ ≤ 0.01 (Newtonian); the norm is
    the largest sum of a row over species, in the fastest of all rows.

    Parameters
    ----------
    Omega, M_0
        Ω and M(0), shape (n, n, n_rows). [1/time, or 1/time² in Newtonian dynamics]
    n_half
        N of the grid.
    dynamics
        "overdamped" or "newtonian".

    Returns
    -------
    float
        h_0. [time]

    Raises
    ------
    InvalidInput
        If Ω + M(0) is 0 or not finite.
    """
    fastest = np.abs(np.asarray(Omega, dtype=float) + np.asarray(M_0, dtype=float)).sum(axis=1).max()
    if not (np.isfinite(fastest) and fastest > 0):
        raise InvalidInput(f"the largest of Ω + M(0) is {fastest}; allowed: a finite rate above 0")
    end = np.sqrt(0.01 / fastest) if dynamics == "newtonian" else 0.005 / fastest
    return float(end) / (2 * n_half)

"""What benchmarks/memory_fit.py compares with: the solver as a NumPy loop, and other searches on our solver.

All searches see one objective, `Counted`: it counts solutions of the memory equation and ends a search, wherever it is, as
soon as the sum of squares is below what was asked for.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any
from unittest.mock import patch

import cma
import numpy as np
from numpy.typing import NDArray
from paper_method import LASSO, SIGMA, PaperSpace
from scipy.optimize import differential_evolution, least_squares

from glassdask.fits.search.search_space import SearchSpace
from glassdask.fits.target.target import Target
from glassdask.physics.memory.memory_candidates import CandidateSolver
from glassdask.physics.memory.memory_kernels import StretchedMemory
from glassdask.physics.memory.time_doubling import DoublingGrid

Floats = NDArray[np.float64]


def step_loop_solution(
    row: Floats, times: Floats, is_newtonian: bool = False, n_half: int = 32, start: float = 0.04
) -> Floats:
    """F of one candidate (Ω, K, A, τ, b) at some times: the scheme of `CandidateSolver` with NumPy over the history.

    One step in Python for each time that is solved; the two sums over the past are dot products, and M of a level, its
    moments and those of F are arrays.
    """
    n_exp = (row.size - 2) // 3
    Omega, K = row[:2]
    A, tau, b = row[2:].reshape(3, n_exp, 1)
    fastest = row[: 2 + n_exp].sum()
    end = math.sqrt(start / fastest) if is_newtonian else start / fastest
    n_levels = max(0, math.ceil(math.log2(times[-1] / end)))
    grid = DoublingGrid(n_half, times[-1] / (2 * n_half * 2.0**n_levels), n_levels)
    M_all = K + (A * np.exp(-((grid.times / tau) ** b))).sum(axis=0)
    F_all = np.empty(grid.times.size)
    first = 2 * n_half + 1
    F_all[:first] = _expansion(grid.times[:first], Omega, M_all[0], is_newtonian)
    F, M = _Block(F_all[:first].copy()), _Block(M_all[:first].copy())
    for level in range(1, n_levels + 1):
        h = grid.step(level)
        power, leading = (h * h, 2.0) if is_newtonian else (h, 1.5)
        place = slice(first + (level - 1) * n_half, first + level * n_half)
        F.halve()
        M.halve()
        M.values[n_half + 1 :] = M_all[place]
        M.steps[n_half + 1 :] = np.diff(M.values[n_half:])
        left = 1.0 / (leading / power + Omega + M.hats[1])
        for i in range(n_half + 1, first):
            f = F.values
            if is_newtonian:
                past = (5.0 * f[i - 1] - 4.0 * f[i - 2] + f[i - 3]) / power
            else:
                past = (2.0 * f[i - 1] - 0.5 * f[i - 2]) / power
            f[i] = left * (M.values[i] * (1.0 - F.hats[1]) + _past(F, M, i, n_half) + past)
            F.steps[i] = f[i] - f[i - 1]
        F.take_moments(n_half + 1)
        M.take_moments(n_half + 1)
        F_all[place] = F.values[n_half + 1 :]
    is_early = times < grid.first_step
    if not np.isfinite(F_all).all():  # it diverges
        return np.full(times.size, np.nan)
    return np.where(is_early, _expansion(times, Omega, M_all[0], is_newtonian), grid.interpolated(F_all, times))


def _expansion(t: Floats, Omega: float, M_0: float, is_newtonian: bool) -> Floats:
    second = Omega * (Omega + M_0)
    return 1 - Omega * t**2 / 2 + second * t**4 / 24 if is_newtonian else 1 - Omega * t + second * t**2 / 2


class _Block:
    """Values of a block with the moments of its steps."""

    def __init__(self, values: Floats):
        self.values = values
        self.steps, self.means, self.skews = np.zeros((3, values.size))
        self.hats = np.zeros(values.size)
        self.steps[1:] = np.diff(values)
        self.means[1] = 0.5 * (values[0] + values[1])
        self.skews[1] = self.steps[1] / 12.0
        self.take_moments(2)

    def take_moments(self, first: int) -> None:
        v = self.values
        self.means[first:] = (5.0 * v[first:] + 8.0 * v[first - 1 : -1] - v[first - 2 : -2]) / 12.0
        self.skews[first:] = self.steps[first:] / 12.0

    def halve(self) -> None:
        n = self.values.size // 2
        odd, even = slice(1, None, 2), slice(2, None, 2)
        self.skews[1 : n + 1] = 0.25 * (self.skews[odd] + self.skews[even]) + 0.125 * (
            self.means[even] - self.means[odd]
        )
        self.means[1 : n + 1] = 0.5 * (self.means[odd] + self.means[even])
        self.values[: n + 1] = self.values[::2].copy()
        self.steps[1 : n + 1] = np.diff(self.values[: n + 1])
        means, skews, hats = self.means, self.skews, self.hats
        hats[1] = means[1] - skews[1] - 0.5 * skews[2]
        hats[2] = means[2] + skews[1] - 0.5 * skews[3]
        hats[3:n] = means[3:n] + 0.5 * (skews[2 : n - 1] - skews[4 : n + 1])
        hats[n] = means[n] + 0.5 * skews[n - 1]


def _past(F: _Block, M: _Block, i: int, n_half: int) -> float:
    """What the integral holds besides F_i, with its sign turned (glassdask/physics/compiled/memory_history.cpp)."""
    middle = i // 2
    rest = i - middle
    C = M.values[i - 1] * F.hats[1] + M.hats[1] * F.values[i - 1] - M.values[rest] * F.values[middle]
    C -= np.dot(M.steps[i - 1 : rest : -1], F.hats[2 : middle + 1])
    C -= np.dot(F.steps[i - 1 : rest : -1], M.hats[2 : middle + 1])
    C -= 0.5 * (M.steps[rest] * F.skews[middle] + M.skews[rest] * F.steps[middle])
    if rest > middle:
        C -= M.hats[rest] * F.steps[middle + 1]
    if middle < n_half:
        C -= 0.5 * M.steps[rest + 1] * F.skews[middle + 1]
    if rest < n_half:
        C -= 0.5 * M.skews[rest + 1] * F.steps[middle + 1]
    return float(C)


class StepLoop:
    """`CandidateSolver`, one candidate after the other in Python."""

    def __init__(self, times: Floats, is_newtonian: bool = False):
        self.times, self.is_newtonian = times, is_newtonian

    def solve(self, rows: Floats) -> Floats:
        """F of each row, NaN where it is no memory."""
        found = np.full((len(rows), self.times.size), np.nan)
        with np.errstate(all="ignore"):
            for i, row in enumerate(rows):
                n_exp = (row.size - 2) // 3
                if np.isfinite(row).all() and row[: 2 + n_exp].sum() > 0:
                    found[i] = step_loop_solution(row, self.times, self.is_newtonian)
        return found


class Reached(Exception):
    """The sum of squares asked for was seen."""


@dataclass(eq=False)
class Counted:
    """Sums of squares of points of a space, counted, with the clock running from the first."""

    target: Target
    space: Any
    solver: Any
    goal: float
    most: float = np.inf
    evaluations: int = 0
    lowest: float = np.inf
    best: Floats | None = None

    def residuals(self, x: Floats) -> Floats:
        """Shape (n, n_times); raises `Reached` when one of them is good enough."""
        self.evaluations += len(x)
        found = self.solver.solve(self.space.candidates(x)) - self.target.F
        found[~np.isfinite(found).all(axis=1)] = 1e3
        losses = (found**2).sum(axis=1)
        if losses.min() < self.lowest:
            self.lowest, self.best = float(losses.min()), x[np.argmin(losses)].copy()
        if self.lowest < self.goal or self.evaluations >= self.most:
            raise Reached
        return found

    def losses(self, x: Floats) -> Floats:
        """Shape (n,)."""
        return (self.residuals(x) ** 2).sum(axis=1)


@dataclass(frozen=True)
class Outcome:
    """Of one search.

    Parameters
    ----------
    is_reached
        Whether the goal was.
    evaluations, seconds
        Until then, or until it gave up; seconds of the processor.
    loss
        The lowest seen.
    """

    is_reached: bool
    evaluations: int
    seconds: float
    loss: float


def run_counted(counted: Counted, search: Callable[[Counted], object]) -> Outcome:
    """Lets a search run until it reaches the goal or gives up."""
    begun = time.process_time()
    with suppress(Reached):
        search(counted)
    return Outcome(
        counted.lowest < counted.goal, counted.evaluations, time.process_time() - begun, float(counted.lowest)
    )


def by_pycma(counted: Counted, seed: int) -> None:
    """pycma with its defaults from one random start: bounds, CMA_stds, σ = 0.3; one run, no restart."""
    space: SearchSpace = counted.space
    n = space.n_exp
    stds = np.ones(space.dimension)
    stds[1 + 2 * n : 1 + 3 * n] = 1.0 / 3.0
    rng = np.random.default_rng(seed)
    start = space.inside(space.random(rng, 2)[1])
    options = {"bounds": [space.low, space.high], "CMA_stds": stds, "seed": seed + 1, "verbose": -9}
    _ask_and_tell(cma.CMAEvolutionStrategy(start, 0.3, options), counted.losses)


def by_pycma_as_the_paper(counted: Counted, seed: int, start: StretchedMemory, checks_step: bool) -> None:
    """The paper's parameters and σ, from a memory, as `paper_method` does."""
    rng = np.random.default_rng(seed)
    options: dict[str, Any] = {
        "randn": lambda *shape: rng.standard_normal(shape),
        "seed": np.nan,
        "verbose": -9,
        "verb_log": 0,
    }
    if not checks_step:
        options["tolfacupx"] = np.inf
    space: PaperSpace = counted.space
    _ask_and_tell(
        cma.CMAEvolutionStrategy(space.start(start), SIGMA, options),
        lambda x: counted.losses(x) + LASSO * np.abs(x).sum(axis=1),
    )


def _ask_and_tell(strategy: Any, losses: Callable[[Floats], Floats]) -> None:
    while not strategy.stop():
        asked = strategy.ask()
        strategy.tell(asked, losses(np.array(asked)).tolist())


def by_differential_evolution(counted: Counted, seed: int) -> None:
    """scipy's defaults, a generation at once."""
    space: SearchSpace = counted.space
    differential_evolution(
        lambda x: counted.losses(np.atleast_2d(x.T)),
        list(zip(space.low, space.high, strict=True)),
        rng=seed,
        vectorized=True,
        updating="deferred",
        polish=False,
    )


def by_least_squares(counted: Counted, seed: int) -> None:
    """scipy's trust region from one random start, its own differences."""
    space: SearchSpace = counted.space
    start = space.inside(space.random(np.random.default_rng(seed), 2)[1])
    least_squares(lambda x: counted.residuals(x[None])[0], start, bounds=(space.low, space.high), x_scale="jac")


def by_descents(counted: Counted, seed: int, n_starts: int = 16, most: int = 6) -> None:
    """Least squares from the best of some random starts, from the next best where that fails, and so on.

    Forward differences, all columns in one call of the solver; a descent ends when a step gains less than 1e-4.
    """
    space: SearchSpace = counted.space
    starts = space.random(np.random.default_rng(seed), n_starts)
    losses = counted.losses(starts)
    for start in starts[np.argsort(losses)[:most]]:
        least_squares(
            lambda x: counted.residuals(x[None])[0],
            space.inside(start),
            jac=partial(_forward_differences, counted),
            bounds=(space.low, space.high),
            x_scale="jac",
            ftol=1e-4,
            xtol=1e-6,
            max_nfev=40,
        )


def _forward_differences(counted: Counted, x: Floats, step: float = 1e-5) -> Floats:
    space: SearchSpace = counted.space
    moved = np.where(x + step <= space.high, step, -step)
    values = counted.residuals(np.vstack([x, x + np.diag(moved)]))
    return ((values[1:] - values[0]) / moved[:, None]).T


@dataclass(eq=False)
class FirstSeen:
    """When a search first saw a curve within a sum of squares of the target, and all that was solved."""

    solved: int = 0
    evaluations: int | None = None
    seconds: float | None = None


@contextmanager
def first_seen(target: Target, goal: float) -> Iterator[FirstSeen]:
    """Watches every candidate solved by any `CandidateSolver` meanwhile."""
    seen, solve, begun = FirstSeen(), CandidateSolver.solve, time.process_time()

    def watched(self: CandidateSolver, candidates: Any, least_rates: Any = 0.0) -> Floats:
        F = solve(self, candidates, least_rates)
        seen.solved += F[..., 0].size
        if seen.evaluations is None and bool((((F - target.F) ** 2).sum(axis=-1) < goal).any()):
            seen.evaluations, seen.seconds = seen.solved, time.process_time() - begun
        return F

    with patch.object(CandidateSolver, "solve", watched):
        yield seen

"""The evolution strategy as the paper describes it (section 4.4), for comparison: its own parameters, σ = 5e-4, from M_MCT.

pycma's default settings search (c, w_i, a_i, τ_i, b_i) of eq. 6, which hold N directions along which nothing changes and
numbers of very different size. With so small a first step pycma's own check of the step's growth (``tolfacupx``) ends
nearly every search before it has begun; it can be left out.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassdask.fits.refinement.memory_fit import FINE, MemoryFit, described
from glassdask.fits.search.lockstep import Search, lockstep
from glassdask.fits.search.objective import Objective
from glassdask.fits.search.pycma import pycma
from glassdask.fits.search.search import SearchResult
from glassdask.fits.search.search_space import SearchSpace
from glassdask.fits.target.target import Target
from glassdask.physics.memory.accurate_candidates import AccurateSolver, ExtrapolatedSolver
from glassdask.physics.memory.dynamics import DEFAULT_DYNAMICS, Dynamics
from glassdask.physics.memory.memory_candidates import CandidateSolver
from glassdask.physics.memory.memory_kernels import StretchedMemory

Floats = NDArray[np.float64]
#: The paper's first step, and a Lasso that does not move the fit.
SIGMA, LASSO = 5e-4, 1e-9
#: Offsets a_i of the start: with a_i = 0 the plateau would be c alone.
_OFFSET = 0.1


@dataclass(frozen=True, eq=False)
class PaperSpace:
    """The paper's parameters (c, w_i, a_i, τ_i, b_i), without bounds, as points of a search.

    Parameters
    ----------
    n_exp
        N.
    Omega
        Ω, known. [1/time, or 1/time² in Newtonian dynamics]
    """

    n_exp: int
    Omega: float

    @property
    def dimension(self) -> int:
        """1 + 4 N."""
        return 1 + 4 * self.n_exp

    def candidates(self, y: Floats) -> Floats:
        """Rows (Ω, K, A, τ, b), shape (n, 2 + 3 N); those with a time or stretch below 0 are no memories: F is NaN."""
        c, w, a, tau, b = np.split(y, [1, 1 + self.n_exp, 1 + 2 * self.n_exp, 1 + 3 * self.n_exp], axis=1)
        return np.hstack([np.full_like(c, self.Omega), c + (w * a).sum(axis=1, keepdims=True), w * (1 - a), tau, b])

    def start(self, memory: StretchedMemory) -> Floats:
        """The point of a memory, with a_i = 0.1."""
        w = memory.amplitudes / (1 - _OFFSET)
        return np.concatenate(
            [[memory.plateau - _OFFSET * w.sum()], w, np.full(self.n_exp, _OFFSET), memory.times, memory.stretches]
        )

    def memory(self, y: Floats) -> StretchedMemory:
        """Eq. 6 at a point."""
        return StretchedMemory(y[0], *np.split(y[1:], 4))


def fit_as_the_paper(
    target: Target,
    memory: StretchedMemory,
    Omega: float,
    dynamics: Dynamics = DEFAULT_DYNAMICS,
    seed: int = 1,
    checks_step: bool = True,
    most_evaluations: int = 20_000,
    loss_target: float = 0.0,
) -> MemoryFit:
    """Eq. 6 fitted by pycma with the paper's settings, from a given memory (the paper's is mode-coupling theory's).

    Parameters
    ----------
    target
        What was measured.
    memory
        Where the search starts; its number of modes is that of the fit.
    Omega
        Ω.
    dynamics
        "overdamped" is the paper's.
    seed
        Of the random numbers.
    checks_step
        Whether pycma's check ``tolfacupx`` is on, as it is by default.
    most_evaluations
        At which the search ends.
    loss_target
        Σ (F − F_measured)² at which it ends.
    """
    begun = time.perf_counter()
    space = PaperSpace(memory.n_exp, Omega)
    plain = Target(target.times, target.F)
    objective = Objective(plain, space, CandidateSolver(target.times, dynamics))
    asks = _search(space.start(memory), seed, checks_step, most_evaluations, loss_target)
    found = lockstep({"paper": Search(objective, asks)})["paper"]
    identifiable = SearchSpace.of(target, memory.n_exp, dynamics, Omega, False)
    final = Objective(target, identifiable, ExtrapolatedSolver(target.times, dynamics))
    final.evaluations = objective.evaluations
    x = identifiable.coordinates(space.memory(found.x))
    solution = AccurateSolver(target.times, dynamics, FINE).solution(identifiable.candidates(x[None]))
    return described(final, x, solution, time.perf_counter() - begun, found.stop_reason)


def _search(
    start: Floats, seed: int, checks_step: bool, most_evaluations: int, loss_target: float
) -> Generator[Floats, Floats, SearchResult]:
    rng = np.random.default_rng(seed)
    options = {"randn": lambda *shape: rng.standard_normal(shape), "seed": np.nan, "verbose": -10, "verb_log": 0}
    if not checks_step:
        options["tolfacupx"] = np.inf
    strategy = pycma().CMAEvolutionStrategy(start, SIGMA, {**options, "maxfevals": most_evaluations})
    best, lowest, generation = start, np.inf, 0
    while True:
        asked = np.array(strategy.ask())
        losses = yield asked
        strategy.tell(list(asked), (losses + LASSO * np.abs(asked).sum(axis=1)).tolist())
        generation += 1
        if losses.min() < lowest:
            best, lowest = asked[np.argmin(losses)], float(losses.min())
        if lowest <= loss_target:
            return SearchResult(best, lowest, "target", generation)
        if strategy.stop():
            return SearchResult(best, lowest, ", ".join(strategy.stop()), generation)

"""The fit of one target with one number of modes, in the making: its searches, its minima, its last polish."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.fits.fit_options import FitOptions
from glassdask.fits.refinement.bootstrap import bootstrap, resamplings
from glassdask.fits.refinement.fine_polish import FineMinimum, fine_minima
from glassdask.fits.refinement.memory_fit import MemoryFit, criterion
from glassdask.fits.refinement.polish import Polished
from glassdask.fits.search.objective import Objective, Solver
from glassdask.fits.search.search import SearchResult, ranked_starts, search
from glassdask.fits.search.search_space import SearchSpace
from glassdask.fits.target.reproduction import MET
from glassdask.fits.target.target import Target
from glassdask.physics.memory.memory_kernels import StretchedMemory

Floats = NDArray[np.float64]
#: Descents from random starts that are made together, of a fit that misses its data at least, and of a fit at most.
_FEW_DESCENTS, _MANY_DESCENTS, _MOST_DESCENTS = 4, 8, 12
#: What is said of a minimum that was found from the simpler memory.
NESTED = "nested"
#: The share by which two minima may differ and be the same.
_SAME = 0.01
#: Mean squared residual below which data without errors are met: what the search's own solver is good for.
_MET_WITHOUT_ERROR = 1e-10


@dataclass(eq=False)
class FitInProgress:
    """One target and one number of modes, in the making."""

    name: str
    n_exp: int
    target: Target
    rate: float
    options: FitOptions
    solver: Solver
    first_memory: StretchedMemory | None = None
    seconds: float = 0.0
    minima: list[float] = field(default_factory=list)
    nested: float = np.inf
    first: list[Floats] = field(default_factory=list)
    left: list[Floats] = field(default_factory=list)
    found: Polished | None = None
    reason: str = ""
    minimum: FineMinimum | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.rate) and self.rate > 0):
            raise InvalidInput(f"Omega of {self.name} is {self.rate}; allowed: a finite rate above 0")
        options = self.options
        self.space = SearchSpace.of(self.target, self.n_exp, options.dynamics, self.rate, options.fits_omega)
        self.objective = Objective(self.target, self.space, self.solver, options.lasso)

    def key(self, number: int) -> str:
        """Name of a search in checkpoints."""
        return f"{self.name}/{self.options.dynamics}/{self.n_exp}/{number}"

    def starting(self) -> Generator[Floats, Floats, Floats]:
        """The search for where least squares begin: the best of many random memories, the known one before them."""
        known = None if self.first_memory is None else self.space.coordinates(self.first_memory)[None]
        return ranked_starts(self.space, self._seed(0), self.options.n_starts, known)

    def evolution(self, number: int) -> Generator[Floats, Floats, SearchResult]:
        """The evolution of a round, from the second on; later ones have larger populations."""
        population = int(4 + 3 * np.log(self.space.dimension)) * 2 ** (number - 1)
        options = self.options
        return search(
            self.space, self._seed(number), options.n_starts, population, options.generations, 0.5 * self._met_loss()
        )

    def _seed(self, number: int) -> int:
        return int(np.random.SeedSequence([self.options.seed, *self.key(number).encode()]).generate_state(1)[0])

    def begin(self, starts: Floats, simpler: FitInProgress | None) -> None:
        """Where its descents begin: from the simpler memory with a mode more, which it cannot lose to, and these."""
        nested = self._with_a_mode_more(simpler)
        self.first, self.left = nested, list(starts[:_MOST_DESCENTS])

    def next_starts(self) -> list[tuple[Floats, str]]:
        """The next few points to descend from, with a word for each; none once it is settled or no point is left."""
        if self.is_settled():
            return []
        nested, self.first = self.first, []
        several, self.left = self.left[:_FEW_DESCENTS], self.left[_FEW_DESCENTS:]
        return [*((x, NESTED) for x in nested), *((x, "least squares") for x in several)]

    def is_settled(self) -> bool:
        """Whether the data are met, or the lowest minimum was found twice, within a hundredth, by many descents: a trap in which
        a mode takes the place of M(∞) is found twice by a few."""
        lowest = sorted([*self.minima, self.nested])
        if lowest[0] <= self._met_loss():
            return True
        return len(self.minima) >= _MANY_DESCENTS and lowest[1] <= lowest[0] * (1 + _SAME)

    def take(self, minimum: Polished, reason: str) -> None:
        """One more minimum; those that begin at the simpler memory count as one, for they fall into the same trap."""
        if reason != NESTED:
            self.minima.append(minimum.loss)
        else:
            self.nested = min(self.nested, minimum.loss)
        if self.found is None or minimum.loss < self.found.loss:
            self.found, self.reason = minimum, reason

    def _with_a_mode_more(self, simpler: FitInProgress | None) -> list[Floats]:
        """The simpler memory with further modes, early, in the middle and late, of a tenth of its smallest amplitude."""
        if simpler is None or simpler.found is None:
            return []
        x = simpler.found.x if simpler.minimum is None else simpler.minimum.x
        Omega, memory = simpler.space.memory(x)
        t, more = self.target.times, self.n_exp - simpler.n_exp
        return [
            self.space.coordinates(
                StretchedMemory.from_invariants(
                    memory.plateau,
                    np.append(memory.amplitudes, np.full(more, 0.1 * memory.amplitudes.min())),
                    np.append(memory.times, np.full(more, tau)),
                    np.append(memory.stretches, np.full(more, 0.8)),
                ),
                Omega,
            )
            for tau in (t[0], np.sqrt(t[0] * t[-1]), t[-1])
        ]

    def _met_loss(self) -> float:
        n = self.target.n
        return n * (_MET_WITHOUT_ERROR if self.target.error is None else MET)

    def finished(self, simpler: FitInProgress | None, n_independent: float) -> MemoryFit:
        """The minimum of the last polish, with its errors; never worse than that of fewer modes. So many points count."""
        begun = time.perf_counter()
        assert self.minimum is not None
        reason = self.reason
        if simpler is not None and simpler.minimum is not None and not self.minimum.misfit <= simpler.minimum.misfit:
            starts = [] if simpler.minimum.is_as_good_as_F else self._with_a_mode_more(simpler)
            others = [self._split_from(simpler.minimum), *fine_minima([self.objective] * len(starts), starts)]
            self.minimum, reason = min(others, key=lambda minimum: minimum.misfit), NESTED
        seconds = self.seconds + time.perf_counter() - begun
        return self.minimum.described(seconds, reason, n_independent)

    def _split_from(self, simpler: FineMinimum) -> FineMinimum:
        """The simpler memory itself, its largest mode split into equal ones: the same M, so that nothing is lost."""
        n, x = simpler.objective.space.n_exp, simpler.x
        K, A, tau, b, rest = np.split(x, [1, 1 + n, 1 + 2 * n, 1 + 3 * n])
        largest, parts = int(np.argmax(A)), 1 + self.n_exp - n
        places = np.append(np.arange(n), np.full(parts - 1, largest))
        shares = np.where(np.arange(n) == largest, np.log(parts), 0.0)
        split = np.concatenate([K, (A - shares)[places], tau[places], b[places], rest])
        objective = self.objective.on(simpler.objective.solver)
        return replace(simpler, objective=objective, x=split, stop_reason="no use of the mode more")

    def resamplings(self) -> list[Target]:
        """The data as other experiments might have measured them."""
        assert self.minimum is not None
        seed = int(np.random.SeedSequence([self.options.seed, self.n_exp]).generate_state(1)[0])
        return resamplings(self.objective, self.minimum.x, self.options.n_bootstrap, seed)

    def refitted(self, targets: list[Target], n_independent: float) -> tuple[Floats, Floats]:
        """Minima for resampled data, shape (n, dimension), and the criterion of each, shape (n,)."""
        assert self.minimum is not None
        points, misfit = bootstrap(self.objective, self.minimum.x, targets)
        has_error = self.target.error is not None
        return points, np.asarray(criterion(misfit, self.target.n, self.space.dimension, n_independent, has_error))

    def with_bootstrap_error(self, fit: MemoryFit, points: Floats) -> MemoryFit:
        """The fit with the standard deviations of its parameters over resampled data, and the memories of those."""
        deviations = np.std([self.space.parameters(x) for x in points], axis=0, ddof=1)
        return replace(fit, bootstrap_error=deviations, resampled=tuple(self.space.memory(x)[1] for x in points))

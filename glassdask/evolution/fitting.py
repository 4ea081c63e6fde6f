"""The search for memories in rounds: best of many starts → CMA-ES → least squares, for each number of modes.

A round searches every target and every number of modes in step. Rounds follow (the population doubled, IPOP: Auger and
Hansen, CEC 2005) until the data are met within their errors or a minimum was found twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.evolution.bootstrap import bootstrap
from glassdask.evolution.checkpoint import Answers
from glassdask.evolution.fit_options import FitOptions
from glassdask.evolution.in_step import Search, in_step
from glassdask.evolution.memory_fit import MemoryFit, best, described, fine_solver
from glassdask.evolution.objective import Objective
from glassdask.evolution.polish import Polished, polished
from glassdask.evolution.search import search
from glassdask.evolution.search_space import SearchSpace
from glassdask.evolution.target import Target
from glassdask.physics.memory_candidates import CandidateSolver
from glassdask.physics.memory_equation import Dynamics
from glassdask.physics.memory_kernels import StretchedMemory

Floats = NDArray[np.float64]
#: χ²/n below which the data are met, and the share by which two minima may differ and be the same.
_MET, _SAME = 1.2, 0.01
#: Mean squared residual below which data without errors are met: what the search's own solver is good for.
_MET_WITHOUT_ERROR = 1e-10


def fit_memories(
    targets: Mapping[str, Target],
    rates: Mapping[str, float],
    options: FitOptions | None = None,
    first_memories: Mapping[str, Callable[[int], StretchedMemory]] | None = None,
    answers: Answers | None = None,
    keep_alive: Callable[[], None] = lambda: None,
) -> dict[str, list[MemoryFit]]:
    """Fits eq. 6 to every target, for every number of modes that its points allow.

    Parameters
    ----------
    targets
        By name (species).
    rates
        Ω of each. [1/time, or 1/time² in Newtonian dynamics]
    options
        What to do.
    first_memories
        For targets for which one is known, a function of N that gives a memory to be tried with the random starts.
    answers
        Where the searches are checkpointed.
    keep_alive
        Called every generation.

    Raises
    ------
    InvalidInput
        If a target has too few points for the smallest n_exp, or Ω is not above 0.

    Examples
    --------
    >>> t = np.geomspace(0.01, 30.0, 40)
    >>> truth = StretchedMemory.from_invariants(0.0, [3.0], [2.0], [0.7])
    >>> F = CandidateSolver(t, "overdamped", 256, 0.004).solve(truth.candidate(1.0))[0]
    >>> fit, = fit_memories({"A": Target(t, F)}, {"A": 1.0}, FitOptions((1,), "overdamped"))["A"]
    >>> fit.loss < 1e-9, fit.memory.amplitudes.round(2).tolist(), fit.memory.times.round(2).tolist()
    (True, [3.0], [2.0])
    """
    chosen = options or FitOptions()
    fits = {}
    for name, target in targets.items():
        for n in _numbers_of_modes(name, target, chosen):
            fits[name, n] = _Fit(name, n, target, rates[name], chosen)
    _share_solvers(list(fits.values()), chosen.dynamics)
    for fit in fits.values():
        if first_memories is not None and fit.name in first_memories:
            fit.start_from(first_memories[fit.name](fit.n_exp))
    for number in range(chosen.rounds):
        left = {fit.key(number): fit for fit in fits.values() if not fit.is_settled()}
        if not left:
            break
        _search(left, number, answers, keep_alive)
        for fit in left.values():
            keep_alive()
            fit.polish_from(fits.get((fit.name, fit.n_exp - 1)))
    if answers is not None:
        answers.save()
    found: dict[str, list[MemoryFit]] = {name: [] for name in targets}
    for fit in fits.values():
        keep_alive()
        found[fit.name].append(fit.finished())
    if chosen.n_bootstrap:
        for name, of_name in found.items():
            keep_alive()
            place = of_name.index(best(of_name))
            of_name[place] = replace(of_name[place], bootstrap_error=fits[name, of_name[place].n_exp].bootstrap_error())
    return found


def _numbers_of_modes(name: str, target: Target, options: FitOptions) -> list[int]:
    """Those with fewer parameters than there are points."""
    possible = [n for n in options.n_exp if 1 + 3 * n + options.fits_omega < target.n]
    if not possible:
        least = 1 + 3 * options.n_exp[0] + options.fits_omega
        raise InvalidInput(
            f"{name} has {target.n} points for {least} parameters of n_exp = {options.n_exp[0]}; allowed: more points than "
            "parameters, so measure more times or take a smaller n_exp"
        )
    return possible


def _share_solvers(fits: list[_Fit], dynamics: Dynamics) -> None:
    """One solver for all that have the same times: their candidates are then solved together."""
    solvers: dict[bytes, CandidateSolver] = {}
    for fit in fits:
        key = fit.target.times.tobytes()
        if key not in solvers:
            solvers[key] = CandidateSolver(fit.target.times, dynamics)
        fit.objective = Objective(fit.target, fit.space, solvers[key], fit.options.lasso)


def _search(left: Mapping[str, _Fit], number: int, answers: Answers | None, keep_alive: Callable[[], None]) -> None:
    begun = time.perf_counter()
    before = {key: fit.objective.evaluations for key, fit in left.items()}
    results = in_step(
        {key: Search(fit.objective, fit.evolution(number)) for key, fit in left.items()}, answers, keep_alive
    )
    seconds = time.perf_counter() - begun
    spent = {key: fit.objective.evaluations - before[key] for key, fit in left.items()}
    for key, fit in left.items():
        fit.seconds += seconds * spent[key] / sum(spent.values())
        fit.searched = (results[key].x, results[key].stop_reason)


@dataclass(eq=False)
class _Fit:
    """One target and one number of modes, in the making."""

    name: str
    n_exp: int
    target: Target
    rate: float
    options: FitOptions
    seconds: float = 0.0
    minima: list[float] = field(default_factory=list)
    found: Polished | None = None
    reason: str = ""
    searched: tuple[Floats, str] | None = None
    first_points: Floats | None = None
    x: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if not (np.isfinite(self.rate) and self.rate > 0):
            raise InvalidInput(f"Omega of {self.name} is {self.rate}; allowed: a finite rate above 0")
        options = self.options
        self.space = SearchSpace.of(self.target, self.n_exp, options.dynamics, self.rate, options.fits_omega)
        self.objective: Objective

    def key(self, number: int) -> str:
        """Name of a search in checkpoints."""
        return f"{self.name}/{self.options.dynamics}/{self.n_exp}/{number}"

    def start_from(self, memory: StretchedMemory) -> None:
        """A memory to be tried with the random ones."""
        self.first_points = self.space.coordinates(memory)[None]

    def evolution(self, number: int):
        """The search of a round; later rounds have larger populations."""
        seed = np.random.SeedSequence([self.options.seed, *self.key(number).encode()]).generate_state(1)[0]
        population = int(4 + 3 * np.log(self.space.dimension)) * 2**number
        return search(
            self.space,
            int(seed),
            self.options.n_starts,
            population,
            self.options.generations,
            0.5 * self._met_loss(),
            self.first_points if number == 0 else None,
        )

    def is_settled(self) -> bool:
        """Whether the data are met, or the lowest minimum was found twice."""
        if not self.minima:
            return False
        lowest = sorted(self.minima)
        if lowest[0] <= self._met_loss():
            return True
        return len(lowest) > 1 and lowest[1] <= lowest[0] * (1 + _SAME)

    def polish_from(self, simpler: _Fit | None) -> None:
        """Least squares from where the search ended, and from the simpler memory with a mode more, which it cannot lose to."""
        begun = time.perf_counter()
        assert self.searched is not None
        x, reason = self.searched
        minimum = polished(self.objective, x)
        self.minima.append(minimum.loss)
        starts = [] if simpler is None or simpler.found is None else self._with_a_mode_more(simpler)
        for start in starts:
            other = polished(self.objective, start)
            if other.loss < minimum.loss:
                minimum, reason = other, "nested"
        if self.found is None or minimum.loss < self.found.loss:
            self.found, self.reason = minimum, reason
        self.seconds += time.perf_counter() - begun

    def _with_a_mode_more(self, simpler: _Fit) -> list[Floats]:
        assert simpler.found is not None
        Omega, memory = simpler.space.memory(simpler.found.x)
        t = self.target.times
        return [
            self.space.coordinates(
                StretchedMemory.from_invariants(
                    memory.plateau,
                    np.append(memory.amplitudes, 0.1 * memory.amplitudes.min()),
                    np.append(memory.times, tau),
                    np.append(memory.stretches, 0.8),
                ),
                Omega,
            )
            for tau in (t[0], np.sqrt(t[0] * t[-1]), t[-1])
        ]

    def _met_loss(self) -> float:
        n = self.target.n
        return n * (_MET_WITHOUT_ERROR if self.target.error is None else _MET)

    def finished(self) -> MemoryFit:
        """The minimum, found again with a solver that is better than any data, and its errors."""
        begun = time.perf_counter()
        assert self.found is not None
        fine = self.objective.on(fine_solver(self.target, self.options.dynamics))
        minimum = polished(fine, self.found.x, most_steps=8, tolerance=1e-9)
        self.x = minimum.x
        seconds = self.seconds + time.perf_counter() - begun
        return described(fine, minimum.x, seconds, f"{self.reason}; {minimum.stop_reason}")

    def bootstrap_error(self) -> Floats:
        """Standard deviations of (K, A, τ, b, Ω) over resampled data."""
        seed = int(np.random.SeedSequence([self.options.seed, self.n_exp]).generate_state(1)[0])
        points = bootstrap(self.objective, self.x, self.options.n_bootstrap, seed)
        rows = []
        for point in points:
            Omega, memory = self.space.memory(point)
            row = memory.candidate(Omega)
            rows.append(np.append(row[1:], row[:1]) if self.options.fits_omega else row[1:])
        return np.std(rows, axis=0, ddof=1)

"""The fit of a memory: best of many starts → CMA-ES → least squares, for each number of modes; which of them to believe.

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
from glassdask.evolution.identifiability import Uncertainty, uncertainty
from glassdask.evolution.in_step import Search, in_step
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
#: A solution whose error is larger than this is not resolved.
_RESOLUTION = 0.01
MOST_MODES = 4


@dataclass(frozen=True)
class FitOptions:
    """What a fit is to do.

    Parameters
    ----------
    n_exp
        Numbers of modes to be tried, 1 to 4.
    dynamics
        "newtonian" (of atoms, NVE data) or "overdamped" (of colloids; of atoms from some time on).
    fits_omega
        Ω is fitted, from the value given.
    seed
        Of all random numbers.
    n_starts
        Random memories tried before each evolution.
    generations
        Of each evolution, at most.
    rounds
        Searches of each number of modes, at most.
    lasso
        λ of λ Σ A_i/Ω in the loss; above 10⁻⁸ it moves the fit.
    n_bootstrap
        Resampled data sets for errors beyond the covariance, for the number of modes of the lowest BIC; 0 for none.
    """

    n_exp: tuple[int, ...] = (1, 2, 3)
    dynamics: Dynamics = "newtonian"
    fits_omega: bool = False
    seed: int = 1
    n_starts: int = 64
    generations: int = 60
    rounds: int = 4
    lasso: float = 0.0
    n_bootstrap: int = 0

    def __post_init__(self) -> None:
        numbers = tuple(sorted(set(self.n_exp)))
        if not numbers or numbers[0] < 1 or numbers[-1] > MOST_MODES:
            raise InvalidInput(f"n_exp is {self.n_exp}; allowed: numbers from 1 to {MOST_MODES}")
        object.__setattr__(self, "n_exp", numbers)
        if self.dynamics not in ("overdamped", "newtonian"):
            raise InvalidInput(f"dynamics is {self.dynamics!r}; allowed: 'overdamped', 'newtonian'")


@dataclass(frozen=True, eq=False)
class MemoryFit:
    """A memory that reproduces a target, and how well.

    Parameters
    ----------
    n_exp, dynamics, Omega, memory
        What was found; a_i = 0, modes in the order of their times.
    F
        Its solution at the target's times, shape (n,), Richardson-extrapolated.
    loss
        Σ (F − F_measured)² over the times: eq. 7 without its regularisation.
    chi2
        Σ [(F − F_measured)/error]², errors no smaller than 10⁻³; None where no errors are known.
    bic
        χ² + p ln n, or n ln(loss/n) + p ln n without errors; smaller is better.
    solver_error
        Estimated error of F.
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
    """

    n_exp: int
    dynamics: Dynamics
    Omega: float
    memory: StretchedMemory
    F: Floats
    loss: float
    chi2: float | None
    bic: float
    solver_error: float
    is_resolved: bool
    uncertainty: Uncertainty
    bootstrap_error: Floats | None
    evaluations: int
    seconds: float
    stop_reason: str


def best(fits: list[MemoryFit]) -> MemoryFit:
    """The fit of the lowest BIC."""
    return min(fits, key=lambda fit: fit.bic)


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
        minimum = polished(fine, self.found.x, most_steps=12)
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


def fine_solver(target: Target, dynamics: Dynamics) -> CandidateSolver:
    """A solver that is better than any data: errors of 5e-6."""
    return CandidateSolver(target.times, dynamics, 128, 0.005)


def described(objective: Objective, x: Floats, seconds: float, reason: str) -> MemoryFit:
    """All that is said of a point of the search space: its memory, its accurate F, misfits, errors.

    Parameters
    ----------
    objective
        With the fine solver.
    x
        The point, shape (dimension,).
    seconds, reason
        As `MemoryFit` keeps them.
    """
    target, space, dynamics = objective.target, objective.space, objective.solver.dynamics
    errors = uncertainty(objective, x)
    Omega, memory = space.memory(x)
    F, solver_error = accurate_solution(memory, Omega, target.times, dynamics)
    loss = float(((F - target.F) ** 2).sum())
    chi2 = None if target.error is None else float((((F - target.F) / target.scale) ** 2).sum())
    n, p = target.n, space.dimension
    misfit = chi2 if chi2 is not None else n * np.log(max(loss / n, 1e-30))
    return MemoryFit(
        n_exp=space.n_exp,
        dynamics=dynamics,
        Omega=Omega,
        memory=memory,
        F=F,
        loss=loss,
        chi2=chi2,
        bic=float(misfit + p * np.log(n)),
        solver_error=solver_error,
        is_resolved=solver_error <= _RESOLUTION,
        uncertainty=errors,
        bootstrap_error=None,
        evaluations=objective.evaluations,
        seconds=seconds,
        stop_reason=reason,
    )


def accurate_solution(memory: StretchedMemory, Omega: float, times: Floats, dynamics: Dynamics) -> tuple[Floats, float]:
    """F by Richardson's extrapolation (4 F_2N − F_N)/3 of N = 256 and 512, and an estimate of its error."""
    row = memory.candidate(Omega)
    coarse, fine = (CandidateSolver(times, dynamics, n, 0.004).solve(row)[0] for n in (256, 512))
    difference = np.abs(fine - coarse)
    error = float(difference.max() / 3.0) if np.isfinite(difference).all() else np.inf
    return (4.0 * fine - coarse) / 3.0, error

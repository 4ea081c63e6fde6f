"""The search for memories in rounds: least squares from the best of many starts; where that fails, CMA-ES and least squares.

Every target and every number of modes goes in step. Least squares descend from a few starts at a time, those of the smallest loss
first, until two have ended at the lowest minimum. Where a dozen descents leave it found once and the data not met within their
errors, rounds of evolution follow (the population doubled, IPOP: Auger and Hansen, CEC 2005) until one of both is so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.fits.fit_in_progress import FitInProgress
from glassdask.fits.fit_options import FitOptions
from glassdask.fits.refinement.fine_polish import fine_minima
from glassdask.fits.refinement.memory_fit import MemoryFit, best
from glassdask.fits.refinement.polish import polished_together
from glassdask.fits.search.checkpoint import SearchCheckpoint
from glassdask.fits.search.lockstep import Search, lockstep
from glassdask.fits.search.objective import Solver
from glassdask.fits.target.target import Target
from glassdask.physics.memory.candidate_choice import QuickerSolver
from glassdask.physics.memory.dynamics import Dynamics
from glassdask.physics.memory.memory_candidates import CandidateSolver
from glassdask.physics.memory.memory_kernels import StretchedMemory

Floats = NDArray[np.float64]
Result = TypeVar("Result")
#: Least squares of a search end where a step gains less than this share of the loss: the last polish goes on from there.
_FAR = 1e-5
#: Until all descents, all searches have ended, and until all fits have been found again with a finer solution, of all work with errors.
_DESCENDED_SHARE, _SEARCH_SHARE, _FITTED_SHARE = 0.3, 0.5, 0.8


def fit_memories(
    targets: Mapping[str, Target],
    rates: Mapping[str, float],
    options: FitOptions | None = None,
    first_memories: Mapping[str, Callable[[int], StretchedMemory]] | None = None,
    checkpoint: SearchCheckpoint | None = None,
    keep_alive: Callable[[], None] = lambda: None,
    xp: ModuleType = np,
    told: Callable[[float], None] = lambda _share: None,
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
    checkpoint
        Where the searches are checkpointed.
    keep_alive
        Called every generation.
    xp
        With ``cupy``, each batch of candidates is solved on the GPU if that was measured to be quicker for so many
        (:mod:`glassdask.physics.memory.candidate_choice`).
    told
        Called after each search and each fit with the share of all work that is done, as far as it can be known: nobody knows
        how many searches a fit takes.

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
    fits = _begun(targets, rates, chosen, first_memories or {}, xp)
    _descend(fits, checkpoint, keep_alive, told)
    _evolve(fits, chosen.rounds, checkpoint, keep_alive, told)
    if checkpoint is not None:
        checkpoint.save()
    _refine(list(fits.values()))
    found: dict[str, list[MemoryFit]] = {name: [] for name in targets}
    for number, fit in enumerate(fits.values()):
        keep_alive()
        told(_SEARCH_SHARE + (_FITTED_SHARE - _SEARCH_SHARE) * number / len(fits))
        found[fit.name].append(fit.finished(_simpler(fits, fit), _independent_points(fits, fit.name)))
    if chosen.n_bootstrap:
        for number, name in enumerate(found):
            keep_alive()
            told(_FITTED_SHARE + (1.0 - _FITTED_SHARE) * number / len(found))
            found[name] = _resampled([fits[name, fit.n_exp] for fit in found[name]], found[name])
    return found


def _independent_points(fits: Mapping[tuple[str, int], FitInProgress], name: str) -> float:
    """Of a target, by the fit of the most modes: what fewer miss is no noise."""
    richest = fits[name, max(n for of, n in fits if of == name)]
    assert richest.minimum is not None
    return richest.minimum.independent_points()


def _resampled(fits: list[FitInProgress], found: list[MemoryFit]) -> list[MemoryFit]:
    """The fits of a target with the share of resampled data that each number of modes describes best; and errors of the best."""
    place = found.index(best(found))
    targets = fits[place].resamplings()
    refitted = [fit.refitted(targets, of_fit.independent_points) for fit, of_fit in zip(fits, found, strict=True)]
    winners = np.argmin([criteria for _, criteria in refitted], axis=0)
    known = [replace(fit, probability=float(np.mean(winners == i))) for i, fit in enumerate(found)]
    known[place] = fits[place].with_bootstrap_error(known[place], refitted[place][0])
    return known


def _begun(
    targets: Mapping[str, Target],
    rates: Mapping[str, float],
    options: FitOptions,
    first_memories: Mapping[str, Callable[[int], StretchedMemory]],
    xp: ModuleType,
) -> dict[tuple[str, int], FitInProgress]:
    """One for each target and number of modes; all that have the same times share a solver, and go in step."""
    solvers: dict[bytes, Solver] = {}
    fits = {}
    for name, target in targets.items():
        solver = solvers.setdefault(target.times.tobytes(), _solver(target.times, options.dynamics, xp))
        for n in _numbers_of_modes(name, target, options):
            first = first_memories[name](n) if name in first_memories else None
            fits[name, n] = FitInProgress(name, n, target, rates[name], options, solver, first)
    return fits


def _simpler(fits: Mapping[tuple[str, int], FitInProgress], fit: FitInProgress) -> FitInProgress | None:
    """The fit of the same target with the next smaller number of modes."""
    fewer = [n for name, n in fits if name == fit.name and n < fit.n_exp]
    return fits[fit.name, max(fewer)] if fewer else None


def _solver(times: Floats, dynamics: Dynamics, xp: ModuleType) -> Solver:
    host = CandidateSolver(times, dynamics)
    return host if xp is np else QuickerSolver(host, CandidateSolver(times, dynamics, xp=xp))


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


def _descend(
    fits: Mapping[tuple[str, int], FitInProgress],
    checkpoint: SearchCheckpoint | None,
    keep_alive: Callable[[], None],
    told: Callable[[float], None],
) -> None:
    """Least squares from the best of many starts, fewer modes first: more begin from what fewer have found, too."""
    starts = _in_step({fit.key(0): fit for fit in fits.values()}, FitInProgress.starting, checkpoint, keep_alive)
    numbers = sorted({n for _, n in fits})
    for place, n in enumerate(numbers):
        told(_DESCENDED_SHARE * place / len(numbers))
        of_number = [fit for fit in fits.values() if fit.n_exp == n]
        for fit in of_number:
            fit.begin(starts[fit.key(0)], _simpler(fits, fit))
        while begins := [(fit, *start) for fit in of_number for start in fit.next_starts()]:
            keep_alive()
            _polish(begins)


def _evolve(
    fits: Mapping[tuple[str, int], FitInProgress],
    rounds: int,
    checkpoint: SearchCheckpoint | None,
    keep_alive: Callable[[], None],
    told: Callable[[float], None],
) -> None:
    """Rounds of evolution for what least squares alone have not settled."""
    for number in range(1, rounds):
        left = {fit.key(number): fit for fit in fits.values() if not fit.is_settled()}
        if not left:
            break
        results = _in_step(left, partial(FitInProgress.evolution, number=number), checkpoint, keep_alive)
        keep_alive()
        _polish([(fit, results[key].x, results[key].stop_reason) for key, fit in left.items()])
        told(_SEARCH_SHARE - (_SEARCH_SHARE - _DESCENDED_SHARE) * 0.5**number)


def _polish(begins: list[tuple[FitInProgress, Floats, str]]) -> None:
    """Least squares from points of fits, all at once; each fit takes its minima, with a word for where they are from."""
    fits = [fit for fit, _, _ in begins]
    fits = [fit for fit, _, _ in begins]
    with _shared_time(fits):
        minima = polished_together([fit.objective for fit in fits], [x for _, x, _ in begins], tolerance=_FAR)
    for (fit, _, reason), minimum in zip(begins, minima, strict=True):
        fit.take(minimum, reason)


def _refine(fits: list[FitInProgress]) -> None:
    """The minima found again, with F as good as any data."""
    with _shared_time(fits):
        starts = [fit.found.x for fit in fits if fit.found is not None]
        for fit, minimum in zip(fits, fine_minima([fit.objective for fit in fits], starts), strict=True):
            fit.minimum = minimum


def _in_step(
    fits: Mapping[str, FitInProgress],
    search: Callable[[FitInProgress], Generator[Floats, Floats, Result]],
    checkpoint: SearchCheckpoint | None,
    keep_alive: Callable[[], None],
) -> dict[str, Result]:
    """What a search of each fit has returned, by the names of the searches."""
    with _shared_time(fits.values()):
        return lockstep({key: Search(fit.objective, search(fit)) for key, fit in fits.items()}, checkpoint, keep_alive)


@contextmanager
def _shared_time(fits: Iterable[FitInProgress]) -> Iterator[None]:
    """What goes in step shares its time by its evaluations."""
    several = list(dict.fromkeys(fits))
    begun, before = time.perf_counter(), [fit.objective.evaluations for fit in several]
    yield
    spent = [fit.objective.evaluations - n for fit, n in zip(several, before, strict=True)]
    for fit, n in zip(several, spent, strict=True):
        fit.seconds += (time.perf_counter() - begun) * n / max(sum(spent), 1)

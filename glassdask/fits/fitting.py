"""The search for memories in rounds: best of many starts → CMA-ES → least squares, for each number of modes.

A round searches every target and every number of modes in step. Rounds follow (the population doubled, IPOP: Auger and
Hansen, CEC 2005) until the data are met within their errors or a minimum was found twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.fits.fit_in_progress import FitInProgress
from glassdask.fits.fit_options import FitOptions
from glassdask.fits.refinement.memory_fit import MemoryFit, best
from glassdask.fits.search.checkpoint import SearchCheckpoint
from glassdask.fits.search.lockstep import Search, lockstep
from glassdask.fits.search.objective import Solver
from glassdask.fits.search.search import SearchResult
from glassdask.fits.target.target import Target
from glassdask.physics.memory.candidate_choice import QuickerSolver
from glassdask.physics.memory.dynamics import Dynamics
from glassdask.physics.memory.memory_candidates import CandidateSolver
from glassdask.physics.memory.memory_kernels import StretchedMemory

Floats = NDArray[np.float64]
#: Until all searches have ended, and until all fits have been found again with a finer solution, of all work with errors.
_SEARCH_SHARE, _FITTED_SHARE = 0.5, 0.8


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
    n_searched = 0
    for number in range(chosen.rounds):
        left = {fit.key(number): fit for fit in fits.values() if not fit.is_settled()}
        if not left:
            break
        for key, result in _searched(left, number, checkpoint, keep_alive).items():
            keep_alive()
            n_searched += 1
            told(_SEARCH_SHARE * (1.0 - 0.5 ** (n_searched / len(fits))))
            fit = left[key]
            fit.polish_from(result, _simpler(fits, fit))
    if checkpoint is not None:
        checkpoint.save()
    found: dict[str, list[MemoryFit]] = {name: [] for name in targets}
    for number, fit in enumerate(fits.values()):
        keep_alive()
        told(_SEARCH_SHARE + (_FITTED_SHARE - _SEARCH_SHARE) * number / len(fits))
        found[fit.name].append(fit.finished(_simpler(fits, fit)))
    if chosen.n_bootstrap:
        for number, (name, of_name) in enumerate(found.items()):
            keep_alive()
            told(_FITTED_SHARE + (1.0 - _FITTED_SHARE) * number / len(found))
            place = of_name.index(best(of_name))
            of_name[place] = fits[name, of_name[place].n_exp].with_bootstrap_error(of_name[place])
    return found


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


def _searched(
    left: Mapping[str, FitInProgress], number: int, checkpoint: SearchCheckpoint | None, keep_alive: Callable[[], None]
) -> dict[str, SearchResult]:
    """One round of searches in step; they share its time by their evaluations."""
    begun = time.perf_counter()
    before = {key: fit.objective.evaluations for key, fit in left.items()}
    results = lockstep(
        {key: Search(fit.objective, fit.evolution(number)) for key, fit in left.items()}, checkpoint, keep_alive
    )
    seconds = time.perf_counter() - begun
    spent = {key: fit.objective.evaluations - before[key] for key, fit in left.items()}
    for key, fit in left.items():
        fit.seconds += seconds * spent[key] / sum(spent.values())
    return results

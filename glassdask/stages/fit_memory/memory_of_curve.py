"""The memory of F(t) that somebody brings, by evolution or by inversion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from glassdask.errors import InvalidInput
from glassdask.fits.fitting import fit_memories
from glassdask.fits.refinement.memory_fit import MemoryFit
from glassdask.fits.search.checkpoint import SearchCheckpoint
from glassdask.fits.target.target import Target
from glassdask.physics.memory.dynamics import Dynamics
from glassdask.physics.memory.memory_inversion import InvertedMemory, inverted_memory
from glassdask.stages.fit_memory.curve_problem import CurveProblem
from glassdask.stages.fit_memory.fit_notes import notes_on_fits
from glassdask.stages.fit_memory.memory_starts import known_or_inverted

OFFSETS = "offsets a_i are 0 by choice: F tells only c + sum w a, w (1 - a)"


@dataclass(frozen=True, eq=False)
class CurveMemories:
    """What was found: fits of eq. 6, one for each number of modes, or a memory without a form.

    Parameters
    ----------
    problem
        What was asked.
    fits
        By species; empty for the inversion.
    inversions
        By species; empty for the other methods.
    notes
        Those of the problem, and what the method adds.
    """

    problem: CurveProblem
    fits: dict[str, list[MemoryFit]]
    inversions: dict[str, InvertedMemory]
    notes: list[str]


def memories_of_curve(
    problem: CurveProblem, checkpoint: SearchCheckpoint | None = None, keep_alive: Callable[[], None] = lambda: None
) -> CurveMemories:
    """Finds the memories of a problem by its method, from a checkpoint of its searches; `keep_alive` is called now and then.

    InvalidInput if there are too few points for the smallest number of modes, or the inversion does not apply.
    """
    options = problem.options
    if options.method == "inversion":
        known = problem.rates if options.Omega is not None else {}
        inversions = {
            name: inversion(target, known.get(name), options.fit.dynamics, name)
            for name, target in problem.targets.items()
        }
        return CurveMemories(problem, {}, inversions, problem.notes)
    starts = known_or_inverted(problem.starts, problem.targets, problem.rates, options.fit.dynamics)
    fits = fit_memories(problem.targets, problem.rates, options.fit, starts, checkpoint, keep_alive)
    further = [*_too_many_modes(fits, problem), OFFSETS]
    return CurveMemories(problem, fits, {}, [*notes_on_fits(fits, problem), *problem.notes, *further])


def inversion(target: Target, Omega: float | None, dynamics: Dynamics, name: str) -> InvertedMemory:
    """M without a form for it, of overdamped dynamics; messages name the species."""
    if dynamics != "overdamped":
        raise InvalidInput(
            "the inversion is for overdamped dynamics: ballistic motion is no sum of decaying exponentials; give "
            "--dynamics overdamped, or fit with --method evolution"
        )
    try:
        return inverted_memory(target.times, target.F, None if target.error is None else target.scale, Omega)
    except InvalidInput as error:
        raise InvalidInput(f"F of {name}: {error}") from error


def _too_many_modes(fits: Mapping[str, list[MemoryFit]], problem: CurveProblem) -> list[str]:
    wanted = set(problem.options.fit.n_exp)
    notes = []
    for name, found in fits.items():
        left_out = sorted(wanted - {fit.n_exp for fit in found})
        if left_out:
            words = ", ".join(map(str, left_out))
            notes.append(f"F of {name}: {problem.targets[name].n} points are too few for n_exp = {words}, left out")
    return notes

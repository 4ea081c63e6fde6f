"""Many searches in step: the points of all that share a solver are solved in one compiled call."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from glassdask.fits.search.checkpoint import SearchCheckpoint
from glassdask.fits.search.objective import Objective, Solver
from glassdask.physics.memory.memory_candidates import with_modes

Floats = NDArray[np.float64]
Result = TypeVar("Result")


@dataclass(eq=False)
class Search(Generic[Result]):
    """A search under way: what it asks and how far its points are from the target."""

    objective: Objective
    asks: Generator[Floats, Floats, Result]


def lockstep(
    searches: Mapping[str, Search[Result]],
    checkpoint: SearchCheckpoint | None = None,
    keep_alive: Callable[[], None] = lambda: None,
) -> dict[str, Result]:
    """Runs searches to their ends; returns what each has returned.

    Losses sent to each search are kept in the checkpoint by its name. Those that are there already are sent again
    first, so that a search that was killed goes on from its last generation with the same random numbers. `keep_alive`
    is called every generation.
    """
    results: dict[str, Result] = {}
    asked: dict[str, Floats] = {}
    for name, search in searches.items():
        _begin(name, search, checkpoint, asked, results)
    while asked:
        keep_alive()
        for group in _groups(searches, asked):
            n_exp = max(searches[name].objective.space.n_exp for name in group)
            rows = [searches[name].objective.space.candidates(asked[name]) for name in group]
            curves = searches[group[0]].objective.solver.solve(np.vstack([with_modes(row, n_exp) for row in rows]))
            stops = np.cumsum([len(asked[name]) for name in group])
            for name, F in zip(group, np.split(curves, stops[:-1]), strict=True):
                objective = searches[name].objective
                objective.evaluations += len(F)
                losses = (objective.residuals_of(F, asked[name]) ** 2).sum(axis=1)
                if checkpoint is not None:
                    checkpoint.add(name, losses)
                _send(name, searches[name], losses, asked, results)
        if checkpoint is not None:
            checkpoint.save_now_and_then()
    return results


def _begin(name: str, search: Search, checkpoint: SearchCheckpoint | None, asked: dict, results: dict) -> None:
    asked[name] = next(search.asks)
    for losses in checkpoint.of(name) if checkpoint is not None else ():
        search.objective.evaluations += len(losses)
        _send(name, search, losses, asked, results)
        if name in results:
            return


def _send(name: str, search: Search, losses: Floats, asked: dict, results: dict) -> None:
    try:
        asked[name] = search.asks.send(losses)
    except StopIteration as end:
        results[name] = end.value
        asked.pop(name, None)


def _groups(searches: Mapping[str, Search], asked: Mapping[str, Floats]) -> list[list[str]]:
    """Names of searches whose points are solved in one call: one solver and, unless it takes all, one number of modes."""
    groups: dict[tuple[Solver, int], list[str]] = {}
    for name in asked:
        objective = searches[name].objective
        n_exp = 0 if objective.solver.is_for_mixed_modes else objective.space.n_exp
        groups.setdefault((objective.solver, n_exp), []).append(name)
    return list(groups.values())

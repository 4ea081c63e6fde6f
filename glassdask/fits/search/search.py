"""Searches over memories by ask and tell: many random starts, and CMA-ES (Hansen and Ostermeier, Evol. Comput. 9, 159 (2001);
pycma) from the best of them.

A search is a generator: it yields points and is sent their losses. Many searches then go in step, all their points
solved in one call, and a search is its seed and the losses it was sent: stopped anywhere, it is brought back to the same
place by sending them again (:mod:`glassdask.fits.search.checkpoint`). Nothing of it is ever pickled.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.fits.search.pycma import pycma
from glassdask.fits.search.search_space import SearchSpace

Floats = NDArray[np.float64]
#: Step of the first generation, in units of the coordinates (e-folds; b counts threefold).
SIGMA = 0.3


@dataclass(frozen=True, eq=False)
class SearchResult:
    """The best point of a search, shape (dimension,), its loss, and why it ended after so many generations: ``target``,
    ``generations``, or what pycma stops for (``tolfun``, ``tolx``, …)."""

    x: Floats
    loss: float
    stop_reason: str
    generations: int


def ranked_starts(
    space: SearchSpace, seed: int, n_starts: int = 64, first_points: Floats | None = None
) -> Generator[Floats, Floats, Floats]:
    """Random starts, the one of the smallest loss first, shape (n, dimension), behind those that were given.

    Yields them once, and is sent their losses. `first_points`, shape (n, dimension): a spectral inversion, mode-coupling theory's
    memory.
    """
    points = space.random(np.random.default_rng(seed), n_starts)
    n_given = 0 if first_points is None else len(first_points)
    if first_points is not None:
        points = np.vstack([space.inside(first_points), points])
    losses = yield points
    return np.vstack([points[:n_given], points[n_given:][np.argsort(losses[n_given:], kind="stable")]])


def search(
    space: SearchSpace,
    seed: int,
    n_starts: int = 64,
    population: int | None = None,
    generations: int = 40,
    loss_target: float = 0.0,
) -> Generator[Floats, Floats, SearchResult]:
    """The best of many random starts, then CMA-ES from there; yields points, shape (n, dimension), and is sent their
    losses.

    `population` is by default 4 + 3 ln(dimension); a loss of `loss_target` ends the search.
    """
    rng = np.random.default_rng(seed)
    points = space.random(rng, n_starts)
    losses = yield points
    best, lowest = points[np.argmin(losses)], float(np.min(losses))
    strategy = _strategy(space, best, rng, population)
    generation, reason = 0, ""
    while not reason:
        asked = np.array(strategy.ask())
        losses = yield asked
        strategy.tell(list(asked), losses.tolist())
        generation += 1
        if losses.min() < lowest:
            best, lowest = asked[np.argmin(losses)], float(losses.min())
        reason = _reason(strategy, lowest, loss_target, generation, generations)
    return SearchResult(best, lowest, reason, generation)


def _reason(strategy: Any, lowest: float, loss_target: float, generation: int, most: int) -> str:
    if lowest <= loss_target:
        return "target"
    stops = strategy.stop()
    if stops:
        return ", ".join(stops)
    return "generations" if generation >= most else ""


def _strategy(space: SearchSpace, start: Floats, rng: np.random.Generator, population: int | None) -> Any:
    """pycma with random numbers of its own: those of NumPy's global generator belong to nobody."""
    n = space.n_exp
    stds = np.ones(space.dimension)
    stds[1 + 2 * n : 1 + 3 * n] = 1.0 / 3.0
    options = {
        "bounds": [space.low.tolist(), space.high.tolist()],
        "CMA_stds": stds.tolist(),
        "randn": lambda *shape: rng.standard_normal(shape),
        "seed": np.nan,
        "verbose": -10,  # silent, and no file of signals is read
        "verb_log": 0,
        "verb_disp": 0,
        "maxiter": np.inf,
    }
    if population is not None:
        options["popsize"] = population
    return pycma().CMAEvolutionStrategy(space.inside(start), SIGMA, options)

"""Errors of a fit from resampled data: blocks of time origins (or replicas) where there are any, else blocks of neighbouring
times: they err together, and noise that is drawn time by time averages out as theirs does not."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from glassdask.fits.refinement.polish import grid_rate, polished_together
from glassdask.fits.search.objective import Objective
from glassdask.fits.search.search_space import SearchSpace
from glassdask.fits.target.correlation import FEWEST_BLOCKS, block_length, circular_blocks
from glassdask.fits.target.target import Target

Floats = NDArray[np.float64]
#: Points of a descent from the minimum of the data to that of resampled ones, at most, and the gain that ends it.
_STEPS, _ENOUGH = 12, 1e-5


def resampled(target: Target, missed: Floats, rng: np.random.Generator) -> Target:
    """The target with F as another experiment might have measured it.

    Blocks of time origins are drawn with replacement and averaged; a time that no drawn block has keeps its value. Without
    those, noise is made of blocks of neighbouring residuals `missed` of a fit, in units of the target's scale, shape (n,): as far
    correlated as they are, and of the size of the errors; without errors, of their own.
    """
    blocks = target.blocks
    if blocks is not None and len(blocks) >= FEWEST_BLOCKS:
        drawn = blocks[rng.integers(len(blocks), size=len(blocks))]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # no drawn block has the time
            mean = np.nanmean(drawn, axis=0)
            of_all = np.nanmean(blocks, axis=0)
        change = np.nan_to_num(mean - of_all)
        return replace(target, F=target.F + change)
    size = float(np.sqrt(np.mean(missed**2)))
    shape = missed / size if size > 0 and target.error is not None else missed
    noise = shape[circular_blocks(target.n, block_length(missed), rng)]
    return replace(target, F=target.F + target.scale * noise)


def resamplings(objective: Objective[SearchSpace], x: Floats, n: int, seed: int) -> list[Target]:
    """So many, with the residuals at the minimum x of the data."""
    rng = np.random.default_rng(seed)
    missed = objective.residuals(x[None])[0][: objective.target.n]
    return [resampled(objective.target, missed, rng) for _ in range(n)]


def bootstrap(objective: Objective[SearchSpace], x: Floats, targets: list[Target]) -> tuple[Floats, Floats]:
    """Minima for resampled data, shape (n, dimension), and χ² there, shape (n,); each found from the minimum x of the data, all in
    step."""
    others = [Objective(target, objective.space, objective.solver, objective.lasso) for target in targets]
    rates = [grid_rate(objective, x)] * len(targets)
    found = polished_together(others, [x] * len(targets), _STEPS, _ENOUGH, rates)
    objective.evaluations += sum(other.evaluations for other in others)
    points = np.array([minimum.x for minimum in found]).reshape(len(targets), x.size)
    return points, np.array([minimum.loss for minimum in found])

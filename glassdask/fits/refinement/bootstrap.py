"""Errors of a fit from resampled data: blocks of time origins (or replicas) where there are any, else the errors given."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from glassdask.fits.refinement.polish import grid_rate, polished_together
from glassdask.fits.search.objective import Objective
from glassdask.fits.search.search_space import SearchSpace
from glassdask.fits.target.target import ERROR_FLOOR, Target

Floats = NDArray[np.float64]
#: Fewer blocks than this cannot be resampled.
_FEWEST_BLOCKS = 4


def resampled(target: Target, residual_rms: float, rng: np.random.Generator) -> Target:
    """The target with F as another experiment might have measured it.

    Blocks are drawn with replacement and averaged; a time that no drawn block has keeps its value. Without blocks,
    normal noise of the size of the errors is added; without errors, of the size of the fit's residuals.
    """
    blocks = target.blocks
    if blocks is not None and len(blocks) >= _FEWEST_BLOCKS:
        drawn = blocks[rng.integers(len(blocks), size=len(blocks))]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # no drawn block has the time
            mean = np.nanmean(drawn, axis=0)
            of_all = np.nanmean(blocks, axis=0)
        change = np.nan_to_num(mean - of_all)
        return replace(target, F=target.F + change)
    noise = np.full(target.n, residual_rms) if target.error is None else np.maximum(target.error, ERROR_FLOOR)
    return replace(target, F=target.F + noise * rng.standard_normal(target.n))


def bootstrap(objective: Objective[SearchSpace], x: Floats, n_replicas: int, seed: int) -> Floats:
    """Minima for resampled data, each found from the minimum of the data, all in step; shape (n_replicas, dimension)."""
    rng = np.random.default_rng(seed)
    unscaled = objective.residuals(x[None])[0][: objective.target.n] * objective.target.scale
    rms = float(np.sqrt((unscaled**2).mean()))
    others = [
        Objective(resampled(objective.target, rms, rng), objective.space, objective.solver, objective.lasso)
        for _ in range(n_replicas)
    ]
    rates = [grid_rate(objective, x)] * n_replicas
    found = polished_together(others, [x] * n_replicas, 12, 1e-5, rates)
    objective.evaluations += sum(other.evaluations for other in others)
    return np.array([minimum.x for minimum in found]).reshape(n_replicas, x.size)

"""Least squares on objectives: from one point or from many, all columns of all Jacobians in one solve.

Descents go by the coordinates of the search space, but for M(∞): there by K over its largest value, not its logarithm. Near K = 0
the logarithm is told by nothing, and steps in it are of any length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassdask.fits.refinement.least_squares import FAR, NEAR, least_squares_minima
from glassdask.fits.search.objective import Objective
from glassdask.fits.search.search_space import SearchSpace

Floats = NDArray[np.float64]
#: Step of differences: in the middle between rounding and curvature.
_STEP = 1e-5
#: A rate next to a minimum is not larger than there by this factor.
_LARGER = 1.5


@dataclass(frozen=True, eq=False)
class Polished:
    """A minimum x, shape (dimension,), the residuals there, shape (n,), and a word for why the descent stopped."""

    x: Floats
    residuals: Floats
    stop_reason: str

    @property
    def loss(self) -> float:
        """Σ residual²."""
        return float((self.residuals**2).sum())


def polished(
    objective: Objective[SearchSpace], start: Floats, most_steps: int = 60, tolerance: float = 1e-8
) -> Polished:
    """The minimum of the sum of squares next to a point, within the bounds of the search space."""
    return polished_together([objective], start[None], most_steps, tolerance)[0]


def polished_together(
    objectives: Sequence[Objective[SearchSpace]],
    starts: Sequence[Floats] | Floats,
    most_steps: Sequence[int] | int = 60,
    tolerance: Sequence[float] | float = 1e-8,
    least_rates: Sequence[float] | None = None,
) -> list[Polished]:
    """As `polished`, of one objective a start, each of its own shape (dimension,); an objective may come several times.

    With `least_rates` (of the solver's grids), they begin next to a minimum. Those with one solver, as many coordinates and as many times are solved in one call a step.
    """
    found: list[Polished | None] = [None] * len(objectives)
    most, share = (np.broadcast_to(each, len(objectives)) for each in (most_steps, tolerance))
    rates = np.zeros(len(objectives)) if least_rates is None else np.asarray(least_rates, dtype=float)
    for places in _groups(objectives):
        group = [objectives[i] for i in places]
        low, high, start = (
            _descended(np.array(rows), group)
            for rows in (
                [one.space.low for one in group],
                [one.space.high for one in group],
                [one.space.inside(starts[i]) for i, one in zip(places, group, strict=True)],
            )
        )

        def values(
            which: NDArray[np.intp],
            y: Floats,
            group: Sequence[Objective[SearchSpace]] = group,
            rates: Floats = rates[places],
        ) -> tuple[Floats, Floats]:
            return residuals_and_jacobians([group[i] for i in which], y, rates[which])

        minima = least_squares_minima(
            values, start, low, high, most[places], share[places], FAR if least_rates is None else NEAR
        )
        for i, *of_one in zip(places, _searched(minima.x, group), minima.residuals, minima.reasons, strict=True):
            found[i] = Polished(*of_one)
    return [one for one in found if one is not None]


def _descended(x: Floats, objectives: Sequence[Objective[SearchSpace]]) -> Floats:
    """Coordinates of descents of those of search spaces, shape (m, dimension)."""
    highest = np.array([one.space.high[0] for one in objectives])
    return np.column_stack([np.exp(x[:, 0] - highest), x[:, 1:]])


def _searched(y: Floats, objectives: Sequence[Objective[SearchSpace]]) -> Floats:
    """And back, of shape (m, …, dimension)."""
    highest = np.array([one.space.high[0] for one in objectives]).reshape(-1, *[1] * (y.ndim - 2))
    x = y.copy()
    x[..., 0] = np.log(y[..., 0]) + highest
    return x


def _groups(objectives: Sequence[Objective[SearchSpace]]) -> list[list[int]]:
    groups: dict[tuple[int, int, int], list[int]] = {}
    for i, objective in enumerate(objectives):
        key = id(objective.solver), objective.space.dimension, objective.target.n
        groups.setdefault(key, []).append(i)
    return list(groups.values())


def jacobian(objective: Objective[SearchSpace], x: Floats) -> Floats:
    """∂ residual / ∂ x by differences to one side, shape (n, dimension), downwards where the upper bound is near.

    Half the solutions of central differences; the error, a step times the curvature, moves a minimum by as little.
    """
    y = _descended(x[None], [objective])
    slopes: Floats = residuals_and_jacobians([objective], y)[1][0]
    slopes[:, 0] *= y[0, 0]
    return slopes


def grid_rate(objective: Objective[SearchSpace], x: Floats) -> float:
    """Ω + M(0) of a point, and a half: a grid made for that is not left next to it."""
    n = objective.space.n_exp
    return _LARGER * float(objective.space.candidates(x[None])[0, : 2 + n].sum())


def residuals_and_jacobians(
    objectives: Sequence[Objective[SearchSpace]], y: Floats, least_rates: Floats | float = 0.0
) -> tuple[Floats, Floats]:
    """The residuals at points in the coordinates of descents, one of each objective, shape (m, n), and their slopes there, shape
    (m, n, dimension), as `jacobian`.

    A point and those beside it share a grid of the solver, so that their differences are those of F.
    """
    p = y.shape[1]
    high = _descended(np.array([objective.space.high for objective in objectives]), objectives)
    steps = np.where(y + _STEP <= high, _STEP, -_STEP)
    points = np.concatenate([y[:, None] + steps[:, :, None] * np.eye(p), y[:, None]], axis=1)
    x = _searched(points, objectives)
    rows = np.array([objective.space.candidates(of_one) for objective, of_one in zip(objectives, x, strict=True)])
    F = objectives[0].solver.solve(rows, least_rates)
    values = np.array([one.residuals_of(*both) for one, *both in zip(objectives, F, x, strict=True)])
    for objective in objectives:
        objective.evaluations += p + 1
    return values[:, -1], np.swapaxes((values[:, :-1] - values[:, -1:]) / steps[:, :, None], 1, 2)

"""The end of a fit: least squares (trust region with bounds, scipy) with all columns of the Jacobian in one solve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from glassdask.evolution.objective import Objective
from glassdask.evolution.search_space import SearchSpace

Floats = NDArray[np.float64]
#: Step of differences: in the middle between rounding and curvature.
_STEP = 1e-5


@dataclass(frozen=True, eq=False)
class Polished:
    """A minimum.

    Parameters
    ----------
    x
        Shape (dimension,).
    residuals
        There, shape (n,).
    stop_reason
        scipy's word for why it stopped.
    """

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
    space = objective.space
    found = least_squares(
        lambda x: objective.residuals(x[None])[0],
        space.inside(start),
        jac=lambda x: jacobian(objective, x),
        bounds=(space.low, space.high),
        x_scale="jac",
        max_nfev=most_steps,
        ftol=tolerance,
        xtol=tolerance,
        gtol=1e-15,
    )
    words = {0: "steps", 1: "gradient", 2: "loss", 3: "place", 4: "loss and place"}
    return Polished(found.x, found.fun, words.get(found.status, str(found.status)))


def jacobian(objective: Objective[SearchSpace], x: Floats) -> Floats:
    """∂ residual / ∂ x by differences to one side, shape (n, dimension), downwards where the upper bound is near.

    Half the solutions of central differences; the error, a step times the curvature, moves a minimum by as little.
    """
    space = objective.space
    steps = np.where(x + _STEP <= space.high, _STEP, -_STEP)
    values = objective.residuals(np.vstack([x + np.diag(steps), x]))
    return ((values[:-1] - values[-1]) / steps[:, None]).T

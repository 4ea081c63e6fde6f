"""The end of a fit: least squares (trust region with bounds, scipy) with all columns of the Jacobian in one solve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from glassdask.fits.search.objective import Objective
from glassdask.fits.search.search_space import SearchSpace

Floats = NDArray[np.float64]
#: Step of differences: in the middle between rounding and curvature.
_STEP = 1e-5


@dataclass(frozen=True, eq=False)
class Polished:
    """A minimum x, shape (dimension,), the residuals there, shape (n,), and scipy's word for why it stopped."""

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
    slopes: dict[bytes, Floats] = {}

    def residuals(x: Floats) -> Floats:
        """Of a point, and the Jacobian there along with it: one solve of a dozen rows costs no more than one of one."""
        here, slopes_here = residuals_and_jacobian(objective, x)
        slopes.clear()
        slopes[x.tobytes()] = slopes_here
        return here

    found = least_squares(
        residuals,
        space.inside(start),
        jac=lambda x: slopes[x.tobytes()] if x.tobytes() in slopes else jacobian(objective, x),
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
    return residuals_and_jacobian(objective, x)[1]


def residuals_and_jacobian(objective: Objective[SearchSpace], x: Floats) -> tuple[Floats, Floats]:
    """The residuals at a point, shape (n,), and `jacobian` there."""
    space = objective.space
    steps = np.where(x + _STEP <= space.high, _STEP, -_STEP)
    values = objective.residuals(np.vstack([x + np.diag(steps), x]))
    return values[-1], ((values[:-1] - values[-1]) / steps[:, None]).T

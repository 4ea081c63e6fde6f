"""The end of a fit: least squares (trust region with bounds, scipy) with all columns of the Jacobian in one solve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from glassdask.evolution.objective import Objective

Floats = NDArray[np.float64]
#: Step of central differences: in the middle between rounding and the third derivative.
_STEP = 1e-4


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


def polished(objective: Objective, start: Floats, most_steps: int = 60, tolerance: float = 1e-10) -> Polished:
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


def jacobian(objective: Objective, x: Floats) -> Floats:
    """∂ residual / ∂ x by central differences, shape (n, dimension); one-sided where a bound is near."""
    space = objective.space
    up, down = np.minimum(x + _STEP, space.high), np.maximum(x - _STEP, space.low)
    rows = np.repeat(x[None], 2 * x.size, axis=0)
    places = np.arange(x.size)
    rows[places, places], rows[x.size + places, places] = up, down
    values = objective.residuals(rows)
    return ((values[: x.size] - values[x.size :]) / (up - down)[:, None]).T

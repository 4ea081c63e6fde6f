"""The critical point of mode-coupling theory, from solutions inside the glass.

The largest eigenvalue E_0 of the stability matrix reaches 1 at the critical point, where (1 − E_0)² vanishes linearly with
the distance: solutions inside the glass give the critical point by extrapolation, without any that is slow.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import GlassdaskError, InvalidInput
from glassdask.outcome import ModeCouplingState
from glassdask.physics.mode_coupling.nonergodicity import Nonergodicity, nonergodicity_parameter
from glassdask.physics.mode_coupling.stability import critical_exponents, stability
from glassdask.physics.structure.static_structure import StaticStructure

Floats = NDArray[np.float64]
#: A critical point is settled when one more solution moves it by less than this share of the distance asked for.
_SETTLED = 0.01
#: Each step goes to this share of the distance of the one before.
_RUNG = 0.2
#: A point of which 1 − E_0 is this share of that of the end of the bracket is near for a first estimate.
_NEAR = 0.3


class NotConverged(GlassdaskError):
    """An iteration ended without an answer; the message says how far it was and what to change."""


@dataclass(frozen=True, eq=False)
class CriticalPoint:
    """Where the long-time limit jumps, and how.

    Attributes
    ----------
    control
        The control parameter there (T, packing fraction, …).
    exponent_parameter, a, b
        λ at the critical point and the exponents, NaN if λ is not in [½, 1).
    control_error, exponent_parameter_error, a_error, b_error
        By how much the last solution has moved them: what is left of the extrapolation is less. Of S(k) they know nothing.
    glass
        The solution nearest to it.
    glass_structure
        What it was made from.
    distance
        |control of that solution / critical − 1|.
    """

    control: float
    exponent_parameter: float
    a: float
    b: float
    control_error: float
    exponent_parameter_error: float
    a_error: float
    b_error: float
    glass: Nonergodicity
    glass_structure: StaticStructure
    distance: float


def critical_point(
    structure_at: Callable[[float], StaticStructure],
    liquid: float,
    glass: float,
    distance: float = 1e-3,
    **options: Any,
) -> CriticalPoint:
    """The critical value of a control parameter, by extrapolation of (1 − E_0)² from inside the glass.

    Parameters
    ----------
    structure_at
        S(k) at a value of the control parameter.
    liquid, glass
        Values on the two sides: the state is "liquid" at the first and "glass" at the second.
    distance
        How far from the critical point, as a share of it, the last solution may lie. The error of the critical point is
        a hundredth of it or less: solutions are added until one moves the extrapolated point by less than that. The
        smaller, the slower.
    options
        For `nonergodicity_parameter`.

    Returns
    -------
    CriticalPoint
        Found from x = x_c + α (1−E_0)² + β (1−E_0)³ through the last three solutions.

    Raises
    ------
    InvalidInput
        If the two values do not lie on the two sides.
    NotConverged
        If a long-time limit near the critical point takes more iterations than allowed.
    """
    search = _Search(structure_at, liquid, glass, options)
    while search.distance > distance or not search.error <= _SETTLED * distance * abs(search.estimate()):
        search.step()
    x_c, lam, lam_before = search.estimate(), search.exponent_parameter(), search.exponent_parameter(1)
    (a, b), (a_before, b_before) = _exponents(lam), _exponents(lam_before)
    errors = (search.error, abs(lam - lam_before), abs(a - a_before), abs(b - b_before))
    return CriticalPoint(x_c, lam, a, b, *errors, search.solution, search.structure, search.distance)


def _exponents(lam: float) -> tuple[float, float]:
    return critical_exponents(lam) if 0.5 <= lam < 1.0 else (math.nan, math.nan)


class _Search:
    """Steps towards the critical point from inside the glass; the estimate is made from the three nearest solutions.

    A point is (x, 1 − E_0, λ); they are kept from far to near. A step that ends in the liquid is halved. A solution may lie
    much nearer than asked for by chance, and is slow: steps do not start from it.
    """

    def __init__(self, structure_at, liquid: float, glass: float, options: dict[str, Any]):
        self._structure_at, self._options, self._liquid = structure_at, options, liquid
        self.points: list[tuple[float, float, float]] = []
        self._solutions: dict[float, tuple[Nonergodicity, StaticStructure]] = {}
        for name, value, wanted in (
            ("liquid", liquid, ModeCouplingState.LIQUID),
            ("glass", glass, ModeCouplingState.GLASS),
        ):
            found = self._try(value)
            if found is not wanted:
                raise InvalidInput(
                    f"{name} = {value:g} is in the state {found!r}; allowed: values on the two sides of the critical point; "
                    "take one further away"
                )
        while len(self.points) < 3:
            (far, y_far, _), (near, y_near, _) = self.points[0], self.points[-1]
            is_near = len(self.points) == 2 and y_near < _NEAR * y_far
            self._solve(0.5 * ((far if is_near else self._liquid) + near))

    @property
    def solution(self) -> Nonergodicity:
        """Of the nearest point."""
        return self._solutions[self.points[-1][0]][0]

    @property
    def structure(self) -> StaticStructure:
        """From which that was made."""
        return self._solutions[self.points[-1][0]][1]

    @property
    def distance(self) -> float:
        """Of that point from the critical point, as a share of it."""
        return abs(self.points[-1][0] / self.estimate() - 1.0)

    @property
    def error(self) -> float:
        """By how much that point moved the estimate; infinite as long as there is one estimate only."""
        return abs(self.estimate() - self.estimate(1)) if len(self.points) > 3 else math.inf

    def step(self) -> None:
        """One more solution: on the first rung of a ladder of fifths, from the farthest point down, where none is."""
        x_c = self.estimate()
        distances = np.array([abs(x - x_c) for x, _, _ in self.points])
        share = _RUNG
        while np.any(np.abs(np.log(distances / (share * distances[0]))) < -0.5 * math.log(_RUNG)):
            share *= _RUNG
        x = x_c + share * (self.points[0][0] - x_c)
        while self._solve(x) is ModeCouplingState.LIQUID:
            x = 0.5 * (x + self.points[-1][0])

    def estimate(self, before: int = 0) -> float:
        """x at E_0 = 1, from x = x_c + α (1 − E_0)² + β (1 − E_0)³, the nearest points left out or not."""
        x, y, _ = self._three(before)
        # no linear term: the distance begins with the square of 1 − E_0
        return float(np.linalg.solve(y[:, None] ** np.array([0, 2, 3]), x)[0])

    def exponent_parameter(self, before: int = 0) -> float:
        """λ at E_0 = 1, from a parabola in 1 − E_0."""
        _, y, lam = self._three(before)
        return float(np.linalg.solve(y[:, None] ** np.array([0, 1, 2]), lam)[0])

    def _three(self, before: int) -> Floats:
        end = len(self.points) - before
        return np.array(self.points[end - 3 : end]).T

    def _solve(self, x: float) -> ModeCouplingState:
        state = self._try(x)
        if state is ModeCouplingState.NOT_CONVERGED:
            raise NotConverged(
                f"the long-time limit at {x:g} did not converge in {self._iterations} iterations; allow more, or stop "
                "at a larger distance from the critical point"
            )
        return state

    def _try(self, x: float) -> ModeCouplingState:
        """The state at x, of which a bound or a point is made."""
        structure = self._structure_at(x)
        solution = nonergodicity_parameter(structure, **self._options)
        self._iterations = solution.iterations
        if solution.state is ModeCouplingState.LIQUID:
            self._liquid = x
        elif solution.state is ModeCouplingState.GLASS:
            found = stability(structure, solution)
            self.points.append((x, 1.0 - found.eigenvalue, found.exponent_parameter))
            self.points.sort(key=lambda point: -point[1])  # far to near, as 1 − E_0 says without an estimate
            self._solutions[x] = solution, structure
        return solution.state

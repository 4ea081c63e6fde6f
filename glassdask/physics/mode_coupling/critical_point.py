"""The critical point of mode-coupling theory: stability matrix, exponent parameter, exponents, critical temperature.

At a glass solution with R = S − F(∞) the stability matrix is the derivative of the map whose fixed point F(∞) is,

    (E h)(k) = R {2 m[F, h]} R,     m_ab = M_ab / (μ_a k² x_a) as a bilinear form in F.

Its largest eigenvalue E_0 reaches 1 at the critical point, where (1 − E_0)² vanishes linearly with the distance: two
solutions inside the glass give the critical point without any that is slow. With its right and left eigenvectors h, ĥ

    λ = <ĥ | R m[h, h] R> / <ĥ | h R⁻¹ h>,   Γ(1−a)² / Γ(1−2a) = λ = Γ(1+b)² / Γ(1+2b)

(Götze, Complex Dynamics of Glass-Forming Liquids (2009), chapter 4; matrix form after Voigtmann, Europhys. Lett. 96, 36006
(2011)).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import GlassdaskError, InvalidInput
from glassdask.physics.mode_coupling.mode_coupling_dynamics import CollectiveKernel
from glassdask.physics.mode_coupling.nonergodicity import Nonergodicity, nonergodicity_parameter
from glassdask.physics.numerics.row_matrices import inverses, products
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


@dataclass(frozen=True)
class Stability:
    """Of one glass solution.

    Attributes
    ----------
    eigenvalue
        E_0, below 1.
    exponent_parameter
        λ; the theory's own at the critical point, an estimate of it nearby.
    """

    eigenvalue: float
    exponent_parameter: float


def stability(structure: StaticStructure, glass: Nonergodicity) -> Stability:
    """Largest eigenvalue E_0 of the stability matrix, and exponent parameter λ, at a glass solution.

    The matrix is built from the kernel by polarisation, which is exact for a quadratic form, in the space of symmetric
    h_ab(k): n (n+1) N_k / 2 dimensions.

    Parameters
    ----------
    structure
        S(k), density, composition.
    glass
        Its long-time limit (`nonergodicity_parameter`).

    Returns
    -------
    Stability
        E_0 and λ. [1]

    Raises
    ------
    InvalidInput
        If the solution is no glass.
    """
    if glass.state != "glass":
        raise InvalidInput(f"the long-time limit is {glass.state!r}; allowed: 'glass', where a stability matrix exists")
    form = _BilinearForm(structure, glass.F)
    E = form.matrix()
    eigenvalue, right = _largest(E)
    h, h_left = form.unpacked(right), _largest(E.T)[1]
    second = form.packed(form.around(form.quadratic(h)))
    norm = form.packed(products(h, products(form.R_inverse, h)))
    return Stability(eigenvalue, float(h_left @ second / (h_left @ norm)))


class _BilinearForm:
    """2 m[F, h], m[h, h] and R … R on symmetric matrices h_ab(k), and the vectors that stand for them."""

    def __init__(self, structure: StaticStructure, F: Floats):
        self.F, self._kernel = F, CollectiveKernel(structure)
        self.R = structure.structure_factor - F
        self.R_inverse = inverses(self.R)
        self._upper = np.triu_indices(structure.n_species)
        self.shape = F.shape

    def quadratic(self, h: Floats) -> Floats:
        """m[h, h]."""
        return self._kernel.reduced(h)

    def around(self, m: Floats) -> Floats:
        """R m R."""
        return products(self.R, products(m, self.R))

    def packed(self, h: Floats) -> Floats:
        """The upper triangle as one vector."""
        return h[self._upper].ravel()

    def unpacked(self, vector: Floats) -> Floats:
        """The symmetric matrix of such a vector."""
        h = np.zeros(self.shape)
        h[self._upper] = vector.reshape(-1, self.shape[2])
        h[self._upper[::-1]] = h[self._upper]
        return h

    def matrix(self) -> Floats:
        """E, column by column."""
        size = self._upper[0].size * self.shape[2]
        E = np.empty((size, size))
        for column in range(size):
            unit = np.zeros(size)
            unit[column] = 1.0
            h = self.unpacked(unit)
            both = (self.quadratic(self.F + h) - self.quadratic(self.F - h)) / 2.0
            E[:, column] = self.packed(self.around(both))
        return E


def _largest(matrix: Floats) -> tuple[float, Floats]:
    """Largest eigenvalue, which is real and not degenerate (Perron and Frobenius), and its vector with positive sum."""
    from scipy.sparse.linalg import eigs  # a quarter of a second, which liquids do without

    values, vectors = eigs(matrix, k=1, which="LR", v0=np.ones(len(matrix)), tol=1e-12)
    vector = vectors[:, 0].real
    return float(values[0].real), vector * np.sign(vector.sum())


def critical_exponents(exponent_parameter: float) -> tuple[float, float]:
    """a and b of the critical decay t^−a and of von Schweidler's law −t^b, from λ.

    Γ(1−a)² / Γ(1−2a) = λ = Γ(1+b)² / Γ(1+2b),  0 < a < 0.395,  0 < b ≤ 1.

    Returns
    -------
    tuple of float
        a and b. [1]

    Raises
    ------
    InvalidInput
        If λ is not in [½, 1).

    Examples
    --------
    >>> a, b = critical_exponents(0.735)
    >>> round(a, 3), round(b, 3)
    (0.312, 0.583)
    """
    if not 0.5 <= exponent_parameter < 1.0:
        raise InvalidInput(f"exponent_parameter is {exponent_parameter}; allowed: from 1/2 up to, not including, 1")
    from scipy.optimize import brentq  # a quarter of a second, which liquids do without

    a = brentq(lambda a: math.gamma(1 - a) ** 2 / math.gamma(1 - 2 * a) - exponent_parameter, 1e-9, 0.4999)
    b = 1.0
    if exponent_parameter > 0.5:
        b = brentq(lambda b: math.gamma(1 + b) ** 2 / math.gamma(1 + 2 * b) - exponent_parameter, 1e-9, 1.0)
    return float(a), float(b)


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
        for name, value, wanted in (("liquid", liquid, "liquid"), ("glass", glass, "glass")):
            found = self._try(value)
            if found != wanted:
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
        while self._solve(x) == "liquid":
            x = 0.5 * (x + self.points[-1][0])

    def estimate(self, before: int = 0) -> float:
        """x at E_0 = 1, from x = x_c + α (1 − E_0)² + β (1 − E_0)³, the nearest points left out or not."""
        x, y, _ = self._three(before)
        return float(np.linalg.solve(y[:, None] ** np.array([0, 2, 3]), x)[0])

    def exponent_parameter(self, before: int = 0) -> float:
        """λ at E_0 = 1, from a parabola in 1 − E_0."""
        _, y, lam = self._three(before)
        return float(np.linalg.solve(y[:, None] ** np.array([0, 1, 2]), lam)[0])

    def _three(self, before: int) -> Floats:
        end = len(self.points) - before
        return np.array(self.points[end - 3 : end]).T

    def _solve(self, x: float) -> str:
        state = self._try(x)
        if state == "not_converged":
            raise NotConverged(
                f"the long-time limit at {x:g} did not converge in {self._iterations} iterations; allow more, or stop "
                "at a larger distance from the critical point"
            )
        return state

    def _try(self, x: float) -> str:
        """The state at x, of which a bound or a point is made."""
        structure = self._structure_at(x)
        solution = nonergodicity_parameter(structure, **self._options)
        self._iterations = solution.iterations
        if solution.state == "liquid":
            self._liquid = x
        elif solution.state == "glass":
            found = stability(structure, solution)
            self.points.append((x, 1.0 - found.eigenvalue, found.exponent_parameter))
            self.points.sort(key=lambda point: -point[1])
            self._solutions[x] = solution, structure
        return solution.state

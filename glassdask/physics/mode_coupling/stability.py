"""Stability of the glass of mode-coupling theory: largest eigenvalue, exponent parameter, and the exponents that follow.

At a glass solution with R = S − F(∞) the stability matrix is the derivative of the map whose fixed point F(∞) is,

    (E h)(k) = R {2 m[F, h]} R,     m_ab = M_ab / (μ_a k² x_a) as a bilinear form in F.

With the right and left eigenvectors h, ĥ of its largest eigenvalue E_0, which reaches 1 at the critical point,

    λ = <ĥ | R m[h, h] R> / <ĥ | h R⁻¹ h>,   Γ(1−a)² / Γ(1−2a) = λ = Γ(1+b)² / Γ(1+2b)

(Götze, Complex Dynamics of Glass-Forming Liquids (2009), chapter 4; matrix form after Voigtmann, Europhys. Lett. 96, 36006
(2011)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.outcome import ModeCouplingState
from glassdask.physics.mode_coupling.mode_coupling_kernels import CollectiveKernel
from glassdask.physics.mode_coupling.nonergodicity import Nonergodicity
from glassdask.physics.numerics.row_matrices import inverses, products
from glassdask.physics.structure.static_structure import StaticStructure

Floats = NDArray[np.float64]


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
    if glass.state is not ModeCouplingState.GLASS:
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
        """E, its rows and columns in the order of `packed`."""
        slopes = self._kernel.reduced_slopes(self.F)
        E = np.einsum("ack,cdkhq,dbk->abkhq", self.R, slopes, self.R, optimize=True)[self._upper]
        size = self._upper[0].size * self.shape[2]
        return E.reshape(size, size)


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

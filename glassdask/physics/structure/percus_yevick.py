"""Additive hard spheres in the Percus–Yevick approximation, any number of species: an S(k) for teaching and for tests.

Baxter's factorisation (J. Chem. Phys. 52, 4559 (1970)): with ξ_ν = (π/6) Σ_j ρ_j d_j^ν, d_ij = (d_i + d_j)/2 and
s_ij = (d_i − d_j)/2,

    S⁻¹ ∝ Q̂(k)† Q̂(k),   Q̂_ij = δ_ij − 2π √(ρ_i ρ_j) ∫_{s_ij}^{d_ij} q_ij(r) e^{ikr} dr,
    q_ij(r) = ½ a_i (r² − d_ij²) + b_i (r − d_ij),
    a_i = (1 − ξ_3 + 3 ξ_2 d_i) / (1 − ξ_3)²,   b_i = −(3/2) d_i² ξ_2 / (1 − ξ_3)²,

and S_ij = √(x_i x_j) [(Q̂†Q̂)⁻¹]_ij. For one component this is the solution of Wertheim and Thiele.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.structure.static_structure import StaticStructure

Floats = NDArray[np.float64]

#: Of equal spheres, π/√18: nothing is denser (Kepler).
CLOSE_PACKING = float(np.pi / np.sqrt(18.0))


def percus_yevick(
    wavenumber: ArrayLike,
    packing_fraction: float,
    diameters: ArrayLike = (1.0,),
    composition: ArrayLike = (1.0,),
) -> StaticStructure:
    """Structure of hard spheres: S_ab(k), density and composition.

    Parameters
    ----------
    wavenumber
        Bipolar grid, shape (N_k,). [1/length]
    packing_fraction
        η = (π/6) ρ Σ x_a d_a³, between 0 and 1.
    diameters
        d_a, shape (n,). [length]
    composition
        x_a, shape (n,).

    Returns
    -------
    StaticStructure
        On these wavenumbers, ρ from η; lengths in the unit of the diameters.

    Raises
    ------
    InvalidInput
        If spheres of these diameters cannot be packed so densely (each species fills at most π/√18 = 0.7405 of the room that
        larger ones leave), a diameter is not positive, or numbers of species differ.

    Examples
    --------
    S(0) = (1 − η)⁴ / (1 + 2η)² is the Percus–Yevick compressibility:

    >>> liquid = percus_yevick((np.arange(100) + 0.5) * 0.004, 0.4)
    >>> round(float(liquid.structure_factor[0, 0, 0] / (0.6**4 / 1.8**2)), 4)
    1.0
    """
    k = np.asarray(wavenumber, dtype=float)
    d, x = np.atleast_1d(np.asarray(diameters, dtype=float)), np.atleast_1d(np.asarray(composition, dtype=float))
    densest = 1.0 - (1.0 - CLOSE_PACKING) ** np.unique(d).size
    if not 0.0 < packing_fraction < densest:
        raise InvalidInput(
            f"packing_fraction is {packing_fraction:g}; allowed: above 0 and below {densest:.4f}, where no more spheres of "
            f"{np.unique(d).size} diameter{'s' * (np.unique(d).size > 1)} have room; a liquid or glass has 0.3 … 0.64"
        )
    if d.shape != x.shape or np.any(~(d > 0)):
        raise InvalidInput(f"diameters are {d.tolist()}; allowed: one above 0 for each of {x.size} species")
    density = 6.0 * packing_fraction / (np.pi * (x * d**3).sum())
    Q = _factor(k, d, density * x)
    inverse = np.einsum("kji,kjl->kil", Q.conj(), Q).real
    S = np.sqrt(x[:, None] * x[None, :]) * np.linalg.inv(inverse)
    # symmetric to the last bit, which rounding in the inverse is not
    S = np.ascontiguousarray(np.moveaxis(0.5 * (S + np.swapaxes(S, 1, 2)), 0, 2))
    return StaticStructure(k, S, density, x)


def _factor(k: Floats, d: Floats, rho: Floats) -> NDArray[np.complex128]:
    """Q̂(k), shape (N_k, n, n); the integrals by Gauss and Legendre with more nodes than there are half waves."""
    xi_2, xi_3 = (np.pi / 6 * (rho * d**power).sum() for power in (2, 3))
    a = (1.0 - xi_3 + 3.0 * xi_2 * d) / (1.0 - xi_3) ** 2
    b = -1.5 * d**2 * xi_2 / (1.0 - xi_3) ** 2
    nodes, weights = np.polynomial.legendre.leggauss(24 + int(k.max() * d.max()))
    Q = np.zeros((k.size, d.size, d.size), dtype=complex)
    for i in range(d.size):
        for j in range(d.size):
            low, high = 0.5 * (d[i] - d[j]), 0.5 * (d[i] + d[j])
            r = low + 0.5 * (high - low) * (nodes + 1.0)
            q = 0.5 * a[i] * (r**2 - high**2) + b[i] * (r - high)
            integral = np.exp(1j * np.outer(k, r)) @ (0.5 * (high - low) * weights * q)
            Q[:, i, j] = (i == j) - 2.0 * np.pi * np.sqrt(rho[i] * rho[j]) * integral
    return Q

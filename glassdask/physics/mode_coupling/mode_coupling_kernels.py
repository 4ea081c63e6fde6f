"""The memory of mode-coupling theory as a functional of F: collective, of a tagged particle, of its displacement.

Collective (docs/equations.md, E1–E3, E7), with the bare mobility μ_a = D_a (overdamped) or k_BT/m_a (Newtonian):

    Ω_ab = μ_a k² x_a (S⁻¹)_ab,   M_ab(k,t) = μ_a ρ / (2 x_b) ∫ d³q/(2π)³ Σ V F(q,t) F(p,t) V

Tagged particle of species s (E4): Ω_s = μ_s k², M_s(k,t) = μ_s ρ ∫ d³q/(2π)³ (k̂·q)² Σ_ab c_sa F_ab(q,t) c_sb F_s(p,t).
Mean squared displacement, the limit k → 0 of it: dδ/dt + ∫ M_0 dδ = 6 μ_s with M_0 = μ_s ρ/(6π²) ∫ dq q⁴ c F c F_s.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.compiled import (
    CollectiveMemory,
    TaggedMemory,
    collective_sums,
    multiply_rows,
    tagged_sums,
    window_moments,
)
from glassdask.physics.structure.static_structure import StaticStructure

Floats = NDArray[np.float64]


def checked_mobility(structure: StaticStructure, mobility: ArrayLike) -> Floats:
    """μ_a of each species; one number stands for all.

    Returns
    -------
    numpy.ndarray
        Shape (n,). [length²/time, or length²/time² in Newtonian dynamics]

    Raises
    ------
    InvalidInput
        If a number is not above 0 and finite, or there are neither one nor n.
    """
    values, n = np.asarray(mobility, dtype=float), structure.n_species
    if values.shape not in ((), (1,), (n,)) or not np.all(np.isfinite(values) & (values > 0)):
        raise InvalidInput(
            f"mobility is {values.tolist()}; allowed: one number above 0, or one for each of {n} species"
        )
    return np.broadcast_to(values, (n,))


class CollectiveKernel:
    """M_ab(k) as a functional of F_ab(k), for the solver and for long times.

    Attributes
    ----------
    c
        Direct correlation functions, shape (n, n, N_k). [length³]
    factor
        m_ab over the sums of `glassdask.physics.compiled.collective_sums`, same shape. [1/length⁶]
    compiled
        The same for `glassdask.physics.compiled.solve_steps`.
    """

    is_given = False

    def __init__(self, structure: StaticStructure, mobility: ArrayLike = 1.0):
        mu = checked_mobility(structure, mobility)
        self.c = np.ascontiguousarray(structure.direct_correlation)
        scale = structure.density * structure.spacing**5 / (16.0 * np.pi**2)
        self._prefactor = scale * mu[:, None] / structure.composition[None, :]
        self._to_m = 1.0 / (structure.wavenumber**2 * (mu * structure.composition)[:, None, None])
        self.factor = self._prefactor[:, :, None] * self._to_m
        self.compiled = CollectiveMemory(self.c, self._prefactor)

    def fill(self, place: int, F: Floats, M: Floats) -> None:  # noqa: ARG002
        """M of this F, both of shape (n, n, N_k)."""
        collective_sums(F, self.c, M)
        multiply_rows(M, self._prefactor)

    def __call__(self, F: Floats) -> Floats:
        """M of this F, in an array of its own."""
        M = np.empty_like(F)
        self.fill(0, np.ascontiguousarray(F), M)
        return M

    def reduced(self, F: Floats) -> Floats:
        """m_ab = M_ab / (μ_a k² x_a), which long-time limits are made of; symmetric, and without μ (docs/equations.md, E5).

        Parameters
        ----------
        F
            F_ab(k), shape (n, n, N_k).

        Returns
        -------
        numpy.ndarray
            Shape (n, n, N_k). [1]
        """
        return self(F) * self._to_m

    def reduced_slopes(self, F: Floats) -> Floats:
        """dm_ab(k)/dF_cd(q) = 2 m_ab[F, h] with h_cd = h_dc of one at q and nothing elsewhere.

        With the sums of (E7) in docs/equations.md, h is the function of p beside G, that of q within G = cFc, and one of the
        two within H = cF. What is left of each is a sum over one window of the other, for all pairs (k, q) at once in O(N_k²).

        Parameters
        ----------
        F
            F_ab(k), symmetric in a and b, shape (n, n, N_k).

        Returns
        -------
        numpy.ndarray
            Over the pairs c ≤ d and q, shape (n, n, N_k, n (n+1) / 2, N_k). [1]
        """
        n, n_k, c = len(F), F.shape[2], self.c
        H = np.einsum("adk,dbk->abk", c, F)
        G = np.einsum("adk,dbk->abk", H, c)
        moments = np.empty((3 * n * n, 3, n_k, n_k))
        window_moments(np.concatenate([G, H, F]).reshape(-1, n_k), moments)
        U_0, U_1, U_2 = moments.reshape(3, n, n, 3, n_k, n_k).transpose(3, 0, 1, 2, 4, 5)
        P_2 = (np.arange(n_k) + 0.5) ** 2
        smaller = np.minimum.outer(P_2, P_2)
        # K² + l² − Q² and K² + Q² − l², as sum and difference with u
        a = P_2[:, None] - P_2 + np.maximum.outer(P_2, P_2)
        beside_G = a**2 * U_0[0] + 2.0 * a * U_1[0] + U_2[0]
        beside_H = a * smaller * U_0[1] + (smaller - a) * U_1[1] - U_2[1]
        within_G = smaller**2 * U_0[2] - 2.0 * smaller * U_1[2] + U_2[2]
        unit = np.zeros((n * (n + 1) // 2, n, n))
        first, second = np.triu_indices(n)
        unit[np.arange(len(unit)), first, second] = unit[np.arange(len(unit)), second, first] = 1.0
        H_unit = np.einsum("adq,hdb->abhq", c, unit)
        G_unit = np.einsum("adhq,dbq->abhq", H_unit, c)
        sums = (
            beside_G[:, :, :, None] * unit.transpose(1, 2, 0)[:, :, None, :, None]
            + within_G[:, :, :, None] * G_unit[:, :, None]
            + beside_H[:, :, :, None] * H_unit.swapaxes(0, 1)[:, :, None]
            + beside_H.swapaxes(0, 1)[:, :, :, None] * H_unit[:, :, None]
        )
        weights = np.sqrt(P_2) / P_2[:, None] ** 1.5  # Q/K³
        return sums * (weights * self.factor[..., None])[:, :, :, None]


class TaggedKernel:
    """M_s(k) of all species in one row of length n N_k, as a functional of F_s(k) with F_ab(k,t) known.

    Parameters
    ----------
    collective
        F_ab(k) at every time of the grid, shape (n_times, n, n, N_k).

    Attributes
    ----------
    compiled
        The same for `glassdask.physics.compiled.solve_steps`.
    """

    is_given = False

    def __init__(self, structure: StaticStructure, collective: Floats, mobility: ArrayLike = 1.0):
        mu = checked_mobility(structure, mobility)
        self.shape = (structure.n_species, structure.wavenumber.size)
        self.W = tagged_vertices(structure, collective)
        self._prefactor = structure.density * structure.spacing**5 / (16.0 * np.pi**2) * mu[:, None]
        self.compiled = TaggedMemory(self.W, np.ascontiguousarray(self._prefactor[:, 0]))

    def fill(self, place: int, F: Floats, M: Floats) -> None:
        """M_s of this F_s at this time, both of shape (1, 1, n N_k)."""
        sums = M.reshape(self.shape)
        tagged_sums(self.W[place], F.reshape(self.shape), sums)
        sums *= self._prefactor


def tagged_vertices(structure: StaticStructure, F: Floats) -> Floats:
    """W_s(q) = Σ_ab c_sa F_ab c_sb of the tagged particle's memory (docs/equations.md, E4).

    Parameters
    ----------
    F
        F_ab(q,t), shape (n_times, n, n, N_k).

    Returns
    -------
    numpy.ndarray
        Shape (n_times, n, N_k). [length⁶]
    """
    c = structure.direct_correlation
    return np.ascontiguousarray(np.einsum("sak,tabk,sbk->tsk", c, F, c, optimize=True))


def bare_rates(structure: StaticStructure, mobility: ArrayLike) -> Floats:
    """Ω_ab(k) = μ_a k² x_a (S⁻¹)_ab of the collective F (docs/equations.md, E1).

    Parameters
    ----------
    mobility
        μ_a, one for all species or one for each.

    Returns
    -------
    numpy.ndarray
        Shape (n, n, N_k). [1/time, or 1/time² in Newtonian dynamics]
    """
    mu = checked_mobility(structure, mobility)
    return (mu * structure.composition)[:, None, None] * structure.wavenumber**2 * structure.inverse


def displacement_memory(structure: StaticStructure, W: Floats, F_s: Floats, mobility: ArrayLike) -> Floats:
    """M_0(t) = μ_s ρ/(6π²) ∫ dq q⁴ W_s(q,t) F_s(q,t) of the mean squared displacement.

    Parameters
    ----------
    W
        Of `tagged_vertices`, shape (n_times, n, N_k). [length⁶]
    F_s
        Same shape. [1]
    mobility
        μ_s, one for all species or one for each.

    Returns
    -------
    numpy.ndarray
        Shape (n_times, n). [1/time, or 1/time² in Newtonian dynamics]
    """
    mu = checked_mobility(structure, mobility)
    weights = structure.density * structure.spacing / (6.0 * np.pi**2) * structure.wavenumber**4
    return mu * np.einsum("k,tsk,tsk->ts", weights, W, F_s, optimize=True)

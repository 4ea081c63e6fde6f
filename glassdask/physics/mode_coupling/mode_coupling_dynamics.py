"""Mode-coupling theory in the time domain: F(k,t), F_s(k,t) and the mean squared displacement from S(k) alone.

Collective (docs/equations.md, E1–E3, E7), with the bare mobility μ_a = D_a (overdamped) or k_BT/m_a (Newtonian):

    Ω_ab = μ_a k² x_a (S⁻¹)_ab,   M_ab(k,t) = μ_a ρ / (2 x_b) ∫ d³q/(2π)³ Σ V F(q,t) F(p,t) V

Tagged particle of species s (E4): Ω_s = μ_s k², M_s(k,t) = μ_s ρ ∫ d³q/(2π)³ (k̂·q)² Σ_ab c_sa F_ab(q,t) c_sb F_s(p,t).
Mean squared displacement, the limit k → 0 of it: dδ/dt + ∫ M_0 dδ = 6 μ_s with M_0 = μ_s ρ/(6π²) ∫ dq q⁴ c F c F_s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.compiled import collective_sums, multiply_rows, tagged_sums
from glassdask.physics.memory.dynamics import DEFAULT_DYNAMICS, Dynamics
from glassdask.physics.memory.memory_equation import (
    GivenMemory,
    MemorySolution,
    extrapolate,
    first_step_for,
    solve_memory_equation,
)
from glassdask.physics.memory.time_doubling import DoublingGrid
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
    """M_ab(k) as a functional of F_ab(k), for the solver and for long times."""

    is_given = False

    def __init__(self, structure: StaticStructure, mobility: ArrayLike = 1.0):
        mu = checked_mobility(structure, mobility)
        self._c = np.ascontiguousarray(structure.direct_correlation)
        scale = structure.density * structure.spacing**5 / (16.0 * np.pi**2)
        self._prefactor = scale * mu[:, None] / structure.composition[None, :]
        self._to_m = 1.0 / (structure.wavenumber**2 * (mu * structure.composition)[:, None, None])

    def fill(self, place: int, F: Floats, M: Floats) -> None:  # noqa: ARG002
        """M of this F, both of shape (n, n, N_k)."""
        collective_sums(F, self._c, M)
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


class TaggedKernel:
    """M_s(k) of all species in one row of length n N_k, as a functional of F_s(k) with F_ab(k,t) known.

    Parameters
    ----------
    collective
        F_ab(k) at every time of the grid, shape (n_times, n, n, N_k).
    """

    is_given = False

    def __init__(self, structure: StaticStructure, collective: Floats, mobility: ArrayLike = 1.0):
        mu = checked_mobility(structure, mobility)
        self.shape = (structure.n_species, structure.wavenumber.size)
        self.W = tagged_vertices(structure, collective)
        self._prefactor = structure.density * structure.spacing**5 / (16.0 * np.pi**2) * mu[:, None]

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


@dataclass(frozen=True, eq=False)
class ModeCouplingSolution:
    """Correlations in time, with their memory and what is known of their convergence.

    Attributes
    ----------
    structure
        What it was made from.
    collective
        F_ab(k,t) and M_ab(k,t), shape (n_times, n, n, N_k).
    tagged
        F_s(k,t) and M_s(k,t) of all species in one row, shape (n_times, 1, 1, n N_k); see `F_s` and `M_s`.
    displacement
        Mean squared displacements and their memory, shape (n_times, 1, 1, n).
    """

    structure: StaticStructure
    collective: MemorySolution
    tagged: MemorySolution
    displacement: MemorySolution

    @property
    def t(self) -> Floats:
        """Times, shape (n_times,). [time]"""
        return self.collective.grid.times

    @property
    def F(self) -> Floats:
        """F_ab(k,t), S_ab at t = 0, shape (n_times, n, n, N_k). [1]"""
        return self.collective.F

    @property
    def M(self) -> Floats:
        """M_ab(k,t), shape (n_times, n, n, N_k). [1/time, or 1/time² in Newtonian dynamics]"""
        return self.collective.M

    @property
    def F_s(self) -> Floats:
        """F_s(k,t), 1 at t = 0, shape (n_times, n, N_k). [1]"""
        return self.tagged.F.reshape(self.t.size, self.structure.n_species, -1)

    @property
    def M_s(self) -> Floats:
        """M_s(k,t), shape (n_times, n, N_k). [as M]"""
        return self.tagged.M.reshape(self.t.size, self.structure.n_species, -1)

    @property
    def mean_squared_displacement(self) -> Floats:
        """Of each species, shape (n_times, n). [length²]"""
        return self.displacement.F[:, 0, 0]

    @property
    def outcome(self) -> str:
        """ "converged", or what went wrong first: "diverged" or "not_resolved".

        The lowest wavenumber is not asked: on the bipolar grid its integral has one point for each q and misses most of
        the memory, so that it oscillates or decays as if alone. Its weight k⁴ in all other memories is nothing.
        """
        failures = (word for part in self._judged("outcome") for word in ("diverged", "not_resolved") if word in part)
        return next(failures, "converged")

    @property
    def error(self) -> float:
        """Estimate of the largest error of F / S, F_s and δ / δ(end), the lowest wavenumber left out; NaN without
        extrapolation. [1]
        """
        return float(max(part.max() for part in self._judged("error")))

    def _judged(self, name: str) -> tuple[NDArray, NDArray, NDArray]:
        """A property of the rows of the three equations, without that of the lowest wavenumber."""
        collective, tagged = getattr(self.collective, name), getattr(self.tagged, name)
        by_species = tagged.reshape(self.structure.n_species, -1)
        return collective[1:], by_species[:, 1:].ravel(), getattr(self.displacement, name)


def mode_coupling_dynamics(
    structure: StaticStructure,
    end_time: float,
    dynamics: Dynamics = DEFAULT_DYNAMICS,
    mobility: ArrayLike = 1.0,
    *,
    n_half: int = 32,
    is_extrapolated: bool = False,
    **options: Any,
) -> ModeCouplingSolution:
    """F, F_s and mean squared displacements of a mixture up to a time.

    Parameters
    ----------
    structure
        S(k), density, composition.
    end_time
        Last time. [time]
    dynamics
        "overdamped" (colloids, and the paper) or "newtonian" (atoms: the ballistic start of molecular dynamics).
    mobility
        D_a [length²/time], or k_BT/m_a [length²/time²] in Newtonian dynamics; one for all or one a species.
    n_half
        N of the time grid. The error of the relaxation time falls as N⁻².
    is_extrapolated
        Solves again with half the step and extrapolates (Richardson): three times the work, and an error estimate.
    options
        `tolerance` and `most_iterations` of `solve_memory_equation`.

    Returns
    -------
    ModeCouplingSolution
        Curves on one grid of times from 0 to `end_time`; `outcome` says whether they can be trusted.

    Raises
    ------
    InvalidInput
        If the end time, the mobility or the dynamics are not allowed.
    """
    mu = checked_mobility(structure, mobility)
    grid = DoublingGrid.reaching(n_half, _first_step(structure, mu, n_half, dynamics), end_time)
    coarse = _solved_on(grid, structure, mu, dynamics, options)
    if not is_extrapolated:
        return coarse
    fine = _solved_on(grid.halved(), structure, mu, dynamics, options)
    names = ("collective", "tagged", "displacement")
    return ModeCouplingSolution(structure, *(extrapolate(getattr(coarse, n), getattr(fine, n)) for n in names))


def _solved_on(
    grid: DoublingGrid, structure: StaticStructure, mu: Floats, dynamics: Dynamics, options: dict[str, Any]
) -> ModeCouplingSolution:
    """One after the other, as each knows nothing of the next: collective, tagged, displacement."""
    S = structure.structure_factor
    collective = solve_memory_equation(
        CollectiveKernel(structure, mu), bare_rates(structure, mu), S, grid, dynamics, **options
    )
    kernel = TaggedKernel(structure, collective.F, mu)
    Omega_s = _tagged_rates(structure, mu)
    tagged = solve_memory_equation(kernel, Omega_s, np.ones_like(Omega_s), grid, dynamics, **options)
    F_s = tagged.F.reshape(grid.times.size, *kernel.shape)
    at_rest = np.zeros((1, 1, mu.size))
    memory = GivenMemory(displacement_memory(structure, kernel.W, F_s, mu)[:, None, None])
    displacement = solve_memory_equation(memory, at_rest, at_rest, grid, dynamics, source=6.0 * mu)
    return ModeCouplingSolution(structure, collective, tagged, displacement)


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


def _tagged_rates(structure: StaticStructure, mu: Floats) -> Floats:
    """Ω_s = μ_s k², shape (1, 1, n N_k)."""
    return (mu[:, None] * structure.wavenumber**2).reshape(1, 1, -1)


def _first_step(structure: StaticStructure, mu: Floats, n_half: int, dynamics: Dynamics) -> float:
    """Short enough for all three equations."""
    S = structure.structure_factor
    Omega_s = _tagged_rates(structure, mu)
    M_s = np.empty_like(Omega_s)
    TaggedKernel(structure, S[None], mu).fill(0, np.ones_like(Omega_s), M_s)
    steps = (
        first_step_for(bare_rates(structure, mu), CollectiveKernel(structure, mu)(S), n_half, dynamics),
        first_step_for(Omega_s, M_s, n_half, dynamics),
    )
    return min(steps)

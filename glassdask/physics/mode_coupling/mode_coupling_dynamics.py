"""Mode-coupling theory in the time domain: F(k,t), F_s(k,t) and the mean squared displacement from S(k) alone.

Three memory equations, one after the other: collective, tagged particle, displacement (`mode_coupling_kernels`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.physics.memory.dynamics import DEFAULT_DYNAMICS, Dynamics
from glassdask.physics.memory.memory_equation import GivenMemory, first_step_for, solve_memory_equation
from glassdask.physics.memory.memory_solution import MemorySolution, extrapolate
from glassdask.physics.memory.time_doubling import DoublingGrid
from glassdask.physics.mode_coupling.mode_coupling_kernels import (
    CollectiveKernel,
    TaggedKernel,
    bare_rates,
    checked_mobility,
    displacement_memory,
)
from glassdask.physics.structure.static_structure import StaticStructure

Floats = NDArray[np.float64]
Told = Callable[[float], None]
#: Of the work: the collective equation, beside the tagged one; and of all, that of the coarser grid where there are two.
_COLLECTIVE_SHARE, _COARSE_SHARE = 0.6, 1.0 / 3.0


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
    told: Told = lambda _share: None,
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
    told
        Called after every octave of time with the share of the work that is done, as far as it can be known: iterations of a step
        take longer near the critical point.
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
    shares = _shares(told, 0.0, _COARSE_SHARE if is_extrapolated else 1.0)
    coarse = _solved_on(grid, structure, mu, dynamics, shares, options)
    if not is_extrapolated:
        return coarse
    shares = _shares(told, _COARSE_SHARE, 1.0)
    fine = _solved_on(grid.halved(), structure, mu, dynamics, shares, options)
    names = ("collective", "tagged", "displacement")
    return ModeCouplingSolution(structure, *(extrapolate(getattr(coarse, n), getattr(fine, n)) for n in names))


def _shares(told: Told, begin: float, end: float) -> tuple[Told, Told]:
    """What the collective and the tagged solution call, each with its own share."""
    middle = begin + _COLLECTIVE_SHARE * (end - begin)
    return (
        lambda share: told(begin + (middle - begin) * share),
        lambda share: told(middle + (end - middle) * share),
    )


def _solved_on(
    grid: DoublingGrid,
    structure: StaticStructure,
    mu: Floats,
    dynamics: Dynamics,
    told: tuple[Told, Told],
    options: dict[str, Any],
) -> ModeCouplingSolution:
    """One after the other, as each knows nothing of the next: collective, tagged, displacement."""
    S = structure.structure_factor
    collective = solve_memory_equation(
        CollectiveKernel(structure, mu), bare_rates(structure, mu), S, grid, dynamics, told=told[0], **options
    )
    kernel = TaggedKernel(structure, collective.F, mu)
    Omega_s = _tagged_rates(structure, mu)
    tagged = solve_memory_equation(kernel, Omega_s, np.ones_like(Omega_s), grid, dynamics, told=told[1], **options)
    F_s = tagged.F.reshape(grid.times.size, *kernel.shape)
    at_rest = np.zeros((1, 1, mu.size))
    memory = GivenMemory(displacement_memory(structure, kernel.W, F_s, mu)[:, None, None])
    displacement = solve_memory_equation(memory, at_rest, at_rest, grid, dynamics, source=6.0 * mu)
    return ModeCouplingSolution(structure, collective, tagged, displacement)


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

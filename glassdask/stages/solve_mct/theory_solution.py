"""Mode-coupling theory of one structure, solved: what a campaign's state and somebody's own S(k) have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from glassdask.physics.memory.dynamics import Dynamics
from glassdask.physics.mode_coupling.critical_coupling import critical_coupling
from glassdask.physics.mode_coupling.mode_coupling_dynamics import ModeCouplingSolution, mode_coupling_dynamics
from glassdask.physics.mode_coupling.nonergodicity import Nonergodicity, nonergodicity_parameter
from glassdask.physics.structure.static_structure import StaticStructure, pairs_of_matrix


@dataclass(frozen=True, eq=False)
class TheorySolution:
    """What the theory says of one structure.

    Parameters
    ----------
    dynamics, mobility
        Of the curves; the mobility is that of mass 1 where masses differ.
    limit
        The long-time limit.
    critical_coupling
        g_c, the factor on the memory that would bring it to the critical point: above 1 in the liquid.
    solution
        The curves in time.
    masses
        Of each species, or one for all: they divide the mobility of Newtonian dynamics.
    """

    dynamics: Dynamics
    mobility: float
    limit: Nonergodicity
    critical_coupling: float
    solution: ModeCouplingSolution
    masses: ArrayLike

    @property
    def mobilities(self) -> np.ndarray:
        """μ of each species, or of all: of shape (n,) or (). [as the mobility]"""
        return self.mobility / np.asarray(self.masses)

    def variables(self, on_times: Callable[[np.ndarray], np.ndarray]) -> dict[str, np.ndarray]:
        """Limits and curves by the names of their variables.

        Parameters
        ----------
        on_times
            Brings curves, shape (n_times, …), to the times wanted, which come last.
        """
        solution = self.solution
        return {
            "critical_coupling": np.array(self.critical_coupling),
            "nonergodicity": pairs_of_matrix(self.limit.F),
            "self_nonergodicity": self.limit.F_s,
            "scattering": pairs_of_matrix(on_times(solution.F)),
            "self_scattering": on_times(solution.F_s),
            "self_memory": on_times(solution.M_s),
            "mean_squared_displacement": on_times(solution.mean_squared_displacement),
        }


def solved_theory(
    structure: StaticStructure,
    end_time: float,
    dynamics: Dynamics,
    mobility: float,
    n_half: int,
    is_extrapolated: bool = False,
    masses: ArrayLike = 1.0,
    told: Callable[[float], None] = lambda _share: None,
) -> TheorySolution:
    """Solves the theory for a structure; parameters as of `mode_coupling_dynamics` and `TheorySolution`."""
    mu = mobility / np.asarray(masses)
    solution = mode_coupling_dynamics(
        structure, end_time, dynamics, mu, n_half=n_half, is_extrapolated=is_extrapolated, told=told
    )
    limit = nonergodicity_parameter(structure)
    return TheorySolution(dynamics, mobility, limit, critical_coupling(structure), solution, masses)

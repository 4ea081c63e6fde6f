"""Where the potential energy is least near a configuration, for engines that have no minimiser of their own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from glassdask.simulation.particles.particles import Floats


def displacements_to_minimum(
    energy_and_forces: Callable[[Floats], tuple[float, Floats]],
    n_particles: int,
    max_iterations: int,
    force_tolerance: float,
) -> Floats:
    """How far particles are to be displaced, by SciPy's L-BFGS (Zhu et al., ACM Trans. Math. Softw. 23, 550 (1997)).

    Parameters
    ----------
    energy_and_forces
        Given displacements from where particles are now, shape (N, 3), the potential energy and the forces, shape (N, 3).
    n_particles
        N.
    max_iterations
        After which the best that was found is taken.
    force_tolerance
        No component of a force is larger at the end, unless iterations run out first. [epsilon_AA / sigma_AA]

    Returns
    -------
    numpy.ndarray
        Shape (N, 3). [sigma_AA]
    """
    from scipy.optimize import minimize  # a third of a second to import

    def energy_and_gradient(moved: Floats) -> tuple[float, Floats]:
        energy, forces = energy_and_forces(moved.reshape(-1, 3))
        return energy, -forces.ravel()

    found = minimize(
        energy_and_gradient,
        np.zeros(3 * n_particles),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": max_iterations, "maxfun": 10 * max_iterations, "ftol": 0.0, "gtol": force_tolerance},
    )
    return np.reshape(found.x, (-1, 3))

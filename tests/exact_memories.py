"""F of M = A e^{−t/τ} in closed form: the memory equation is algebra in Laplace space, F a sum of exponentials."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassdask.physics.memory.dynamics import Dynamics


def exact_scattering(
    t: NDArray[np.float64], A: float, tau: float, Omega: float, dynamics: Dynamics
) -> NDArray[np.float64]:
    """F at these times, shape of t.

    F̂ = (1 + M̂)/(z + Ω + z M̂) in overdamped, (z + M̂)/(z² + Ω + z M̂) in Newtonian dynamics, M̂ = A/(z + 1/τ): residues at
    the zeros of a polynomial of second or third order.
    """
    rate = 1.0 / tau
    if dynamics == "overdamped":
        above, below = [1.0, rate + A], [1.0, rate + Omega + A, Omega * rate]
    else:
        above, below = [1.0, rate, A], [1.0, rate, Omega + A, Omega * rate]
    zeros = np.roots(below)
    residues = np.polyval(above, zeros) / np.polyval(np.polyder(below), zeros)
    return (np.exp(np.outer(t, zeros)) @ residues).real

"""Energy, forces and pressure of the Kob–Andersen mixture by a double loop over all pairs, in float64; slow and obvious.

u(r) = 4 eps [(sig/r)^12 − (sig/r)^6] − shift for r < r_c (eq. 9 of the paper), nearest images, box > 2 r_c.
"""

from __future__ import annotations

import numpy as np

EPSILON = np.array([[1.0, 1.5], [1.5, 0.5]])
SIGMA = np.array([[1.0, 0.8], [0.8, 0.88]])
CUTOFF = {"lj": 2.5, "wca": 2.0 ** (1.0 / 6.0)}


def energy_forces_virial(
    positions: np.ndarray, species: np.ndarray, box_length: float, potential: str
) -> tuple[float, np.ndarray, float]:
    """Total potential energy, forces of shape (N, 3), and the virial Σ r·f over pairs."""
    energy, virial = 0.0, 0.0
    forces = np.zeros_like(positions)
    for i in range(len(positions) - 1):
        separation = positions[i] - positions[i + 1 :]
        separation -= box_length * np.rint(separation / box_length)
        r = np.linalg.norm(separation, axis=1)
        eps, sig = EPSILON[species[i], species[i + 1 :]], SIGMA[species[i], species[i + 1 :]]
        r_c = CUTOFF[potential] * sig
        inside = r < r_c
        u = 4 * eps * ((sig / r) ** 12 - (sig / r) ** 6) - 4 * eps * ((sig / r_c) ** 12 - (sig / r_c) ** 6)
        minus_du_dr = 24 * eps * (2 * (sig / r) ** 12 - (sig / r) ** 6) / r
        pair_forces = np.where(inside, minus_du_dr / r, 0.0)[:, None] * separation
        forces[i] += pair_forces.sum(axis=0)
        forces[i + 1 :] -= pair_forces
        energy += u[inside].sum()
        virial += (minus_du_dr * r)[inside].sum()
    return energy, forces, virial


def pressure(virial: float, velocities: np.ndarray, box_length: float) -> float:
    """(Σ m v² + Σ r·f) / 3V."""
    return (np.sum(velocities**2) + virial) / (3 * box_length**3)

"""Energy, forces and pressure of a liquid by a double loop over all pairs, in float64; slow and obvious.

Of the Kob–Andersen mixture by its own formula, u(r) = 4 eps [(sig/r)^12 − (sig/r)^6] − shift for r < r_c (eq. 9 of the
paper); of any other liquid by its pair potentials. Nearest images, box > 2 r_c.
"""

from __future__ import annotations

import numpy as np

from glassdask.physics.liquids.liquid import Liquid

EPSILON = np.array([[1.0, 1.5], [1.5, 0.5]])
SIGMA = np.array([[1.0, 0.8], [0.8, 0.88]])
CUTOFF = {"lj": 2.5, "wca": 2.0 ** (1.0 / 6.0)}


def kob_andersen(potential: str, a: int, b: np.ndarray, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """u and −du/dr of a particle of species a and others of species b."""
    eps, sig = EPSILON[a, b], SIGMA[a, b]
    r_c = CUTOFF[potential] * sig
    u = 4 * eps * ((sig / r) ** 12 - (sig / r) ** 6) - 4 * eps * ((sig / r_c) ** 12 - (sig / r_c) ** 6)
    minus_du_dr = 24 * eps * (2 * (sig / r) ** 12 - (sig / r) ** 6) / r
    return np.where(r < r_c, u, 0.0), np.where(r < r_c, minus_du_dr, 0.0)


def any_liquid(liquid: Liquid, a: int, b: np.ndarray, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """u and −du/dr of a particle of species a and others of species b."""
    pairs = [liquid.pair(liquid.species[a], other) for other in liquid.species]
    u, minus_du_dr = np.zeros((2, len(r)))
    for j, pair in enumerate(pairs):
        u[b == j], minus_du_dr[b == j] = pair.energy(r[b == j]), pair.force(r[b == j])
    return u, minus_du_dr


def energy_forces_virial(
    positions: np.ndarray, species: np.ndarray, box_length: float, potential: Liquid | str
) -> tuple[float, np.ndarray, float]:
    """Total potential energy, forces of shape (N, 3), and the virial Σ r·f over pairs."""
    energy, virial = 0.0, 0.0
    forces = np.zeros_like(positions)
    for i in range(len(positions) - 1):
        separation = positions[i] - positions[i + 1 :]
        separation -= box_length * np.rint(separation / box_length)
        r = np.linalg.norm(separation, axis=1)
        if isinstance(potential, str):
            u, minus_du_dr = kob_andersen(potential, species[i], species[i + 1 :], r)
        else:
            u, minus_du_dr = any_liquid(potential, species[i], species[i + 1 :], r)
        pair_forces = (minus_du_dr / r)[:, None] * separation
        forces[i] += pair_forces.sum(axis=0)
        forces[i + 1 :] -= pair_forces
        energy += u.sum()
        virial += (minus_du_dr * r).sum()
    return energy, forces, virial


def pressure(virial: float, velocities: np.ndarray, box_length: float, masses: np.ndarray) -> float:
    """(Σ m v² + Σ r·f) / 3V."""
    return (np.sum(masses[:, None] * velocities**2) + virial) / (3 * box_length**3)

"""The particles of one moment in float64: what engines start from, hand out and checkpoints keep."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassdask.physics.liquids.liquid import Liquid

Floats = NDArray[np.float64]


@dataclass
class Particles:
    """Positions, velocities and species of N particles in a periodic cube, at one step; their masses are those of
    the liquid (`particle_masses`).

    Parameters
    ----------
    positions
        Wrapped into [−L/2, L/2), shape (N, 3). [sigma_AA]
    velocities
        Shape (N, 3). [sigma_AA / tau_LJ]
    images
        How many boxes each particle has crossed, int64, shape (N, 3); unwrapped positions are ``positions + images L``.
    species
        0 for A, 1 for B and so on, int64, shape (N,).
    box_length
        L. [sigma_AA]
    step
        Number of time steps since the phase of the run began.
    """

    positions: Floats
    velocities: Floats
    images: NDArray[np.int64]
    species: NDArray[np.int64]
    box_length: float
    step: int = 0

    @property
    def unwrapped(self) -> Floats:
        """Positions followed through the periodic boundaries, shape (N, 3). [sigma_AA]"""
        return self.positions + self.images * self.box_length

    @property
    def is_finite(self) -> bool:
        """Whether no position and no velocity is NaN or infinite."""
        # a sum of squares with such a term is one; four times as quick as to look at each, between steps of dynamics
        return math.isfinite(np.vdot(self.positions, self.positions) + np.vdot(self.velocities, self.velocities))


def wrap(positions: Floats, box_length: float) -> tuple[Floats, NDArray[np.int64]]:
    """Bring positions into [−L/2, L/2) and count the boxes crossed, so that ``wrapped + crossed L == positions``.

    Parameters
    ----------
    positions
        Any shape. [sigma_AA]
    box_length
        L. [sigma_AA]

    Returns
    -------
    wrapped, crossed
        Same shape; `crossed` is int64.
    """
    crossed = np.floor(positions / box_length + 0.5)
    wrapped = positions - crossed * box_length
    at_the_edge = wrapped >= 0.5 * box_length  # rounding can put −L/2 − 1e-17 on +L/2
    if at_the_edge.any():
        wrapped[at_the_edge] -= box_length
        crossed[at_the_edge] += 1
    return wrapped, crossed.astype(np.int64)


def degrees_of_freedom(n: int) -> int:
    """3N − 3: the total momentum is zero and conserved, so three velocities follow from the others."""
    return 3 * n - 3


def particle_masses(liquid: Liquid, species: NDArray[np.int64]) -> Floats:
    """Mass of each particle, shape (N,). [m_A]"""
    return np.array([liquid.masses[name] for name in liquid.species])[species]


def kinetic_temperature(velocities: Floats, masses: Floats) -> float:
    """Temperature 2K / (3N − 3) of velocities with zero total momentum, K = Σ m v² / 2. [epsilon_AA / k_B]"""
    return float(np.sum(masses[:, None] * velocities**2) / degrees_of_freedom(len(velocities)))


def at_rest(velocities: Floats, masses: Floats) -> Floats:
    """Velocities against the centre of mass, Σ m v = 0, shape (N, 3)."""
    return velocities - np.sum(masses[:, None] * velocities, axis=0) / masses.sum()


def maxwell_velocities(masses: Floats, temperature: float, random: np.random.Generator) -> Floats:
    """Velocities of a Maxwell distribution, ∝ 1/√m, with zero total momentum, scaled to exactly `temperature`.

    Parameters
    ----------
    masses
        Shape (N,). [m_A]
    temperature
        T. [epsilon_AA / k_B]
    random
        Source of all random numbers.

    Returns
    -------
    numpy.ndarray
        Shape (N, 3). [sigma_AA / tau_LJ]
    """
    velocities = at_rest(random.standard_normal((len(masses), 3)) / np.sqrt(masses)[:, None], masses)
    return velocities * np.sqrt(temperature / kinetic_temperature(velocities, masses))

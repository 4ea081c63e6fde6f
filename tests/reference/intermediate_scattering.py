"""Self intermediate scattering the slow way: loops over particles, and exponentials on wavevectors."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def displacements(origin: Floats, end: Floats) -> Floats:
    """Displacements with the centre of mass at rest, shape (N, d)."""
    return (end - end.mean(axis=0)) - (origin - origin.mean(axis=0))


def mean_over_directions(origin: Floats, end: Floats, species: NDArray[np.int64], wavenumber: float) -> Floats:
    """Mean of sin(k r)/(k r) over the particles of each species, shape (n_species,)."""
    sums = [0.0] * (int(species.max()) + 1)
    for s, moved in zip(species, displacements(origin, end), strict=True):
        phase = wavenumber * math.sqrt(float(moved @ moved))
        sums[s] += math.sin(phase) / phase if phase > 0 else 1.0
    return np.array(sums) / np.bincount(species)


def mean_over_plane(origin: Floats, end: Floats, species: NDArray[np.int64], wavenumber: float) -> Floats:
    """Mean of cos(k·Δr) over particles and over 720 directions of k in the plane, shape (n_species,).

    Equally spaced directions integrate exp(i k r cos φ) exactly while k r is below their number.
    """
    angle = 2 * np.pi * np.arange(720) / 720
    vectors = wavenumber * np.column_stack([np.cos(angle), np.sin(angle)])
    sums = [0.0] * (int(species.max()) + 1)
    for s, moved in zip(species, displacements(origin, end), strict=True):
        sums[s] += float(np.cos(vectors @ moved).mean())
    return np.array(sums) / np.bincount(species)


def per_particle_over_vectors(moved: Floats, vectors: Floats) -> Floats:
    """Mean of cos(k·Δr) over wavevectors, one value a particle."""
    return np.cos(moved @ vectors.T).mean(axis=1)


def eq_1_of_the_paper(origin: Floats, end: Floats, species: NDArray[np.int64], kind: int, vectors: Floats) -> float:
    """Eq. 1 with the 1/N of its self factor mended to 1/N_a: the self factor times S_aa, both over the vectors.

    [ (1/N_a) Σ_i e^{−ik·r_i(0)} e^{ik·r_i(t)} ] · [ (1/N) Σ_i e^{−ik·r_i(0)} Σ_j e^{ik·r_j(0)} ], i and j in species a.
    """
    before, after = (np.exp(1j * frame[species == kind] @ vectors.T) for frame in (origin, end))
    self_factor = (before.conj() * after).mean(axis=0).real.mean()
    S = (np.abs(before.sum(axis=0)) ** 2).mean() / len(origin)
    return float(self_factor * S)

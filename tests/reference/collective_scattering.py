"""F_ab(k,t) and its wavevectors as they are written down: one vector, one particle, one pair at a time."""

from __future__ import annotations

import itertools

import numpy as np


def modes(positions: np.ndarray, particles: np.ndarray, wavevector: np.ndarray) -> complex:
    """Σ_j exp(i k·r_j)."""
    return complex(sum(np.exp(1j * (wavevector @ positions[j])) for j in particles))


def collective_scattering(positions, species, cells, vectors, pairs) -> np.ndarray:
    """Shape (n_pairs, n_pairs_of_species); cells: one a frame."""
    species = np.asarray(species)
    kinds = [np.flatnonzero(species == s) for s in range(species.max() + 1)]
    F = []
    for origin, end in pairs:
        row = []
        for a, b in itertools.combinations_with_replacement(kinds, 2):
            values = []
            for n in vectors:
                k_0, k_t = (2 * np.pi * np.linalg.inv(cells[frame]) @ n for frame in (origin, end))
                first = modes(positions[end], a, k_t) * modes(positions[origin], b, k_0).conjugate()
                second = modes(positions[end], b, k_t) * modes(positions[origin], a, k_0).conjugate()
                values.append(0.5 * (first.real + second.real))
            row.append(np.mean(values) / species.size)
        F.append(row)
    return np.array(F)


def shell(cell: np.ndarray, low: float, high: float, reach: int) -> set[tuple[int, ...]]:
    """All n with |n_i| ≤ reach in the shell, one of each pair ±n."""
    found: set[tuple[int, ...]] = set()
    for n in itertools.product(range(-reach, reach + 1), repeat=len(cell)):
        k = float(np.linalg.norm(2 * np.pi * np.linalg.inv(cell) @ n))
        if any(n) and low <= k <= high and tuple(-i for i in n) not in found:
            found.add(n)
    return {n if next(i for i in n if i) > 0 else tuple(-i for i in n) for n in found}

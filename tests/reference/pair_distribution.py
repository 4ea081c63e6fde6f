"""Pair distribution functions the slow way: every pair, its nearest image among those in the cells around."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def pair_distribution(positions: Floats, cell: Floats, species: NDArray[np.int64], edges: Floats) -> Floats:
    """g_AA, g_AB, g_BB, … of one frame with N_a N_b in the denominator, shape (n_pairs, n_bins)."""
    d = len(cell)
    wrapped = np.linalg.solve(cell.T, positions.T).T % 1.0 @ cell
    shifts = np.array(list(itertools.product((-1, 0, 1), repeat=d))) @ cell
    apart = (wrapped[:, None] - wrapped)[..., None, :] + shifts
    distance = np.linalg.norm(apart, axis=-1).min(axis=-1)
    np.fill_diagonal(distance, np.inf)
    shells = np.diff((np.pi if d == 2 else 4 / 3 * np.pi) * edges**d)
    found = []
    for a, b in itertools.combinations_with_replacement(range(species.max() + 1), 2):
        of_pair = distance[np.ix_(species == a, species == b)]
        count, _ = np.histogram(of_pair, edges)
        found.append(count * np.abs(np.linalg.det(cell)) / (of_pair.size * shells))
    return np.array(found)

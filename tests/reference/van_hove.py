"""The self van Hove function as it is written down: a histogram of distances, each particle once."""

from __future__ import annotations

import numpy as np


def self_van_hove(positions, species, edges, pairs) -> np.ndarray:
    """Shape (n_pairs, n_species, n_bins), the drift left in."""
    d = positions.shape[2]
    volume = {2: np.pi, 3: 4 / 3 * np.pi}[d]
    G = np.zeros((len(pairs), max(species) + 1, len(edges) - 1))
    for p, (origin, end) in enumerate(pairs):
        for j, a in enumerate(species):
            r = np.linalg.norm(positions[end, j] - positions[origin, j])
            for i in range(len(edges) - 1):
                if edges[i] <= r < edges[i + 1]:
                    G[p, a, i] += 1 / list(species).count(a) / (volume * (edges[i + 1] ** d - edges[i] ** d))
    return G

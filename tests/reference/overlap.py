"""Overlaps as they are written down: one particle at a time."""

from __future__ import annotations

import numpy as np


def overlap(positions, species, pairs, distance, is_at_rest) -> np.ndarray:
    """Shape (n_pairs, n_species + 1)."""
    rows = []
    for origin, end in pairs:
        drift = (positions[end] - positions[origin]).mean(axis=0) if is_at_rest else 0.0
        stayed = [
            float(np.linalg.norm(r - r_0 - drift) <= distance)
            for r_0, r in zip(positions[origin], positions[end], strict=True)
        ]
        of_species = [
            np.mean([q for q, s in zip(stayed, species, strict=True) if s == a]) for a in range(max(species) + 1)
        ]
        rows.append([*of_species, np.mean(stayed)])
    return np.array(rows)

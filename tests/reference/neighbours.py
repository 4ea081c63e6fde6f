"""Neighbours and bonds as they are written down: every image of every pair."""

from __future__ import annotations

import itertools

import numpy as np


def distance(r_i: np.ndarray, r_j: np.ndarray, cell: np.ndarray) -> float:
    """The shortest over all images near by."""
    d = len(cell)
    s = (r_j - r_i) @ np.linalg.inv(cell)
    s -= np.floor(s)
    images = np.array(list(itertools.product(range(-2, 2), repeat=d)))
    return float(np.linalg.norm((s + images) @ cell, axis=1).min())


def neighbours(positions: np.ndarray, cell: np.ndarray, reach: float) -> list[tuple[int, int]]:
    """Pairs i < j, sorted."""
    pairs = itertools.combinations(range(len(positions)), 2)
    return [(i, j) for i, j in pairs if distance(positions[i], positions[j], cell) <= reach]


def bonds_left(positions, species, cells, pairs, within, beyond) -> np.ndarray:
    """Shape (n_pairs, n_pairs_of_species + 1)."""
    n_species = max(species) + 1
    kinds = list(itertools.combinations_with_replacement(range(n_species), 2))
    rows = []
    for origin, end in pairs:
        left: dict[tuple[int, int], list[bool]] = {kind: [] for kind in kinds}
        for i, j in itertools.combinations(range(len(species)), 2):
            a, b = sorted((species[i], species[j]))
            if distance(positions[origin][i], positions[origin][j], cells[origin]) <= within[a, b]:
                left[a, b].append(distance(positions[end][i], positions[end][j], cells[end]) <= beyond[a, b])
        rows.append(
            [np.mean(some) if some else np.nan for some in (*left.values(), list(itertools.chain(*left.values())))]
        )
    return np.array(rows)

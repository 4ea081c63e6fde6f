"""Partial structure factors the slow way: one complex sum a vector."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from glassdask.physics.structure.columns.lattice_columns import LatticeColumns

Floats = NDArray[np.float64]


def lattice_vectors(box_lengths: Floats, k_max: float) -> Floats:
    """All k = 2π n/L ≠ 0 with |k| < k_max, every sign, shape (n_vectors, 3)."""
    reach = [int(k_max * side / (2 * np.pi)) for side in box_lengths]
    n = np.stack(np.meshgrid(*(np.arange(-m, m + 1) for m in reach), indexing="ij"), axis=-1).reshape(-1, 3)
    vectors = 2 * np.pi * n / box_lengths
    length = np.linalg.norm(vectors, axis=1)
    return vectors[(length > 0) & (length < k_max)]


def vectors_of_cell(cell: Floats, k_max: float) -> Floats:
    """All k ≠ 0 with |k| < k_max whose product with each lattice vector (a row of the cell) is a multiple of 2π, (n_vectors, d)."""
    reach = [int(k_max * np.linalg.norm(a) / (2 * np.pi)) + 1 for a in cell]
    n = np.stack(np.meshgrid(*(np.arange(-m, m + 1) for m in reach), indexing="ij"), axis=-1).reshape(-1, len(cell))
    vectors = 2 * np.pi * np.linalg.solve(cell, n.T).T
    length = np.linalg.norm(vectors, axis=1)
    return vectors[(length > 0) & (length < k_max)]


def vectors_of_columns(lattice: LatticeColumns, cell: Floats) -> Floats:
    """The vectors that are used, one of each k and −k, shape (n_vectors, d)."""
    found = []
    for chunk in lattice.chunks:
        along = np.arange(chunk.first, chunk.last + 1)
        columns = np.repeat(chunk.n, along.size, axis=0)
        for sign, bins in zip((1, -1), lattice.bins[:, chunk.start : chunk.stop], strict=True):
            n = np.column_stack([columns, sign * np.tile(along, len(chunk.n))])
            found.append(n[bins < lattice.count.size])
    return 2 * np.pi * np.linalg.solve(cell, np.concatenate(found)[:, np.argsort(lattice.axes)].T).T


def partial_structure_factors(positions: Floats, species: NDArray[np.int64], vectors: Floats) -> Floats:
    """S_AA, S_AB, S_BB, … of one frame at each vector, shape (n_pairs, n_vectors)."""
    rho = [np.exp(1j * positions[species == s] @ vectors.T).sum(axis=0) for s in range(species.max() + 1)]
    pairs = [(a * b.conj()).real for a, b in itertools.combinations_with_replacement(rho, 2)]
    return np.array(pairs) / len(positions)


def binned(values: Floats, vectors: Floats, edges: Floats) -> Floats:
    """Mean over the vectors of each bin edges[i] ≤ |k| < edges[i+1], NaN if it is empty."""
    length = np.linalg.norm(vectors, axis=1)
    means = np.full((*values.shape[:-1], len(edges) - 1), np.nan)
    for i, (low, high) in enumerate(itertools.pairwise(edges)):
        is_inside = (length >= low) & (length < high)
        if is_inside.any():
            means[..., i] = values[..., is_inside].mean(axis=-1)
    return means

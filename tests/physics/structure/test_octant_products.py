"""What stands before and after the matrix product of S(k), beside NumPy."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pytest

from glassdask.physics.compiled import add_octant_squares, fill_octant_rows

REALS = [np.float32, np.float64]


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("n", [1, 7, 300])
def test_rows_are_products_of_both_tables(real: Any, n: int) -> None:
    random = np.random.default_rng(1)
    x, y = (random.standard_normal((2, size, n)).astype(real) for size in (5, 4))
    n_x, n_y = np.array([4, 0, 2]), np.array([3, 3, 0])
    rows = np.full((12, n), np.nan, real)
    fill_octant_rows(x, y, n_x, n_y, rows)
    np.testing.assert_array_equal(rows, (x[:, None, n_x] * y[None, :, n_y]).reshape(12, n))


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("n_species", [1, 2, 3])
@pytest.mark.parametrize("n_vectors", [1, 256, 700])
def test_squares_of_all_pairs_are_added_to_their_bins(real: Any, n_species: int, n_vectors: int) -> None:
    random = np.random.default_rng(2)
    sums = random.standard_normal((n_species, 4, 2 * n_vectors)).astype(real)
    bins, weight = random.integers(0, 6, n_vectors), random.random(n_vectors)
    pairs = list(combinations_with_replacement(range(n_species), 2))
    means = np.ones((len(pairs), 6))
    add_octant_squares(sums, bins, weight, means)
    for pair, (a, b) in enumerate(pairs):
        squares = (sums[a].astype(float) * sums[b]).reshape(4, n_vectors, 2).sum(axis=(0, 2)) * weight
        expected = 1.0 + np.bincount(bins, squares, 6)
        # eight products a vector, each rounded to a relative ε/2 a few times
        scale = np.bincount(bins, np.abs(sums[a] * sums[b]).reshape(4, n_vectors, 2).sum(axis=(0, 2)) * weight, 6)
        assert (np.abs(means[pair] - expected) <= 8 * np.finfo(real).eps * scale + 1e-15).all()


def test_shapes_that_do_not_fit_are_refused() -> None:
    x = np.ones((2, 3, 5))
    with pytest.raises(ValueError, match="rows"):
        fill_octant_rows(x, x, np.array([0, 1]), np.array([0, 1]), np.empty((4, 5)))
    with pytest.raises(TypeError):
        fill_octant_rows(x, x.astype(np.float32), np.array([0]), np.array([0]), np.empty((4, 5)))
    with pytest.raises(ValueError, match="sums"):
        add_octant_squares(np.ones((1, 4, 8)), np.zeros(3, int), np.ones(3), np.zeros((1, 2)))
    with pytest.raises(ValueError, match="means"):
        add_octant_squares(np.ones((2, 4, 6)), np.zeros(3, int), np.ones(3), np.zeros((2, 2)))

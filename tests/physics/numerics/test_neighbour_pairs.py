"""Neighbours in cells of any shape, against every image of every pair."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.physics.numerics.neighbour_pairs import neighbour_pairs
from tests.reference import neighbours as reference

CELLS = {
    "cube": 5.0 * np.eye(3),
    "triclinic": np.array([[5.0, 0.0, 0.0], [2.0, 4.0, 0.0], [-1.5, 1.0, 6.0]]),
    "rotated": np.array([[0.3, 4.0, 1.0], [5.0, 0.2, -1.0], [1.0, 1.0, 5.0]]),
    "square": 6.0 * np.eye(2),
    "oblique": np.array([[1.0, 6.0], [-5.0, 2.5]]),
}


@pytest.mark.parametrize("name", CELLS)
def test_every_pair_is_found_once(xp, name):
    cell = CELLS[name]
    positions = 40.0 * np.random.default_rng(0).random((40, len(cell))) - 20.0
    found = neighbour_pairs(xp.asarray(positions), cell, 1.7)
    assert [tuple(pair) for pair in found.tolist()] == reference.neighbours(positions, cell, 1.7)
    assert len(found) > 20


def test_the_reach_is_that_of_double_precision():
    positions = np.array([[0.0, 0, 0], [1.0 - 1e-12, 0, 0], [0, 1.0 + 1e-12, 0]])
    assert neighbour_pairs(positions, 5.0 * np.eye(3), 1.0).tolist() == [[0, 1]]


def test_nobody_is_alone_with_himself():
    assert neighbour_pairs(np.zeros((1, 3)), np.eye(3), 0.4).shape == (0, 2)


def test_bad_input_is_named():
    with pytest.raises(
        InvalidInput, match=r"distance is 3.0; allowed: above 0 and at most 2.4995, half of the least width"
    ):
        neighbour_pairs(np.zeros((2, 3)), 5.0 * np.eye(3), 3.0)
    with pytest.raises(InvalidInput, match="not finite"):
        neighbour_pairs(np.full((2, 3), np.nan), 5.0 * np.eye(3), 1.0)

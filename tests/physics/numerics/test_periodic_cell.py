"""Periodic cells: what a box may be given as, and nearest images, against a search over all images."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.physics.numerics.periodic_cell import (
    cells_of,
    fractional,
    is_orthorhombic,
    nearest_image,
    volumes,
    widths,
)

TILTED = np.array([[5.0, 0.0, 0.0], [1.5, 4.5, 0.0], [-1.0, 2.0, 6.0]])


def test_every_way_to_give_a_box_means_the_same_cell() -> None:
    cube = np.eye(3) * 4.0
    for box in (4.0, [4.0], [4.0, 4.0, 4.0], cube, cube[None]):
        assert np.array_equal(cells_of(box), cube[None])
    assert cells_of(np.stack([cube, 2 * cube]), n_frames=2).shape == (2, 3, 3)


@pytest.mark.parametrize(
    "box", [0.0, -1.0, np.nan, [1.0, 2.0], np.zeros((3, 3)), np.ones((2, 2)), np.stack(3 * [np.eye(3)]), np.zeros((0,))]
)
def test_what_is_no_box_is_refused_with_what_is(box) -> None:
    with pytest.raises(InvalidInput, match="rows are the lattice vectors"):
        cells_of(box, n_frames=2)


def test_a_tilted_cell_is_not_orthorhombic_and_its_measures_are_those_of_geometry() -> None:
    assert is_orthorhombic(cells_of([3.0, 4.0, 5.0]))
    assert not is_orthorhombic(TILTED)
    assert volumes(TILTED) == pytest.approx(5.0 * 4.5 * 6.0)
    assert widths(TILTED) == pytest.approx(volumes(TILTED) / np.array([
        np.linalg.norm(np.cross(TILTED[1], TILTED[2])),
        np.linalg.norm(np.cross(TILTED[2], TILTED[0])),
        np.linalg.norm(np.cross(TILTED[0], TILTED[1])),
    ]))  # fmt: skip


def test_nearest_images_are_the_shortest_of_all_within_half_of_the_least_width(xp) -> None:
    random = np.random.default_rng(1)
    short = random.normal(size=(200, 3))
    short *= 0.499 * widths(TILTED).min() * random.random((200, 1)) / np.linalg.norm(short, axis=1, keepdims=True)
    shifted = short + random.integers(-3, 4, (200, 3)) @ TILTED
    found = nearest_image(xp.asarray(shifted), xp.asarray(TILTED))
    images = np.array(list(itertools.product(range(-6, 7), repeat=3))) @ TILTED
    shortest = np.array([(row + images)[np.argmin(np.linalg.norm(row + images, axis=1))] for row in shifted])
    host = found.get() if hasattr(found, "get") else found
    assert host == pytest.approx(short, abs=1e-12)
    assert host == pytest.approx(shortest, abs=1e-12)
    assert fractional(TILTED, TILTED) == pytest.approx(np.eye(3), abs=1e-15)

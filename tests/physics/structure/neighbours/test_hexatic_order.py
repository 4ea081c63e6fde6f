"""Triangular crystals in a plane are seen, whatever cell describes them; gases, squares and grains are told apart."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.physics.structure.neighbours.hexatic_order import hexatic_order

PRIMITIVE = np.array([[1.0, 0.0], [0.5, np.sqrt(0.75)]])


def lattice(cell: np.ndarray, n: int = 24, noise: float = 0.0) -> np.ndarray:
    """n × n sites, each displaced by a Gaussian along each axis."""
    indices = np.stack(np.meshgrid(np.arange(n), np.arange(n), indexing="ij"), axis=-1).reshape(-1, 2)
    return indices @ cell + noise * np.random.default_rng(0).normal(size=(n * n, 2))


def test_a_perfect_triangular_lattice():
    found = hexatic_order(lattice(PRIMITIVE), 24 * PRIMITIVE, np.zeros(576, int))
    np.testing.assert_allclose(np.abs(found.psi6), 1.0, atol=1e-4)
    assert found.ordered_fraction == 1.0
    assert found.global_order == pytest.approx(1.0, abs=1e-4)


def test_thermal_noise_and_particles_between_leave_the_crystal():
    """Displacements of 8 % of the spacing, and others in a fifth of the places."""
    crystal = lattice(PRIMITIVE, noise=0.08)
    others = np.random.default_rng(1).random((144, 2)) @ (24 * PRIMITIVE)
    shuffle = np.random.default_rng(2).permutation(720)
    positions, species = np.concatenate([crystal, others])[shuffle], np.repeat([1, 0], [576, 144])[shuffle]
    found = hexatic_order(positions, 24 * PRIMITIVE, species)
    assert len(found.psi6) == 576
    assert found.ordered_fraction > 0.95
    assert found.global_order > 0.6


@pytest.mark.parametrize("skew", [0, 1, 3, -5])
def test_one_crystal_in_any_of_its_cells(skew):
    """Turned, mirrored and skewed; ψ_6 turns by six times the angle. Single precision."""
    positions = lattice(PRIMITIVE, noise=0.08)
    expected = hexatic_order(positions, 24 * PRIMITIVE, np.zeros(576, int))
    cell = 24 * PRIMITIVE + skew * np.array([[0.0, 0.0], [24.0, 0.0]])
    turn = np.array([[np.cos(0.4), np.sin(0.4)], [-np.sin(0.4), np.cos(0.4)]])
    for turned in (np.eye(2), turn, turn @ np.diag([1.0, -1.0])):
        found = hexatic_order(positions @ turned, cell @ turned, np.zeros(576, int))
        np.testing.assert_allclose(np.abs(found.psi6), np.abs(expected.psi6), atol=2e-3)
        assert found.global_order == pytest.approx(expected.global_order, abs=1e-3)


def test_a_gas_has_no_order_and_a_square_lattice_another():
    gas = 24.0 * np.random.default_rng(3).random((2000, 2))
    found = hexatic_order(gas, 24.0, np.zeros(2000, int))
    assert found.ordered_fraction < 0.01
    assert found.global_order < 5 * 0.4 / np.sqrt(2000)
    square = hexatic_order(lattice(np.eye(2), noise=0.05), 24.0, np.zeros(576, int))
    assert square.ordered_fraction < 0.05


def test_grains_are_ordered_in_places_but_not_as_a_whole():
    """Two halves whose hexagons are turned by 30°: ψ_6 of one is minus that of the other."""
    size = 24.0
    first = lattice(PRIMITIVE, 80) - 20.0
    second = first @ np.array([[0.0, 1.0], [-1.0, 0.0]])  # 90° is 30° more than a symmetry
    halves = []
    for sites, low in ((first, 0.0), (second, size / 2)):
        inside = (sites >= [low, 0.0]).all(axis=1) & (sites < [low + size / 2, size]).all(axis=1)
        halves.append(sites[inside])
    positions = np.concatenate(halves)
    found = hexatic_order(positions, size, np.zeros(len(positions), int))
    assert found.ordered_fraction > 0.6
    assert found.global_order < 0.25


def test_bad_input_is_named():
    with pytest.raises(InvalidInput, match="6 A particles; needed: more than 6"):
        hexatic_order(np.random.default_rng(0).random((6, 2)), 1.0, np.zeros(6, int))
    with pytest.raises(InvalidInput, match=r"finite, \(N, 2\)"):
        hexatic_order(np.zeros((9, 3)), 1.0, np.zeros(9, int))
    with pytest.raises(InvalidInput, match="box_lengths"):
        hexatic_order(np.random.default_rng(0).random((9, 2)), [1.0, -1.0], np.zeros(9, int))

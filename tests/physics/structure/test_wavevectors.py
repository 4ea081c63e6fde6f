"""The octant stands for the whole lattice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from glassdask.errors import InvalidInput
from glassdask.physics.structure.wavevectors import octant
from tests.reference.structure_factor import lattice_vectors

sides = st.floats(1.0, 6.0)


def test_number_of_vectors_up_to_40_in_a_box_of_10():
    lattice = octant(10.0, np.arange(101) * 0.4)
    assert lattice.count.sum() == 1_080_750
    assert np.flatnonzero(lattice.count == 0).tolist() == [0]
    assert np.isnan(lattice.wavenumber[0])


@settings(max_examples=25)
@given(sides, sides, sides, st.integers(1, 60))
def test_counts_and_mean_wavenumbers_are_those_of_the_whole_lattice(l_x, l_y, l_z, columns):
    box, edges = np.array([l_x, l_y, l_z]), np.array([0.3, 2.1, 2.2, 5.0, 9.0])
    lattice = octant(box, edges, columns)
    length = np.linalg.norm(lattice_vectors(box, edges[-1]), axis=1)
    # A vector whose length is an edge to the last bit may fall on either side.
    assume(np.abs(length[:, None] - edges).min() > 1e-10)
    count, _ = np.histogram(length, edges)
    total, _ = np.histogram(length, edges, weights=length)
    assert lattice.count.tolist() == count.tolist()
    np.testing.assert_allclose(lattice.wavenumber[count > 0], (total / count.clip(1))[count > 0], rtol=1e-13)


def test_vectors_below_the_first_edge_are_left_out():
    lattice = octant(2 * np.pi, [1.1, 1.5])
    assert lattice.count.tolist() == [12]
    assert lattice.wavenumber[0] == pytest.approx(np.sqrt(2), rel=1e-15)


def test_a_vector_on_an_edge_belongs_to_the_bin_above_it():
    """In a box of 2π the shells n² = 1, 2, 3, … lie at k = √n², those of 1 and 4 exactly on edges, 9 on the last one."""
    lattice = octant(2 * np.pi, [1.0, 2.0, 3.0])
    assert lattice.count.tolist() == [6 + 12 + 8, 6 + 24 + 24 + 12]


@pytest.mark.parametrize("box_lengths", [0.0, -1.0, [1.0, 2.0], [1.0, np.nan, 1.0], [1, 2, 3, 4]])
def test_box_has_three_positive_lengths(box_lengths):
    with pytest.raises(InvalidInput, match="box_lengths"):
        octant(box_lengths, [0.0, 1.0])


@pytest.mark.parametrize("edges", [[1.0], [0.0, 0.0], [2.0, 1.0], [-1.0, 1.0], [0.0, np.inf], [[0.0, 1.0]]])
def test_edges_increase_from_zero(edges):
    with pytest.raises(InvalidInput, match="wavenumber_edges"):
        octant(1.0, edges)


def test_a_chunk_holds_a_column():
    with pytest.raises(InvalidInput, match="columns_per_chunk"):
        octant(1.0, [0.0, 10.0], 0)


@pytest.mark.parametrize("length", [2 * np.pi, 5.0, 9.4, 10.0])
def test_edges_at_multiples_of_the_shortest_vector_count_whole_shells(length):
    """The shells n² of integers, whatever the rounding of 2π/L: bin m holds m² ≤ n² < (m + 1)²."""
    edges = np.arange(1, 26) * (2 * np.pi / length)
    n = np.arange(-25, 26)
    squared = (n[:, None, None] ** 2 + n[:, None] ** 2 + n**2).ravel()
    count = [int(((squared >= m**2) & (squared < (m + 1) ** 2)).sum()) for m in range(1, 25)]
    assert octant(length, edges).count.tolist() == count

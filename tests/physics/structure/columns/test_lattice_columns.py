"""Columns stand for the whole lattice of wavevectors of any cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from glassdask.errors import InvalidInput
from glassdask.physics.structure.columns.lattice_columns import lattice_columns
from tests.reference.structure_factor import vectors_of_cell, vectors_of_columns

elements = st.floats(-6.0, 6.0)


@settings(max_examples=60)
@given(st.lists(elements, min_size=9, max_size=9), st.sampled_from([2, 3]), st.integers(1, 60), st.booleans())
def test_counts_and_mean_wavenumbers_are_those_of_the_whole_lattice(numbers, d, columns, starts_at_zero):
    """Cells skewed and turned in every way, bins that begin at 0 or leave a hole."""
    cell = np.array(numbers[: d * d]).reshape(d, d)
    # Flat cells have more vectors than a test wants.
    assume(1.0 < np.abs(np.linalg.det(cell)) < 150.0)
    edges = np.asarray([0.0 if starts_at_zero else 3.1, 3.3, 3.35, 5.0, 6.0], dtype=np.float64)
    assume(np.prod(edges[-1] * np.linalg.norm(cell, axis=1) / np.pi + 1) < 50_000)
    length = np.linalg.norm(vectors_of_cell(cell, edges[-1]), axis=1)
    assume(not length.size or np.abs(length[:, None] - edges).min() > 1e-9)
    lattice = lattice_columns(cell, edges, None, columns)
    count, _ = np.histogram(length, edges)
    total, _ = np.histogram(length, edges, weights=length)
    assert lattice.count.tolist() == count.tolist()
    np.testing.assert_allclose(lattice.wavenumber[count > 0], (total / count.clip(1))[count > 0], rtol=1e-11)


@pytest.mark.parametrize("max_vectors", [None, 60])
@pytest.mark.parametrize("cell", [np.array([[9.0, 0, 0], [4, 12, 0], [-5, 3, 6]]), np.array([[30.0, 0], [11, 25]])])
def test_each_vector_is_there_once_and_in_its_bin(cell, max_vectors):
    edges = np.arange(15) * 0.5 + 0.01
    lattice = lattice_columns(cell, edges, max_vectors)
    vectors = vectors_of_columns(lattice, cell)
    whole = {tuple(k) for k in vectors_of_cell(cell, edges[-1]).round(9) + 0.0}
    used = [tuple(sign * k + 0.0) for k in vectors.round(9) for sign in (1, -1)]
    assert len(set(used)) == len(used) == lattice.count.sum()
    assert set(used) <= whole
    assert 2 * np.histogram(np.linalg.norm(vectors, axis=1), edges)[0].sum() == lattice.count.sum()
    assert (max_vectors is None) == (len(used) == sum(np.linalg.norm(k) >= edges[0] for k in whole))


def test_a_narrow_shell_costs_no_ball():
    """Columns begin where the shell does: of the 560,000 vectors of half a ball few more than the shell's are touched."""
    lattice = lattice_columns(40.0 * np.eye(3), [9.9, 10.0])
    assert lattice.bins.size < 4 * lattice.count[0]
    assert lattice.bins.size < 120_000


def test_long_cells_have_long_columns():
    """Whatever the order of the lattice vectors."""
    for axis in range(3):
        lattice = lattice_columns(np.diag(np.roll([40.0, 4.0, 4.0], axis)), [0.0, 8.0])
        assert lattice.axes[-1] == axis
        assert max(chunk.last for chunk in lattice.chunks) == int(8.0 * 40.0 / (2 * np.pi))


def test_a_lattice_without_a_vector_in_the_bins_has_none():
    lattice = lattice_columns(np.eye(3), [0.0, 1.0, 2.0])
    assert lattice.count.tolist() == [0, 0]
    assert np.isnan(lattice.wavenumber).all()


def test_bad_input_is_named():
    with pytest.raises(InvalidInput, match="wavenumber_edges"):
        lattice_columns(np.eye(3), [1.0, 1.0])
    with pytest.raises(InvalidInput, match="max_vectors is -1"):
        lattice_columns(np.eye(3), [0.0, 1.0], -1)

"""Shells of wavevectors of cells of any shape."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.physics.numerics.wavevector_shell import reciprocal_vectors, wavevector_shell
from tests.reference import collective_scattering as reference

CELLS = {
    "cube": 5.0 * np.eye(3),
    "box": np.diag([4.0, 5.0, 7.0]),
    "triclinic": np.array([[5.0, 0.0, 0.0], [2.0, 4.0, 0.0], [-1.5, 1.0, 6.0]]),
    "rotated": np.array([[0.3, 4.0, 1.0], [5.0, 0.2, -1.0], [1.0, 1.0, 5.0]]),
    "square": 6.0 * np.eye(2),
    "oblique": np.array([[6.0, 0.0], [2.5, 5.0]]),
}


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize(("k", "half_width"), [(3.0, 0.4), (2.0, 3.0), (5.0, 0.25)])
def test_every_vector_of_the_shell_is_found_once(name, k, half_width):
    cell = CELLS[name]
    found = wavevector_shell(cell, k, half_width, dimension=len(cell))
    assert len({tuple(n) for n in found.tolist()}) == len(found)
    assert {tuple(n) for n in found.tolist()} == reference.shell(cell, k - half_width, k + half_width, reach=9)


def test_an_infinitely_thin_shell_holds_the_vectors_on_it():
    """|n|² = 9: (3,0,0) and (2,2,1), 6 + 24 vectors, half of them."""
    assert len(wavevector_shell(10.0, 2 * np.pi / 10 * 3, 0.0)) == 15


def test_of_many_vectors_the_same_few_are_taken_each_time_without_a_preferred_direction():
    everything = wavevector_shell(30.0, 7.2, 0.2)
    some = wavevector_shell(30.0, 7.2, 0.2, max_vectors=1000)
    np.testing.assert_array_equal(some, wavevector_shell(30.0, 7.2, 0.2, max_vectors=1000))
    assert {tuple(n) for n in some.tolist()} < {tuple(n) for n in everything.tolist()}
    assert len(some) == 1000
    k = some @ reciprocal_vectors(30.0 * np.eye(3))
    # <cos²> of each axis is 1/3, its variance 4/45
    shares = (k**2 / (k**2).sum(axis=1, keepdims=True)).mean(axis=0)
    np.testing.assert_allclose(shares, 1 / 3, atol=5 * np.sqrt(4 / 45 / 1000))


def test_an_empty_shell_names_the_nearest_wavenumbers():
    with pytest.raises(InvalidInput, match=r"within 0.01 of 1; nearest are 0.888577 and 1.08828 \[1/length\]"):
        wavevector_shell(10.0, 1.0, 0.01)
    with pytest.raises(InvalidInput, match=r"within 0 of 0.1; nearest are 0.628319 \[1/length\]"):
        wavevector_shell(10.0, 0.1, 0.0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"wavenumber": 0.0}, "wavenumber is 0.0; allowed: a number above 0"),
        ({"half_width": -1.0}, r"half_width is -1.0; allowed: 0 and above"),
        ({"max_vectors": 0}, "max_vectors is 0; allowed: 1 and above"),
        ({"box_lengths": np.stack(2 * [np.eye(3)])}, "holds 2 cells"),
        ({"dimension": 4}, "dimension is 4"),
    ],
)
def test_bad_input_is_named(arguments, words):
    with pytest.raises(InvalidInput, match=words):
        wavevector_shell(**{"box_lengths": 10.0, "wavenumber": 7.0, "half_width": 0.1, **arguments})

"""S(k) at the wavenumbers of mode-coupling theory: what is smooth is met, what is noise is averaged, and it is said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from glassdask.errors import InvalidInput
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers, is_bipolar, smoothed_at
from glassdask.physics.structure.percus_yevick import percus_yevick

GRID = bipolar_wavenumbers()
#: Wavevectors of a box of 10 begin at 0.628; bins of 0.05.
FINE = 0.65 + 0.05 * np.arange(790)


def uneven(count: int = 790, seed: int = 0) -> np.ndarray:
    """Mean wavenumbers of bins: not their centres."""
    return FINE[:count] + np.random.default_rng(seed).uniform(-0.02, 0.02, count)


# --- smooth functions -----------------------------------------------------------------------------------------------


@given(st.tuples(*[st.floats(-1, 1)] * 3), st.integers(0, 100))
def test_a_parabola_is_reproduced(coefficients, seed):
    """Whatever the places and weights of the points; 1e-9 of the largest value, for least squares of 1 + k + k²."""
    k = uneven(seed=seed)
    weight = np.random.default_rng(seed).uniform(0.5, 2.0, k.size) * k**2
    targets = GRID[2:98]
    found = smoothed_at(targets, k, np.polynomial.Polynomial(coefficients)(k), weight, lowest=0.0)
    assert found.shape == (1, 96)
    assert_allclose(found[0], np.polynomial.Polynomial(coefficients)(targets), rtol=0, atol=1e-9 * 1600)


@given(st.tuples(*[st.floats(-1, 1)] * 3), st.integers(0, 100))
def test_an_even_polynomial_is_continued_to_small_wavenumbers(coefficients, seed):
    """s_0 + s_2 k² + s_4 k⁴ below what was measured: an isotropic fluid is even in k. 1e-8: from 0.65 … 1.5 to 0.2."""
    k = uneven(seed=seed)

    def S(at):
        return np.polynomial.Polynomial(coefficients)(at**2)

    found = smoothed_at(GRID[:3], k, S(k) * (k < 3), k**2, lowest=1.01)
    assert_allclose(found[0], S(GRID[:3]), rtol=0, atol=1e-8)


def bins_of(structure_factor, edges) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean k, mean S and number of wavevectors (∝ k² dk) of bins, from five points in each."""
    k = (edges[:-1, None] + np.diff(edges)[:, None] * (np.arange(5) + 0.5) / 5).ravel()
    S = structure_factor(k)
    weight, (k, S) = (k**2).reshape(-1, 5), (f.reshape(-1, 5) for f in (k, S))
    count = weight.sum(axis=1)
    return (weight * k).sum(axis=1) / count, (weight * S).sum(axis=1) / count, count


def test_first_peak_of_a_dense_liquid_is_not_smeared():
    """Hard spheres at a packing of 0.54, means over bins of 0.05: within 0.5 % of S at k_i, 1 ≤ k < 40.

    Means over bins of 0.4, what a histogram on the grid itself gives, are wrong by more than 5 % at the first peak.
    """

    def S(k):
        lattice = (np.arange(4000) + 0.5) * 0.01
        return np.interp(k, lattice, percus_yevick(lattice, 0.54).structure_factor[0, 0])  # 1e-4 of the peak

    edges = 0.4 * np.arange(101)
    k, fine, count = bins_of(S, np.arange(0.6, 40.01, 0.05))
    error = np.abs(smoothed_at(GRID[2:], k, fine, count, lowest=1.0)[0] / S(GRID[2:]) - 1.0)
    assert error.max() < 0.005
    coarse = np.abs(bins_of(S, edges)[1] / S(GRID) - 1.0)
    assert coarse[15:19].max() > 0.05


# --- noise ----------------------------------------------------------------------------------------------------------


def test_noise_is_averaged_and_not_biased():
    """Of independent points with equal errors: half of one point's error (10 points, 3 coefficients), mean zero.

    Two hundred samples of noise: 5 standard errors for the mean, 5 · 5 % for the scatter.
    """
    noise = np.random.default_rng(1).normal(size=(200, FINE.size))
    targets = GRID[5:90]
    found = smoothed_at(targets, FINE, 1.0 + 0.1 * noise, np.ones_like(FINE), lowest=0.0) - 1.0
    scatter = found.std(axis=0)
    assert np.all(np.abs(found.mean(axis=0)) < 5 * scatter / np.sqrt(200))
    assert_allclose(scatter, 0.1 / 2, rtol=0.35)


def test_points_count_by_their_weights():
    """Every second point is a hundred times more certain, and true: the others hardly move the result."""
    weight = np.where(np.arange(FINE.size) % 2, 1.0, 100.0)
    S = np.where(np.arange(FINE.size) % 2, 2.0, 1.0)
    assert_allclose(smoothed_at(GRID[3:90], FINE, S, weight, lowest=0.0), 1.0, rtol=0, atol=0.03)


def test_points_enter_and_leave_the_window_without_a_jump():
    """Noise of size 1 on points 0.05 apart: where a point came in with its full weight, S would jump by some 0.1."""
    k = uneven(100)
    S = np.random.default_rng(1).normal(size=k.size)
    found = smoothed_at(np.arange(2.0, 2.5, 1e-4), k, S, np.ones_like(k), lowest=0.0)
    assert np.abs(np.diff(found)).max() < 0.01


@pytest.mark.parametrize("nothing", [(np.nan, 0.0), (7.0, 0.0), (np.nan, 1.0)])
def test_empty_bins_are_not_used(nothing):
    """Weight 0, whatever stands there, or NaN, in any of the pairs."""
    S, weight = np.ones((3, FINE.size)), FINE**2
    S[1, 100:103], weight[100:103] = nothing
    assert_allclose(smoothed_at(GRID[1:90], FINE, S, weight, lowest=1.0), 1.0, rtol=1e-12)


def test_window_widens_where_points_are_few():
    """Points 0.5 apart, as of a user's table: five of them, and a parabola is still met."""
    k = 0.5 * np.arange(1, 80)
    assert_allclose(
        smoothed_at(GRID[3:90], k, 3.0 - k + 0.1 * k**2, np.ones_like(k), lowest=0.0)[0],
        (3.0 - GRID[3:90] + 0.1 * GRID[3:90] ** 2),
        rtol=1e-9,
        atol=1e-9,
    )


def test_too_few_points_are_named():
    with pytest.raises(InvalidInput, match="9 points of S\\(k\\) have a weight; needed: 10 or more"):
        smoothed_at(GRID[:3], FINE[:20], np.ones(20), np.arange(20) < 9, lowest=0.0)


# --- a user's table -------------------------------------------------------------------------------------------------


def test_what_is_bipolar():
    assert_allclose(bipolar_wavenumbers(0.4, 100)[[0, 1, -1]], [0.2, 0.6, 39.8], rtol=1e-15)
    assert is_bipolar(GRID)
    assert is_bipolar(np.round(7.3 * GRID, 7))  # from a text file
    assert not is_bipolar(GRID + 0.2)
    assert not is_bipolar(GRID[1:])
    assert not is_bipolar(GRID * (1 + 1e-5 * (GRID > 7)))
    assert not is_bipolar(GRID[:3])
    assert not is_bipolar(-GRID)

"""Sines by polynomials, and steps from one wavenumber to the next, against the sine of the C library."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from glassdask.physics.compiled import LARGEST_PHASE, fill_sine_means, fill_sine_means_on_grid, sine_and_cosine


def sines(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sine and cosine as the loops take them."""
    sine, cosine = np.empty((2, x.size))
    sine_and_cosine(x, sine, cosine)
    return sine, cosine


@given(arrays(float, st.integers(1, 40), elements=st.floats(-LARGEST_PHASE, LARGEST_PHASE)))
def test_sine_and_cosine_are_good_to_the_last_bit_but_one(x):
    sine, cosine = sines(x)
    np.testing.assert_allclose(sine, np.sin(x), rtol=0, atol=2.3e-16)
    np.testing.assert_allclose(cosine, np.cos(x), rtol=0, atol=2.3e-16)


def test_sines_of_a_hundred_thousand_phases():
    """Uniform, and at multiples of π/4, where the quadrant changes."""
    rng = np.random.default_rng(0)
    edges = np.arange(-20_000, 20_000) * (np.pi / 4)
    x = np.concatenate([rng.uniform(-LARGEST_PHASE, LARGEST_PHASE, 50_000), edges, np.nextafter(edges, np.inf)])
    for found, expected in zip(sines(x), (np.sin(x), np.cos(x)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=2.3e-16)


@given(st.floats(-300, 0))
def test_sine_of_a_small_angle_keeps_its_relative_precision(exponent):
    x = 10.0**exponent
    assert sines(np.array([x]))[0][0] == pytest.approx(np.sin(x), rel=4e-16, abs=0)


@given(st.floats(-150, 3), st.floats(0.01, 1.0), st.floats(0.001, 5.0))
def test_steps_through_wavenumbers_equal_sines_at_any_distance(exponent, spacing, first):
    """From no motion at all, where cancellation threatens, to hundreds of boxes; to 1e-12 over 100 wavenumbers."""
    distance = np.array([10.0**exponent])
    k = first + np.arange(100) * spacing
    phase = k * distance[0]
    for fill in (fill_sine_means, fill_sine_means_on_grid):
        means = np.empty(100)
        fill(distance, 1 / distance, k, means)
        # The phase k r itself is known to half a unit in its last place, whichever way the sine is taken.
        np.testing.assert_allclose(means, np.sin(phase) / phase, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("n", [1, 255, 256, 257, 1000])
def test_particles_are_all_counted_once_whatever_the_block(n):
    distances = np.random.default_rng(n).random(n) + 0.01
    k = 0.5 + 0.5 * np.arange(6.0)
    expected = np.sinc(k * distances[:, None] / np.pi).mean(axis=0)
    for fill in (fill_sine_means, fill_sine_means_on_grid):
        means = np.empty(6)
        fill(distances, 1 / distances, k, means)
        np.testing.assert_allclose(means, expected, rtol=0, atol=1e-14)

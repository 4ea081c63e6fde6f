"""Wrapping, unwrapping and thermal velocities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassdask.simulation.particles.particles import kinetic_temperature, maxwell_velocities, wrap


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20),
    st.floats(0.5, 100.0),
)
def test_wrapping_stays_in_the_box_and_loses_nothing(values, box_length):
    positions = np.array(values)
    wrapped, crossed = wrap(positions, box_length)
    assert np.all(wrapped >= -0.5 * box_length)
    assert np.all(wrapped < 0.5 * box_length)
    np.testing.assert_allclose(wrapped + crossed * box_length, positions, rtol=1e-15, atol=1e-15 * 1e6)


def test_rounding_does_not_put_a_particle_on_the_upper_edge():
    wrapped, crossed = wrap(np.array([-5.0 - 1e-17, 5.0, np.nextafter(5.0, 0.0)]), 10.0)
    assert np.all(wrapped < 5.0)
    assert crossed.tolist() == [0, 1, 0]


def test_velocities_have_the_temperature_no_momentum_and_a_maxwell_distribution():
    masses = np.ones(4000)
    velocities = maxwell_velocities(masses, 2.5, np.random.default_rng(1))
    assert kinetic_temperature(velocities, masses) == pytest.approx(2.5, rel=1e-12)
    assert np.abs(velocities.sum(axis=0)).max() < 1e-9
    kurtosis = np.mean(velocities**4) / np.mean(velocities**2) ** 2
    assert kurtosis == pytest.approx(3.0, abs=5 * np.sqrt(24 / velocities.size))  # 5 standard errors


def test_heavy_particles_have_the_same_temperature_and_the_total_momentum_is_zero():
    masses = np.repeat([1.0, 0.25, 9.0], 4000)
    velocities = maxwell_velocities(masses, 2.5, np.random.default_rng(1))
    assert kinetic_temperature(velocities, masses) == pytest.approx(2.5, rel=1e-12)
    assert np.abs((masses[:, None] * velocities).sum(axis=0)).max() < 1e-9
    for mass in (1.0, 0.25, 9.0):  # of 12000 components each: 5 standard errors
        of_one = mass * np.mean(velocities[masses == mass] ** 2)
        assert of_one == pytest.approx(2.5, rel=5 * np.sqrt(2 / 12_000))


def test_two_particles_without_momentum_have_three_degrees_of_freedom():
    """Velocities ±1 along x: Σ v² = 2 = 3 T."""
    assert kinetic_temperature(np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]), np.ones(2)) == pytest.approx(
        2.0 / 3.0, rel=1e-15
    )

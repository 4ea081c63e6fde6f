"""Moments of displacements: ballistic, diffusive, and with the centre of mass at rest."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.physics.motion.curves.curve_maximum import maximum_of
from glassdask.physics.motion.lag_average import lag_average
from glassdask.physics.motion.lag_pairs import lag_pairs
from glassdask.physics.motion.mean_squared_displacement import (
    displacement_moments,
    mean_squared_displacement,
    non_gaussian_curve,
    non_gaussian_parameter,
)


def test_ballistic_motion_grows_as_time_squared(xp):
    random = np.random.default_rng(0)
    velocity = random.normal(size=(100, 3))
    velocity -= velocity.mean(axis=0)
    species = np.arange(100) % 2
    drift = np.array([3.0, -1.0, 0.5])
    positions = random.random((100, 3)) + np.arange(20)[:, None, None] * (velocity + drift)
    pairs = np.array([[0, t] for t in range(20)])
    expected = np.array([(velocity[species == s] ** 2).sum(axis=1).mean() for s in (0, 1)])
    measured = mean_squared_displacement(xp.asarray(positions), species, pairs)
    np.testing.assert_allclose(measured, np.arange(20)[:, None] ** 2 * expected, rtol=1e-12, atol=1e-13)


def test_gaussian_displacements_have_known_moments(xp):
    """<r²> = 3 s², <r⁴> = 15 s⁴, so alpha_2 = 0; var r² = 6 s⁴, var r⁴ = 945 s⁸ − 225 s⁸."""
    n, s = 40_000, 0.7
    positions = np.stack([np.zeros((n, 3)), np.random.default_rng(1).normal(scale=s, size=(n, 3))])
    second, fourth = displacement_moments(xp.asarray(positions), np.zeros(n, int), [[0, 1]])
    assert abs(second[0, 0] - 3 * s**2) < 5 * s**2 * np.sqrt(6 / n)
    assert abs(fourth[0, 0] - 15 * s**4) < 5 * s**4 * np.sqrt(720 / n)
    # d alpha_2 = d<r⁴>/(15 s⁴) − 2 d<r²>/(3 s²), cov(r², r⁴) = 60 s⁶: variance (3.2 + 8/3 − 16/3)/n = 8/(15 n).
    assert abs(non_gaussian_parameter(second, fourth)[0, 0]) < 5 * np.sqrt(8 / 15 / n)


def test_mobile_minority_makes_the_motion_non_gaussian():
    random = np.random.default_rng(2)
    scale = np.where(np.arange(5000) < 500, 3.0, 0.3)[:, None]
    positions = np.stack([np.zeros((5000, 3)), scale * random.normal(size=(5000, 3))])
    second, fourth = displacement_moments(positions, np.zeros(5000, int), [[0, 1]])
    # Mixture of variances: alpha_2 = <s⁴>/<s²>² − 1.
    expected = np.mean(scale**4) / np.mean(scale**2) ** 2 - 1
    assert non_gaussian_parameter(second, fourth)[0, 0] == pytest.approx(expected, rel=0.2)


def test_nothing_has_moved_at_lag_zero():
    second, fourth = displacement_moments(np.ones((1, 3, 3)), [0, 0, 1], [[0, 0]])
    assert np.all(second == 0)
    assert np.isnan(non_gaussian_parameter(second, fourth)).all()


def test_pairs_in_batches_equal_pairs_alone():
    positions = np.random.default_rng(3).random((30, 10, 3))
    pairs = np.array([[i, (7 * i) % 30] for i in range(30)])
    together = mean_squared_displacement(positions, np.arange(10) % 2, pairs)
    alone = np.concatenate([mean_squared_displacement(positions, np.arange(10) % 2, pair[None]) for pair in pairs])
    np.testing.assert_array_equal(together, alone)


def test_bad_input_is_named():
    with pytest.raises(InvalidInput, match="names the frames"):
        mean_squared_displacement(np.zeros((1, 2, 3)), [0, 0], [[0, 1]])
    with pytest.raises(InvalidInput, match="without a gap"):
        mean_squared_displacement(np.zeros((1, 2, 3)), [0, 2], [[0, 0]])


@pytest.mark.parametrize("n", [1, 2, 50])
def test_few_independent_particles_diffuse_as_far_as_many(xp, n):
    """<|Δr|²> = 3 s² to 5 standard errors over 4000 pairs: taking off the drift of two would leave half of it."""
    s, n_pairs = 0.4, 4000
    steps = np.random.default_rng(4).normal(scale=s, size=(n_pairs, n, 3))
    positions = np.concatenate([np.zeros((1, n, 3)), steps])
    pairs = np.column_stack([np.zeros(n_pairs, int), 1 + np.arange(n_pairs)])
    measured = mean_squared_displacement(xp.asarray(positions), np.zeros(n, int), pairs).mean()
    assert abs(measured - 3 * s**2) < 5 * s**2 * np.sqrt(6 / (n * n_pairs))


def test_the_drift_of_few_is_taken_off_only_where_the_user_says_so():
    """Two particles that part: their centre stays. With all of its bias the user is told of it."""
    parted = np.array([[[0.0, 0, 0], [0, 0, 0]], [[3, 0, 0], [1, 0, 0]]])
    assert mean_squared_displacement(parted, [0, 0], [[0, 1]]) == 5.0
    with pytest.warns(UserWarning, match=r"drift of 2 particles, 1/2 of the mean squared displacement"):
        assert mean_squared_displacement(parted, [0, 0], [[0, 1]], remove_drift=True) == 1.0
    with pytest.raises(InvalidInput, match="one particle, which then never moves"):
        mean_squared_displacement(parted[:, :1], [0], [[0, 1]], remove_drift=True)
    many = np.stack([np.zeros((100, 3)), np.ones((100, 3))])
    assert mean_squared_displacement(many, np.zeros(100, int), [[0, 1]]) == 0.0
    assert mean_squared_displacement(many, np.zeros(100, int), [[0, 1]], remove_drift=False) == 3.0


def test_walkers_in_a_plane_have_its_moments(xp):
    """<r²> = 2 s², <r⁴> = 8 s⁴ in two dimensions: alpha_2 = <r⁴>/(2 <r²>²) − 1 = 0; its variance is 1/n, as var r² = 4 s⁴."""
    n, s = 40_000, 0.7
    positions = np.stack([np.zeros((n, 2)), np.random.default_rng(1).normal(scale=s, size=(n, 2))])
    second, fourth = displacement_moments(xp.asarray(positions), np.zeros(n, int), [[0, 1]])
    assert abs(second[0, 0] - 2 * s**2) < 5 * 2 * s**2 / np.sqrt(n)
    assert abs(non_gaussian_parameter(second, fourth, dimension=2)[0, 0]) < 5 / np.sqrt(n)
    flat = xp.asarray(np.concatenate([positions, np.zeros((2, n, 1))], axis=-1))
    np.testing.assert_array_equal(displacement_moments(flat, np.zeros(n, int), [[0, 1]], dimension=2)[0], second)
    with pytest.raises(InvalidInput, match="give dimension = 2"):
        displacement_moments(flat, np.zeros(n, int), [[0, 1]])
    with pytest.raises(InvalidInput, match="dimension is 1; allowed: 2, 3"):
        non_gaussian_parameter(second, fourth, dimension=1)


def curve_of(walk, times, dimension=3):
    """alpha_2(t) of particles of one species."""
    lags = lag_pairs(times)
    moments = displacement_moments(walk, np.zeros(walk.shape[1], int), lags.all_pairs, box_lengths=np.inf)
    second, fourth = (lag_average(moment, lags.pairs, times) for moment in moments)
    return lags.lag_times, non_gaussian_curve(second, fourth, dimension)


@pytest.mark.parametrize("d", [2, 3])
def test_gaussian_walkers_have_no_alpha_2_within_its_errors(d):
    steps = np.random.default_rng(5).normal(scale=0.1, size=(400, 150, d))
    lag_times, curve = curve_of(np.cumsum(steps, axis=0), np.arange(400.0), d)
    is_short = (lag_times > 0) & (
        lag_times <= 40
    )  # against a block of a tenth of the run; beyond, errors are lower bounds
    shares = np.abs(curve.value / curve.standard_error)[is_short]
    assert np.isnan(curve.value[0]).all()
    assert shares.max() < 5
    assert np.median(shares) > 0.1  # errors are no larger than they have to be


def test_particles_that_change_between_fast_and_slow_have_a_maximum_of_alpha_2():
    """Each half of the time fast, changing at random after 20 frames: α_2 is largest at about that time, and fades after it."""
    random = np.random.default_rng(6)
    n_frames, n = 2000, 100
    is_fast = np.cumsum(random.random((n_frames, n)) < 1 / 20, axis=0) % 2 == 1
    rattle = random.normal(scale=0.3, size=(n_frames, n, 3))
    steps = np.where(is_fast, 0.2, 0.0)[..., None] * random.normal(size=(n_frames, n, 3))
    lag_times, curve = curve_of(np.cumsum(steps, axis=0) + rattle, np.arange(float(n_frames)))
    found = maximum_of(lag_times, curve.value[:, 0], curve.left_out[..., 0])
    assert found.is_inside
    assert 8 < found.time < 60
    assert found.value > 10 * found.value_error
    assert found.value > curve.value[-3, 0]

"""Overlap and four-point susceptibility: independent particles, particles that all do the same, and errors that hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erf
from scipy.stats import chi2

from glassdask.errors import InvalidInput
from glassdask.physics.motion.heterogeneity.overlap import Overlap, four_point_susceptibility, overlap, susceptibility
from tests.reference import overlap as reference


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("remove_drift", [None, False])
def test_equals_the_counts_as_they_are_written(xp, d, remove_drift):
    random = np.random.default_rng(0)
    positions = np.cumsum(random.normal(scale=0.2, size=(6, 120, d)) + 0.05, axis=0)
    species, pairs = np.arange(120) % 3, random.integers(0, 6, (20, 2))
    q = overlap(
        xp.asarray(positions), species, pairs, distance=0.4, box_lengths=np.inf, remove_drift=remove_drift, dimension=d
    )
    expected = reference.overlap(positions, species.tolist(), pairs, 0.4, remove_drift is None)
    np.testing.assert_allclose(q, expected, rtol=1e-14)
    rows = Overlap(species, 0.4, remove_drift, xp)
    states = [rows.state(xp.asarray(frame)) for frame in positions]
    np.testing.assert_allclose(rows.of_pairs(states, pairs), expected, rtol=1e-14)


@pytest.mark.parametrize("d", [2, 3])
def test_gaussian_steps_stay_within_a_distance_with_a_known_probability(d):
    """P(|Δr| < a) is that of chi² with d degrees of freedom."""
    n, s, a = 40_000, 0.2, 0.3
    positions = np.stack([np.zeros((n, d)), np.random.default_rng(1).normal(scale=s, size=(n, d))])
    q = overlap(positions, np.zeros(n, int), [[0, 1]], distance=a, dimension=d)[0, 0]
    p = chi2.cdf((a / s) ** 2, d)
    assert abs(q - p) < 5 * np.sqrt(p * (1 - p) / n)
    if d == 3:
        x = a / s / np.sqrt(2)
        assert p == pytest.approx(erf(x) - 2 / np.sqrt(np.pi) * x * np.exp(-(x**2)), rel=1e-12)


def test_of_a_harmonic_crystal_it_is_a_plateau(xp):
    """Sites with independent Gaussian displacements u in each frame: |Δr|²/(2u²) is chi² with 3 degrees of freedom at all t > 0, and
    chi_4 = p (1 − p). Pairs that share a frame are correlated: of m in a row the error is at most √3 times that of m alone."""
    sites = np.stack(np.meshgrid(*3 * [np.arange(8.0)], indexing="ij"), axis=-1).reshape(-1, 3)
    n, u, a, m = len(sites), 0.12, 0.3, 600
    frames = sites + np.random.default_rng(8).normal(scale=u, size=(m + 5, n, 3))
    p = chi2.cdf(a**2 / (2 * u**2), 3)
    for lag in (1, 5):
        pairs = np.column_stack([np.arange(m), np.arange(m) + lag])
        q = overlap(xp.asarray(frames), np.zeros(n, int), pairs, distance=a, box_lengths=np.inf, remove_drift=False)
        assert q.mean() == pytest.approx(p, abs=5 * np.sqrt(3 * p * (1 - p) / (n * m)))
        chi4 = four_point_susceptibility(q, [pairs], [n, n], np.arange(m + 5)).chi4
        np.testing.assert_allclose(chi4, p * (1 - p), rtol=5 * np.sqrt(3 * 2 / m))


@pytest.mark.parametrize("n", [20, 320])
def test_chi4_of_independent_particles_does_not_depend_on_their_number(xp, n):
    """chi_4 = p (1 − p): the variance of a mean of n counts times n. Its own relative error over m origins is √(2/m)."""
    s, a, m = 0.2, 0.3, 1000
    random = np.random.default_rng(2)
    positions = np.cumsum(random.normal(scale=s, size=(m + 1, n, 3)), axis=0)
    pairs = np.column_stack([np.arange(m), np.arange(m) + 1])
    species = (np.arange(n) >= n // 2).astype(int)
    q = overlap(xp.asarray(positions), species, pairs, distance=a, box_lengths=np.inf, remove_drift=False)
    found = four_point_susceptibility(q, [pairs], [n // 2, n // 2, n], np.arange(m + 1))
    p = chi2.cdf((a / s) ** 2, 3)
    expected = p * (1 - p)
    np.testing.assert_allclose(found.chi4, expected, rtol=5 * np.sqrt(2 / m))
    assert found.n_origins.tolist() == [m]


def test_chi4_of_particles_that_all_do_the_same_is_their_number(xp):
    """All move by one Gaussian step: q is 0 or 1, chi_4 = N p (1 − p)."""
    n, s, a, m = 50, 0.2, 0.3, 2000
    steps = np.random.default_rng(3).normal(scale=s, size=(m + 1, 1, 3))
    positions = np.cumsum(np.broadcast_to(steps, (m + 1, n, 3)), axis=0)
    pairs = np.column_stack([np.arange(m), np.arange(m) + 1])
    q = overlap(xp.asarray(positions), np.zeros(n, int), pairs, distance=a, box_lengths=np.inf, remove_drift=False)
    chi4 = four_point_susceptibility(q, [pairs], [n, n], np.arange(m + 1)).chi4[0]
    p = chi2.cdf((a / s) ** 2, 3)
    # var of a Bernoulli's variance over m trials: p(1−p)(1−2p)²/m
    np.testing.assert_allclose(chi4, n * p * (1 - p), atol=5 * n * np.sqrt(p * (1 - p) / m) * abs(1 - 2 * p))


def test_what_is_frozen_overlaps_wholly_and_does_not_fluctuate():
    positions = np.repeat(np.random.default_rng(4).random((1, 150, 3)), 4, axis=0)
    pairs = np.array([[0, 1], [1, 2], [2, 3]])
    q = overlap(positions, np.zeros(150, int), pairs)
    assert np.all(q == 1.0)
    assert np.all(four_point_susceptibility(q, [pairs], [150, 150], np.arange(4)).chi4 == 0.0)


def test_few_origins_are_not_biased():
    """Of three independent origins the plain variance has two thirds; mean over 4000 such runs to 5 standard errors."""
    q = np.random.default_rng(5).normal(size=(4000, 3))
    found = susceptibility(q.mean(axis=1), (q**2).mean(axis=1), 3, 1)
    assert abs(found.mean() - 1.0) < 5 * found.std() / np.sqrt(4000)
    assert np.isnan(susceptibility(0.5, 0.25, 1, 10))


def test_the_error_is_the_scatter_of_independent_runs():
    """2000 runs of 200 origins: the mean squared error is the variance over runs, whose own relative error is √(2/2000)."""
    q = np.random.default_rng(9).normal(size=(200, 2000))
    pairs = np.column_stack([np.arange(200), np.arange(200) + 1])
    chi4, error, _ = four_point_susceptibility(q, [pairs], np.ones(2000), np.arange(201))
    assert np.mean(error**2) == pytest.approx(np.var(chi4), rel=5 * np.sqrt(2 / 2000))
    assert np.var(chi4) == pytest.approx(2 / 199, rel=5 * np.sqrt(2 / 2000))


def test_a_drift_of_the_whole_is_no_motion(xp):
    positions = np.random.default_rng(6).random((2, 200, 3))
    positions[1] = positions[0] + 3.0
    frames, species = xp.asarray(positions), np.zeros(200, int)
    assert np.all(overlap(frames, species, [[0, 1]], box_lengths=np.inf) == 1.0)
    assert np.all(overlap(frames, species, [[0, 1]], box_lengths=np.inf, remove_drift=False) == 0.0)


def test_lags_without_origins_are_missing_and_batches_change_nothing():
    random = np.random.default_rng(7)
    positions, species = 0.2 * random.normal(size=(30, 40, 3)), np.zeros(40, int)
    pairs = [np.array([[i, i + 1] for i in range(29)]), np.empty((0, 2), np.int64), np.array([[0, 29]])]
    together = overlap(positions, species, np.concatenate(pairs))
    alone = np.concatenate([overlap(positions, species, pair[None]) for pair in np.concatenate(pairs)])
    np.testing.assert_array_equal(together, alone)
    found = four_point_susceptibility(together, pairs, [40, 40], np.arange(30))
    assert np.isfinite(found.chi4[0]).all()
    assert np.isnan(found.chi4[1:]).all()
    assert np.isnan(found.standard_error[1:]).all()


def test_bad_input_is_named(xp):
    positions = np.zeros((3, 4, 3))
    positions[1, 2, 0] = np.inf
    with pytest.raises(InvalidInput, match="not finite in frame 0 or 1"):
        overlap(xp.asarray(positions), np.zeros(4, int), [[0, 2], [0, 1]])
    with pytest.raises(InvalidInput, match=r"distance is 0.0; allowed: a length above 0"):
        overlap(xp.zeros((1, 4, 3)), np.zeros(4, int), [[0, 0]], distance=0.0)
    with pytest.raises(InvalidInput, match=r"q has the shape \(2, 1\); expected \(1 pairs of frames, 2 entries"):
        four_point_susceptibility(np.zeros((2, 1)), [np.array([[0, 1]])], [4, 4], [0, 1])

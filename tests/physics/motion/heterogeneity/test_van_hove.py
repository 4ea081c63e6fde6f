"""Self van Hove function: Gaussian walkers, frozen particles, and its integral."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from glassdask.errors import InvalidInput
from glassdask.physics.motion.heterogeneity.van_hove import SelfVanHove, self_van_hove
from tests.reference import van_hove as reference


@pytest.mark.parametrize("d", [2, 3])
def test_equals_the_histogram_as_it_is_written(xp, d):
    random = np.random.default_rng(0)
    positions = np.cumsum(random.normal(scale=0.4, size=(5, 30, d)), axis=0)
    species, pairs = np.arange(30) % 3, random.integers(0, 5, (12, 2))
    edges = np.array([0.0, 0.1, 0.5, 1.2, 1.3])
    G = self_van_hove(xp.asarray(positions), species, edges, pairs, box_lengths=np.inf, dimension=d)
    expected = reference.self_van_hove(positions, species.tolist(), edges, pairs)
    np.testing.assert_allclose(G, expected, rtol=1e-13)
    rows = SelfVanHove(species, edges, None, xp, d)
    states = [rows.state(xp.asarray(frame)) for frame in positions]
    np.testing.assert_allclose(rows.of_pairs(states, pairs), expected, rtol=1e-13)


@pytest.mark.parametrize("d", [2, 3])
def test_of_gaussian_walkers_it_is_a_gaussian(xp, d):
    """The share of a bin is that of chi² with d degrees of freedom, to 5 standard errors of a count."""
    n, s, edges = 50_000, 0.5, np.arange(41) * 0.05
    positions = np.stack([np.zeros((n, d)), np.random.default_rng(1).normal(scale=s, size=(n, d))])
    G = self_van_hove(xp.asarray(positions), np.zeros(n, int), edges, [[0, 1]], box_lengths=np.inf, dimension=d)
    shares = G[0, 0] * SelfVanHove([0, 0], edges, dimension=d).volumes
    p = np.diff(chi2.cdf((edges / s) ** 2, d))
    assert np.all(np.abs(shares - p) < 5 * np.sqrt(p / n) + 1 / n)
    middle = 0.5 * (edges[1:] + edges[:-1])
    density = (2 * np.pi * s**2) ** (-d / 2) * np.exp(-0.5 * (middle / s) ** 2)
    is_seen = p > 1e-2
    np.testing.assert_allclose(G[0, 0, is_seen], density[is_seen], rtol=5 / np.sqrt(1e-2 * n))


def test_of_a_harmonic_crystal_it_is_a_gaussian_of_twice_the_variance(xp):
    """Sites with independent Gaussian displacements u in each frame, to 5 standard errors of a count; 300 pairs without a common
    frame."""
    sites = np.stack(np.meshgrid(*3 * [np.arange(6.0)], indexing="ij"), axis=-1).reshape(-1, 3)
    n, u, edges = len(sites), 0.1, np.arange(31) * 0.02
    frames = sites + np.random.default_rng(4).normal(scale=u, size=(600, n, 3))
    pairs = np.arange(600).reshape(-1, 2)
    G = self_van_hove(xp.asarray(frames), np.zeros(n, int), edges, pairs, box_lengths=np.inf, remove_drift=False)
    shares = G[:, 0].mean(axis=0) * SelfVanHove([0], edges, False).volumes
    p = np.diff(chi2.cdf(edges**2 / (2 * u**2), 3))
    assert np.all(np.abs(shares - p) < 5 * np.sqrt(p / (300 * n)) + 1 / (300 * n))


def test_its_integral_is_one_or_what_has_not_gone_farther():
    positions = np.stack([np.zeros((400, 3)), np.random.default_rng(2).normal(size=(400, 3))])
    species = np.arange(400) % 2
    for edges, expected in ((np.linspace(0.0, 50.0, 7), 1.0), (np.array([0.0, 1.0]), None)):
        rows = SelfVanHove(species, edges)
        integral = (self_van_hove(positions, species, edges, [[0, 1]], remove_drift=False) * rows.volumes).sum(axis=-1)
        r = np.linalg.norm(positions[1], axis=1)
        inside = [np.mean(r[species == a] < edges[-1]) for a in (0, 1)]
        np.testing.assert_allclose(integral, [inside if expected is None else [expected, expected]], rtol=1e-14)


def test_what_is_frozen_stays_in_the_first_bin(xp):
    frames = xp.asarray(np.ones((2, 5, 3)))
    G = self_van_hove(frames, np.zeros(5, int), [0.0, 0.1, 0.2], [[0, 1]])
    np.testing.assert_allclose(G, [[[1 / (4 / 3 * np.pi * 1e-3), 0.0]]], rtol=1e-14)


def test_pairs_in_batches_equal_pairs_alone_and_a_drift_is_no_motion():
    random = np.random.default_rng(3)
    positions, species = random.normal(size=(20, 120, 3)), np.arange(120) % 2
    pairs, edges = random.integers(0, 20, (25, 2)), np.arange(30) * 0.2
    together = self_van_hove(positions, species, edges, pairs)
    alone = np.concatenate([self_van_hove(positions, species, edges, pair[None]) for pair in pairs])
    np.testing.assert_array_equal(together, alone)
    drifting = positions + 7.0 * np.arange(20)[:, None, None]
    np.testing.assert_allclose(self_van_hove(drifting, species, edges, pairs), together, rtol=1e-12)


def test_bad_input_is_named(xp):
    positions = np.zeros((2, 4, 3))
    positions[1, 2, 0] = np.nan
    with pytest.raises(InvalidInput, match="not finite in frame 0 or 1"):
        self_van_hove(xp.asarray(positions), np.zeros(4, int), [0.0, 1.0], [[0, 0], [0, 1]])
    with pytest.raises(InvalidInput, match="distance_edges must be at least two increasing lengths from 0"):
        self_van_hove(np.zeros((2, 4, 3)), np.zeros(4, int), [1.0, 0.5], [[0, 1]])

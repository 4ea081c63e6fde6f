"""Noise of a known correlation time: how many of its points count, and errors of a fit that white noise makes too small."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.fits.target.correlation import autocorrelation, block_length, circular_blocks, independent_points, reach

PHI, N = 0.8, 400


def first_order(phi: float, n: int, n_series: int, seed: int = 0) -> np.ndarray:
    """x_i = φ x_{i−1} + √(1 − φ²) ε_i: ρ_k = φ^k, variance 1, shape (n_series, n)."""
    noise = np.random.default_rng(seed).standard_normal((n_series, n + 100))
    x = noise.copy()
    for i in range(1, n + 100):
        x[:, i] = phi * x[:, i - 1] + np.sqrt(1 - phi**2) * noise[:, i]
    return x[:, 100:]


def test_correlations_are_those_of_the_process():
    """ρ_k = φ^k, in the mean of 200 series, less (1 + φ)/(1 − φ)/n = 0.0225 and more for a mean that is not known."""
    rho = np.mean([autocorrelation(x) for x in first_order(PHI, N, 200)], axis=0)
    np.testing.assert_allclose(rho[:6], PHI ** np.arange(6), rtol=0, atol=0.04)


def test_white_noise_is_told_from_noise_that_is_not():
    """2 √(log10 n/n) is three standard errors: of 200 white series nearly all have no reach, of the others none."""
    white = [reach(autocorrelation(x)) for x in first_order(0.0, N, 200)]
    assert np.mean(np.array(white) == 0) > 0.95
    assert min(reach(autocorrelation(x)) for x in first_order(PHI, N, 200)) >= 3


@pytest.mark.parametrize(("phi", "few"), [(0.0, 0.02), (0.6, 0.12), (0.8, 0.2)])
def test_as_many_points_count_as_the_process_says(phi, few):
    """n (1 − φ²)/(1 + φ²): the mean over 200 series is that to 2 % of white noise, 12 and 20 % of noise of reach 2 and 5 points, of
    which the series' own mean takes a part."""
    found = [independent_points(x) for x in first_order(phi, N, 200)]
    assert np.mean(found) == pytest.approx(N * (1 - phi**2) / (1 + phi**2), rel=few)


def test_independent_curves_say_so_too():
    """Ten of thirty points, as a state's blocks of time: trace of ρ² less what chance adds; median of 100, up to a half more:
    what chance adds is large, and no fewer points are believed than there are."""
    series = first_order(PHI, 30, 1000).reshape(100, 10, 30)
    found = [independent_points(blocks[0], blocks) for blocks in series]
    exact = 30**2 / np.sum(PHI ** (2.0 * np.abs(np.subtract.outer(np.arange(30), np.arange(30)))))
    assert exact < np.median(found) < 1.7 * exact
    white = first_order(0.0, 30, 1000, seed=2).reshape(100, 10, 30)
    assert np.median([independent_points(blocks[0], blocks) for blocks in white]) > 25


def test_blocks_of_resampling_are_longer_where_noise_reaches_farther():
    """(2 G²/D n)^{1/3} of φ = 0.8: G = 2φ/(1 − φ)², D = 4/3 g², g = (1 + φ)/(1 − φ), in units of the variance; 18.1 for 400 points."""
    G, g = 2 * PHI / (1 - PHI) ** 2, (1 + PHI) / (1 - PHI)
    expected = (2 * G**2 / (4 / 3 * g**2) * N) ** (1 / 3)
    found = [block_length(x) for x in first_order(PHI, N, 200)]
    assert np.mean(found) == pytest.approx(expected, rel=0.2)
    assert np.mean([block_length(x) for x in first_order(0.0, N, 200)]) < 1.5


def test_blocks_are_whole_and_every_place_is_as_likely():
    places = np.array([circular_blocks(10, 3, np.random.default_rng(i)) for i in range(2000)])
    assert (places[:, 1] == (places[:, 0] + 1) % 10).all()
    counts = np.bincount(places.ravel(), minlength=10)
    assert np.abs(counts - 2000).max() < 5 * np.sqrt(2000 * 3)  # threes go together


def test_the_error_of_a_mean_is_that_of_correlated_noise_where_blocks_are_resampled():
    """√((1 + φ)/(1 − φ)) = 3 times that of white noise. Blocks give it but for what the longest waves of a series of 80 reach times
    hide, 15 %; values one by one give a third."""
    n, series = N, first_order(PHI, N, 60)
    true = np.sqrt((1 + PHI) / (1 - PHI) / n)
    by_blocks, one_by_one = [], []
    for i, x in enumerate(series):
        rng = np.random.default_rng(i)
        length = block_length(x)
        by_blocks.append(np.std([x[circular_blocks(n, length, rng)].mean() for _ in range(100)]))
        one_by_one.append(np.std([x[circular_blocks(n, 1, rng)].mean() for _ in range(100)]))
    assert np.mean(by_blocks) == pytest.approx(true, rel=0.2)
    assert np.mean(one_by_one) == pytest.approx(true / 3.0, rel=0.1)

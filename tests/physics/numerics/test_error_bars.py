"""Error bars are the scatter that repeated measurements would show."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.signal import lfilter

from glassdask.errors import InvalidInput
from glassdask.physics.numerics.error_bars import block_average, blocking, consecutive_blocks


def correlated_series(memory: float, n: int, n_series: int, seed: int = 0):
    """x_i = memory · x_{i−1} + noise, variance 1, started in equilibrium."""
    random = np.random.default_rng(seed)
    noise = random.normal(size=(n_series, n)) * math.sqrt(1 - memory**2)
    first = random.normal(size=(n_series, 1))
    return lfilter([1.0], [1.0, -memory], noise, axis=1, zi=memory * first)[0]


def test_error_of_independent_blocks():
    x = np.random.default_rng(0).normal(size=(4000, 10))
    mean, error = block_average(x, axis=1)
    # Sampled variances of a mean of 10: 4000 of them know it to 1/sqrt(2000) = 2 %; 5 of these.
    assert np.mean(error**2) == pytest.approx(np.var(mean), rel=0.12)


def test_blocks_without_data_do_not_count():
    blocks = np.array([[1.0, np.nan, np.nan], [3.0, 5.0, np.nan]])
    mean, error = block_average(blocks)
    np.testing.assert_array_equal(mean, [2.0, 5.0, np.nan])
    np.testing.assert_array_equal(error, [1.0, np.nan, np.nan])


def test_consecutive_blocks_keep_the_order_and_every_value():
    np.testing.assert_allclose(consecutive_blocks(np.arange(7.0), 3), [1.0, 3.5, 5.5])
    assert consecutive_blocks(np.zeros((3, 2)), 10).shape == (3, 2)


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9, 0.98])
def test_blocking_finds_the_error_of_a_correlated_mean(memory):
    """Known: variance of the mean is (1 + a)/(1 − a)/n. Automatic block lengths are low by up to 15 % here."""
    series = correlated_series(memory, 2**14, 60)
    errors = np.array([blocking(x).standard_error for x in series])
    known = math.sqrt((1 + memory) / (1 - memory) / 2**14)
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(known, rel=0.15)


def test_means_lie_within_the_errors_of_blocking():
    """About 68 % of means lie within one error of zero, and nearly all within 4."""
    deviations = np.array([x.mean() / blocking(x).standard_error for x in correlated_series(0.9, 4096, 300, seed=1)])
    # 300 draws: 0.68 ± 0.027; errors low by 10 % take off 0.04.
    assert 0.54 < np.mean(np.abs(deviations) < 1) < 0.80
    assert np.mean(np.abs(deviations) < 4) > 0.98


def test_short_and_constant_series():
    assert math.isnan(blocking([1.0]).standard_error)
    assert blocking([2.0, 2.0, 2.0]) == (2.0, 0.0)
    assert blocking([1.0, 3.0]) == (2.0, 1.0)


def test_a_series_too_short_for_its_correlation_has_the_largest_error_found():
    """Errors² of blocks of 1, 2 and 4: 26/56, 13/12 (of ±5/2, ±1/2) and 1; no length B has B³ > 16 (error ratio)⁴."""
    assert blocking(np.repeat([-2.5, 0.5, -0.5, 2.5], 2)).standard_error == pytest.approx(np.sqrt(13 / 12), rel=1e-12)


def test_bad_input_is_named():
    with pytest.raises(InvalidInput, match="series has the shape"):
        blocking([[1.0, 2.0]])
    with pytest.raises(InvalidInput, match="finite"):
        blocking([1.0, np.nan])
    with pytest.raises(InvalidInput, match="0 blocks"):
        consecutive_blocks([1.0], 0)

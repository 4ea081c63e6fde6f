"""Error bars are the scatter that repeated measurements would show."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.physics.numerics.error_bars import block_average, consecutive_blocks, jackknife_error, leave_one_out


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


def test_bad_input_is_named():
    with pytest.raises(InvalidInput, match="0 blocks"):
        consecutive_blocks([1.0], 0)


def test_the_jackknife_of_a_mean_is_its_standard_error():
    blocks = np.random.default_rng(7).normal(size=(9, 4))
    blocks[2:5, 1] = np.nan
    n = np.count_nonzero(~np.isnan(blocks), axis=0)
    error = jackknife_error(leave_one_out(blocks), np.nanmean(blocks, axis=0), n)
    # A block without data leaves the mean as it is.
    np.testing.assert_allclose(error, block_average(blocks).standard_error, rtol=1e-12)


def test_the_jackknife_needs_two_blocks():
    assert np.isnan(jackknife_error(leave_one_out([[1.0, 2.0]]), [1.0, 2.0])).all()
    assert np.isnan(leave_one_out([[1.0], [np.nan]])[0, 0])

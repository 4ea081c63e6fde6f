"""Averages over time origins, with errors that know that origins close in time say the same."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.physics.motion.lag_average import lag_average
from glassdask.physics.motion.lag_times import frame_pairs, frame_steps, lag_grid
from glassdask.physics.motion.mean_squared_displacement import mean_squared_displacement

N_BLOCKS, BLOCK = 40, 16
STEPS = frame_steps(N_BLOCKS, BLOCK, 2)
LAGS = lag_grid(N_BLOCKS, BLOCK, 2)
PAIRS = frame_pairs(STEPS, LAGS, BLOCK)


def test_mean_is_over_all_origins_of_a_lag_and_blocks_cover_production():
    values = np.arange(sum(map(len, PAIRS)), dtype=float)
    average = lag_average(values, PAIRS, STEPS, n_blocks=4)
    stops = np.cumsum([len(pairs) for pairs in PAIRS])
    assert average.n_origins.tolist() == [len(pairs) for pairs in PAIRS]
    for lag, pairs in enumerate(PAIRS):
        of_lag = values[stops[lag] - len(pairs) : stops[lag]]
        assert average.mean[lag] == pytest.approx(of_lag.mean())
    in_block = 3
    of_lag = values[stops[in_block] - N_BLOCKS : stops[in_block]]
    np.testing.assert_allclose(average.blocks[:, in_block], of_lag.reshape(4, -1).mean(axis=1))
    # The longest lag has one or two origins, all in the first block.
    assert np.isnan(average.blocks[1:, -1]).all()
    assert np.isnan(average.standard_error[-1])


def test_blocks_do_not_depend_on_when_production_began():
    values = np.random.default_rng(1).random(sum(map(len, PAIRS)))
    blocks = lag_average(values, PAIRS, STEPS, n_blocks=4).blocks
    np.testing.assert_array_equal(lag_average(values, PAIRS, STEPS + 10_000, n_blocks=4).blocks, blocks)


def test_brownian_motion_lies_within_its_errors():
    """<r²> = 6 D t for lags short against a block of production, within 5 standard errors."""
    random = np.random.default_rng(0)
    path = np.cumsum(random.normal(size=(STEPS[-1] + 1, 200, 3)), axis=0)
    msd = mean_squared_displacement(path[STEPS], np.zeros(200, int), np.concatenate(PAIRS))
    average = lag_average(msd[:, 0], PAIRS, STEPS, n_blocks=10)
    is_short = (LAGS > 0) & (STEPS[-1] / 10 >= LAGS)
    deviation = average.mean - 3 * LAGS * (1 - 1 / 200)
    assert np.all(np.abs(deviation[is_short]) < 5 * average.standard_error[is_short])


def test_lag_without_origins_is_missing():
    average = lag_average(np.ones((1, 2)), [np.array([[0, 1]]), np.empty((0, 2), np.int64)], [0, 1])
    assert np.all(average.mean[0] == 1)
    assert np.isnan(average.mean[1]).all()
    assert average.n_origins.tolist() == [1, 0]


def test_values_and_pairs_must_fit():
    with pytest.raises(InvalidInput, match="2 values for 1 pairs"):
        lag_average(np.ones(2), [np.array([[0, 1]])], [0, 1])

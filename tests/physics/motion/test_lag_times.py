"""The frame schedule: log-spaced in blocks, the same lags for all states, pairs found by step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassdask.errors import InvalidInput
from glassdask.physics.motion.lag_times import block_offsets, frame_pairs, frame_steps, lag_grid

lengths = st.integers(1, 20).map(lambda exponent: 2**exponent)
densities = st.floats(0.5, 8)
counts = st.integers(1, 40)


def test_two_frames_an_octave():
    assert block_offsets(64, 2).tolist() == [0, 1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45]


@given(lengths, densities)
def test_offsets_are_distinct_and_stay_in_the_block(block_length, per_octave):
    offsets = block_offsets(block_length, per_octave)
    assert offsets[:2].tolist() == [0, 1]
    assert np.all(np.diff(offsets) > 0)
    assert offsets[-1] < block_length


def test_spacing_is_even_in_the_logarithm_of_time():
    late = block_offsets(2**20, 3)
    ratio = late[late > 2**10][1:] / late[late > 2**10][:-1]
    # Rounding to whole steps moves a time of a thousand by half a step.
    np.testing.assert_allclose(ratio, 2 ** (1 / 3), rtol=1.0 / 2**10)


@given(counts, lengths, densities)
def test_every_block_has_the_same_frames_and_the_run_ends_with_one(n_blocks, block_length, per_octave):
    steps = frame_steps(n_blocks, block_length, per_octave)
    offsets = block_offsets(block_length, per_octave)
    assert np.all(np.diff(steps) > 0)
    assert steps[-1] == n_blocks * block_length
    assert np.array_equal(steps[:-1].reshape(n_blocks, -1) % block_length, np.tile(offsets, (n_blocks, 1)))


@given(counts, counts, lengths, densities)
def test_a_short_run_has_the_first_lags_of_a_long_one(n_short, n_more, block_length, per_octave):
    short = lag_grid(n_short, block_length, per_octave)
    long = lag_grid(n_short + n_more, block_length, per_octave)
    assert np.array_equal(long[: short.size], short)
    assert np.all(long[short.size :] > short[-1])


@given(st.integers(0, 8), lengths, st.integers(1, 8))
def test_the_longest_lag_of_a_run_of_a_power_of_two_of_blocks_is_the_run(power, block_length, per_octave):
    assert lag_grid(2**power, block_length, per_octave)[-1] == 2**power * block_length


@given(counts, lengths, densities)
def test_each_lag_is_averaged_over_all_block_starts_that_reach_it(n_blocks, block_length, per_octave):
    steps = frame_steps(n_blocks, block_length, per_octave)
    lags = lag_grid(n_blocks, block_length, per_octave)
    for lag, pairs in zip(lags, frame_pairs(steps, lags, block_length), strict=True):
        assert np.all(steps[pairs[:, 1]] - steps[pairs[:, 0]] == lag)
        assert np.all(steps[pairs[:, 0]] % block_length == 0)
        blocks_apart = lag // block_length if lag >= block_length else 1
        # At lag 0 the final frame is an origin too.
        assert len(pairs) == n_blocks + 1 - (blocks_apart if lag else 0)


@given(st.sets(st.integers(0, 300), min_size=1), st.integers(1, 6))
def test_lost_frames_cost_pairs_and_make_no_wrong_one(frames, exponent):
    steps, block_length = np.array(sorted(frames)), 2**exponent
    lags = lag_grid(300 // block_length + 1, block_length, 2)
    for lag, pairs in zip(lags, frame_pairs(steps, lags, block_length), strict=True):
        expected = [(s, s + lag) for s in frames if s % block_length == 0 and s + lag in frames]
        assert sorted(map(tuple, steps[pairs].tolist())) == sorted(expected)


@pytest.mark.parametrize("block_length", [0, 1, 3, 12, -4, 4.5])
def test_block_length_is_a_power_of_two(block_length):
    with pytest.raises(InvalidInput, match=r"block_length is .* power of two"):
        block_offsets(block_length, 2)


@pytest.mark.parametrize("per_octave", [0, -1, float("nan"), float("inf")])
def test_frames_per_octave_are_positive(per_octave):
    with pytest.raises(InvalidInput, match="per_octave"):
        frame_steps(2, 8, per_octave)


@pytest.mark.parametrize("n_blocks", [0, -1, 1.5])
def test_there_is_a_block(n_blocks):
    with pytest.raises(InvalidInput, match="n_blocks"):
        lag_grid(n_blocks, 8, 2)


def test_steps_out_of_order_and_negative_lags_are_refused():
    with pytest.raises(InvalidInput, match="strictly increasing"):
        frame_pairs([0, 2, 1], [1], 2)
    with pytest.raises(InvalidInput, match="strictly increasing"):
        frame_pairs([], [1], 2)
    with pytest.raises(InvalidInput, match="lags holds -1"):
        frame_pairs([0, 1], [-1], 2)

"""Lags and pairs chosen from times: a campaign's own, and enough origins with little work for any other trajectory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glassdask
from glassdask.errors import InvalidInput
from glassdask.physics.motion.lag_average import lag_average
from glassdask.physics.motion.lag_pairs import lag_pairs
from glassdask.physics.motion.lag_times import frame_pairs, frame_steps, lag_grid


@pytest.mark.parametrize("layout", [(12, 1024, 2.5), (40, 256, 2), (3, 2**14, 3), (7, 64, 1)])
@pytest.mark.parametrize("unit", [1.0, 0.00123])
def test_a_campaigns_frames_give_its_own_lags_and_pairs(layout, unit):
    steps, lags = frame_steps(*layout), lag_grid(*layout)
    found = lag_pairs(unit * steps)
    np.testing.assert_allclose(found.lag_times, unit * lags, rtol=1e-9)
    for mine, campaign in zip(found.pairs, frame_pairs(steps, lags, layout[1]), strict=True):
        np.testing.assert_array_equal(mine, campaign)


def test_single_precision_times_give_the_same_pairs():
    steps = frame_steps(30, 4096, 2.5)
    exact, rounded = lag_pairs(0.004 * steps), lag_pairs((0.004 * steps).astype(np.float32))
    np.testing.assert_array_equal(exact.all_pairs, rounded.all_pairs)
    np.testing.assert_allclose(rounded.lag_times, exact.lag_times, rtol=0, atol=1e-5)  # 2^-24 of the 491 of the run


@pytest.mark.parametrize("n_frames", [100, 1000, 10_000, 100_000])
def test_work_and_memory_are_bounded_whatever_the_length(n_frames):
    found = lag_pairs(0.1 * np.arange(n_frames))
    assert found.n_origins.max() <= 100
    assert found.n_held <= 101
    assert found.lag_times.size <= 4 * np.log2(n_frames) + 2
    assert found.n_origins.min() >= 10
    assert found.lag_times[-1] >= 0.075 * n_frames  # lags go to more than three quarters of the run
    for lag, pairs in zip(found.lag_times, found.pairs, strict=True):
        np.testing.assert_allclose(0.1 * (pairs[:, 1] - pairs[:, 0]), lag, rtol=1e-9)
    origins = np.unique(found.all_pairs[:, 0])
    assert origins.size <= 100  # shared by all lags
    assert np.ptp(np.diff(origins)) == 0


def test_a_pass_in_the_order_of_time_holds_as_many_frames_as_stated():
    found = lag_pairs(frame_steps(9, 64, 2))
    pairs = found.all_pairs
    most = 0
    for frame in range(found.schedule.n_frames):
        ends_to_come = {origin for origin, end in pairs if origin < frame <= end}
        most = max(most, len(ends_to_come) + 1)
    assert found.n_held == most


def test_a_lost_frame_gives_fewer_pairs_and_no_wrong_one():
    steps = np.delete(frame_steps(10, 256, 2), [3, 40, 41])
    found = lag_pairs(0.5 * steps)
    for lag, pairs in zip(found.lag_times, found.pairs, strict=True):
        np.testing.assert_array_equal(0.5 * (steps[pairs[:, 1]] - steps[pairs[:, 0]]), lag)
    assert "3 frames are missing" in " ".join(found.notes)


def test_irregular_frames_are_paired_where_differences_agree():
    times = np.sort(np.random.default_rng(1).random(2000)) * 100
    found = lag_pairs(times)
    assert found.schedule.kind == "irregular"
    assert found.n_origins[1:].min() >= 10
    for lag, pairs in zip(found.lag_times[1:], found.pairs[1:], strict=True):
        differences = times[pairs[:, 1]] - times[pairs[:, 0]]
        np.testing.assert_allclose(differences, lag, rtol=0.01)
        assert lag == differences.mean()
    assert np.all(np.diff(found.lag_times) > 0)
    assert "differences that agree to 1%" in " ".join(found.notes)


def test_one_log_spaced_run_has_one_origin_and_says_so():
    found = lag_pairs(1.5 ** np.arange(20))
    np.testing.assert_allclose(found.lag_times, 1.5 ** np.arange(20) - 1)
    assert np.all(found.n_origins == 1)
    assert "20 of 20 lags have one origin: they have no error bar" in found.notes


def test_numbers_are_the_users():
    times = np.arange(1000.0)
    assert lag_pairs(times, max_origins=7).n_origins.max() == 7
    assert lag_pairs(times, min_origins=60).n_origins.min() >= 60
    few = lag_pairs(times, max_lags=9)
    assert few.lag_times.size == 9
    assert few.lag_times[0] == 0
    assert few.lag_times[-1] == lag_pairs(times).lag_times[-1]
    np.testing.assert_array_equal(lag_pairs(times, per_octave=1, min_origins=1).lag_times[:6], [0, 1, 2, 4, 8, 16])
    assert lag_pairs([4.0]).lag_times.tolist() == [0]
    assert lag_pairs([4.0]).n_held == 1


def test_averages_over_origins_take_them_as_they_are():
    """F of a walk that is the same in all frames: its mean is that value, its error 0, NaN where there is one origin."""
    times = 0.01 * frame_steps(20, 64, 2)
    found = lag_pairs(times)
    values = np.repeat(np.exp(-found.lag_times), found.n_origins)
    average = lag_average(values, found.pairs, times)
    np.testing.assert_allclose(average.mean, np.exp(-found.lag_times))
    np.testing.assert_array_equal(average.n_origins, found.n_origins)
    assert np.nanmax(average.standard_error) < 1e-15
    assert np.isnan(average.standard_error[found.n_origins == 1]).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"per_octave": 0.0}, "per_octave is 0.0; allowed: a number above 0"),
        ({"max_origins": 0}, "max_origins is 0; allowed: a whole number, at least 1"),
        ({"min_origins": -1}, "min_origins is -1"),
        ({"max_lags": 0}, "max_lags is 0"),
    ],
)
def test_bad_numbers_are_named(change, message):
    with pytest.raises(InvalidInput, match=message):
        glassdask.lag_pairs([0.0, 1.0], **change)


@settings(max_examples=40)
@given(
    st.integers(2, 30),
    st.integers(3, 10),
    st.sampled_from([1, 1.5, 2.3, 2.5, 4, 8]),
    st.floats(-15, 3),
    st.integers(0, 10**6),
)
def test_any_schedule_of_a_campaign_gives_its_own_pairs(n_blocks, exponent, per_octave, unit, first):
    """Whatever the unit of time and the step that production begins at; blocks that hold every step are a linear run."""
    layout = (n_blocks, 2**exponent, per_octave)
    steps = frame_steps(*layout)
    found = lag_pairs((steps + first) * 10.0**unit, per_octave=per_octave, max_lags=1000)
    if found.schedule.kind == "linear":
        assert np.all(np.diff(steps) == 1)
        return
    for mine, campaign in zip(found.pairs, frame_pairs(steps, lag_grid(*layout), layout[1]), strict=True):
        np.testing.assert_array_equal(mine, campaign)

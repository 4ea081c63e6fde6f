"""Height and time of a maximum: parabolas exactly, peaks of other shapes closely, noise with its error bars."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.physics.motion.curves.curve_maximum import maximum_of
from glassdask.physics.numerics.error_bars import leave_one_out

T = np.append(0.0, np.geomspace(0.01, 1000.0, 69))


def bump(t, height=2.0, time=30.0):
    """x/(1 + x)² of x = t/time, times 4: rises and falls as t and 1/t."""
    x = np.asarray(t) / time
    return height * 4 * x / (1 + x) ** 2


@pytest.mark.parametrize("time", [1.0, 30.0, 33.3, 200.0])
def test_a_smooth_peak_is_found_between_the_lags(time):
    """Within a factor of two the peak is a parabola to 1 %, of which the fit leaves a third; its time to 2 %."""
    found = maximum_of(T, bump(T, time=time))
    assert found.is_inside
    assert found.value == pytest.approx(2.0, rel=4e-3)
    assert found.time == pytest.approx(time, rel=0.02)
    assert np.isnan([found.value_error, found.time_error]).all()


def test_errors_are_those_of_repeated_measurements():
    """The scatter of 200 measurements of 10 blocks is that which one of them gives, to 20 % (both have few blocks)."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(200):
        heights, times = random.normal(2.0, 0.2, 10), 30.0 * np.exp(random.normal(0, 0.3, 10))
        blocks = np.array([bump(T, height, time) for height, time in zip(heights, times, strict=True)])
        found.append(maximum_of(T, blocks.mean(axis=0), leave_one_out(blocks)))
    values, value_errors, times, time_errors, _ = np.array(found).T
    assert values.std() == pytest.approx(np.sqrt(np.mean(value_errors**2)), rel=0.2)
    assert times.std() == pytest.approx(np.sqrt(np.mean(time_errors**2)), rel=0.2)


def test_noise_at_the_longest_lags_is_not_taken_for_the_maximum():
    random = np.random.default_rng(1)
    noise = np.where(T > 500, 4.0, 0.01)
    blocks = bump(T) + noise * random.normal(size=(10, T.size)) * np.sqrt(10)
    blocks[:, -1] = np.append(9.0, np.full(9, np.nan))  # one origin
    curve = np.nanmean(blocks, axis=0)
    assert curve[1:].max() > 2.5
    found = maximum_of(T, curve, leave_one_out(blocks))
    assert abs(found.value - 2.0) < 5 * found.value_error + 0.01
    assert found.time == pytest.approx(30.0, rel=0.1)


@pytest.mark.parametrize("curve", [T, -T, np.full(T.size, np.nan)], ids=["rises", "falls", "not measured"])
def test_a_curve_without_a_maximum_inside_has_none(curve):
    found = maximum_of(T, curve, np.tile(curve, (5, 1)))
    assert not found.is_inside
    assert np.isnan(found[:4]).all()


def test_bad_input_is_named():
    with pytest.raises(InvalidInput, match=r"lag_times \(3,\) must increase"):
        maximum_of([1.0, 1.0, 2.0], np.zeros(3))
    with pytest.raises(InvalidInput, match=r"left_out_curves has the shape \(4, 3\); expected \(n_blocks, 2\)"):
        maximum_of([1.0, 2.0], np.zeros(2), np.zeros((4, 3)))

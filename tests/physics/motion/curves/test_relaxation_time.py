"""When a correlation has fallen to 1/e, with the spread that its blocks allow."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassdask.errors import InvalidInput
from glassdask.physics.motion.curves.relaxation_time import relaxation_time

TIMES = np.concatenate([[0.0], np.geomspace(0.01, 1000.0, 40)])


@given(st.floats(0.02, 900.0), st.floats(0.3, 2.0))
def test_stretched_exponential_is_met_exactly_on_any_grid(tau, stretch):
    found = relaxation_time(TIMES, np.exp(-((TIMES / tau) ** stretch)))
    assert found.is_reached
    assert found.value == pytest.approx(tau, rel=1e-9)


def test_plateau_in_front_costs_little():
    """Two steps, as in a supercooled liquid, on two points an octave: under half a per cent."""
    times = 2.0 ** np.arange(-8, 12, 0.5)

    def F(t):
        return 0.2 * np.exp(-((t / 0.1) ** 2)) + 0.8 * np.exp(-((t / 50.0) ** 0.6))

    exact = 50.0 * math.log(0.8 * math.e) ** (1 / 0.6)
    assert relaxation_time(times, F(times)).value == pytest.approx(exact, rel=5e-3)


def test_curve_that_does_not_fall_is_a_value_not_an_error():
    found = relaxation_time(TIMES, 0.9 - 0.01 * np.log1p(TIMES), np.full((3, TIMES.size), 0.9))
    assert not found.is_reached
    assert math.isnan(found.value)
    assert math.isnan(found.standard_error)


def test_lags_that_were_not_measured_are_left_out():
    curve = np.exp(-TIMES)
    curve[TIMES > 10] = np.nan
    assert relaxation_time(TIMES, curve).value == pytest.approx(1.0, rel=1e-9)
    curve[TIMES > 0.5] = np.nan
    assert not relaxation_time(TIMES, curve).is_reached


def test_curve_that_falls_below_zero_or_within_the_first_lag_is_interpolated_in_time():
    assert relaxation_time([0.0, 1.0], [1.0, 0.0]).value == pytest.approx(1 - math.exp(-1))
    assert relaxation_time([1.0, 2.0], [1.1, -0.1]).value == pytest.approx(1 + (1.1 - math.exp(-1)) / 1.2)
    assert relaxation_time([3.0, 4.0], [0.1, 0.0]).value == 3.0


def test_standard_error_is_the_scatter_of_repeated_measurements():
    """Blocks with 10 % scatter of their own relaxation time: the error of 20 of them is 10 %/sqrt(20)."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(200):
        taus = 5.0 * (1 + 0.1 * random.normal(size=(20, 1)))
        blocks = np.exp(-TIMES / taus)
        found.append(relaxation_time(TIMES, blocks.mean(axis=0), blocks))
    values, errors = np.array([(one.value, one.standard_error) for one in found]).T
    # 200 repetitions know the scatter to 5 %.
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(values.std(), rel=0.2)


def test_blocks_without_long_lags_still_give_an_error():
    random = np.random.default_rng(1)
    blocks = np.exp(-TIMES / (5.0 + random.normal(size=(10, 1))))
    blocks[5:, TIMES > 20] = np.nan
    blocks[:, TIMES > 200] = np.nan
    assert 0.1 < relaxation_time(TIMES, np.exp(-TIMES / 5), blocks).standard_error < 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 1.0], [1.0, 0.5]), "must increase"),
        (([-1.0, 1.0], [1.0, 0.5]), "must increase"),
        (([0.0, 1.0], [1.0]), "of their shape"),
        (([0.0, 1.0], [1.0, 0.5], [[1.0]]), "block_curves"),
        (([0.0, 1.0], [1.0, 0.5], None, 1.5), "threshold is 1.5"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        relaxation_time(*arguments)


def test_a_curve_that_ends_on_the_threshold_has_reached_it():
    found = relaxation_time([0.0, 1.0, 2.0], [1.0, 0.75, 0.5], threshold=0.5)
    assert found.is_reached
    assert found.value == pytest.approx(2.0, rel=1e-12)


def test_blocks_that_were_not_measured_at_a_lag_do_not_count_there():
    """Without the third block the mean is that of the first two; with zeros for it, it would cross earlier."""
    times = np.arange(6.0)
    whole = 1.0 - 0.15 * times
    partly = np.where(times < 1.5, whole, np.nan)
    error = relaxation_time(times, whole, np.array([whole, whole, partly])).standard_error
    assert error == pytest.approx(0.0, abs=1e-12)

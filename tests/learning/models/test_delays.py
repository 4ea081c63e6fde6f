"""Delays of predicted curves: what moves a curve by a known time is found, and the band of a bound holds just such curves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassdask.learning.models.delays import Floats, band, delays

LOG_T = np.linspace(-2.0, 8.0, 60)
NOTHING = np.zeros(60)


def stretched(log_tau: float, beta: float = 0.6) -> Floats:
    """ln(−ln F) is linear in ln t: what `delays` takes between its points, so that it is exact."""
    return np.exp(-np.exp(beta * (LOG_T - log_tau)))


moved = given(st.floats(-1.5, 1.5), st.floats(0.3, 1.0))


@moved
def test_a_curve_that_was_moved_tells_by_how_much(shift: float, beta: float) -> None:
    """Above 0 where it is slower. Where F is 1 or 0 but for rounding, or the curve is not known so early or late, nothing is told."""
    predicted, measured = stretched(3.0, beta), stretched(3.0 + shift, beta)
    found = delays(LOG_T, predicted, measured, NOTHING)
    source = LOG_T - shift
    tells = (measured > 1e-4) & (measured < 1 - 1e-4) & (source > LOG_T[0]) & (source < LOG_T[-1])
    np.testing.assert_allclose(found[tells], shift, atol=1e-5)


@moved
def test_the_band_of_a_bound_holds_curves_that_are_moved_by_less(shift: float, beta: float) -> None:
    """And touches those that are moved by as much."""
    lowest, highest = band(LOG_T, stretched(3.0, beta), np.full(60, 1.0), 0.0)
    measured = stretched(3.0 + shift, beta)
    inside = (slice(8, -8),)
    is_held = ((measured >= lowest - 1e-7) & (measured <= highest + 1e-7))[inside]
    assert is_held.all() == (abs(shift) <= 1.0)
    np.testing.assert_allclose(highest[inside], stretched(4.0, beta)[inside], atol=1e-7)
    np.testing.assert_allclose(lowest[inside], stretched(2.0, beta)[inside], atol=1e-7)


def slow_delay(place: int, predicted: Floats, measured: float, resolution: float) -> float:
    """The smallest bound whose band holds the point, by bisection."""
    low, high = 0.0, 64.0
    for _ in range(60):
        middle = (low + high) / 2
        lowest, highest = band(LOG_T, predicted, np.full(60, middle), resolution)
        low, high = (low, middle) if lowest[place] <= measured <= highest[place] else (middle, high)
    return high


@pytest.mark.parametrize("wiggle", [0.0, 0.05])
def test_a_delay_is_the_smallest_bound_that_holds_the_point(wiggle: float) -> None:
    """By bisection, for a curve that falls and one that also rises, as the paper's network's may."""
    random = np.random.default_rng(3)
    predicted = np.clip(stretched(3.0) + wiggle * np.sin(3 * LOG_T), 0.001, 0.999)
    measured = np.clip(stretched(3.4) + 0.02 * random.standard_normal(60), 0.01, 0.99)
    found = delays(LOG_T, predicted, measured, np.full(60, 0.01))
    for place in range(60):
        assert abs(found[place]) == pytest.approx(slow_delay(place, predicted, measured[place], 0.01), abs=1e-6)


def test_what_cannot_be_resolved_is_no_delay() -> None:
    measured = stretched(3.0) + 0.004
    measured[7] = np.nan
    found = delays(LOG_T, stretched(3.0), measured, np.full(60, 0.005))
    assert np.isnan(found[7])
    assert (np.delete(found, 7) == 0).all()


@given(st.integers(0, 2**31))
def test_bands_are_nested_and_lie_between_0_and_1(seed: int) -> None:
    """Of any curve, for bounds that differ along it."""
    random = np.random.default_rng(seed)
    predicted, bound = np.clip(random.normal(0.5, 0.4, 60), -0.1, 1.1), random.uniform(0, 2, 60)
    first, second = band(LOG_T, predicted, bound, 0.003), band(LOG_T, predicted, 1.5 * bound, 0.006)
    assert (second[0] <= first[0]).all()
    assert (second[1] >= first[1]).all()
    assert min(second[0].min(), first[0].min()) >= 0
    assert max(second[1].max(), first[1].max()) <= 1
    assert (first[0] <= np.clip(predicted, 0, 1) + 1e-9).all()
    assert (first[1] >= np.clip(predicted, 0, 1) - 1e-9).all()


def test_a_curve_that_does_not_fall_in_its_window_is_not_known_to_fall_later() -> None:
    """What was measured to fall is then far off, and no bound of a decade holds it."""
    found = delays(LOG_T, np.full(60, 0.7), stretched(3.0), np.full(60, 0.01))
    assert found[-1] < -10

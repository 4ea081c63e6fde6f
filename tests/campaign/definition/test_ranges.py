"""Ranges of numbers in a campaign file."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from glassdask.campaign.definition.ranges import MOST_VALUES, expand_values
from glassdask.state_point import canonical

values = st.floats(min_value=1e-3, max_value=1e3)


@given(values, st.integers(min_value=1, max_value=500), st.floats(min_value=1e-3, max_value=10))
def test_a_step_that_reaches_the_stop_includes_it(start: float, n_steps: int, step: float) -> None:
    """stop = start + n step in floating point is meant to be the last value, however it is rounded."""
    found = expand_values({"start": start, "stop": start + n_steps * step, "step": step})
    assert len(found) == n_steps + 1
    assert found[0] == canonical(start)
    # ten significant digits are kept
    assert math.isclose(found[-1], start + n_steps * step, rel_tol=1e-9)


@given(values, values, st.integers(min_value=2, max_value=500))
def test_a_count_gives_that_many_from_start_to_stop(start: float, stop: float, count: int) -> None:
    found = expand_values({"start": start, "stop": stop, "count": count})
    assert len(found) == count
    assert (found[0], found[-1]) == (canonical(start), canonical(stop))


@given(values, values, st.floats(min_value=0.1, max_value=10))
def test_a_step_reaches_the_stop_or_the_range_is_refused(start: float, stop: float, step: float) -> None:
    """A slip in any of the three would leave out the last state in silence."""
    if stop < start:
        start, stop = stop, start
    n_steps = (stop - start) / step
    if abs(n_steps - round(n_steps)) > 1e-4:
        with pytest.raises(ValueError, match="passes its stop"):
            expand_values({"start": start, "stop": stop, "step": step})
        return
    assume(abs(n_steps - round(n_steps)) < 1e-7)
    found = expand_values({"start": start, "stop": stop, "step": step})
    assert math.isclose(found[-1], stop, rel_tol=1e-6, abs_tol=1e-5 * step)
    spacing = [b - a for a, b in itertools.pairwise(found)]
    assert all(math.isclose(gap, step, rel_tol=1e-4) for gap in spacing)


def test_a_range_that_misses_its_stop_says_between_what_it_falls() -> None:
    words = r"from 0\.4 in steps of 0\.25 passes its stop 1 by, from 0\.9 to 1\.15; allowed: a stop that a step reaches"
    with pytest.raises(ValueError, match=words):
        expand_values({"start": 0.4, "stop": 1.0, "step": 0.25})


@given(st.lists(values, min_size=1, max_size=20))
def test_a_list_keeps_its_order_and_a_number_is_a_list_of_one(numbers: list[float]) -> None:
    assert expand_values(numbers) == [canonical(number) for number in numbers]
    assert expand_values(numbers[0]) == [canonical(numbers[0])]


def test_decimals_come_out_as_they_are_written() -> None:
    assert expand_values({"start": 0.1, "stop": 0.7, "step": 0.1}) == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"start": 1, "stop": 2}, "a range has the keys start, stop; allowed: a number, a list"),
        ({"start": 1, "stop": 2, "step": 0.1, "count": 3}, "a range has the keys count, start, step, stop"),
        ({}, "a range has the keys none"),
        ({"start": 1, "stop": 2, "step": 0}, "step of the range is 0; allowed: above 0"),
        ({"start": 1, "stop": 2, "step": -0.1}, "step of the range is -0.1; allowed: above 0"),
        ({"start": 1, "stop": 2, "step": "a"}, "step of the range is 'a'; allowed: a finite number"),
        ({"start": 1, "stop": math.nan, "step": 1}, "stop of the range is nan"),
        ({"start": -math.inf, "stop": 1, "step": 1}, "start of the range is -inf"),
        ({"start": 1, "stop": 10**400, "count": 3}, "stop of the range is 1000"),
        ({"start": 2, "stop": 1, "step": 0.5}, "with start <= stop"),
        ({"start": 1, "stop": 2, "count": 2.5}, "count of the range is 2.5; allowed: a whole number"),
        ({"start": 1, "stop": 2, "count": 0}, "the range holds 0 values"),
        ({"start": 1, "stop": 2, "count": True}, "count of the range is True"),
        ({"start": 0, "stop": 1, "step": 1e-7}, f"10000001 values; allowed: 1 to {MOST_VALUES}"),
        ({"start": 1, "stop": 1e300, "step": 1e-300}, f"allowed: 1 to {MOST_VALUES}"),
        ([1.0] * (MOST_VALUES + 1), f"{MOST_VALUES + 1} values; allowed: at most"),
    ],
)
def test_a_range_that_means_nothing_is_refused(value: object, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        expand_values(value)
    assert words in str(caught.value)

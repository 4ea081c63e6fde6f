"""State points: one state has one spelling."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassdask.errors import InvalidInput
from glassdask.state_point import StatePoint, canonical, decimal_text

#: Ten significant digits are kept, so numbers are drawn from the range that campaigns use.
reduced_units = st.floats(min_value=1e-4, max_value=1e4)


def test_a_sum_and_its_decimal_are_the_same_state() -> None:
    assert StatePoint("lj", 0.1 * 3, 0.4 * 3) == StatePoint("lj", 0.3, 1.2)
    assert StatePoint("lj", 0.1 * 3, 0.4 * 3).identifier == StatePoint("lj", 0.3, 1.2).identifier
    assert len({StatePoint("wca", 0.7 + 0.1, 1.2), StatePoint("wca", 0.8, 1.2)}) == 1


@given(reduced_units, st.integers(min_value=-3, max_value=3))
def test_rounding_errors_do_not_make_a_new_state(value: float, n_steps: int) -> None:
    """A few units in the last place are what arithmetic leaves; eleven digits on, two numbers are two states."""
    value = canonical(value)
    nearby = value
    for _ in range(abs(n_steps)):
        nearby = math.nextafter(nearby, math.copysign(math.inf, n_steps))
    assert StatePoint("lj", nearby, 1.2) == StatePoint("lj", value, 1.2)


@given(reduced_units)
def test_canonical_is_a_projection_and_the_text_reads_back(value: float) -> None:
    assert canonical(canonical(value)) == canonical(value)
    assert float(decimal_text(value)) == canonical(value)
    assert math.isclose(canonical(value), value, rel_tol=1e-9)


@given(
    st.lists(st.tuples(st.sampled_from(["lj", "wca"]), reduced_units, reduced_units, st.integers(0, 99)), max_size=5)
)
def test_identifiers_tell_states_apart_and_are_safe_folder_names(rows: list) -> None:
    states = {StatePoint(*row) for row in rows}
    identifiers = {state.identifier for state in states}
    assert len(identifiers) == len(states)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyzT0123456789._") for name in identifiers)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("LJ", 1.0, 1.2), ["potential is 'LJ'", "a small letter"]),
        (("lj", 0.0, 1.2), ["temperature is 0.0", "above 0"]),
        (("lj", -1.0, 1.2), ["temperature is -1.0"]),
        (("lj", math.nan, 1.2), ["temperature is nan", "finite"]),
        (("lj", 1.0, math.inf), ["density is inf", "finite"]),
        (("lj", 1.0, 1.2, -1), ["replica is -1", "0, 1, 2"]),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(arguments: tuple, words: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        StatePoint(*arguments)
    assert all(word in str(caught.value) for word in words)


def test_states_sort_by_potential_then_temperature() -> None:
    states = [StatePoint("wca", 1.0, 1.2), StatePoint("lj", 2.0, 1.2), StatePoint("lj", 1.0, 1.4)]
    assert [state.identifier for state in sorted(states)] == [
        "lj_rho1.4_T1.0_r0",
        "lj_rho1.2_T2.0_r0",
        "wca_rho1.2_T1.0_r0",
    ]

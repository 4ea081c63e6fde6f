"""States by words: a number is a number however it is written, and nothing is selected that was not meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassdask.campaign.definition.selection import only_state, selected_states
from glassdask.errors import InvalidInput
from glassdask.state_point import StatePoint

STATES = [
    StatePoint(potential, T, rho, replica)
    for potential in ("lj", "wca")
    for rho in (1.2, 1.4)
    for T in (0.8, 0.85, 0.801, 1.0, 10.0)
    for replica in (0, 1)
]


def names(*words: str) -> set[str]:
    return {state.identifier for state in selected_states(STATES, words)}


def where(**wanted: object) -> set[str]:
    return {s.identifier for s in STATES if all(getattr(s, name) == value for name, value in wanted.items())}


def test_a_temperature_is_that_one_and_no_other() -> None:
    assert names("T0.8") == where(temperature=0.8)
    assert names("T1") == names("T1.0") == names("T1.00") == names("T=1") == names("T1e0") == where(temperature=1.0)
    assert names("T10") == where(temperature=10.0)


def test_words_of_different_kinds_must_all_hold_and_those_of_one_kind_are_alternatives() -> None:
    assert names("lj", "T1", "rho1.40", "r1") == {"lj_rho1.4_T1.0_r1"}
    assert names("T1", "lj") == names("lj", "T1") == where(potential="lj", temperature=1.0)
    assert names("T0.8", "T0.85") == names("T0.8") | names("T0.85")
    assert names("lj", "wca") == names() == where()


def test_names_and_parts_of_names_are_alternatives_which_words_restrict() -> None:
    assert names("lj_rho1.2_T1.0_r0", "wca_rho1.4_T0.8_r1") == {"lj_rho1.2_T1.0_r0", "wca_rho1.4_T0.8_r1"}
    assert names("lj_T1", "wca_T0.8") == where(potential="lj", temperature=1.0) | where(
        potential="wca", temperature=0.8
    )
    assert names("lj_T1", "wca_T0.8", "r1") == {name for name in names("lj_T1", "wca_T0.8") if name.endswith("r1")}


@given(st.sets(st.sampled_from(STATES), min_size=1))
def test_names_select_themselves(some: set[StatePoint]) -> None:
    """As `ls --identifiers | xargs retry` does."""
    assert set(selected_states(STATES, [state.identifier for state in some])) == some


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["T0.9"], "no state of the campaign has T0.9; there are T0.8, T0.801, T0.85, T1.0, T10.0"),
        (["r2"], "has r2; there are r0, r1"),
        (["lj_T0.9"], "'lj_T0.9': no state of the campaign has T0.9"),
        (["LJ"], "did you mean 'lj'?"),
        (["wcs"], "did you mean 'wca'?"),
        (["T0,8"], "did you mean T0.8, with a decimal point?"),
        (["0.8"], "did you mean T0.8 (temperature) or rho0.8 (density)?"),
        (["t0.8"], "spelled like this?"),
        (["Tx"], "'Tx' selects no states"),
        (["lj_T0.8_"], "'' in 'lj_T0.8_' selects no states"),
        (["lj_T1", "wca"], "no state of the campaign is like 'lj_T1 wca'"),
    ],
)
def test_what_selects_nothing_is_refused_with_what_there_is(words: list[str], message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        selected_states(STATES, words)
    assert message in str(refused.value)


def test_of_many_values_the_nearest_are_named() -> None:
    many = [StatePoint("lj", 0.01 * i, 1.2) for i in range(1, 100)]
    with pytest.raises(InvalidInput, match=r"has T0\.505; there are T0\.47, .*T0\.5, T0\.51, .*T0\.54, …"):
        selected_states(many, ["T0.505"])


def test_one_state_is_asked_for() -> None:
    assert only_state(STATES, ["lj", "rho1.2", "T1", "r1"]) == StatePoint("lj", 1.0, 1.2, 1)
    with pytest.raises(InvalidInput, match=r"'lj T1 r0' selects 2 states \(.*\); allowed: one\. Add .*such as rho1\.2"):
        only_state(STATES, ["lj", "T1", "r0"])

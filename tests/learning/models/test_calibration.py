"""Conformal bounds: known answers, the coverage that they promise on exchangeable states, and what they make of a curve."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassdask.learning.data.questions import Kind
from glassdask.learning.models.calibration import (
    SHARES,
    Calibration,
    Floats,
    Scores,
    bounds,
    clustered_quantile,
    is_within,
)
from glassdask.learning.models.delays import delays, level_of

LOG_T = np.linspace(-2.0, 8.0, 40)


def curve(log_tau: float, beta: float = 0.6) -> Floats:
    """F of two species, shape (n_t, 2); the second one is faster."""
    return np.exp(-np.exp(beta * (LOG_T[:, None] - log_tau + np.array([0.0, 0.7]))))


def scores_of(shifts: Floats, error: float = 0.0) -> Scores:
    """Of one state a shift of ln τ, all predicted alike."""
    F = curve(3.0)
    return Scores.joined(
        [Scores.of(LOG_T, F, curve(3.0 + shift), np.full(F.shape, error), state) for state, shift in enumerate(shifts)]
    )


# --- the quantile -----------------------------------------------------------------------------------------------------


@given(st.integers(1, 60), st.sampled_from(SHARES), st.integers(0, 2**31))
def test_of_one_point_a_state_it_is_the_usual_split_conformal_one(n: int, share: float, seed: int) -> None:
    """The ⌈(K + 1)(1 − α)⌉-th smallest score of K, infinite if there is none (Lei et al. 2018)."""
    scores = np.random.default_rng(seed).random(n)
    rank = int(np.ceil((n + 1) * share - 1e-9))
    expected = np.sort(scores)[rank - 1] if rank <= n else np.inf
    assert clustered_quantile(scores, np.arange(n), share) == expected


def test_95_percent_take_19_states_however_many_points_they_have() -> None:
    scores, states = np.linspace(0, 1, 1800), np.repeat(np.arange(18), 100)
    assert clustered_quantile(scores, states, 0.95) == np.inf
    assert clustered_quantile(scores, np.repeat(np.arange(20), 90), 0.95) <= 1.0


def test_a_state_with_many_points_counts_as_one() -> None:
    """Nineteen states at 1 and one at 2, of a thousand points: 20/21 of the weight are reached at 2 only, 19/21 at 1."""
    scores, states = (
        np.concatenate([np.ones(19), np.full(1000, 2.0)]),
        np.concatenate([np.arange(19), np.full(1000, 19)]),
    )
    assert clustered_quantile(scores, states, 0.9) == 1.0
    assert clustered_quantile(scores, states, 0.95) == 2.0


@pytest.mark.parametrize("share", SHARES)
def test_the_promised_share_is_covered_on_states_that_are_exchangeable(share: float) -> None:
    """Points of a state share most of their error; 3000 draws of 30 states and a new one. The mean is at least the promise, and not
    above it by more than the 1/(K + 1) of the theory, to four standard errors."""
    random = np.random.default_rng(11)
    n_states, n_points, draws = 30, 8, 3000
    common = random.standard_normal((draws, n_states + 1, 1))
    scores = np.abs(common + 0.3 * random.standard_normal((draws, n_states + 1, n_points)))
    states = np.repeat(np.arange(n_states), n_points)
    covered = [(one[-1] <= clustered_quantile(one[:-1].ravel(), states, share)).mean() for one in scores]
    noise = 4 * np.std(covered) / np.sqrt(draws)
    assert share - noise < np.mean(covered) < share + 1 / (n_states + 1) + noise


# --- bounds of curves -------------------------------------------------------------------------------------------------


def test_bounds_are_the_quantile_of_the_shifts() -> None:
    """Every range of levels sees the same shifts, but for what cannot be resolved, ε/|dF/d ln t|: the 20th of 20, the 15th for 68.3 %."""
    shifts = np.linspace(0.1, 2.0, 20)
    scores = scores_of(shifts)
    low, high = bounds(scores, 0), bounds(scores, 1)
    assert low is not None
    assert high is not None
    np.testing.assert_allclose(low[3:6], 1.5, atol=0.04)
    np.testing.assert_allclose(high[3:6], 2.0, atol=0.07)
    assert is_within(scores, high, 1).mean() > 0.99


def test_of_too_few_states_there_are_no_bounds() -> None:
    scores = scores_of(np.linspace(0.1, 1.0, 10))
    assert bounds(scores, 0) is not None
    assert bounds(scores, 1) is None
    assert bounds(scores_of(np.ones(2)), 0) is None


def test_a_range_that_few_states_reach_has_the_bound_of_its_neighbour() -> None:
    """Short runs end before F falls: 20 states to F = 0.6, 5 of them to the end."""
    F = curve(3.0)
    parts = []
    for state in range(20):
        measured = curve(3.5)
        if state >= 5:
            measured[F < 0.6] = np.nan
        parts.append(Scores.of(LOG_T, F, measured, np.zeros(F.shape), state))
    found = bounds(Scores.joined(parts), 1)
    assert found is not None
    assert found[-1] == found[-3] == pytest.approx(0.5, abs=0.05)


def test_points_that_tell_nothing_do_not_count() -> None:
    """Not measured, or predicted above 0.99 or below 0.02, where every curve is right."""
    F, measured = curve(3.0), curve(3.3)
    measured[::2] = np.nan
    found = Scores.of(LOG_T, F, measured, np.zeros(F.shape), 7)
    told = F[np.isfinite(measured) & (F <= 0.99) & (F > 0.02)]
    np.testing.assert_array_equal(np.sort(found.level), np.sort(level_of(told)))
    assert set(found.state) == {7}


# --- what is kept -----------------------------------------------------------------------------------------------------


@pytest.fixture
def known() -> Calibration:
    scores = scores_of(np.linspace(0.1, 2.0, 20))
    return Calibration(
        Kind.COLDER, 20, 4, 0.5, (bounds(scores, 0), bounds(scores, 1)), (0.7, 0.94), (0.03, 0.02), 0.6, 0.05
    )


def is_held(F: Floats, interval: tuple[Floats, Floats]) -> np.ndarray:
    lowest, highest = interval
    return (lowest <= F) & (highest >= F)


def test_an_interval_holds_what_its_bound_allows(known: Calibration) -> None:
    """Curves that are slower or faster by less than 2.0, as all that were seen; not one that is moved by 0.6 more."""
    found = known.interval(LOG_T, curve(3.0), 1)
    assert found is not None
    tells = (curve(3.0) < 0.4) & (curve(3.0) > 0.05)
    for shift in (-1.9, 0.0, 1.9):
        assert is_held(curve(3.0 + shift), found)[tells].all()
    for shift in (-2.6, 2.6):
        F = curve(3.0 + shift)
        assert not is_held(F, found)[tells & (F > 0.03)].any()
    narrow = known.interval(LOG_T, curve(3.0), 0)
    assert narrow is not None
    assert (narrow[1] - narrow[0] <= found[1] - found[0]).all()


@pytest.mark.parametrize("is_known", [True, False])
def test_it_is_kept_as_json(known: Calibration, is_known: bool) -> None:
    """null for what is not known: no NaN, no infinity."""
    made = known if is_known else Calibration(Kind.LIQUID, 2, 1, 0.0, (None, None))
    text = json.dumps(made.plain(), allow_nan=False)
    again = Calibration.from_plain(str(made.kind), json.loads(text))
    assert again.plain() == made.plain()
    assert again.kind is made.kind
    assert (again.interval(LOG_T, curve(3.0), 1) is None) == (not is_known)


def test_scores_are_delays_of_each_species() -> None:
    F, measured, error = curve(3.0), curve(3.2), np.full((40, 2), 0.004)
    found = Scores.of(LOG_T, F, measured, error, 0)
    tells = (F <= 0.99) & (F > 0.02)
    for share, width in enumerate((1.0, 1.96)):
        epsilon = np.full(40, width * 0.005)
        by_hand = np.stack([delays(LOG_T, F[:, a], measured[:, a], epsilon) for a in (0, 1)], axis=1)
        np.testing.assert_allclose(found.delay[share], np.abs(by_hand)[tells], atol=1e-12)

"""Scores: those of scikit-learn and of the paper's formula, with errors that know how many states there are."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

pytest.importorskip("sklearn", reason="scikit-learn is not installed (pip install 'glassdask[ml]')")

from sklearn.metrics import r2_score, root_mean_squared_error

from glassdask.learning.judgement.scores import Sums, scored, skill

Floats = NDArray[np.float64]


def curves(n_states: int, noise: float = 0.1, seed: int = 1) -> tuple[Floats, Floats]:
    """True and predicted decays, shape (n_states, 8, 2)."""
    random = np.random.default_rng(seed)
    t = np.geomspace(0.1, 100.0, 8)[None, :, None]
    truth = np.exp(-t / random.uniform(0.5, 50.0, (n_states, 1, 2)))
    return truth, truth + noise * random.standard_normal((n_states, 1, 1)) + 0.02 * random.standard_normal(truth.shape)


TRUTH, PREDICTION = curves(12)
SUMS = Sums.of(TRUTH, PREDICTION)


def paper_r2(truth: Floats, prediction: Floats) -> float:
    """1 − SSE / Σ (F̂ − mean F̂)² (eqs. 2–4)."""
    return 1 - ((prediction - truth) ** 2).sum() / ((prediction - prediction.mean()) ** 2).sum()


# --- values -----------------------------------------------------------------------------------------------------------


def test_scores_are_those_of_others() -> None:
    """scikit-learn's, and the paper's own formula."""
    F, P = TRUTH.ravel(), PREDICTION.ravel()
    assert SUMS.r2() == pytest.approx(r2_score(F, P), rel=1e-10)
    assert SUMS.paper_r2() == pytest.approx(paper_r2(F, P), rel=1e-10)
    assert SUMS.rmse() == pytest.approx(root_mean_squared_error(F, P), rel=1e-10)


def test_each_state_has_its_own() -> None:
    by_state = zip(TRUTH, PREDICTION, SUMS.r2_by_state(), SUMS.paper_r2_by_state(), strict=True)
    for F, P, r2, of_paper in by_state:
        assert r2 == pytest.approx(r2_score(F.ravel(), P.ravel()), rel=1e-8)
        assert of_paper == pytest.approx(paper_r2(F, P), rel=1e-8)


@settings(max_examples=50)
@given(seed=st.integers(0, 2**31), n=st.integers(1, 8), noise=st.floats(0.0, 1.0), gaps=st.floats(0.0, 0.8))
def test_points_that_were_not_measured_do_not_count(seed: int, n: int, noise: float, gaps: float) -> None:
    """Whatever was predicted there; the scores are those of the measured points alone."""
    truth, prediction = curves(n, noise, seed)
    random = np.random.default_rng(seed)
    is_gap = random.random(truth.shape) < gaps
    is_gap[:, :2] = False
    truth[is_gap] = np.nan
    prediction[is_gap] = random.choice([np.nan, np.inf, 1e9], is_gap.sum())
    sums = Sums.of(truth, prediction)
    F, P = truth[~is_gap], prediction[~is_gap]
    assert sums.n.sum() == F.size
    assert sums.r2() == pytest.approx(r2_score(F, P), rel=1e-8, abs=1e-8)
    assert sums.paper_r2() == pytest.approx(paper_r2(F, P), rel=1e-6, abs=1e-8)
    assert sums.rmse() == pytest.approx(root_mean_squared_error(F, P), rel=1e-8)


def test_a_prediction_that_is_missing_is_no_score() -> None:
    prediction = PREDICTION.copy()
    prediction[3, 4, 0] = np.nan
    sums = Sums.of(TRUTH, prediction)
    assert np.isnan(sums.r2())
    assert np.isnan(sums.rmse())
    assert np.flatnonzero(np.isnan(sums.r2_by_state())).tolist() == [3]


def test_a_curve_that_does_not_vary_has_no_r2() -> None:
    """A glass on its plateau: nothing to explain. Rounding is no variation."""
    truth = TRUTH.copy()
    truth[2] = 0.7 + 1e-9 * np.random.default_rng(1).standard_normal((8, 2))
    found = Sums.of(truth, PREDICTION).r2_by_state()
    assert np.flatnonzero(np.isnan(found)).tolist() == [2]


def test_a_state_without_a_point_has_no_score_and_spoils_none() -> None:
    truth = TRUTH.copy()
    truth[5] = np.nan
    sums, others = Sums.of(truth, PREDICTION), np.delete(np.arange(12), 5)
    for found in (sums.r2_by_state(), sums.paper_r2_by_state()):
        assert np.flatnonzero(np.isnan(found)).tolist() == [5]
    assert sums.r2() == pytest.approx(SUMS.at(others).r2())
    assert scored(sums, "r2").error > 0


# --- errors and skill -------------------------------------------------------------------------------------------------


def test_errors_come_from_states_and_not_from_points() -> None:
    """Each state as a whole deviates: with as many points a curve, 16 times more states make the error a quarter.

    Of 25 states an error is known to a third or so, and a tenth too small: eight of them.
    """
    few = np.mean([scored(Sums.of(*curves(25, seed=seed)), "rmse").error for seed in range(8)])
    many = scored(Sums.of(*curves(400)), "rmse").error
    assert few / many == pytest.approx(4.0, rel=0.3)


def test_an_error_is_the_scatter_of_studies() -> None:
    """Of 30 studies of 40 other states each, against the error that each gives itself: 13 % is chance."""
    found = [scored(Sums.of(*curves(40, seed=seed)), "rmse") for seed in range(30)]
    scatter = np.std([score.value for score in found])
    assert np.mean([score.error for score in found]) == pytest.approx(scatter, rel=0.4)


def test_resampled_states_are_drawn_with_their_seed() -> None:
    first, again, other = (scored(SUMS, "r2", seed) for seed in (1, 1, 2))
    assert first == again
    assert first.value == other.value
    assert first.error != other.error
    assert str(first) == f"{first.value:.4f} ± {first.error:.4f}"


def test_an_error_holds_what_another_training_would_have_given() -> None:
    """Trainings whose RMSE is 0.1 and 0.2 on every state alike: states scatter nothing, trainings by half their difference."""
    trainings = [Sums.of(TRUTH, TRUTH + offset) for offset in (0.1, 0.2)]
    assert scored(trainings[0], "rmse").error == pytest.approx(0.0, abs=1e-9)
    assert scored(trainings[0], "rmse", draws=trainings).error == pytest.approx(0.05, rel=0.05)
    against = Sums.of(TRUTH, TRUTH + 0.2)
    assert skill(trainings[0], against, draws=trainings).error == pytest.approx(0.5 * (1 - 0.1**2 / 0.2**2), rel=0.05)


def test_the_best_baseline_has_no_skill_against_itself() -> None:
    """Exactly, and without an error."""
    found = skill(SUMS, SUMS)
    assert (found.value, found.error) == (0.0, 0.0)


def test_skill_is_the_share_of_the_error_that_is_gone() -> None:
    half = Sums.of(TRUTH, TRUTH + 0.5 * (PREDICTION - TRUTH))
    found = skill(half, SUMS)
    assert found.value == pytest.approx(0.75)
    assert found.error == pytest.approx(0.0, abs=1e-12), "in every state the same"
    worse = skill(SUMS, half)
    assert worse.value == pytest.approx(-3.0)


def test_skill_compares_state_by_state() -> None:
    """Two models that fail in the same states differ by less than either's error says: states are resampled together."""
    similar = Sums.of(TRUTH, TRUTH + 0.9 * (PREDICTION - TRUTH) + 1e-3)
    assert skill(similar, SUMS).error < 0.3 * 2 * scored(SUMS, "rmse").error / scored(SUMS, "rmse").value


def test_one_state_has_a_score_whose_error_nobody_knows() -> None:
    """0 would make any difference significant."""
    one, half = SUMS.at(np.array([0])), Sums.of(TRUTH, TRUTH + 0.5 * (PREDICTION - TRUTH)).at(np.array([0]))
    for found in (scored(one, "r2"), skill(half, one)):
        assert np.isfinite(found.value)
        assert np.isnan(found.error)


def test_states_can_be_picked() -> None:
    picked = SUMS.at(np.array([3, 3, 7]))
    expected = Sums.of(TRUTH[[3, 3, 7]], PREDICTION[[3, 3, 7]])
    for f in fields(Sums):
        np.testing.assert_allclose(getattr(picked, f.name), getattr(expected, f.name))

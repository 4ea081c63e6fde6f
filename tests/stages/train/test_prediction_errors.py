"""Errors of one prediction: from questions of its kind; said where none, too few, or none so far away were examined."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")

from glassdask.learning.data.questions import Kind, Question
from glassdask.learning.models.calibration import Calibration
from glassdask.learning.models.ensemble import Ensemble
from glassdask.stages.train.prediction_errors import Errors, errors_of

LOG_T = np.linspace(-2.0, 8.0, 40)
F = np.exp(-np.exp(0.6 * (LOG_T[:, None] - np.array([3.0, 2.0]))))
SPREAD, FACTOR = np.full(F.shape, 0.01), 3.0
ONE, TWO = np.full(7, 0.2), np.full(7, 0.5)
KNOWN = Calibration(Kind.COLDER, 40, 8, 0.5, (ONE, TWO), (0.7, 0.94), (0.03, 0.02), 0.01, 0.02)
ASKED = Question(Kind.COLDER, 0.3, "the coldest learned from, of lj at rho = 1.2, is T = 0.5")


def found(known: Calibration | None, question: Question = ASKED) -> Errors:
    calibrations = {} if known is None else {known.kind: known}
    return errors_of(Ensemble([], FACTOR, calibrations), question, LOG_T, F, SPREAD)


def test_errors_are_those_of_the_kind() -> None:
    """Half of what holds 68.3 %, and what holds 95 %: the ensemble's spread plays no part, and there is nothing to say."""
    errors = found(KNOWN)
    one, two = KNOWN.interval(LOG_T, F, 0), KNOWN.interval(LOG_T, F, 1)
    assert one is not None
    assert two is not None
    np.testing.assert_allclose(errors.error, (one[1] - one[0]) / 2)
    assert errors.interval is not None
    np.testing.assert_array_equal(errors.interval, two)
    assert (errors.is_calibrated, errors.notes, errors.warnings) == (True, [], [])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"delays": (ONE, None)},
            "examined on 40 states only with questions of this kind (colder): that gives no interval",
        ),
        ({"delays": (None, None), "n_states": 1}, "examined on 1 state only"),
        ({"delays": (None, None)}, "that gives nothing, and the error is that of states at random"),
        (
            {"coverage": (0.5, 0.81)},
            "intervals for 95 % held 81% of the points where they were not made (colder, 40 states)",
        ),
        ({"coverage": (0.5, float("nan"))}, "intervals for 95 % could not be tried where they were not made"),
        ({"n_units": 2}, "are known from 2 series only: of another one they promise nothing"),
        ({"reach": 0.2}, "lies 0.3 away from what was learned, all that were examined at most 0.2"),
    ],
)
def test_what_is_not_known_is_said(change: dict, words: str) -> None:
    errors = found(replace(KNOWN, **change))
    assert len(errors.warnings) == 1
    assert words in errors.warnings[0]
    assert not errors.is_calibrated


def test_without_bounds_the_error_is_that_of_states_at_random() -> None:
    for known in (None, replace(KNOWN, delays=(None, None))):
        errors = found(known)
        np.testing.assert_allclose(errors.error, FACTOR * SPREAD)
        assert errors.interval is None
        assert not errors.is_calibrated


def test_a_model_of_an_older_release_was_examined_at_random_alone() -> None:
    """Between learned states its error stands; elsewhere it was never examined."""
    assert found(None, Question(Kind.INTERPOLATION, 0.3, "between")).is_calibrated
    (said,) = found(None).warnings
    assert said.startswith("this model was never examined on a question of this kind (colder: the coldest learned from")


@pytest.mark.parametrize(
    ("bias", "words"), [(0.64, "too fast, by a factor 1.90"), (-0.0834, "too slow, by a factor 1.09")]
)
def test_which_way_predictions_err_is_said(bias: float, words: str) -> None:
    """If it is three of its standard errors."""
    (note,) = found(replace(KNOWN, bias=bias, bias_error=abs(bias) / 4)).notes
    assert words in note
    assert found(replace(KNOWN, bias=bias, bias_error=abs(bias) / 2)).notes == []

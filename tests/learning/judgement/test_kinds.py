"""What examinations say of each kind of question: no state is judged by bounds that were made from it, or from what it was learned from."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")

from glassdask.learning.data.questions import Kind
from glassdask.learning.data.training_set import Floats, TrainingSet
from glassdask.learning.judgement.examination import Examination, examinations
from glassdask.learning.judgement.kinds import Trial, calibrations, clustered, log_tau, measured_coverage, trials
from tests.learning.synthetic import make_samples

SAMPLES = make_samples(12, ("lj", "wca"), (1.2, 1.4), n_times=40, n_wavenumbers=20)


def moved(samples: TrainingSet, shifts: Floats) -> Floats:
    """F of the samples' states, faster by `shifts` in ln t, shape (n,)."""
    log_t = np.log(samples.lag_time)
    z = np.log(-np.log(np.clip(samples.scattering, 1e-12, 1 - 1e-12)))
    found = [
        [np.interp(log_t + shift, log_t, of_one) for of_one in row.T] for row, shift in zip(z, shifts, strict=True)
    ]
    return np.exp(-np.exp(np.array(found).transpose(0, 2, 1)))


def examined(asked: Examination, shifts: Floats) -> Any:
    """Answers that are too fast by these shifts, of every row of the samples."""
    return SimpleNamespace(examination=asked, answers=SimpleNamespace(F={"n": moved(SAMPLES, shifts)[asked.tested]}))


def of_kind(kind: str) -> list[Examination]:
    return [one for one in examinations(SAMPLES, n_folds=6, seed=2) if one.kind == kind]


def test_rows_that_splits_leave_out_are_questions() -> None:
    """At random: within series, or at an end of one. From hotter states: colder. From other liquids, other densities: just those."""
    for kind, expected in (
        ("random", {Kind.INTERPOLATION, Kind.HOTTER, Kind.COLDER}),
        ("temperature", {Kind.COLDER}),
        ("density", {Kind.DENSITY}),
        ("potential", {Kind.LIQUID}),
    ):
        found = trials(SAMPLES, [examined(one, np.zeros(48)) for one in of_kind(kind)], "n")
        assert {one.question.kind for one in found} == expected
        assert len(found) == sum(len(one.tested) for one in of_kind(kind))
        for one in found:
            assert one.state not in one.learned
    assert trials(SAMPLES, [examined(of_kind("random")[0], np.zeros(48))], "another") == []


def test_a_shift_of_all_is_found_as_bias_and_bound() -> None:
    """Predictions 0.3 too fast in ln t: the mean of ln(τ/τ̂) is 0.3, and so is every bound, to what cannot be resolved."""
    found = calibrations(trials(SAMPLES, [examined(of_kind("density")[0], np.full(48, 0.3))], "n"))
    known = found[Kind.DENSITY]
    assert known.n_states == 24
    assert known.n_units == 2
    assert known.bias == pytest.approx(0.3, abs=0.02)
    assert known.bias_error < 0.01
    assert known.delays[1] is not None
    assert known.delays[1][4:].max() == pytest.approx(0.3, abs=0.03)
    assert known.reach == pytest.approx(np.log(1.4 / 1.2))


def test_bounds_are_tried_on_states_that_they_were_not_made_from() -> None:
    """Shifts of states are drawn from one distribution: 95 % hold 95 %, to three standard errors of 48 states."""
    shifts = np.random.default_rng(5).normal(0, 0.3, 48)
    asked = of_kind("random")[0]
    known = calibrations(trials(SAMPLES, [examined(asked, shifts)], "n"))[Kind.INTERPOLATION]
    assert known.n_units == known.n_states
    assert known.coverage[1] == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / known.n_states))
    assert 0 < known.coverage_error[1] < 0.05


def test_a_fold_that_is_worse_than_the_others_is_not_excused() -> None:
    """All others are right: no bound of theirs holds it."""
    asked = of_kind("random")[0]
    shifts = np.zeros(48)
    shifts[asked.parts[0].test] = 2.0
    found = trials(SAMPLES, [examined(asked, shifts)], "n")
    bad = [one for one in found if one.split == asked.parts[0].name and one.question.kind is Kind.INTERPOLATION]
    inside = [one for one in found if one.question.kind is Kind.INTERPOLATION]
    held = measured_coverage(inside, 1)[: len(bad)]
    assert max(share for _, share in held) < 0.6


def test_colder_questions_are_tried_with_what_hotter_ones_say() -> None:
    """The bounds for T ≤ 1.2 T_mct are those of T ≤ 1.5 T_mct asked about states above 1.2; for the first there are none."""
    asked = of_kind("temperature")
    assert [one.threshold for one in asked] == [1.5, 1.2]
    found = trials(SAMPLES, [examined(one, np.full(48, 0.2)) for one in asked], "n")
    held = measured_coverage(found, 0)
    second = [one for one in found if one.split == asked[1].parts[0].name]
    inside = {one.state for one in found if one.split == asked[0].parts[0].name} & second[0].learned
    assert len(held) == (len(second) if len(inside) >= 3 else 0)
    assert len(inside) >= 3


def test_the_error_of_a_mean_is_over_units() -> None:
    """Four values in two units are two values; single ones are the usual n − 1 formula; of one unit nothing is known."""
    doubled = [("a", 1.0), ("a", 1.0), ("b", 0.0), ("b", 0.0)]
    assert clustered(doubled) == clustered(doubled[::2]) == (0.5, 0.5)
    values = np.random.default_rng(1).random(30)
    mean, error = clustered(list(enumerate(values)))
    assert (mean, error) == pytest.approx((values.mean(), values.std(ddof=1) / np.sqrt(30)))
    assert np.isnan(clustered([("a", 1.0), ("a", 0.0)])[1])
    assert np.isnan(clustered([])).all()


def test_tau_is_where_the_first_species_passes_1_over_e() -> None:
    F = SAMPLES.scattering[0]
    found = log_tau(np.log(SAMPLES.lag_time), F)
    assert np.interp(found, np.log(SAMPLES.lag_time), F[:, 0]) == pytest.approx(np.exp(-1), abs=0.01)


def test_a_row_without_an_answer_is_no_trial() -> None:
    """Of a baseline that has none, as mode-coupling theory where it was not solved."""
    one = examined(of_kind("random")[0], np.zeros(48))
    one.answers.F["n"][3] = np.nan
    found: list[Trial] = trials(SAMPLES, [one], "n")
    assert len(found) == 47

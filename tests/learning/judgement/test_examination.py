"""Examinations: no part learns from what it is asked, choices are made inside of the training side, marks are beside the best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")

from glassdask.learning.data.features import Points
from glassdask.learning.data.splits import Split, folds
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.judgement.baselines.catalogue import BASELINES
from glassdask.learning.judgement.baselines.copies import mode_coupling, nearest
from glassdask.learning.judgement.examination import (
    SELECTED_BY,
    Answers,
    Examination,
    Examined,
    answers,
    coverages,
    examinations,
    marks,
)
from glassdask.learning.judgement.scores import scored, skill
from glassdask.learning.models.ensemble import LEAST_SPREAD, NOMINAL, Ensemble, coverage, error_factor
from glassdask.learning.models.selection import inner_splits
from glassdask.learning.training.recipe import decay_candidates
from glassdask.learning.training.training import train
from tests.learning.synthetic import make_samples

MIXED = make_samples(6, ("lj", "wca"), (1.2, 1.4), n_replicas=2, n_times=4, n_wavenumbers=20, noise=0.01)
RECIPE = replace(decay_candidates()[0], epochs=2)


def some_samples(
    n: int, potentials: tuple[str, ...], densities: tuple[float, ...], n_replicas: int, seed: int
) -> TrainingSet:
    """In any order."""
    made = make_samples(n, potentials, densities, n_replicas, n_times=2, n_wavenumbers=20)
    return made.at(np.random.default_rng(seed).permutation(len(made)))


some_campaign = given(
    n=st.integers(2, 7),
    potentials=st.sampled_from([("lj",), ("wca", "lj")]),
    densities=st.sampled_from([(1.2,), (1.2, 1.4, 1.6)]),
    n_replicas=st.integers(1, 2),
    seed=st.integers(0, 2**31),
)


def kinds(samples: TrainingSet) -> dict[str, int]:
    asked = [one.kind for one in examinations(samples)]
    return {kind: asked.count(kind) for kind in asked}


# --- what is asked ----------------------------------------------------------------------------------------------------


@settings(max_examples=30)
@some_campaign
def test_nothing_is_learned_from_what_is_tested(
    n: int, potentials: tuple[str, ...], densities: tuple[float, ...], n_replicas: int, seed: int
) -> None:
    """No row, no replica, in no part; no row is tested twice, and at random every one is tested."""
    samples = some_samples(n, potentials, densities, n_replicas, seed)
    asked = examinations(samples, n_folds=4, seed=seed)
    for one in asked:
        for part in one.parts:
            assert set(samples.state[part.train]).isdisjoint(samples.state[part.test])
        assert len(set(one.tested.tolist())) == len(one.tested)
        learned = [len(set(samples.state[part.train])) for part in one.parts]
        assert one.n_learned(samples) == min(learned)
        assert one.kind == "random" or one.n_learned(samples) >= 6
    assert asked[0].tested.tolist() == list(range(len(samples)))
    assert len({one.name for one in asked}) == len(asked)
    names = [part.name for one in asked for part in one.parts]
    assert len(set(names)) == len(names), "files of weights are named after them"


@settings(max_examples=30)
@some_campaign
def test_choices_are_made_inside_of_the_training_side(
    n: int, potentials: tuple[str, ...], densities: tuple[float, ...], n_replicas: int, seed: int
) -> None:
    """Inner splits know training rows alone, are by state, and set each state apart once at the most."""
    samples = some_samples(n, potentials, densities, n_replicas, seed)
    for one in examinations(samples, n_folds=4, seed=seed):
        for part in one.parts:
            if len(set(samples.state[part.train])) < 2:
                continue
            inner = inner_splits(samples, part.train, SELECTED_BY[one.kind], seed)
            for split in inner:
                assert set(split.train) | set(split.test) <= set(part.train)
                assert set(samples.state[split.train]).isdisjoint(samples.state[split.test])
            apart = np.concatenate([split.test for split in inner])
            assert len(set(apart)) == len(apart)


def test_every_question_that_the_states_allow_is_asked() -> None:
    """Of 24 states, from 1.05 to 4 T_mct: T0 = 1.5 and 1.2, as the coldest lie above 1."""
    assert kinds(MIXED) == {"random": 1, "temperature": 2, "potential": 2, "density": 2}
    names = [one.name for one in examinations(MIXED)]
    assert names == [
        "states at random",
        "T ≤ 1.5 T_mct from hotter",
        "T ≤ 1.2 T_mct from hotter",
        "wca from lj",
        "lj from wca",
        "rho = 1.2 from others",
        "rho = 1.4 from others",
    ]


def test_questions_from_few_states_are_not_asked() -> None:
    """Three of a potential, four above 1.5 T_mct: none about learning. At random everything is asked, one by one."""
    few = make_samples(3, ("lj", "wca"), n_times=2, n_wavenumbers=20)
    assert kinds(few) == {"random": 1}
    assert len(examinations(few)[0].parts) == 6
    assert kinds(make_samples(6, ("lj", "wca"), n_times=2, n_wavenumbers=20)).keys() == {
        "random",
        "temperature",
        "potential",
    }


def test_without_critical_temperatures_no_question_is_about_them() -> None:
    unknown = replace(MIXED, critical_temperature=np.full(len(MIXED), np.nan))
    assert "temperature" not in kinds(unknown)
    assert len(inner_splits(unknown, np.arange(48), "temperature")) == 5, "states are set apart at random then"


def test_the_inner_question_is_that_of_the_test() -> None:
    """Colder states for transfer in temperature, whole series for transfer to others."""
    rows = np.arange(len(MIXED))
    (cold,) = inner_splits(MIXED, rows, "temperature")
    theta = MIXED.reduced_temperature
    assert theta[cold.test].max() < theta[cold.train].min()
    assert len(cold.test) / len(rows) == pytest.approx(0.3, abs=0.1)
    series = inner_splits(MIXED, rows, "series")
    assert len(series) == 4
    for split in series:
        assert len(set(zip(MIXED.potential[split.test], MIXED.density[split.test], strict=True))) == 1
    only = np.flatnonzero((MIXED.potential == "lj") & (MIXED.density == 1.2))
    assert len(inner_splits(MIXED, only, "series")) == 5


# --- answers ----------------------------------------------------------------------------------------------------------


def ensembles(samples: TrainingSet, part: Split) -> Mapping[str, Ensemble]:
    points = Points.of(samples, RECIPE.view)
    members = [train(points, points.of_rows(part.train), points.row[:0], RECIPE, seed) for seed in (1, 2)]
    return {"a network": Ensemble(members)}


@pytest.fixture(scope="module")
def examined() -> Examined:
    """Two folds of 24 states."""
    asked = Examination("random", "states at random", folds(MIXED, 2, seed=1))
    given_answers = answers(MIXED, asked, lambda part: ensembles(MIXED, part))
    return Examined(asked, given_answers, *marks(MIXED, asked, given_answers))


def test_everybody_answers_each_part_from_its_own_training_side(examined: Examined) -> None:
    """In the order of the tested rows."""
    rows, found = examined.examination.tested, examined.answers
    assert set(found.F) == {*BASELINES, "a network"}
    for part in examined.examination.parts:
        here = np.isin(rows, part.test)
        np.testing.assert_array_equal(found.F["nearest state"][here], nearest(MIXED, part.train, part.test))
        mean, spread = ensembles(MIXED, part)["a network"].curves(MIXED.at(part.test))
        np.testing.assert_array_equal(found.F["a network"][here], mean)
        np.testing.assert_array_equal(found.spread["a network"][here], spread)


# --- marks ------------------------------------------------------------------------------------------------------------


def test_marks_are_beside_the_best_baseline(examined: Examined) -> None:
    """The one with the lowest error of all baselines; a network is none of them, however good."""
    errors = {name: found.sums.squares.sum() for name, found in examined.marks.items()}
    assert examined.best == min(BASELINES, key=lambda name: errors[name])
    assert examined.marks[examined.best].skill.value == 0.0
    for name, found in examined.marks.items():
        assert found.skill.value == pytest.approx(1 - errors[name] / errors[examined.best])
        assert (found.skill.value <= 0) == (errors[name] >= errors[examined.best])


def test_replicas_are_one_state(examined: Examined) -> None:
    """24 states of two runs each; all points count."""
    found = examined.marks["a network"]
    truth, F = MIXED.scattering[examined.examination.tested], examined.answers.F["a network"]
    assert len(found.sums.n) == 24
    assert found.sums.n.sum() == truth.size
    assert found.rmse.value == pytest.approx(np.sqrt(((F - truth) ** 2).mean()))
    for number, r2 in enumerate(found.sums.r2_by_state()):
        of_state = MIXED.state == number
        mean = truth[of_state].mean()
        assert r2 == pytest.approx(1 - ((F - truth)[of_state] ** 2).sum() / ((truth[of_state] - mean) ** 2).sum())
    assert found.r2 == scored(found.sums, "r2")
    assert found.skill == skill(found.sums, examined.marks[examined.best].sums)


def test_theory_that_was_not_solved_is_not_scored(examined: Examined) -> None:
    """A gap where F was measured: its score would be of other points than those of the others."""
    F = {name: found.copy() for name, found in examined.answers.F.items()}
    F["mode-coupling theory"][3, 2:] = np.nan
    found, best = marks(MIXED, examined.examination, Answers(F))
    assert set(found) == set(F) - {"mode-coupling theory"}
    assert best == examined.best
    gone = MIXED.scattering.copy()
    gone[3, 2:] = np.nan
    found, _ = marks(replace(MIXED, scattering=gone), examined.examination, Answers(F))
    assert set(found) == set(F), "nothing was measured there"


# --- error bars -------------------------------------------------------------------------------------------------------


def biased(factors: list[float]) -> tuple[TrainingSet, Examined]:
    """Answers that deviate by normal errors of `factor` spreads, another factor in each part."""
    samples = make_samples(30, n_times=40, n_wavenumbers=20)
    asked = Examination("random", "states at random", folds(samples, len(factors), seed=1))
    random = np.random.default_rng(1)
    F, spread = samples.scattering.copy(), np.full(samples.scattering.shape, 20 * LEAST_SPREAD)
    for factor, part in zip(factors, asked.parts, strict=True):
        F[part.test] += factor * spread[part.test] * random.standard_normal(F[part.test].shape)
    given_answers = Answers(
        {"n": F, "nearest state": mode_coupling(samples, asked.tested, asked.tested)}, {"n": spread}
    )
    return samples, Examined(asked, given_answers, *marks(samples, asked, given_answers))


def test_an_error_bar_is_made_from_other_parts_than_those_it_is_judged_by() -> None:
    """With spreads three times too small everywhere, the error covers."""
    one = int(np.argmin(np.abs(NOMINAL - 0.683)))
    found = coverages(*biased([3.0, 3.0, 3.0]), ["n"])
    assert list(found) == ["n: spread", "n: calibrated error"]
    assert found["n: spread"][one] < 0.35
    assert found["n: calibrated error"][one] == pytest.approx(0.683, abs=0.05)


def test_a_part_that_is_worse_than_the_others_is_not_excused() -> None:
    """Two of three parts have honest spreads: their factor is 1, and covers a tenth of the third, whose errors are 9 spreads."""
    samples, examined = biased([1.0, 1.0, 9.0])
    found = coverages(samples, examined, ["n"])["n: calibrated error"]
    truth, error = samples.scattering, samples.weight_error
    F, spread = examined.answers.F["n"], examined.answers.spread["n"]
    shares = []
    for part in examined.examination.parts:
        others = np.setdiff1d(np.arange(30), part.test)
        factor = error_factor(truth[others], F[others], spread[others], error[others])
        shares.append(coverage(truth[part.test], F[part.test], spread[part.test], error[part.test], factor))
    np.testing.assert_allclose(found, np.mean(shares, axis=0), atol=1e-12)
    assert shares[2][int(np.argmin(np.abs(NOMINAL - 0.683)))] < 0.2


def test_one_part_is_judged_by_itself() -> None:
    """There is no other."""
    samples, examined = biased([3.0, 3.0])
    part = Split("all", examined.examination.tested[:1], examined.examination.tested)
    alone = replace(examined, examination=Examination("random", "one", [part]))
    assert np.isfinite(coverages(samples, alone, ["n"])["n: calibrated error"]).all()

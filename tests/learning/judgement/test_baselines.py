"""Baselines: what anybody would try first does what its name says, for short runs and outside of what was learned, too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not installed (pip install 'glassdask[ml]')")

from glassdask.learning.data.training_set import Floats, TrainingSet
from glassdask.learning.judgement.baselines.catalogue import BASELINES, Knowledge, rivals
from glassdask.learning.judgement.baselines.copies import interpolation, mode_coupling, nearest, nearest_reduced
from glassdask.learning.judgement.baselines.regressions import boosting, ridge
from tests.learning.synthetic import make_samples

#: LJ and WCA at two densities, four temperatures each, hot to cold in a series.
MIXED = make_samples(4, potentials=("lj", "wca"), densities=(1.2, 1.4), n_times=8, n_wavenumbers=20)
SERIES = make_samples(6, n_times=8, n_wavenumbers=20)
ROWS = np.arange(6)


def with_curves(samples: TrainingSet, F: Floats) -> TrainingSet:
    return replace(samples, scattering=F)


def short(samples: TrainingSet, row: int, n: int) -> TrainingSet:
    """A run that ended after n times."""
    F = samples.scattering.copy()
    F[row, n:] = np.nan
    return replace(samples, scattering=F)


def others(samples: TrainingSet, test: list[int]) -> np.ndarray:
    return np.delete(np.arange(len(samples)), test)


def test_theory_is_that_of_the_state_itself() -> None:
    test = np.array([3, 1])
    assert (mode_coupling(SERIES, ROWS[:1], test) == SERIES.theory[test]).all()


# --- copied -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copy", [nearest, nearest_reduced])
def test_a_state_that_is_known_is_copied(copy) -> None:
    """The same potential, density and temperature: another replica."""
    samples = make_samples(3, potentials=("lj", "wca"), densities=(1.2, 1.4), n_replicas=2, n_times=8, noise=0.01)
    train, test = np.arange(0, 24, 2), np.arange(1, 24, 2)
    assert (copy(samples, train, test) == samples.scattering[train]).all()


def test_the_nearest_state_is_sought_in_potential_then_density_then_temperature() -> None:
    """By a loop over all rows with that order of distances."""
    for row in range(len(MIXED)):
        train = others(MIXED, [row])
        for scale, copy in ((MIXED.temperature, nearest), (MIXED.reduced_temperature, nearest_reduced)):
            keys = [
                (
                    MIXED.potential[i] != MIXED.potential[row],
                    round(abs(np.log(MIXED.density[i] / MIXED.density[row])), 6),
                    abs(np.log(scale[i] / scale[row])),
                )
                for i in train
            ]
            expected = MIXED.scattering[train[min(range(len(train)), key=lambda i: keys[i])]]
            assert (copy(MIXED, train, np.array([row]))[0] == expected).all()


def test_a_state_of_another_density_is_found_at_the_same_distance_from_the_glass() -> None:
    """At one T/T_mct curves are equal here, at one T they are not."""
    train, test = np.flatnonzero(MIXED.density == 1.2), np.flatnonzero(MIXED.density == 1.4)
    truth = MIXED.scattering[test]
    np.testing.assert_allclose(nearest_reduced(MIXED, train, test), truth, atol=1e-12)
    assert np.abs(nearest(MIXED, train, test) - truth).max() > 0.2


def test_without_a_critical_temperature_nothing_is_known_of_that_distance() -> None:
    critical = SERIES.critical_temperature.copy()
    critical[2] = np.nan
    samples = replace(SERIES, critical_temperature=critical)
    found = nearest_reduced(samples, ROWS[3:], ROWS[:3])
    assert np.isfinite(found[:2]).all()
    assert np.isnan(found[2]).all()
    assert np.isfinite(nearest(samples, ROWS[3:], ROWS[:3])).all()


def test_a_short_run_keeps_its_last_value() -> None:
    samples = short(SERIES, 1, 5)
    found = nearest(samples, ROWS[1:2], ROWS[2:3])[0]
    assert (found[:5] == SERIES.scattering[1, :5]).all()
    assert (found[5:] == SERIES.scattering[1, 4]).all()


# --- interpolated -----------------------------------------------------------------------------------------------------


def linear_in_T(samples: TrainingSet) -> TrainingSet:
    """F = a(t) + b(t) T, as no liquid has it."""
    random = np.random.default_rng(1)
    a, b = random.standard_normal((2, 1, 8, 2))
    return with_curves(samples, a + b * samples.temperature[:, None, None])


def test_curves_linear_in_temperature_are_interpolated_exactly() -> None:
    """Whatever the order of the rows, and from the two neighbours alone."""
    samples = linear_in_T(SERIES).at(np.random.default_rng(2).permutation(6))
    hottest, coldest = int(samples.temperature.argmax()), int(samples.temperature.argmin())
    for row in set(range(6)) - {hottest, coldest}:
        test = np.array([row])
        np.testing.assert_allclose(interpolation(samples, others(samples, [row]), test)[0], samples.scattering[row])
    F = samples.scattering.copy()
    F[hottest] = 1e6
    inner = [row for row in range(6) if row not in (hottest, coldest)]
    test = np.array([inner[np.argsort(samples.temperature[inner])[1]]])
    found = interpolation(with_curves(samples, F), others(samples, test.tolist()), test)
    np.testing.assert_allclose(found, samples.scattering[test])


def test_outside_of_its_series_the_nearest_state_is_taken() -> None:
    """Hotter, colder, of another density or potential: the neighbours on both sides are wanted, and of its own kind."""
    samples = linear_in_T(MIXED)
    for row in (0, 3):
        test = np.array([row])
        train = others(samples, [row])
        assert (interpolation(samples, train, test) == nearest(samples, train, test)).all()
    for is_known in (samples.density == 1.4, samples.potential == "wca"):
        train, test = np.flatnonzero(is_known), np.flatnonzero(~is_known)
        assert (interpolation(samples, train, test) == nearest(samples, train, test)).all()


def test_a_temperature_that_is_there_is_not_interpolated() -> None:
    samples = make_samples(3, n_replicas=2, n_times=8, n_wavenumbers=20, noise=0.01)
    train, test = np.array([0, 2, 4]), np.array([1, 3, 5])
    assert (interpolation(samples, train, test) == samples.scattering[train]).all()


# --- learned ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_answers_at_every_time(name: str) -> None:
    """Finite, also where some runs were short and the last times are of one state only."""
    samples = short(MIXED, 0, 5)
    for row in range(1, 15):
        samples = short(samples, row, 7)
    train, test = np.arange(2, 16), np.array([0, 1])
    F = BASELINES[name].answer(samples, train, test)
    assert F.shape == (2, 8, 2)
    assert np.isfinite(F).all()
    assert np.abs(F).max() < 3


def test_a_time_that_few_runs_reach_has_the_value_before() -> None:
    """Two states know no line; and where none does from the beginning on, nothing has moved."""
    samples = short(SERIES, 0, 6)
    for row in (1, 2, 3):
        samples = short(samples, row, 6)
    F = ridge(samples, ROWS, ROWS)
    assert (F[:, 6:] == F[:, 5:6]).all()
    assert (ridge(SERIES, ROWS[:2], ROWS) == 1).all()


def test_ridge_finds_a_line_where_there_is_one() -> None:
    """F linear in the 303 numbers, noise-free: between states that are known, to 1 %."""
    samples = linear_in_T(make_samples(20, n_times=8, n_wavenumbers=20))
    test = np.array([5, 11])
    train = others(samples, test.tolist())
    truth, scale = samples.scattering[test], np.ptp(samples.scattering, axis=0)
    assert (np.abs(ridge(samples, train, test) - truth) < 0.01 * scale).all()


def test_boosted_trees_know_the_states_that_they_learned() -> None:
    """To 0.05 on their own rows, where the mean of all curves is wrong by 0.3."""
    samples = make_samples(20, n_times=20, n_wavenumbers=20)
    rows = np.arange(20)
    F = boosting(samples, rows, rows)
    assert np.sqrt(((F - samples.scattering) ** 2).mean()) < 0.05
    assert samples.scattering.std() > 0.3


@pytest.mark.parametrize("name", BASELINES)
def test_tested_curves_are_not_looked_at(name: str) -> None:
    """A baseline that saw what it is asked would give another answer where that is another."""
    train, test = np.arange(0, 16, 2), np.arange(1, 16, 2)
    F = MIXED.scattering.copy()
    F[test] = np.nan
    hidden = BASELINES[name].answer(with_curves(MIXED, F), train, test)
    np.testing.assert_array_equal(hidden, BASELINES[name].answer(MIXED, train, test))


# --- who knows what ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("knows_series", [True, False])
def test_every_baseline_has_its_rivals(knows_series: bool) -> None:
    """Kinds of knowledge share no baseline, and whoever knows both is judged beside all."""
    own, series = (set(rivals(kind, knows_series)) for kind in (Knowledge.OWN, Knowledge.SERIES))
    assert not own & series
    assert own | series <= set(rivals(Knowledge.BOTH, knows_series)) == set(BASELINES)


@pytest.mark.parametrize("name", rivals(Knowledge.OWN, True))
def test_what_knows_only_its_own_structure_factor_gets_along_without_its_series(name: str) -> None:
    row = 5
    train = others(MIXED, [row])
    elsewhere = train[~MIXED.is_same_series(train, row)]
    answer = BASELINES[name].answer
    np.testing.assert_array_equal(answer(MIXED, train, np.array([row])), answer(MIXED, elsewhere, np.array([row])))


@pytest.mark.parametrize("name", [name for name, one in BASELINES.items() if one.knows is Knowledge.SERIES])
def test_what_knows_only_its_series_does_not_look_at_structure_factors(name: str) -> None:
    row = 5
    train, test = others(MIXED, [row]), np.array([row])
    blind = replace(
        MIXED, structure_factor=MIXED.structure_factor + 1.0, critical_coupling=MIXED.critical_coupling[::-1]
    )
    np.testing.assert_array_equal(
        BASELINES[name].answer(blind, train, test), BASELINES[name].answer(MIXED, train, test)
    )

"""Level times between and beyond the states of a series, and laid over other series: exact where nature is as they assume."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from glassdask.learning.data.features import log_time_unit
from glassdask.learning.data.training_set import Floats, TrainingSet
from glassdask.learning.judgement.baselines.collapse import coupling_collapse, in_coupling, temperature_collapse
from glassdask.learning.judgement.baselines.level_interpolation import (
    in_inverse_temperature,
    in_log_temperature,
    vogel_fulcher_tammann,
)
from tests.learning.synthetic import make_samples
from tests.learning.test_many_liquids import joined, of_liquid

SERIES = make_samples(8, n_times=60, n_wavenumbers=20)
MIXED = make_samples(6, potentials=("lj", "wca"), densities=(1.2, 1.4), n_times=60, n_wavenumbers=20)


def relaxing(samples: TrainingSet, log_tau: Floats) -> TrainingSet:
    """Stretched exponentials, B twice as fast as A, with these ln τ but for a constant, shape (n,): the hottest state has
    moved little at the first time, before which nothing is measured."""
    tau = np.exp(log_tau - log_tau.min() + 4.0)[:, None, None] * np.array([1.0, 0.5])
    return replace(samples, scattering=np.exp(-((samples.lag_time[None, :, None] / tau) ** 0.7)))


def test_a_species_that_nobody_else_has_is_taken_as_the_others_in_the_mean() -> None:
    """Laid over liquids of two species, a third one has a curve, between those of the two."""
    mixed = joined(of_liquid("two", 2), of_liquid("three", 3))
    test = np.flatnonzero(mixed.potential == "three")
    F = coupling_collapse(mixed, np.flatnonzero(mixed.potential == "two"), test)
    assert np.isfinite(F).all()
    assert ((F[..., 2] <= F[..., :2].max(axis=2) + 1e-9) & (F[..., 2] >= F[..., :2].min(axis=2) - 1e-9)).all()


def left_out(samples: TrainingSet, row: int) -> tuple[np.ndarray, np.ndarray]:
    return np.delete(np.arange(len(samples)), row), np.array([row])


LAWS = {
    "Arrhenius": (in_inverse_temperature, lambda samples: 4.0 / samples.temperature),
    "power of T": (in_log_temperature, lambda samples: 3.0 - 4.0 * np.log(samples.temperature)),
    "power of g_c": (in_coupling, lambda samples: 3.0 - 2.5 * np.log(samples.critical_coupling)),
    "Vogel–Fulcher–Tammann": (vogel_fulcher_tammann, lambda samples: 1.2 / (samples.temperature - 0.6)),
}


@pytest.mark.parametrize(("baseline", "law"), LAWS.values(), ids=LAWS)
@pytest.mark.parametrize("row", [0, 3, 7])
def test_the_law_that_a_baseline_assumes_is_continued_exactly(baseline, law, row: int) -> None:
    """Inside of the series, and one state beyond either end; to 0.01 in F, and as far beyond the coldest state to 0.03, where what
    is lost in reading curves at 60 times is carried on."""
    samples = relaxing(SERIES, law(SERIES))
    train, test = left_out(samples, row)
    np.testing.assert_allclose(
        baseline(samples, train, test), samples.scattering[test], atol=0.03 if row == 7 else 0.01
    )


def test_beyond_the_coldest_state_the_bent_line_is_better_than_straight_ones() -> None:
    """Where times grow as Vogel, Fulcher and Tammann have it; straight lines are wrong three times as much."""
    samples = relaxing(SERIES, LAWS["Vogel–Fulcher–Tammann"][1](SERIES))
    train, test = left_out(samples, 7)
    errors = [
        np.abs(baseline(samples, train, test) - samples.scattering[test]).max()
        for baseline in (vogel_fulcher_tammann, in_inverse_temperature, in_log_temperature)
    ]
    assert errors[0] < 0.03
    assert min(errors[1:]) > 0.06


@pytest.mark.parametrize("baseline", [in_inverse_temperature, vogel_fulcher_tammann])
def test_without_its_series_the_nearest_state_is_taken(baseline) -> None:
    train, test = np.flatnonzero(MIXED.density == 1.2), np.flatnonzero(MIXED.density == 1.4)
    found = baseline(MIXED, train, test)
    assert all((curve == MIXED.scattering[train]).all(axis=(1, 2)).any() for curve in found)


def test_without_its_series_a_coupling_is_compared_with_those_of_others() -> None:
    train, test = np.flatnonzero(MIXED.density == 1.2), np.flatnonzero(MIXED.density == 1.4)
    assert (in_coupling(MIXED, train, test) == coupling_collapse(MIXED, train, test)).all()


def test_replicas_count_as_one_state() -> None:
    """Two runs of each of three states are three places of a line, not the three nearest of six."""
    twice = make_samples(4, n_replicas=2, n_times=60, n_wavenumbers=20)
    once = twice.at(np.arange(0, 8, 2))
    a = in_inverse_temperature(twice, np.arange(0, 6), np.array([6]))
    b = in_inverse_temperature(once, np.arange(0, 3), np.array([3]))
    np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.mark.parametrize("baseline", [coupling_collapse, temperature_collapse])
def test_series_that_lie_on_each_other_predict_one_another(baseline) -> None:
    """Times in units of free flight that depend on T/T_mct alone; g_c is its square root here."""
    unit = log_time_unit(MIXED, "coupling")
    samples = relaxing(MIXED, unit - 2.0 * np.log(MIXED.reduced_temperature))
    for row in (0, 9, 17, 23):
        train, test = left_out(samples, row)
        np.testing.assert_allclose(baseline(samples, train, test), samples.scattering[test], atol=0.01)


@pytest.mark.parametrize("baseline", [coupling_collapse, temperature_collapse])
def test_a_collapse_never_looks_at_its_own_series(baseline) -> None:
    """Other curves there, the same answer; and where there is no other series, there is none."""
    train, test = left_out(MIXED, 2)
    F = MIXED.scattering.copy()
    own = train[MIXED.is_same_series(train, 2)]
    F[own] = 0.5
    assert len(own) == 5
    np.testing.assert_array_equal(baseline(replace(MIXED, scattering=F), train, test), baseline(MIXED, train, test))
    assert np.isnan(baseline(SERIES, *left_out(SERIES, 3))).all()


def test_levels_that_no_state_has_reached_come_after_those_that_are_known() -> None:
    """Runs that ended at F = 0.3: the answer goes on falling, and stays right where there was something to learn from."""
    samples = relaxing(SERIES, LAWS["Arrhenius"][1](SERIES))
    F = samples.scattering.copy()
    F[:7][F[:7] < 0.3] = np.nan
    found = in_inverse_temperature(replace(samples, scattering=F), np.arange(7), np.array([7]))[0]
    assert (np.diff(found, axis=0) <= 0).all()
    is_known = samples.scattering[7] > 0.35
    np.testing.assert_allclose(found[is_known], samples.scattering[7][is_known], atol=0.02)
    assert found[-1].max() < 0.05

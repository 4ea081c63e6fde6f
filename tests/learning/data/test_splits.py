"""Splits: whole states stand on one side, and each kind of split leaves out what its name says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassdask.errors import InvalidInput
from glassdask.learning.data.splits import (
    Split,
    density_split,
    folds,
    potential_split,
    random_split,
    temperature_split,
    validation_split,
)
from glassdask.learning.data.training_set import TrainingSet
from tests.learning.synthetic import make_samples

PLAIN = make_samples(20, n_times=3, n_wavenumbers=20)
MIXED = make_samples(5, potentials=("lj", "wca"), densities=(1.2, 1.4), n_replicas=2, n_times=3, n_wavenumbers=20)


def shuffled(samples: TrainingSet, seed: int) -> TrainingSet:
    return samples.at(np.random.default_rng(seed).permutation(len(samples)))


def states(samples: TrainingSet, rows: np.ndarray) -> set[tuple]:
    """Potential, density and temperature of rows: what makes a state."""
    return {(samples.potential[row], samples.density[row], samples.temperature[row]) for row in rows}


def assert_by_state(samples: TrainingSet, split: Split) -> None:
    assert states(samples, split.train).isdisjoint(states(samples, split.test))
    assert not set(split.train) & set(split.test)


# --- replicas ---------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(
    n_temperatures=st.integers(2, 5),
    potentials=st.sampled_from([("lj",), ("lj", "wca")]),
    densities=st.sampled_from([(1.2,), (1.2, 1.4, 1.6)]),
    n_replicas=st.integers(1, 3),
    seed=st.integers(0, 2**31),
    fraction=st.floats(0.01, 0.99),
    n_folds=st.integers(2, 9),
)
def test_replicas_never_stand_on_both_sides(
    n_temperatures: int,
    potentials: tuple[str, ...],
    densities: tuple[float, ...],
    n_replicas: int,
    seed: int,
    fraction: float,
    n_folds: int,
) -> None:
    """Whatever the split and the order of the rows; no row is lost where T_mct is known."""
    samples = shuffled(make_samples(n_temperatures, potentials, densities, n_replicas, 2, 20), seed)
    made = [*folds(samples, n_folds, seed), temperature_split(samples, 1.5)]
    made += [potential_split(samples, ["lj"])] if len(potentials) > 1 else []
    made += [density_split(samples, 1.4)] if len(densities) > 1 else []
    n_states = len(states(samples, np.arange(len(samples))))
    if round(fraction * n_states) < n_states:
        made.append(random_split(samples, fraction, seed))
    for split in made:
        assert_by_state(samples, split)
        assert sorted([*split.train, *split.test]) == list(range(len(samples)))
    rows = made[0].train
    if len(states(samples, rows)) > 1:
        fitted, validated = validation_split(samples, rows, 0.1, seed)
        assert states(samples, fitted).isdisjoint(states(samples, validated))
        assert sorted([*fitted, *validated]) == sorted(rows)


# --- at random --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fraction", "count"), [(0.001, 1), (0.1, 2), (0.25, 5), (0.9, 18)])
def test_a_share_of_the_states_is_tested(fraction: float, count: int) -> None:
    """At least one."""
    split = random_split(PLAIN, fraction, seed=3)
    assert (len(split.test), len(split.train)) == (count, 20 - count)


def test_each_state_is_as_likely_to_be_tested() -> None:
    """One tenth of 400 draws: 40 ± 6; five standard errors."""
    counts = np.zeros(20)
    for seed in range(400):
        counts[random_split(PLAIN, 0.1, seed).test] += 1
    assert np.abs(counts - 40).max() < 5 * np.sqrt(400 * 0.1 * 0.9)


def test_a_seed_stands_for_one_split() -> None:
    assert random_split(PLAIN, 0.3, 5).test.tolist() == random_split(PLAIN, 0.3, 5).test.tolist()
    assert random_split(PLAIN, 0.3, 5).test.tolist() != random_split(PLAIN, 0.3, 6).test.tolist()


@pytest.mark.parametrize(("n_folds", "expected"), [(2, 2), (8, 8), (20, 20), (50, 20)])
def test_folds_test_each_state_once(n_folds: int, expected: int) -> None:
    """Parts are of one size, or one apart; with few states each is left out once."""
    made = folds(PLAIN, n_folds, seed=1)
    assert len(made) == expected
    assert sorted(np.concatenate([split.test for split in made])) == list(range(20))
    sizes = [len(split.test) for split in made]
    assert max(sizes) - min(sizes) <= 1
    assert len({split.name for split in made}) == expected


# --- by what the state is ---------------------------------------------------------------------------------------------


def test_what_is_colder_is_tested_with_what_lies_at_the_threshold() -> None:
    T0 = float(np.sort(PLAIN.reduced_temperature)[7])
    split = temperature_split(PLAIN, T0)
    assert PLAIN.reduced_temperature[split.train].min() > T0
    assert PLAIN.reduced_temperature[split.test].max() == T0
    assert len(split.test) == 8


def test_a_state_without_a_critical_temperature_is_on_neither_side() -> None:
    critical = MIXED.critical_temperature.copy()
    critical[MIXED.density > 1.3] = np.nan
    split = temperature_split(replace(MIXED, critical_temperature=critical), 1.5)
    assert (MIXED.density[np.concatenate([split.train, split.test])] == 1.2).all()
    assert len(split.train) + len(split.test) == 20


def test_one_potential_is_learned_and_the_other_tested() -> None:
    split = potential_split(MIXED, ["wca"])
    assert split.name == "wca to lj"
    assert set(MIXED.potential[split.train]) == {"wca"}
    assert set(MIXED.potential[split.test]) == {"lj"}


def test_one_density_is_left_out() -> None:
    split = density_split(MIXED, 1.4)
    assert set(MIXED.density[split.train]) == {1.2}
    assert set(MIXED.density[split.test]) == {1.4}


# --- refused ----------------------------------------------------------------------------------------------------------


def test_an_empty_side_is_refused_with_what_to_do() -> None:
    for make, side in [
        (lambda: temperature_split(PLAIN, 100.0), "learn from"),
        (lambda: temperature_split(PLAIN, 0.1), "be tested on"),
        (lambda: potential_split(PLAIN, ["lj"]), "be tested on"),
        (lambda: potential_split(PLAIN, ["wca"]), "learn from"),
        (lambda: density_split(PLAIN, 1.2), "learn from"),
        (lambda: density_split(PLAIN, 1.3), "be tested on"),
        (lambda: random_split(PLAIN, 0.99), "learn from"),
    ]:
        with pytest.raises(InvalidInput, match=f"no state is left to {side}; .* choose another split, or run more"):
            make()


@pytest.mark.parametrize("n_replicas", [1, 4])
def test_one_state_is_refused_however_many_replicas_it_has(n_replicas: int) -> None:
    one = make_samples(1, n_replicas=n_replicas, n_times=3, n_wavenumbers=20)
    rows = np.arange(n_replicas)
    for make in (random_split, folds, lambda samples: validation_split(samples, rows, 0.1, 0)):
        with pytest.raises(InvalidInput, match=r"1 state to learn from; allowed: two or more, .*; run more states"):
            make(one)
    with pytest.raises(InvalidInput, match="0 states to learn from"):
        folds(PLAIN.at(rows[:0]))


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_lies_between_0_and_1(fraction: float) -> None:
    with pytest.raises(InvalidInput, match=r"fraction is .*; allowed: between 0 and 1"):
        random_split(PLAIN, fraction)


def test_one_fold_is_none() -> None:
    with pytest.raises(InvalidInput, match="n_folds is 1; allowed: 2 or more"):
        folds(PLAIN, 1)

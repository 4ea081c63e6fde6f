"""Learning from liquids of different numbers of species: what is told of them, what is asked, and what has no answer."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.learning.data.features import Points, features
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.judgement.baselines.catalogue import BASELINES
from glassdask.learning.judgement.examination import answers, examinations, marks
from glassdask.learning.models.ensemble import Ensemble
from glassdask.learning.training.recipe import decay_candidates
from glassdask.learning.training.training import train
from tests.learning.synthetic import make_samples

PLAIN = make_samples(n_temperatures=8, potentials=("lj",), densities=(1.2,), n_times=20)


def of_liquid(name: str, n_species: int, most: int = 3) -> TrainingSet:
    """The same states of another liquid, in arrays for `most` species: curves of further species are slower and slower."""
    known = ([0, 1, 1, 1][:n_species] + 3 * [-1])[:most]
    pairs = {(0, 0): 0, (0, 1): 1, (1, 1): 2}
    F = np.full((*PLAIN.scattering.shape[:2], most), np.nan)
    theory = F.copy()
    for species, like in enumerate(known):
        if like >= 0:
            F[..., species], theory[..., species] = PLAIN.scattering[..., like], PLAIN.theory[..., like]
    rows = [
        np.full((len(PLAIN), len(PLAIN.wavenumber)), np.nan)
        if min(known[a], known[b]) < 0
        else PLAIN.structure_factor[:, pairs[known[a], known[b]]]
        for a in range(most)
        for b in range(a, most)
    ]
    return replace(
        PLAIN,
        potential=np.full(len(PLAIN), name),
        scattering=F,
        scattering_error=np.where(np.isfinite(F), 1e-3, np.nan),
        theory=theory,
        structure_factor=np.stack(rows, axis=1),
        mass=np.empty((0, 0)),
        liquids=np.array([], dtype=np.str_),
    )


def joined(*sets: TrainingSet) -> TrainingSet:
    common = ("wavenumber", "lag_time")
    columns = {
        item.name: np.concatenate([getattr(one, item.name) for one in sets])
        for item in fields(TrainingSet)
        if item.name not in (*common, "liquids")
    }
    return TrainingSet(**columns, **{name: getattr(sets[0], name) for name in common})


MIXED = joined(of_liquid("one", 1), of_liquid("three", 3), of_liquid("two", 2))


def test_the_paper_s_two_liquids_are_told_by_one_number_as_in_the_paper() -> None:
    """303 numbers a state, the last of them 1 for WCA and 0 for LJ; a single liquid keeps its column."""
    both = make_samples(n_temperatures=3, potentials=("lj", "wca"), densities=(1.2,))
    told = features(both, "structure")
    assert told.shape[1] == 303
    np.testing.assert_array_equal(told[:, -1], both.potential == "wca")
    assert features(PLAIN, "structure").shape[1] == 303


def test_every_liquid_but_the_first_has_a_column() -> None:
    told = features(MIXED, "coupling+thermodynamic")
    columns = {name: told[MIXED.potential == name, 4:6].tolist() for name in ("one", "three", "two")}
    assert {name: rows[0] for name, rows in columns.items()} == {"one": [0, 0], "three": [1, 0], "two": [0, 1]}
    part = MIXED.at(np.flatnonzero(MIXED.potential == "two"))
    np.testing.assert_array_equal(features(part, "coupling+thermodynamic"), told[MIXED.potential == "two"])


def test_the_paper_s_view_takes_liquids_of_one_number_of_species() -> None:
    with pytest.raises(
        InvalidInput, match="takes liquids of one number of species; allowed: a campaign of such liquids"
    ):
        features(MIXED, "structure")
    assert features(joined(of_liquid("a", 3), of_liquid("b", 3)), "structure").shape[1] == 6 * 100 + 3


def test_a_point_is_measured_where_all_species_of_its_liquid_are() -> None:
    assert MIXED.is_measured.all()
    np.testing.assert_array_equal(MIXED.has_species.sum(axis=1), np.repeat([1, 3, 2], len(PLAIN)))
    damaged = MIXED.scattering.copy()
    damaged[0, 3, 0] = np.nan
    assert not replace(MIXED, scattering=damaged).is_measured[0, 3]


def test_each_liquid_is_left_out_once_and_no_species_is_asked_for_that_none_has_shown() -> None:
    """The only liquid with C can be learned from, not be predicted."""
    asked = [one.name for one in examinations(MIXED) if one.kind == "potential"]
    assert asked == ["two from one, three", "one from three, two"]
    alike = joined(of_liquid("a", 2), of_liquid("b", 2), of_liquid("c", 2))
    assert [one.name for one in examinations(alike) if one.kind == "potential"] == [
        "c from a, b",
        "b from a, c",
        "a from b, c",
    ]


def test_the_decay_network_learns_all_and_beats_no_baseline_unfairly() -> None:
    """Curves of a liquid whose siblings were learned from are equal to theirs; so must be what is predicted, for each of its species."""
    recipe = replace(decay_candidates()[0], epochs=30, patience=30)
    # at other temperatures, so that no baseline has the very curve
    samples = replace(MIXED, temperature=MIXED.temperature * np.repeat([1.0, 1.3, 1.13], len(PLAIN)))
    asked = next(one for one in examinations(samples) if one.kind == "potential")
    points = Points.of(samples, recipe.view)

    def ensembles(part) -> dict[str, Ensemble]:
        trained = train(points, points.of_rows(part.train), np.array([], dtype=np.int64), recipe)
        return {"network": Ensemble([trained])}

    given = answers(samples, asked, ensembles)
    truth = samples.scattering[asked.tested]
    known = np.isfinite(truth)
    assert np.abs(given.F["network"] - truth)[known].max() < 0.1
    found, best = marks(samples, asked, given)
    assert best in BASELINES
    assert "ridge" not in found, "it takes S(k) itself, of which these liquids have different numbers"
    assert float(found["network"].rmse.value) < 0.05


def test_the_nearest_state_has_the_species_that_are_asked_for() -> None:
    train_rows, test_rows = np.flatnonzero(MIXED.potential != "two"), np.flatnonzero(MIXED.potential == "two")
    F = BASELINES["nearest state"].answer(MIXED, train_rows, test_rows)
    np.testing.assert_allclose(F[..., :2], MIXED.scattering[test_rows][..., :2])

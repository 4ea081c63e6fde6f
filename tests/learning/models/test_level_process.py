"""A Gaussian process of level times: exact where nature is smooth, in doubt where it has not been."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.learning.data.species_rows import SpeciesRows
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.models.level_process import PROCESSES, LevelProcess
from tests.learning.hard_spheres import make_hard_spheres

SAMPLES = make_hard_spheres(np.linspace(1.0, 3.2, 12))
ROWS = SpeciesRows.of(SAMPLES)
LOG_TIMES = np.log(SAMPLES.lag_time)


def answered(samples: TrainingSet, rows: SpeciesRows, train: np.ndarray, test: np.ndarray, recipe=PROCESSES[0]):
    process = LevelProcess.fit(rows, rows.of_rows(train), recipe)
    return process.curves(rows, rows.of_rows(test), np.log(samples.lag_time))


def errors(samples: TrainingSet, rows: SpeciesRows, test: np.ndarray, F: np.ndarray) -> np.ndarray:
    places = rows.of_rows(test)
    return F - samples.scattering[rows.row[places], :, rows.species[places]]


@pytest.mark.parametrize("recipe", PROCESSES, ids=[recipe.name for recipe in PROCESSES])
def test_between_states_it_is_right(recipe):
    """The law is a power of g_c: every other state of twelve gives those between to 0.02 in F, what 15 times resolve."""
    F, _ = answered(SAMPLES, ROWS, np.arange(0, 12, 2), np.arange(1, 11, 2), recipe)
    assert np.abs(errors(SAMPLES, ROWS, np.arange(1, 11, 2), F)).max() < 0.02


def test_the_name_of_a_liquid_says_nothing():
    """The same states under another name and with other states between them: as well as under their own."""
    strangers = replace(
        SAMPLES, potential=np.where(np.arange(12) % 2, "stranger", "lj"), liquids=np.array([], dtype=str)
    )
    rows = SpeciesRows.of(strangers)
    F, _ = answered(strangers, rows, np.arange(0, 12, 2), np.arange(1, 11, 2))
    assert np.abs(errors(strangers, rows, np.arange(1, 11, 2), F)).max() < 0.02


def test_far_from_all_states_it_doubts_itself():
    """Learned from hot states: the spread of the coldest is several times that of a state among them."""
    F, spread = answered(SAMPLES, ROWS, np.array([5, 7, 9, 10, 11]), np.array([0, 8]))
    assert F.shape == spread.shape == (4, SAMPLES.lag_time.size)
    assert spread[:2].max() > 3 * spread[2:].max()


def test_heavy_particles_fly_slower():
    """Told masses, it puts the first decay right: free flight only, mass 4 of a species never seen."""
    t = np.geomspace(1e-3, 10.0, 60)
    peaks = np.exp(-ROWS.log_unit[::2]) / np.sqrt(SAMPLES.temperature)

    def flying(masses: tuple[float, float]) -> TrainingSet:
        mass = np.tile(masses, (12, 1))
        speed = np.sqrt(SAMPLES.temperature[:, None] / mass)
        F = np.exp(-0.5 * (peaks[:, None, None] * speed[:, None, :] * t[None, :, None]) ** 2)
        unknown = np.full(F.shape, np.nan)
        return replace(SAMPLES, mass=mass, lag_time=t, scattering=F, scattering_error=unknown, theory=unknown)

    light, heavy = flying((1.0, 1.0)), flying((4.0, 4.0))
    light_rows, heavy_rows = SpeciesRows.of(light), SpeciesRows.of(heavy)
    process = LevelProcess.fit(light_rows, np.arange(24), PROCESSES[0])
    F, _ = process.curves(heavy_rows, np.arange(24), np.log(t))
    assert np.abs(errors(heavy, heavy_rows, np.arange(12), F)).max() < 0.02


def test_too_few_curves_are_refused():
    with pytest.raises(InvalidInput, match="curves to fit a Gaussian process to; allowed: 4 or more"):
        LevelProcess.fit(ROWS, np.array([0]), PROCESSES[0])

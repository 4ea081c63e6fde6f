"""Random starts: the right numbers, no bad overlaps, the same from the same seed."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from glassdask.errors import InvalidInput
from glassdask.physics.liquids.catalogue import liquid_named
from glassdask.simulation.particles.initial_configuration import NO_OVERLAP, TOLERATED_OVERLAP, random_particles
from glassdask.simulation.particles.particles import kinetic_temperature
from tests.reference.forces import SIGMA, energy_forces_virial
from tests.simulation.liquids import HARMONIC


@pytest.mark.parametrize(("potential", "density"), [("lj", 1.2), ("wca", 1.8)])
def test_no_pair_overlaps_badly(potential, density):
    particles = random_particles(potential, 1.0, density, 6.0, np.random.default_rng(0))
    n = len(particles.species)
    assert n == round(density * 216)
    assert np.sum(particles.species == 1) == n - round(0.8 * n)
    i, j = np.triu_indices(n, 1)
    separation = particles.positions[i] - particles.positions[j]
    separation -= 6.0 * np.rint(separation / 6.0)
    sigma = SIGMA[particles.species[i], particles.species[j]]
    nearest = (np.linalg.norm(separation, axis=1) / sigma).min()
    assert nearest > NO_OVERLAP * (1 - TOLERATED_OVERLAP) - 1e-6
    assert energy_forces_virial(particles.positions, particles.species, 6.0, potential)[0] / n < 50.0
    assert kinetic_temperature(particles.velocities, np.ones(n)) == pytest.approx(1.0)


@pytest.mark.parametrize(("n", "n_a"), [(10, 8), (77, 62), (412, 330), (1200, 960)])
def test_four_fifths_are_a_to_the_nearest_particle(n, n_a):
    """61.6 of 77, 329.6 of 412."""
    assert {liquid_named(name).counts(n) for name in ("lj", "wca", "ipl-ka")} == {(n_a, n - n_a)}


def test_spheres_that_may_overlap_are_not_pushed_apart_where_there_is_no_room():
    """Four times as dense as jamming: no time is spent, and the start is the random one."""
    begin = time.process_time()
    particles = random_particles(HARMONIC, 0.1, 4.8, 6.0, np.random.default_rng(0))
    assert time.process_time() - begin < 2.0
    assert np.isfinite(particles.positions).all()
    assert energy_forces_virial(particles.positions, particles.species, 6.0, HARMONIC)[0] < 30 * len(particles.species)


def test_pushing_ends_where_hard_cores_do_not_fit():
    begin = time.process_time()
    particles = random_particles("wca", 1.0, 3.5, 4.0, np.random.default_rng(0))
    assert np.abs(particles.positions).max() <= 2.0
    assert time.process_time() - begin < 10.0


def test_particles_are_spread_over_the_whole_box():
    particles = random_particles("wca", 1.0, 1.2, 8.0, np.random.default_rng(5))
    assert pdist(particles.positions).max() > 0.8 * 8.0 * np.sqrt(3)
    counts = np.histogramdd(particles.positions, bins=2, range=[(-4.0, 4.0)] * 3)[0]
    assert counts.sum() == len(particles.positions)
    assert abs(counts / counts.mean() - 1).max() < 0.35  # three standard deviations of a gas of 77 an octant


def test_a_seed_gives_the_same_start_and_another_seed_another():
    starts = [random_particles("lj", 1.0, 1.2, 6.0, np.random.default_rng(seed)) for seed in (4, 4, 5)]
    np.testing.assert_array_equal(starts[0].positions, starts[1].positions)
    np.testing.assert_array_equal(starts[0].velocities, starts[1].velocities)
    assert np.abs(starts[0].positions - starts[2].positions).max() > 1.0


@pytest.mark.parametrize(
    ("potential", "box_length", "density"), [("lj", 5.9, 1.2), ("wca", 3.0, 1.2), ("lj", 8.0, 0.01)]
)
def test_a_box_too_small_for_the_cutoff_or_nearly_empty_is_refused(potential, box_length, density):
    with pytest.raises(InvalidInput, match="box_length"):
        random_particles(potential, 1.0, density, box_length, np.random.default_rng(0))

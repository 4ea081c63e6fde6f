"""What gamdpy must do behind the protocol, as precise as float32 lets it: run by `test_gamdpy_engine` in a process of its own,
as whether Numba has a GPU or plays one on a core is settled when it is imported."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.physics.interactions.lennard_jones import LennardJones
from glassdask.physics.interactions.pair_potential import Shift
from glassdask.physics.liquids.catalogue import as_liquid, liquid_named
from glassdask.physics.liquids.liquid import Liquid, pairs_of
from glassdask.simulation.engines.engine import Engine
from glassdask.simulation.engines.engine_choice import create_engine
from glassdask.simulation.engines.gamdpy_engine import is_simulated
from glassdask.simulation.particles.particles import (
    Particles,
    kinetic_temperature,
    maxwell_velocities,
    particle_masses,
)
from glassdask.simulation.records.checkpoint import Checkpoint
from tests.reference.forces import energy_forces_virial, pressure
from tests.simulation.liquids import UNEQUAL_MASSES, mixture, pair_at

#: Of Numba, on kernels as small as these.
pytestmark = pytest.mark.filterwarnings("ignore:Grid size")

FORCES = mixture("forces", LennardJones(), cutoff=1.6, shift=Shift.FORCE)
#: And their boxes, of 27 particles.
LIQUIDS = {"wca": 3.3, "lj": 5.3, UNEQUAL_MASSES: 5.0, FORCES: 3.5}
#: Forces are as exact, beside the largest: some 50 pair terms of 6e-8, each multiplied by −u'' r / u', about 15.
FLOAT32 = 3e-5


def lattice(potential: Liquid | str, box_length: float, temperature: float = 1.0) -> Particles:
    """27 particles around a cubic lattice, of all species in turn."""
    random = np.random.default_rng(5)
    cells = np.stack(np.meshgrid(*3 * [np.arange(3.0)]), axis=-1).reshape(-1, 3)
    positions = (cells - 1.0) * box_length / 3 + random.uniform(-0.08, 0.08, (27, 3))
    liquid = as_liquid(potential)
    species = np.arange(27) % liquid.n_species
    velocities = maxwell_velocities(particle_masses(liquid, species), temperature, random)
    return Particles(positions, velocities, np.zeros((27, 3), np.int64), species, box_length)


@pytest.fixture
def start() -> Iterator:
    engines: list[Engine] = []

    def start(particles: Particles, potential: Liquid | str = "wca", time_step: float = 0.002, seed: int = 1) -> Engine:
        engines.append(create_engine("gamdpy", potential, particles, time_step, seed))
        return engines[-1]

    yield start
    for engine in engines:
        engine.close()


def name_of(potential: Liquid | str) -> str:
    return potential if isinstance(potential, str) else potential.name


@pytest.mark.parametrize("potential", LIQUIDS, ids=name_of)
def test_energy_forces_and_pressure_are_those_of_the_double_loop(start, potential):
    engine = start(lattice(potential, LIQUIDS[potential]), potential)
    engine.run(2)
    now, thermo = engine.snapshot(), engine.thermo()
    energy, forces, virial = energy_forces_virial(now.positions, now.species, now.box_length, potential)
    scale = np.abs(forces).max()
    assert scale > 0.2
    np.testing.assert_allclose(engine.forces(), forces, rtol=0, atol=FLOAT32 * scale)
    assert thermo.potential_energy == pytest.approx(energy / 27, abs=1e-5)
    expected = pressure(virial, now.velocities, now.box_length, engine.masses)
    ideal = pressure(0.0, now.velocities, now.box_length, engine.masses)
    assert abs(thermo.pressure - expected) < FLOAT32 * (abs(expected) + ideal)


@pytest.mark.parametrize("potential", ["lj", "wca"])
@pytest.mark.parametrize("pair", pairs_of(2))
def test_the_pair_energy_goes_to_zero_continuously_at_its_own_cutoff(start, potential, pair):
    cutoff = liquid_named(potential).pairs[pair].cutoff
    near = pair_at(0.95 * cutoff, pair)
    energy = energy_forces_virial(near.positions, near.species, near.box_length, potential)[0]
    energies = []
    for distance in cutoff * np.array([0.95, 1 - 1e-6, 1 + 1e-6]):
        energies.append(2 * start(pair_at(distance, pair), potential).thermo().potential_energy)
    assert energies[0] == pytest.approx(energy, abs=2e-6)
    assert abs(energies[1]) < 2e-6  # float32 of terms up to 6 that cancel, and |u'(r_c)| r_c 1e-6 < 3e-7
    assert energies[2] == 0.0


def test_particles_nearly_on_each_other_are_pushed_apart(start):
    for distance in (1e-2, 1e-6):
        particles = pair_at(distance, "AA")
        particles.positions += 1.0
        force = start(particles).forces()[:, 0]
        assert np.isfinite(force).all()
        assert force[0] < 0 < force[1]


def test_free_flight_is_followed_through_the_boundaries(start):
    """Beyond the pair's cut-off, within the list's: numba's simulator stumbles over a particle that has no neighbour."""
    velocity = np.array([300.0, -200.0, 50.0])
    particles = pair_at(2.4, "AB", tuple(velocity))
    particles.images += [[1, 2, -3], [0, 0, 7]]
    engine = start(particles, "lj")
    for _ in range(3):
        engine.run(20)
    now = engine.snapshot()
    # 60 additions to numbers up to 4, each rounded to 2.4e-7, and as many boxes of a length that is rounded, too
    np.testing.assert_allclose(now.unwrapped, particles.unwrapped + 0.12 * velocity, rtol=0, atol=2e-5)
    assert np.abs(now.positions).max() <= 4.0
    assert now.step == 60


def test_exactly_the_steps_asked_for_are_done(start):
    particles = lattice("wca", 3.3)
    once, parts = start(particles), start(particles)
    once.run(0)
    assert once.step == 0
    np.testing.assert_array_equal(once.snapshot().positions, particles.positions.astype(np.float32))
    once.run(4)
    for n_steps in (1, 0, 3):
        parts.run(n_steps)
    assert once.step == parts.step == once.snapshot().step == 4
    np.testing.assert_allclose(parts.snapshot().unwrapped, once.snapshot().unwrapped, rtol=0, atol=1e-6)
    moved = particles.velocities * 4 * once.time_step
    assert np.abs(once.snapshot().unwrapped - particles.unwrapped - moved).max() < 0.2 * np.abs(moved).max()
    with pytest.raises(InvalidInput, match="n_steps"):
        once.run(-1)


def test_a_run_continued_from_a_checkpoint_follows_the_original(start):
    original = start(lattice(UNEQUAL_MASSES, 5.0), UNEQUAL_MASSES)
    original.run(2)
    saved = Checkpoint("production", original.snapshot(), {}, {}, [])
    continued = start(Checkpoint.from_bytes(saved.to_bytes()).particles, UNEQUAL_MASSES)
    assert continued.step == 2
    for engine in (original, continued):
        engine.run(3)
    np.testing.assert_allclose(continued.snapshot().unwrapped, original.snapshot().unwrapped, rtol=0, atol=1e-6)
    np.testing.assert_allclose(continued.snapshot().velocities, original.snapshot().velocities, rtol=0, atol=1e-5)


def test_without_a_thermostat_energy_and_momentum_stay(start):
    engine = start(lattice(FORCES, 3.5), FORCES, time_step=0.004)
    before = engine.thermo()
    engine.run(8)
    after = engine.thermo()
    assert abs(after.potential_energy - before.potential_energy) > 0.01, "there is something to conserve"
    assert abs(after.total_energy - before.total_energy) < 5e-4
    momentum = engine.masses[:, None] * engine.snapshot().velocities
    assert np.abs(momentum.sum(axis=0)).max() < 1e-5


def test_it_follows_the_trajectory_of_the_double_loop(start):
    """Velocity Verlet in float64 over all pairs; so are the velocities those of whole steps."""
    engine = start(lattice("wca", 3.3))
    now = engine.snapshot()
    x, v, dt, masses = now.unwrapped, now.velocities, engine.time_step, engine.masses[:, None]
    force = energy_forces_virial(x, now.species, 3.3, "wca")[1]
    for _ in range(5):
        v = v + 0.5 * dt * force / masses
        x = x + dt * v
        force = energy_forces_virial(x, now.species, 3.3, "wca")[1]
        v = v + 0.5 * dt * force / masses
    engine.run(5)
    np.testing.assert_allclose(engine.snapshot().unwrapped, x, rtol=0, atol=3e-6)
    np.testing.assert_allclose(engine.snapshot().velocities, v, rtol=0, atol=3e-5)


def test_minimising_goes_downhill_and_leaves_velocities_and_step_alone(start):
    particles = lattice("wca", 3.0)
    engine = start(particles)
    before = engine.thermo().potential_energy
    engine.minimise(3)
    assert engine.thermo().potential_energy < before - 0.05
    np.testing.assert_allclose(engine.snapshot().velocities, particles.velocities, rtol=0, atol=1e-6)
    assert engine.step == 0


def test_the_kinetic_temperature_counts_3n_minus_3_degrees_of_freedom(start):
    engine = start(lattice(UNEQUAL_MASSES, 5.0, temperature=1.7), UNEQUAL_MASSES)
    assert engine.thermo().temperature == pytest.approx(1.7, rel=1e-6)
    assert kinetic_temperature(engine.snapshot().velocities, engine.masses) == pytest.approx(1.7, rel=1e-6)


def test_velocities_can_be_replaced(start):
    engine = start(lattice("wca", 3.3))
    velocities = np.random.default_rng(0).standard_normal((27, 3))
    engine.set_velocities(velocities)
    np.testing.assert_allclose(engine.snapshot().velocities, velocities, rtol=0, atol=1e-6)


def test_the_thermostat_gives_the_canonical_kinetic_energy(start):
    """Of two particles, all but drawn anew each time: 2K / T is chi-squared of 3 degrees of freedom."""
    engine = start(pair_at(2.4, "AB"), "lj")
    engine.set_velocities(np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]))
    engine.set_thermostat(0.5, 0.2)
    temperatures = []
    for step in range(2000):
        engine._rescale(0.5, step, 1.0)
        temperatures.append(engine.thermo().temperature)
    # mean 0.5 and variance 0.5² 2/3, known to 2 % and to some 7 %
    assert np.mean(temperatures) == pytest.approx(0.5, rel=0.1)
    assert np.var(temperatures) == pytest.approx(0.5**2 * 2 / 3, rel=0.35)


def test_the_thermostat_follows_its_seed_and_relaxation_time_and_can_be_switched_off(start):
    ends = []
    for seed in (5, 5, 6):
        engine = start(pair_at(2.4, "AB"), "lj", seed=seed)
        engine.set_velocities(np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]))
        engine.set_thermostat(1.0, 0.2)  # 5 steps between two rescalings
        engine.run(4)
        assert engine.thermo().kinetic_energy == pytest.approx(0.5, rel=1e-6)
        engine.run(26)
        engine.set_thermostat(None)
        kinetic = engine.thermo().kinetic_energy
        engine.run(5)
        assert engine.thermo().kinetic_energy == pytest.approx(kinetic, rel=1e-6)
        ends.append(kinetic)
    assert ends[0] == ends[1] != ends[2]


def test_an_engine_says_what_it_is(start):
    capabilities = start(lattice("wca", 3.3)).capabilities()
    assert capabilities.engine == "gamdpy"
    assert capabilities.version
    assert capabilities.precision == "float32"
    assert capabilities.device == ("cpu" if is_simulated() else "gpu")

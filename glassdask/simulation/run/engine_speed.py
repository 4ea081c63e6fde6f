"""How many time steps a second an engine does here, in a second or two: for the choice between engines, not for a plan."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from glassdask.physics.liquids.liquid import TAU_MD
from glassdask.simulation.engines.engine import Engine
from glassdask.simulation.engines.engine_choice import create_engine
from glassdask.simulation.particles.initial_configuration import random_particles
from glassdask.simulation.particles.time_step import REFERENCE_STEP, time_step_divisor

#: The state that is simulated: Kob and Andersen's mixture of N = 1200 where the paper's figures begin.
_LIQUID, _TEMPERATURE, _DENSITY, _BOX = "lj", 1.0, 1.2, 10.0
#: For melting, and for what is compiled at the first steps; and of the measurement. [s]
_WARM_UP_SECONDS, _SECONDS = 0.4, 1.0


def steps_per_second(name: str) -> float:
    """Of one simulation: of processor time on a core, as others may use it, and of the clock on a GPU.

    Parameters
    ----------
    name
        Of an engine.

    Returns
    -------
    float
        Time steps a second, at the step that the rule of `glassdask.simulation.particles.time_step` gives. [1/s]

    Raises
    ------
    MissingComponent
        If the engine is not installed.
    """
    particles = random_particles(_LIQUID, _TEMPERATURE, _DENSITY, _BOX, np.random.default_rng(1))
    divisor = time_step_divisor(_LIQUID, _TEMPERATURE, _DENSITY, REFERENCE_STEP)
    engine = create_engine(name, _LIQUID, particles, REFERENCE_STEP * TAU_MD / divisor, seed=1)
    clock = time.process_time if engine.capabilities().device == "cpu" else time.perf_counter
    engine.minimise(300)
    engine.set_thermostat(_TEMPERATURE)
    n_steps, seconds = 32, 0.0
    while seconds < _WARM_UP_SECONDS:
        n_steps *= 2
        seconds = _seconds(engine, n_steps, clock)
    n_steps = max(1, round(n_steps * _SECONDS / seconds))
    rate = n_steps / _seconds(engine, n_steps, clock)
    engine.close()
    return rate


def _seconds(engine: Engine, n_steps: int, clock: Callable[[], float]) -> float:
    begin = clock()
    engine.run(n_steps)
    engine.thermo()  # steps on a GPU are over when something of theirs is read
    return clock() - begin

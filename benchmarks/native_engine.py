"""Steps per second and drift of the energy: glassdask's own dynamics beside LAMMPS's ``lj/cut/opt``, on one core.

    python benchmarks/native_engine.py [--rounds 5] [--output benchmarks/results/native_engine.md]

Both engines start from one equilibrated state and do the same steps, of the rule's length, without a thermostat, in turns, by the
processor time of this thread. LAMMPS has the margin of its neighbour list that is the fastest of seven, measured here. The energy is a straight line
through a hundred values of 100,000 steps.
"""

from __future__ import annotations

import itertools
import time

import numpy as np
import side_by_side
from liquid_states import equilibrated, step_of_rule

from glassdask.simulation.engines.engine import Engine
from glassdask.simulation.engines.engine_choice import create_engine

ENGINES = ("lammps", "native")
MARGINS = (0.1, 0.15, 0.2, 0.3, 0.4, 0.45, 0.6)
#: Potential, N, T and rho.
STATES = [("lj", 1200, 1.0, 1.2), ("wca", 1200, 1.0, 1.2), ("lj", 1200, 5.0, 1.2), ("wca", 1200, 5.0, 1.2)]
STATES += [("lj", 400, 1.0, 1.2), ("wca", 400, 1.0, 1.2), ("lj", 9600, 1.0, 1.2), ("wca", 9600, 1.0, 1.2)]
#: Steps of a timing, of 1200 particles.
N_STEPS = 2000
N_EQUILIBRATION = 6000
N_DRIFT, N_ENERGIES = 100_000, 100


def main() -> None:
    options = side_by_side.arguments((__doc__ or "").splitlines()[0], rounds=5)
    rates = [rate(*state, options.rounds) for state in STATES]
    drifts = [
        drift(potential, engine, time_step)
        for potential in ("lj", "wca")
        for time_step, engine in itertools.product((step_of_rule(potential, 1.0, 1.2), 0.002), ENGINES)
    ]
    sections = [
        "# glassdask's own dynamics beside LAMMPS",
        side_by_side.circumstances(["lammps"]),
        side_by_side.table(
            [
                "potential",
                "N",
                "T",
                "rho",
                "LAMMPS, steps/s",
                "its margin",
                "native, steps/s",
                "ratio",
                "least and most",
            ],
            rates,
        ),
        f"The energy per particle over {N_DRIFT} steps, N = 1200, T = 1, rho = 1.2:",
        side_by_side.table(
            ["potential", "time step", "engine", "drift / 1e5 steps", "its error", "fluctuation"], drifts
        ),
    ]
    side_by_side.publish("\n\n".join(sections), options.output)


def rate(potential: str, n: int, temperature: float, density: float, rounds: int) -> list[str]:
    """One row; at the time step of the rule."""
    particles = equilibrated(potential, temperature, density, n, N_EQUILIBRATION)
    time_step = step_of_rule(potential, temperature, density)
    engines = {name: create_engine(name, potential, particles, time_step, 1) for name in ENGINES}
    n_steps = max(100, N_STEPS * 1200 // n)
    margin = best_margin(engines["lammps"], n_steps // 4)
    for engine in engines.values():
        engine.run(n_steps // 4)
    times = {name: [] for name in ENGINES}  # type: dict[str, list[float]]
    for _ in range(rounds):
        for name, engine in engines.items():
            times[name].append(seconds(engine, n_steps))
    for engine in engines.values():
        engine.close()
    ratios = np.array(times["lammps"]) / np.array(times["native"])
    found = [f"{n_steps / np.median(times[name]):.0f}" for name in ENGINES]
    spread = f"{ratios.min():.2f} … {ratios.max():.2f}"
    numbers = [found[0], f"{margin:g}", found[1], f"{np.median(ratios):.2f}", spread]
    return [potential, str(n), f"{temperature:g}", f"{density:g}", *numbers]


def best_margin(engine: Engine, n_steps: int) -> float:
    """Of LAMMPS's list; the engine goes on with it."""
    lammps = engine._lammps  # type: ignore[attr-defined]
    found = {}
    for margin in MARGINS:
        lammps.command(f"neighbor {margin} bin")
        lammps.command("run 0 post no")
        found[margin] = min(seconds(engine, n_steps) for _ in range(3))
    best = min(found, key=lambda margin: found[margin])
    lammps.command(f"neighbor {best} bin")
    lammps.command("run 0 post no")
    return best


def seconds(engine: Engine, n_steps: int) -> float:
    start = time.thread_time()
    engine.run(n_steps)
    return time.thread_time() - start


def drift(potential: str, name: str, time_step: float) -> list[str]:
    """One row: slope of a straight line, its standard error, and what is left of the line."""
    engine = create_engine(name, potential, equilibrated(potential, 1.0, 1.2, 1200, N_EQUILIBRATION), time_step, 1)
    energies = []
    for _ in range(N_ENERGIES):
        engine.run(N_DRIFT // N_ENERGIES)
        energies.append(engine.thermo().total_energy)
    engine.close()
    at = (np.arange(N_ENERGIES) + 1) / N_ENERGIES
    (slope, _), covariance = np.polyfit(at, energies, 1, cov=True)
    left = np.std(energies - np.polyval(np.polyfit(at, energies, 1), at))
    return [potential, f"{time_step:.3g}", name, f"{slope:+.1e}", f"{covariance[0, 0] ** 0.5:.0e}", f"{left:.1e}"]


if __name__ == "__main__":
    main()

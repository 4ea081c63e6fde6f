"""What margins of neighbour lists tuned for each state would gain over those of the liquid's rule, N = 1200, one thread.

    python benchmarks/neighbour_margin.py [--rounds 9] [--output benchmarks/results/neighbour_margin.md]

Processor time of a step by margin, LAMMPS's one and the two of the package's own engine; margins take turns in one process, from
one equilibrated state; time steps are those of the rule. Ratios are medians over rounds of what a round has measured.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar
from unittest import mock

import side_by_side
from liquid_states import equilibrated, step_of_rule

from glassdask.physics.liquids.catalogue import liquid_named
from glassdask.simulation.engines import native_engine
from glassdask.simulation.engines.engine import Engine
from glassdask.simulation.engines.lammps_engine import LammpsEngine
from glassdask.simulation.engines.native_engine import NativeEngine, list_margins
from glassdask.simulation.particles.particles import Particles

#: Potential, T, rho: cold and hot ones, and the densest and hottest of the paper's.
STATES = [("lj", 0.6, 1.2), ("lj", 2.0, 1.2), ("lj", 6.0, 1.8), ("wca", 0.6, 1.2), ("wca", 2.0, 1.2), ("wca", 6.0, 1.8)]
MARGINS = (0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.45, 0.50, 0.60)
INNER_AND_OUTER = list(itertools.product((0.1, 0.15, 0.2, 0.25, 0.3), (0.7, 0.9, 1.1, 1.3, 1.5)))
N_PARTICLES = 1200
STEPS = {"lj": 400, "wca": 1600}
State = tuple[str, float, float]
Margin = TypeVar("Margin")


def main() -> None:
    options = side_by_side.arguments((__doc__ or "").splitlines()[0], rounds=9)
    lammps, native = [], []
    for state in STATES:
        liquid, begin = liquid_named(state[0]), equilibrated(*state, N_PARTICLES, 7000)
        rule, n_steps = liquid.list_margin, STEPS[state[0]]
        ratios = compared(partial(with_margin, state, begin), rule, MARGINS, n_steps, options.rounds)
        names = [state[0], f"{state[1]:g}", f"{state[2]:g}"]
        lammps.append([*names, f"{rule:g}", *(f"{ratios[margin]:.3f}" for margin in MARGINS), gain(ratios)])
        both = list_margins(liquid)
        of_both = compared(partial(with_two, state, begin), both, INNER_AND_OUTER, 2 * n_steps, options.rounds)
        best = max(of_both, key=of_both.__getitem__)
        native.append([*names, *(f"{margin:.2f}" for margin in (*both, *best)), gain(of_both)])
    head = f"# Margins of neighbour lists, N = {N_PARTICLES}"
    about = side_by_side.circumstances(["lammps"])
    words = "Steps per second of processor time, against those of the rule's margin: LAMMPS"
    columns = ["potential", "T", "rho", "of the rule", *(f"{margin:g}" for margin in MARGINS), "fastest gains"]
    own = "The package's own engine, the fastest of inner margins of 0.1 … 0.3 and outer ones of 0.7 … 1.5"
    own_columns = ["potential", "T", "rho", "inner", "outer", "fastest inner", "fastest outer", "gains"]
    sections = [
        head,
        about,
        f"{words}.",
        side_by_side.table(columns, lammps),
        f"{own}.",
        side_by_side.table(own_columns, native),
    ]
    side_by_side.publish("\n\n".join(sections), options.output)


def with_margin(state: State, begin: Particles, margin: float) -> Engine:
    """LAMMPS with that margin."""
    engine = LammpsEngine(state[0], begin, step_of_rule(*state), 1)
    engine._commands(f"neighbor {margin} bin")
    return engine


def with_two(state: State, begin: Particles, margins: tuple[float, float]) -> Engine:
    """The package's own engine with those."""
    with mock.patch.object(native_engine, "list_margins", return_value=margins):
        return NativeEngine(state[0], begin, step_of_rule(*state), 1)


def compared(
    make: Callable[[Margin], Engine], rule: Margin, margins: Sequence[Margin], n_steps: int, rounds: int
) -> dict[Margin, float]:
    """How fast each margin is, relative to that of the rule."""
    engines = {margin: make(margin) for margin in dict.fromkeys((rule, *margins))}
    for engine in engines.values():
        engine.run(n_steps // 2)
    seconds: dict[Margin, list[float]] = {margin: [] for margin in engines}
    for _ in range(rounds):
        for margin, engine in engines.items():
            start = time.thread_time()
            engine.run(n_steps)
            seconds[margin].append(time.thread_time() - start)
    for engine in engines.values():
        engine.close()
    return {
        margin: statistics.median(other / own for own, other in zip(times, seconds[rule], strict=True))
        for margin, times in seconds.items()
    }


def gain(ratios: dict[Margin, float]) -> str:
    """Of the fastest."""
    return f"{max(ratios.values()) - 1:.1%}"


if __name__ == "__main__":
    main()

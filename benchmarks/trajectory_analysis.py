"""``glassdask analyse``: what the analysis of a thousand frames costs, observable by observable, and what ten thousand frames of
ten thousand particles take of memory.

    python benchmarks/trajectory_analysis.py --output benchmarks/results/trajectory_analysis.md
    python benchmarks/trajectory_analysis.py --part memory

The trajectory is one of real molecular dynamics, 1200 particles of the Kob–Andersen mixture at T = 1, rho = 1.2, written every
0.5 tau_LJ; the large one is that liquid, eight times side by side, shaken.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import side_by_side  # first: it fixes the number of threads

# isort: split
import gsd.hoomd
import numpy as np

from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.own_trajectory import OwnTrajectory, open_trajectory
from glassdask.observables.catalogue import default_names, observables_named
from glassdask.observables.pass_over_frames import PassOverFrames
from glassdask.physics.liquids.catalogue import liquid_named
from glassdask.physics.motion.lag_pairs import lag_pairs
from glassdask.simulation.engines.engine_choice import create_engine
from glassdask.simulation.particles.initial_configuration import random_particles
from glassdask.stages.reduce.own_statics import OwnStatics
from glassdask.stages.reduce.own_trajectory import CORE, OwnAnalysis, OwnSettings

#: T, rho and L of the liquid; its time step [tau_LJ]; steps before the first frame, and from one to the next; frames.
TEMPERATURE, DENSITY, BOX, STEP, BEFORE, BETWEEN, FRAMES = 1.0, 1.2, 10.0, 0.005, 20_000, 100, 1000
#: Copies along each axis, frames, and the standard deviation of a step of each coordinate, of the large one.
COPIES, MANY_FRAMES, SHAKEN = 2, 10_000, 0.02


def simulated(path: Path) -> None:
    """Real dynamics, as GSD with images."""
    liquid = liquid_named("lj")
    particles = random_particles(liquid, TEMPERATURE, DENSITY, BOX, np.random.default_rng(1))
    engine = create_engine("lammps", liquid, particles, STEP, 1)
    engine.minimise(300)
    engine.set_thermostat(TEMPERATURE, 0.2)
    engine.run(BEFORE)
    engine.set_thermostat(None)
    with gsd.hoomd.open(str(path), "w") as file:
        for number in range(FRAMES):
            now = engine.snapshot()
            file.append(_frame(now.positions, now.images, now.species, BOX, number * BETWEEN))
            engine.run(BETWEEN)


def shaken(source: Path, path: Path) -> None:
    """The last frame of a trajectory, several times side by side, its particles on springs."""
    with open_trajectory(source) as frames:
        one, species = frames.positions(len(frames) - 1) % BOX, frames.species
    corners = np.array([[i, j, k] for i in range(COPIES) for j in range(COPIES) for k in range(COPIES)]) * BOX
    sites, kinds, L = (one[None] + corners[:, None]).reshape(-1, 3), np.tile(species, COPIES**3), COPIES * BOX
    random, moved = np.random.default_rng(2), np.zeros_like(sites)
    with gsd.hoomd.open(str(path), "w") as file:
        for number in range(MANY_FRAMES):
            moved = 0.999 * moved + random.normal(0.0, SHAKEN, sites.shape)
            unwrapped = sites + moved - 0.5 * L
            images = np.floor(unwrapped / L + 0.5)
            file.append(_frame(unwrapped - images * L, images, kinds, L, number * BETWEEN))


def _frame(positions, images, species, box_length: float, step: int) -> gsd.hoomd.Frame:
    frame = gsd.hoomd.Frame()
    frame.configuration.box, frame.configuration.step = [*(3 * [box_length]), 0, 0, 0], step
    frame.particles.N, frame.particles.types = len(species), ["A", "B"]
    frame.particles.typeid = species.astype(np.uint32)
    frame.particles.position, frame.particles.image = positions.astype(np.float32), images.astype(np.int32)
    return frame


def shares(path: Path) -> list[str]:
    """Processor seconds of reading, S(k), each observable by itself, and of the whole analysis."""
    options = TrajectoryOptions(time_step=STEP)
    found: dict[str, float] = {}
    with open_trajectory(path, options) as trajectory:
        found["reading and unwrapping all frames"] = _seconds(
            lambda: [trajectory.unwrapped(i) for i in range(len(trajectory))]
        )
        analysis = _analysis(trajectory)
        statics = OwnStatics(trajectory, analysis.settings.wavenumbers, None)
        found["S(k) of 200 frames, crystallinity of 20"] = _seconds(lambda: list(statics.steps()))
        list(analysis._statics.steps())
        setting, names = analysis.setting(), (*CORE, *default_names())
        for name in names:
            one = PassOverFrames(trajectory, analysis.lags.pairs, observables_named([name]), setting, statics.chosen)
            found[name] = _seconds(lambda one=one: list(one.steps()))
        whole = _analysis(trajectory)
        total = _seconds(lambda: list(whole.steps()))
        n_pairs = sum(len(pairs) for pairs in analysis.lags.pairs)
    rows = [[name, f"{seconds:.2f}", f"{seconds / total:.0%}"] for name, seconds in found.items()]
    return [
        f"## {FRAMES} frames of {len(setting.species)} particles, {len(setting.lag_times)} lags, {n_pairs} pairs of frames",
        "",
        "Each observable in a pass of its own, which reads the frames again; the whole analysis reads them once.",
        "",
        side_by_side.table(
            ["part", "processor s", "share of the whole"], [*rows, ["**the whole analysis**", f"**{total:.2f}**", ""]]
        ),
    ]


def _analysis(trajectory: OwnTrajectory) -> OwnAnalysis:
    lags = lag_pairs(trajectory.times)
    return OwnAnalysis(trajectory, trajectory.names, (1.0, 1.0), lags, OwnSettings(observables=default_names()))


def _seconds(work) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def memory(path: Path, folder: Path) -> list[str]:
    """The largest resident memory of ``glassdask analyse`` in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "glassdask",
        "analyse",
        str(path),
        "--output",
        str(folder),
        "--time-step",
        str(STEP),
    ]
    begun = time.monotonic()
    subprocess.run([*command, "--no-figures"], check=True, capture_output=True)
    wall = time.monotonic() - begun
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    n = round(DENSITY * BOX**3) * COPIES**3
    return [
        f"## {MANY_FRAMES} frames of {n} particles",
        "",
        side_by_side.table(
            ["file", "largest memory", "processor s", "wall s"],
            [
                [
                    f"{path.stat().st_size / 1e9:.1f} GB",
                    f"{used.ru_maxrss / 1024:.0f} MiB",
                    f"{used.ru_utime + used.ru_stime:.0f}",
                    f"{wall:.0f}",
                ]
            ],
        ),
    ]


def main() -> None:
    """Measures both parts, or one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=["shares", "memory"])
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulated(folder / "run.gsd")
        lines = ["# The analysis of a trajectory", "", side_by_side.circumstances(["gsd", "freud-analysis"]), ""]
        if given.part != "memory":
            lines += [*shares(folder / "run.gsd"), ""]
        if given.part != "shares":
            shaken(folder / "run.gsd", folder / "many.gsd")
            lines += [*memory(folder / "many.gsd", folder / "out"), ""]
    part = f" --part {given.part}" if given.part else ""
    text = "\n".join([*lines, f"Made by `python benchmarks/trajectory_analysis.py{part}`."])
    print(text)
    if given.output:
        given.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

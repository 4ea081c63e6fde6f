"""Reading trajectories of every format: the same S(k) and F_s(k,t), particles a second beside MDAnalysis and ase, and memory for
10,000 frames of N = 10,000.

python benchmarks/trajectory_reading.py [--rounds 3] [--output benchmarks/results/trajectory_reading.md]
"""

from __future__ import annotations

import functools
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import side_by_side  # isort: skip  (fixes the number of threads before NumPy is loaded)
import gsd.fl
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.own_trajectory import open_trajectory
from tests.datasets.trajectories.every_format import written_in_every_format
from tests.datasets.trajectories.lammps_dumps import write_dump
from tests.datasets.trajectories.made_frames import TILTED, made_frames

N, N_FRAMES = 100_000, 4
LONG_N, LONG_FRAMES = 10_000, 10_000
SMALL_N = 200
COMPARED = ("structure_factor", "self_intermediate_scattering")


def main() -> None:
    if sys.argv[1:2] == ["--long"]:
        print(*long_trajectory(Path(sys.argv[2])))
        return
    options = side_by_side.arguments(__doc__ or "", rounds=3)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        parts = [
            "# Reading trajectories",
            side_by_side.circumstances(["MDAnalysis", "ase", "gsd", "pandas"]),
            answers_record(Path(folder)),
            formats_record(Path(folder), options.rounds),
            long_record(Path(folder)),
        ]
    side_by_side.publish("\n\n".join(parts), options.output)


def answers_record(folder: Path) -> str:
    """Largest differences of S and F_s from those of doubles, of the same frames in every format."""
    import glassdask

    small = folder / "small"
    small.mkdir()
    frames = made_frames(TILTED, N=SMALL_N, n_frames=20, breathing=0.01).only(list(range(8, 20)))
    written = written_in_every_format(small, frames)
    masses = {"A": 1.0, "B": 1.0}
    found = {
        name: glassdask.analyse(item.path, options=replace(item.options, masses=masses)).data
        for name, item in written.items()
    }
    rows = [
        [name, f"{written[name].precision:.0e}"]
        + [f"{float(abs(data[variable] - found['binary'][variable]).max()):.0e}" for variable in COMPARED]
        for name, data in found.items()
    ]
    header = ["file", "rounding of positions", "S(k), k < 40", "F_s(k,t), k < 40"]
    note = (
        "Made by `glassdask.analyse`, a mixture that wanders in a tilted cell which breathes (constant pressure), through boundaries; "
        "differences from the binary LAMMPS dump, which holds doubles. Scaled coordinates, image flags, unwrapped positions and nothing "
        "of the kind are among them. F_s is kept in single precision."
    )
    return "\n\n".join([f"## The same answers, N = {SMALL_N}, 12 frames", side_by_side.table(header, rows), note])


def formats_record(folder: Path, rounds: int) -> str:
    frames = made_frames(120.0 * np.eye(3), N=N, n_frames=N_FRAMES)
    written = written_in_every_format(folder, frames)
    write_dump(folder / "eight.lammpstrj", frames)
    cases: dict[str, Callable[[], object]] = {
        f"{name}: {item.path.suffix}": functools.partial(ours, item.path, item.options)
        for name, item in written.items()
    }
    cases |= {
        "MDAnalysis, the first of them": lambda: mdanalysis(written["lammps"].path),
        "ase, extended XYZ": lambda: by_ase(written["extended"].path),
    }
    seconds = processor_seconds(cases, rounds)
    rows = [
        [name, f"{1e3 * value / N_FRAMES:.0f}", f"{N * N_FRAMES / value / 1e6:.2f}"] for name, value in seconds.items()
    ]
    note = (
        "Processor seconds of one thread: the file is opened, understood and checked, and positions and unwrapped positions of every "
        "frame are asked for; MDAnalysis and ase read positions. LAMMPS dumps come unsorted, with ids and types."
    )
    header = ["file", "ms a frame", "1e6 particles a second"]
    return "\n\n".join([f"## N = {N:,}, {N_FRAMES} frames", side_by_side.table(header, rows), note])


def processor_seconds(cases: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The least of several, in turns."""
    found = dict.fromkeys(cases, np.inf)
    for _ in range(rounds):
        for name, case in cases.items():
            start = time.process_time()
            case()
            found[name] = min(found[name], time.process_time() - start)
    return found


def ours(path: Path, options: TrajectoryOptions) -> None:
    with open_trajectory(path, options) as trajectory:
        for index in range(len(trajectory)):
            trajectory.positions(index)
            trajectory.unwrapped(index)


def mdanalysis(path: Path) -> None:
    import MDAnalysis

    universe = MDAnalysis.Universe(str(path), format="LAMMPSDUMP", topology_format="LAMMPSDUMP", to_guess=())
    for frame in universe.trajectory:
        _ = frame.positions


def by_ase(path: Path) -> None:
    import ase.io

    ase.io.read(str(path), ":")


def long_trajectory(path: Path) -> tuple[float, ...]:
    """In a process of its own: processor seconds, and peak memory in MB before and after."""
    before = _peak_memory()
    start = time.process_time()
    ours(path, TrajectoryOptions())
    return time.process_time() - start, before, _peak_memory()


def long_record(folder: Path) -> str:
    path = folder / "long.gsd"
    length = (LONG_N / 1.2) ** (1 / 3)
    rng = np.random.default_rng(0)
    positions = length * (rng.random((LONG_N, 3)) - 0.5)
    with gsd.fl.open(str(path), "w", application="glassdask", schema="hoomd", schema_version=[1, 4]) as file:
        file.write_chunk("configuration/box", np.array([length, length, length, 0, 0, 0], dtype=np.float32))
        file.write_chunk("particles/N", np.array([LONG_N], dtype=np.uint32))
        for step in range(LONG_FRAMES):
            file.write_chunk("configuration/step", np.array([step], dtype=np.uint64))
            file.write_chunk("particles/position", positions.astype(np.float32))
            file.end_frame()
            positions += rng.normal(scale=0.03, size=positions.shape)
            positions -= length * np.rint(positions / length)
    command = [sys.executable, __file__, "--long", str(path)]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    seconds, before, peak = (float(value) for value in found)
    row = [f"{path.stat().st_size / 1e9:.1f}", f"{seconds:.0f}", f"{before:.0f}", f"{peak:.0f}"]
    header = ["GB on disk", "processor seconds", "MB before", "MB at most"]
    title = (
        f"## {LONG_FRAMES:,} frames of N = {LONG_N:,} in GSD without image flags, followed from the first to the last"
    )
    return "\n\n".join([title, side_by_side.table(header, [row])])


def _peak_memory() -> float:
    """Of this process; what the operating system says of resources is that of the parent, too."""
    line = next(line for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines() if "VmHWM" in line)
    return float(line.split()[1]) / 1024.0


if __name__ == "__main__":
    main()

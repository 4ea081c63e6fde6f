"""What the first and every later answer costs: `glassdask mct` and `fit` of a table, as whole processes.

With --against, the command of another version (its bin/glassdask) takes turns. "First" is with an empty folder of compiled
functions, which versions up to 0.1.0 fill with what Numba compiles.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import side_by_side

from glassdask.physics.memory.accurate_candidates import AccurateSolver
from glassdask.physics.memory.memory_kernels import StretchedMemory
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.physics.structure.percus_yevick import percus_yevick

PACKING = 0.5


def tables(folder: Path) -> dict[str, list[str]]:
    """Arguments of the verbs: S(k) of hard spheres at 100 wavenumbers, F at 80 times from a memory of two modes."""
    k, t = bipolar_wavenumbers(), np.geomspace(0.01, 1e3, 80)
    memory = StretchedMemory.from_invariants(0.0, [30.0, 20.0], [0.05, 20.0], [1.0, 0.6])
    F = AccurateSolver(t, "newtonian").solution(memory.candidate(20.0)).F
    columns = {"S.csv": ("k,AA", [k, percus_yevick(k, PACKING).structure_factor[0, 0]]), "F.csv": ("t,F", [t, F])}
    for name, (header, values) in columns.items():
        np.savetxt(folder / name, np.transpose(values), delimiter=",", header=header, comments="")
    density = str(6.0 * PACKING / np.pi)
    return {
        "mct": ["mct", str(folder / "S.csv"), "--density", density],
        "fit": ["fit", str(folder / "F.csv"), "--dynamics", "newtonian"],
    }


def processor_seconds(command: list[str], cache: str) -> float:
    """Of a process and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"NUMBA_CACHE_DIR": cache}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measured(programs: dict[str, str], rounds: int) -> dict[tuple[str, str, str], list[float]]:
    """Seconds by program, verb and "first" or "warm"; programs take turns in every round."""
    found: dict[tuple[str, str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for verb, arguments in tables(Path(folder)).items():
            for _ in range(rounds):
                caches = {name: tempfile.mkdtemp(dir=folder) for name in programs}
                for kind in ("first", "warm"):
                    for name, program in programs.items():
                        seconds = processor_seconds([program, *arguments], caches[name])
                        found.setdefault((name, verb, kind), []).append(seconds)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", help="bin/glassdask of another version")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    programs = {"this version": str(Path(sys.executable).with_name("glassdask"))}
    if options.against:
        programs["the other"] = options.against
    medians = {key: statistics.median(values) for key, values in measured(programs, options.rounds).items()}
    rows = []
    for verb in ("mct", "fit"):
        for kind in ("first", "warm"):
            seconds = [medians[name, verb, kind] for name in programs]
            ratio = [f"{seconds[0] / seconds[1]:.2f}"] if options.against else []
            rows.append([f"{verb}, {kind}", *(f"{value:.2f}" for value in seconds), *ratio])
    header = ["", *programs, *(["ratio"] if options.against else [])]
    lines = [
        "# The first and every later answer: processor seconds of whole processes",
        "",
        side_by_side.circumstances([], f"medians of {options.rounds} rounds in turns, one core"),
        "",
        side_by_side.table(header, rows),
    ]
    side_by_side.publish("\n".join(lines), options.output)


if __name__ == "__main__":
    main()

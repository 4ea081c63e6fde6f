"""What a GPU gains: S(k) of frames and the memory equation of many candidates, on the device and on one core, in one run.

    make bench-gpu        # python benchmarks/gpu.py --output benchmarks/results/gpu.md

Needs CuPy and a CUDA device. `--array numpy` puts NumPy in the device's place: nothing is gained, but the whole of this
file runs, as the tests do.
"""

from __future__ import annotations

import side_by_side  # first: it fixes the number of threads

# isort: split
import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from memory_fit import random_rows

from glassdask.arrays import to_host
from glassdask.physics.memory_candidates import CandidateSolver
from glassdask.physics.structure_factor_plan import StructureFactorPlan
from glassdask.physics.wavevectors import octant

BOX, FRAMES, FEW_FRAMES = 10.0, 64, 4
FINE_EDGES = np.arange(801) * 0.05
PARTICLES = (1200, 2000)
BATCHES = (64, 256, 1024, 4096, 16384, 65536)
#: Candidates that one core solves in each round; its time grows as their number.
CORE_ROWS = 256
TIMES = np.geomspace(0.03, 1000.0, 80)  # tau_MD, as measured
#: FP32 units of a multiprocessor, two operations each a cycle (Ampere, Hopper).
_LANES = 128


def main() -> None:
    options = _arguments()
    xp = _namespace(options.array)
    sections = [
        "# What a GPU gains",
        f"{_device(xp)}. {side_by_side.circumstances(['cupy-cuda12x', 'numba'], 'beside it one thread')}",
        *_structure_factors(xp, options.rounds),
        *_memory_solves(xp, options.rounds),
    ]
    side_by_side.publish("\n\n".join(sections), options.output)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="timings of each case (default 5)")
    parser.add_argument("--output", type=Path, help="also write the record to this file")
    parser.add_argument("--array", choices=("cupy", "numpy"), default="cupy", help="in the device's place")
    return parser.parse_args()


def _namespace(name: str) -> ModuleType:
    if name == "numpy":
        return np
    remedy = "--array numpy runs everything without one"
    try:
        import cupy
    except ImportError as error:
        raise SystemExit(f"no GPU to measure: {error}; {remedy}") from None
    try:
        cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise SystemExit(f"no GPU to measure: {error}; {remedy}") from None
    return cupy


def _device(xp: ModuleType) -> str:
    if xp is np:
        return "No GPU: NumPy in its place"
    return f"{xp.cuda.runtime.getDeviceProperties(0)['name'].decode()}, CUDA {xp.cuda.runtime.runtimeGetVersion()}"


def _peak_flops(xp: ModuleType) -> float:
    """Single-precision operations a second that the device could do at its highest clock; NaN without one."""
    if xp is np:
        return float("nan")
    facts = xp.cuda.runtime.getDeviceProperties(0)
    return 2.0 * _LANES * facts["multiProcessorCount"] * 1e3 * facts["clockRate"]


def _of_frames_there(xp: ModuleType, plan: StructureFactorPlan, positions: Any) -> None:
    """Frames that lie on the device, to the end of the work."""
    plan.of_frames(positions)
    if xp is not np:
        xp.cuda.Stream.null.synchronize()


def _of_frames_and_back(xp: ModuleType, plan: StructureFactorPlan, positions: np.ndarray) -> None:
    """Frames of the host, the result back on it."""
    to_host(plan.of_frames(xp.asarray(positions)))


def _structure_factors(xp: ModuleType, rounds: int) -> list[str]:
    rows = []
    for n in PARTICLES:
        positions = BOX * np.random.default_rng(0).random((FRAMES, n, 3))
        species = (np.arange(n) >= 0.8 * n).astype(int)
        there = xp.asarray(positions)
        plans = {where: StructureFactorPlan(BOX, species, FINE_EDGES, "float32", where) for where in {np, xp}}
        cases: dict[str, Callable[[], object]] = {
            "core": partial(plans[np].of_frames, positions[:FEW_FRAMES]),
            "device": partial(_of_frames_there, xp, plans[xp], there),
            "with the way there and back": partial(_of_frames_and_back, xp, plans[xp], positions),
        }
        seconds = side_by_side.median_seconds(cases, rounds)
        device, way = (seconds[name] / FRAMES for name in ("device", "with the way there and back"))
        core = seconds["core"] / FEW_FRAMES
        n_octant = int(np.count_nonzero(octant(BOX, FINE_EDGES).multiplicity))
        flops = 16.0 * n * n_octant / device
        share = flops / _peak_flops(xp)
        rows.append([str(n), *(f"{1e3 * s:.2f}" for s in (core, device, way)), f"{core / device:.1f}", f"{1e-12 * flops:.2f}",
                     "–" if xp is np else f"{share:.0%}"])  # fmt: skip
    header = ["N", "core", "device", "device, with transfers", "core / device", "TFLOP/s", "of FP32 peak"]
    return ["## S(k) of a frame, float32 tables [ms]", side_by_side.table(header, rows)]


def _memory_solves(xp: ModuleType, rounds: int) -> list[str]:
    rows = []
    for dynamics in ("overdamped", "newtonian"):
        host, device = CandidateSolver(TIMES, dynamics), CandidateSolver(TIMES, dynamics, xp=xp)
        for n in BATCHES:
            cases: dict[str, Callable[[], object]] = {
                "core": partial(host.solve, random_rows(CORE_ROWS)),
                "device": partial(device.solve, random_rows(n)),
            }
            seconds = side_by_side.median_seconds(cases, rounds)
            core, there = CORE_ROWS / seconds["core"], n / seconds["device"]
            rows.append(
                [dynamics, str(n), f"{core:.0f}", f"{there:.0f}", f"{there / core:.2f}", f"{there / core / 16:.2f}"]
            )
    header = ["dynamics", "batch", "core [1/s]", "device [1/s]", "device / core", "device / 16 cores"]
    note = "The batch from which on the device wins is the first with a ratio above 1. Sixteen cores are taken as 16 times one."
    return [
        "## Candidates of the memory equation a second, two modes, 80 times",
        side_by_side.table(header, rows),
        note,
    ]


if __name__ == "__main__":
    main()

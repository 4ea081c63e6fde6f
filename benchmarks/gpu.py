"""What a GPU gains: S(k) of frames, the memory equation of many candidates and mode-coupling theory of many states, on the
device and on one core, in one run.

    make bench-gpu        # python benchmarks/gpu.py --output benchmarks/results/gpu.md

Needs CuPy and a CUDA device. `--array numpy` puts NumPy in the device's place: nothing is gained, but the whole of this
file runs.
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
from fp32_lanes import fp32_lanes
from memory_fit import random_rows
from mode_coupling_batch import CollectiveBatch
from structure_factor import lattice

from glassdask.arrays import to_host
from glassdask.physics.compiled import collective_sums
from glassdask.physics.memory.memory_candidates import CandidateSolver
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.physics.structure.percus_yevick import percus_yevick
from glassdask.physics.structure.structure_factor_plan import StructureFactorPlan
from glassdask.physics.structure.wavevectors import octant

BOX, FRAMES, FEW_FRAMES = 10.0, 64, 4
FINE_EDGES = np.arange(801) * 0.05
PARTICLES = (1200, 2000)
BATCHES = (64, 256, 1024, 4096, 16384, 65536)
#: States of a campaign whose theory is solved together.
STATES = (1, 32, 256)
#: Candidates that one core solves in each round; its time grows as their number.
CORE_ROWS = 256
TIMES = np.geomspace(0.03, 1000.0, 80)  # tau_MD, as measured


def main() -> None:
    options = _arguments()
    xp = _namespace(options.array)
    sections = [
        "# What a GPU gains",
        f"{_device(xp)}. {side_by_side.circumstances(['cupy-cuda12x'], 'beside it one thread')}",
        *_structure_factors(xp, options.rounds),
        *_memory_solves(xp, options.rounds),
        *_mode_coupling(xp, options.rounds),
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
    lanes = fp32_lanes(facts["major"], facts["minor"])
    return 2.0 * lanes * facts["multiProcessorCount"] * 1e3 * facts["clockRate"]


def _of_frames_there(xp: ModuleType, plan: StructureFactorPlan, positions: Any) -> None:
    """Frames that lie on the device, to the end of the work."""
    plan.of_frames(positions)
    if xp is not np:
        xp.cuda.Stream.null.synchronize()


def _of_frames_and_back(xp: ModuleType, plan: StructureFactorPlan, positions: np.ndarray) -> None:
    """Frames of the host, the result back on it."""
    to_host(plan.of_frames(xp.asarray(positions)))


def _dynasor_cases(xp: ModuleType, positions: np.ndarray, species: np.ndarray) -> dict[str, Callable[[], object]]:
    """Its CuPy kernel on one of each ±k of the whole lattice, in float32, a frame at a time and a part of the lattice at a
    time: a frame's phases on all of it are 4 GB."""
    if xp is np:
        return {}
    try:
        from dynasor.core.reciprocal_cupy import calc_rho_q_cupy_batched, make_q_array
    except ImportError:
        return {}
    vectors = lattice()
    parts = [make_q_array(part, "float32") for part in np.array_split(vectors[: len(vectors) // 2], 8)]

    def frame() -> None:
        for part in parts:
            for s in (0, 1):
                calc_rho_q_cupy_batched(positions[:1, species == s], part)

    return {"dynasor": frame}


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
        seconds = side_by_side.median_seconds(cases | _dynasor_cases(xp, positions, species), rounds)
        device, way = (seconds[name] / FRAMES for name in ("device", "with the way there and back"))
        core = seconds["core"] / FEW_FRAMES
        n_octant = int(np.count_nonzero(octant(BOX, FINE_EDGES).multiplicity))
        flops = 16.0 * n * n_octant / device
        share = flops / _peak_flops(xp)
        peer = seconds.get("dynasor")
        rows.append([str(n), *(f"{1e3 * s:.2f}" for s in (core, device, way)), f"{core / device:.1f}", f"{1e-12 * flops:.2f}",
                     "–" if xp is np else f"{share:.0%}",
                     "–" if peer is None else f"{1e3 * peer:.1f} ({peer / device:.1f} times ours)"])  # fmt: skip
    header = [
        "N",
        "core",
        "device",
        "device, with transfers",
        "core / device",
        "TFLOP/s",
        "of FP32 peak",
        "dynasor, CuPy",
    ]
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


def _mode_coupling(xp: ModuleType, rounds: int) -> list[str]:
    """One evaluation of the collective integral, which a solution is made of; the same states one by one on a core."""
    structure = percus_yevick(bipolar_wavenumbers(0.4, 100), 0.51, (0.8, 1.0), (0.2, 0.8))
    F, c = structure.structure_factor, structure.direct_correlation
    one = np.empty_like(F)
    collective_sums(F, c, one)
    rows = []
    for n in STATES:
        batch = CollectiveBatch(100, xp)
        there = [xp.asarray(np.broadcast_to(array, (n, *array.shape)).copy()) for array in (F, c)]
        np.testing.assert_allclose(to_host(batch.sums(*there))[0], one, rtol=1e-8, atol=1e-9 * np.abs(one).max())
        cases: dict[str, Callable[[], object]] = {
            "core": partial(_each_alone, F, c, n),
            "device": partial(_sums_there, xp, batch, there),
        }
        seconds = side_by_side.median_seconds(cases, rounds)
        core, device = (1e6 * seconds[name] / n for name in ("core", "device"))
        rows.append([str(n), f"{core:.0f}", f"{device:.0f}", f"{core / device:.2f}", f"{core / device / 16:.2f}"])
    header = ["states", "core [µs a state]", "device [µs a state]", "core / device", "16 cores / device"]
    note = (
        "All states in one batch by prefix sums in float64, beside one state after another by the compiled kernel. A state's "
        "theory takes about 1.2 s of a core (mode_coupling.md), the 355 states of the paper seven minutes of one core: that "
        "is all that a GPU could save."
    )
    return [
        "## The integral of mode-coupling theory, two species, 100 wavenumbers",
        side_by_side.table(header, rows),
        note,
    ]


def _each_alone(F: np.ndarray, c: np.ndarray, n: int) -> None:
    sums = np.empty_like(F)
    for _ in range(n):
        collective_sums(F, c, sums)


def _sums_there(xp: ModuleType, batch: CollectiveBatch, arrays: list[Any]) -> None:
    batch.sums(*arrays)
    if xp is not np:
        xp.cuda.Stream.null.synchronize()


if __name__ == "__main__":
    main()

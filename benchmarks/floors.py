"""How near the hot paths come to what the processor can do at most: floors computed from operations, and what is measured.

    python benchmarks/floors.py [demo-campaign] [--rounds 5] [--output benchmarks/results/floors.md]

The ceiling is what BLAS reaches on this core with a large product, measured in the same rounds; all times are processor time
of one thread. With the folder of a finished campaign the stage `reduce` and molecular dynamics are there too: the stage is run
again into a folder of its own, and the time of molecular dynamics is the one on the record, of the day it was run.
"""

from __future__ import annotations

import side_by_side  # isort: skip  (fixes the number of threads before NumPy is loaded)
import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import read_record
from glassdask.physics.compiled import collective_sums, past_of_integral, tagged_sums
from glassdask.physics.mode_coupling.critical_coupling import critical_coupling
from glassdask.physics.mode_coupling.mode_coupling_dynamics import ModeCouplingSolution, mode_coupling_dynamics
from glassdask.physics.motion.intermediate_scattering import self_intermediate_scattering
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.physics.structure.percus_yevick import percus_yevick
from glassdask.physics.structure.structure_factor_plan import StructureFactorPlan
from glassdask.physics.structure.wavevectors import octant
from glassdask.simulation import TRAJECTORY
from glassdask.simulation.records.trajectory import Trajectory
from glassdask.stages.contract.context import Execution, StageContext
from glassdask.stages.reduce.run import reduce
from glassdask.state_point import StatePoint

N, BOX, N_K, N_HALF = 1200, 10.0, 100, 32
FINE_EDGES = np.arange(801) * 0.05
SINGLE, DOUBLE = 1536, 1024
FRAMES, PAIRS, REPEATS = 4, 32, 100
MIXTURE = percus_yevick(bipolar_wavenumbers(0.4, N_K), 0.51, (0.8, 1.0), (0.2, 0.8))
#: Of a pair within the cut-off: r², its inverse, powers, force, and the sums of both particles.
FLOPS_OF_PAIR = 23


@dataclass(frozen=True)
class HotPath:
    """A hot path: what is timed, how often it does its work in that time, and its operations."""

    call: Callable[[], object]
    times: int
    flops: float
    is_single: bool = False


def flops_of_windows(n_species: int) -> int:
    """Of `collective_sums`: what mode_coupling_integral.cpp does for one (n, m), for all of them and each pair a ≤ b."""
    return N_K * (N_K + 1) // 2 * 47 * (n_species * (n_species + 1) // 2)


def flops_of_tagged(n_species: int) -> int:
    """Of `tagged_sums`, in the same way."""
    return N_K * (N_K + 1) // 2 * 23 * n_species


def flops_of_past(n: int, n_rows: int) -> float:
    """Of the sum over the past of one time step, the mean over i = N + 1 … 2N: two differences and two products a term."""
    return 6.0 * n**3 * n_rows * (0.75 * N_HALF - 1)


def paths() -> dict[str, HotPath]:
    """All that needs no campaign."""
    random = np.random.default_rng(0)
    species = (np.arange(N) >= 0.8 * N).astype(int)
    positions = BOX * random.random((FRAMES, N, 3))
    plan = StructureFactorPlan(BOX, species, FINE_EDGES)
    n_octant = int(np.count_nonzero(octant(BOX, FINE_EDGES).multiplicity))
    walk = np.cumsum(0.1 * random.normal(size=(PAIRS + 1, N, 3)), axis=0)
    pairs = np.stack([np.zeros(PAIRS, int), 1 + np.arange(PAIRS)], axis=1)
    k = MIXTURE.wavenumber
    F, c = MIXTURE.structure_factor, MIXTURE.direct_correlation
    W, F_s = np.ones((2, N_K)), np.ones((2, N_K))
    F_t, M_t, F_hat, M_hat, F_skew, M_skew = (random.random((2 * N_HALF + 1, 2, 2, N_K)) for _ in range(6))
    middle = N_HALF + N_HALF // 2
    return {
        "S(k) of a frame": HotPath(partial(plan.of_frames, positions), FRAMES, 16.0 * N * n_octant, is_single=True),
        "F_s(k,t) of a pair of frames, 100 k": HotPath(
            partial(self_intermediate_scattering, walk, species, k, pairs), PAIRS, 7.0 * N * N_K
        ),
        "E7, collective, 2 species": HotPath(
            many(partial(collective_sums, F, c, np.empty_like(F))), REPEATS, flops_of_windows(2)
        ),
        "E4, tagged, 2 species": HotPath(
            many(partial(tagged_sums, W, F_s, np.empty_like(W))), REPEATS, flops_of_tagged(2)
        ),
        "past of the memory equation, 2 species, a step": HotPath(
            many(partial(past_of_integral, F_t, M_t, F_hat, M_hat, F_skew, M_skew, middle, np.empty((2, 2, N_K)))),
            REPEATS,
            flops_of_past(2, N_K),
        ),
    }


def many(call: Callable[[], object]) -> Callable[[], None]:
    """So often that the clock can tell."""

    def calls() -> None:
        for _ in range(REPEATS):
            call()

    return calls


def theory() -> ModeCouplingSolution:
    """F_ab, F_s and displacements of the mixture over ten decades, as in `solve_mct`."""
    return mode_coupling_dynamics(MIXTURE, 1e6, n_half=N_HALF)


def flops_of_theory(found: ModeCouplingSolution) -> float:
    """The least: one evaluation of either memory a time, and the past of all three equations."""
    steps = found.collective.grid.n_levels * N_HALF
    past = flops_of_past(2, N_K) + flops_of_past(1, 2 * N_K) + flops_of_past(1, 2)
    return found.t.size * (flops_of_windows(2) + flops_of_tagged(2)) + steps * past


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("campaign", nargs="?", type=Path, help="folder of a finished campaign")
    parser.add_argument("--rounds", type=int, default=5, help="timings of each case (default 5)")
    parser.add_argument("--output", type=Path, help="also write the record to this file")
    args = parser.parse_args()
    a, b = np.random.default_rng(1).random((2, SINGLE, SINGLE), dtype=np.float32)
    x, y = np.random.default_rng(2).random((2, DOUBLE, DOUBLE))
    hot = paths()
    solution = theory()
    hot["theory in time, 2 species, ten decades"] = HotPath(theory, 1, flops_of_theory(solution))
    cases = {name: path.call for name, path in hot.items()}
    cases |= {"sgemm": lambda: a @ b, "dgemm": lambda: x @ y, "g_c": lambda: critical_coupling(MIXTURE)}
    with threadpool_limits(1):
        seconds = side_by_side.median_seconds(cases, args.rounds, time.process_time)
        single, double = 2.0 * SINGLE**3 / seconds["sgemm"], 2.0 * DOUBLE**3 / seconds["dgemm"]
        rows = [row(name, path, seconds[name], single if path.is_single else double) for name, path in hot.items()]
        more = of_campaign(load_campaign(args.campaign), single, double, rows) if args.campaign else ""
    evaluations = (solution.collective.n_evaluations, solution.tagged.n_evaluations)
    words = (
        f"One core's ceilings, measured in the same rounds: sgemm {1e-9 * single:.0f} GFLOP/s ({SINGLE}²), dgemm "
        f"{1e-9 * double:.0f} GFLOP/s ({DOUBLE}²). The floor of a path is its operations at that rate, of S(k) sgemm's, else "
        "dgemm's; the share is the floor over the time."
    )
    of_theory = (
        f"Theory in time: {solution.t.size} times, {evaluations[0]} evaluations of the collective memory and {evaluations[1]} of "
        f"the tagged one ({evaluations[0] / solution.t.size:.2f} and {evaluations[1] / solution.t.size:.2f} a time; the floor has "
        f"one). The critical coupling of the same mixture takes {1e3 * seconds['g_c']:.0f} ms."
    )
    header = ["path", "Mflop", "floor, µs", "measured, µs", "share"]
    parts = [
        "# Floors of the hot paths, N = 1200, N_k = 100",
        side_by_side.circumstances([], "processor time of one thread"),
        words,
        side_by_side.table(header, rows),
        of_theory,
        more,
    ]
    side_by_side.publish("\n\n".join(part for part in parts if part), args.output)


def row(name: str, path: HotPath, seconds: float, rate: float) -> list[str]:
    """Operations, floor, time and share of one path."""
    measured, floor = seconds / path.times, path.flops / rate
    return [name, f"{1e-6 * path.flops:.3g}", f"{1e6 * floor:.3g}", f"{1e6 * measured:.3g}", f"{floor / measured:.0%}"]


def of_campaign(campaign: Campaign, single: float, double: float, rows: list[list[str]]) -> str:
    """Rows of the stage `reduce` and of molecular dynamics of the first state of each potential, and what they mean."""
    lines = []
    for state in {state.potential: state for state in reversed(campaign.states)}.values():
        record = read_record(state_folder(campaign.folder, state.identifier), "simulate")
        assert record is not None
        run = record.provenance["simulation"]
        n_pairs = interacting_pairs(campaign, state)
        rate = float(run["steps_per_second"])
        step = HotPath(lambda: None, 1, FLOPS_OF_PAIR * n_pairs)
        rows.append(
            row(f"a step of molecular dynamics, {state.potential}, T = {state.temperature:g}", step, 1 / rate, double)
        )
        seconds = reduce_seconds(campaign, state)
        n_octant = int(np.count_nonzero(octant(BOX, FINE_EDGES).multiplicity))
        n_frames = campaign.specification.wavenumbers.structure_frames
        stage = HotPath(lambda: None, 1, 16.0 * run["n_particles"] * n_octant * n_frames, is_single=True)
        rows.append(row(f"all of `reduce`, {state.potential}, {n_frames} frames of S(k)", stage, seconds, single))
        production = run["n_steps"] / rate
        lines.append(
            f"{state.potential}: `reduce` {seconds:.2f} s beside {production:.1f} s of production ({seconds / production:.0%}) and "
            f"{run['wall_seconds']:.0f} s of all molecular dynamics ({seconds / run['wall_seconds']:.0%}); at sgemm's own rate S(k) "
            f"alone would be {stage.flops / single / production:.0%} of production."
        )
    return "\n".join(f"- {line}" for line in lines)


def interacting_pairs(campaign: Campaign, state: StatePoint) -> int:
    """Pairs of particles within their cut-offs in the last frame."""
    from scipy.spatial import cKDTree

    liquid = campaign.specification.liquid_named(state.potential)
    with Trajectory(state_folder(campaign.folder, state.identifier) / TRAJECTORY) as trajectory:
        box, species = trajectory.box_length, np.asarray(trajectory.species)
        positions = np.asarray(trajectory[len(trajectory.steps) - 1].positions, dtype=float) % box
    cut = np.array([[liquid.pairs["".join(sorted(a + b))].cutoff for b in "AB"] for a in "AB"])
    found = cKDTree(positions, boxsize=box).query_pairs(float(cut.max()), output_type="ndarray")
    apart = positions[found[:, 0]] - positions[found[:, 1]]
    apart -= box * np.round(apart / box)
    return int(np.count_nonzero((apart**2).sum(axis=1) < cut[species[found[:, 0]], species[found[:, 1]]] ** 2))


def reduce_seconds(campaign: Campaign, state: StatePoint) -> float:
    """Processor time of the stage, as a plain function of the state's folder."""
    with tempfile.TemporaryDirectory() as work:
        about = (state_folder(campaign.folder, state.identifier), Path(work), campaign.seed_of(state))
        context = StageContext(state, campaign.specification, *about, Execution(array="numpy"))
        reduce(context)  # imports and first use
        start = time.process_time()
        reduce(context)
        return time.process_time() - start


if __name__ == "__main__":
    main()

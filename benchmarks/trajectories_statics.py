"""Statics of anybody's trajectory: S(k) of a million particles, against dynasor on the same vectors, g(r) against freud.

python benchmarks/trajectories_statics.py [--rounds 3] [--output benchmarks/results/trajectories_statics.md]
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable

import side_by_side  # isort: skip  (fixes the number of threads before NumPy is loaded)
import numpy as np
from threadpoolctl import threadpool_limits

from glassdask.physics.structure.columns.lattice_columns import LatticeColumns, lattice_columns
from glassdask.physics.structure.columns.structure_plan import structure_plan
from glassdask.physics.structure.neighbours.pair_distribution import PairDistributionPlan

DENSITY = 1.2
LARGE, LARGE_FRAMES, MAX_VECTORS = 1_000_000, 10, 1000
EDGES = np.arange(301) * 0.05
N_DYNASOR = 10_000
R_EDGES = np.linspace(0.0, 5.0, 251)


def main() -> None:
    if sys.argv[1:2] == ["--large"]:
        print(*large_system(float(sys.argv[2]), int(sys.argv[3])))
        return
    options = side_by_side.arguments(__doc__ or "", rounds=3)
    with threadpool_limits(1):
        parts = [
            "# Statics of trajectories: cells of any shape, wavevectors sampled, g(r)",
            side_by_side.circumstances(["dynasor", "freud-analysis", "MDAnalysis"])
            + " Times are those of the processor.",
            large_record(),
            dynasor_record(options.rounds),
            pair_record(options.rounds),
        ]
    side_by_side.publish("\n\n".join(parts), options.output)


def gas(n: int, seed: int) -> tuple[np.ndarray, float]:
    """Positions at random, whose cost is that of a liquid's, and the edge of their cube."""
    length = (n / DENSITY) ** (1.0 / 3.0)
    return length * np.random.default_rng(seed).random((n, 3)), length


def mixture(n: int) -> np.ndarray:
    return np.arange(n) % 5 // 4


def large_system(k_max: float, max_vectors: int) -> tuple[float, ...]:
    """In a process of its own: vectors, seconds for the vectors, processor seconds of a frame, peak memory in MB before and after."""
    length = gas(LARGE, 0)[1]
    before = _peak_memory()
    start = time.process_time()
    plan = structure_plan(length, mixture(LARGE), EDGES[k_max + 1e-9 > EDGES], max_vectors or None)
    prepared = time.process_time() - start
    n_frames = LARGE_FRAMES if max_vectors else 1
    start = time.process_time()
    for i in range(n_frames):
        plan.of_frame(gas(LARGE, i)[0], length)
    seconds = (time.process_time() - start) / n_frames
    return int(plan.count.sum()), prepared, seconds, before, _peak_memory()


def _peak_memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def large_record() -> str:
    rows = []
    for name, k_max, limit in (
        (f"k < 15, {MAX_VECTORS} vectors a bin, {LARGE_FRAMES} frames", 15.0, MAX_VECTORS),
        ("k < 2, all vectors, one frame", 2.0, 0),
    ):
        command = [sys.executable, __file__, "--large", str(k_max), str(limit)]
        found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        n_vectors, prepared, seconds, before, peak = (float(value) for value in found)
        rows.append([name, f"{n_vectors:,.0f}", f"{prepared:.2f}", f"{seconds:.1f}", f"{before:.0f}", f"{peak:.0f}"])
    header = ["case", "vectors", "s to choose them", "s a frame", "MB before", "MB at most"]
    note = (
        "The making of the positions is in a frame's time (0.03 s); memory is the process's largest resident "
        "set, before with NumPy and one frame's positions."
    )
    return "\n\n".join(["## S_ab(k) of N = 1,000,000, bins of 0.05", side_by_side.table(header, rows), note])


def dynasor_record(rounds: int) -> str:
    """A triclinic cell, both programs on the sample that the plan takes."""
    positions, length = gas(N_DYNASOR, 1)
    cell = length * np.array([[1.0, 0.0, 0.0], [0.3, 1.0, 0.0], [-0.2, 0.4, 1.0]])
    positions, species = positions / length @ cell, mixture(N_DYNASOR)
    plan = structure_plan(cell, species, EDGES, MAX_VECTORS)
    vectors = half_of(lattice_columns(cell, EDGES, MAX_VECTORS), cell)
    cases: dict[str, Callable[[], object]] = {"glassdask": lambda: plan.of_frame(positions, cell)}
    agreement = "dynasor is not installed (pip install dynasor)."
    try:
        from dynasor.core.reciprocal import calc_rho_q
    except ImportError:
        pass
    else:

        def waves() -> list[np.ndarray]:
            return [calc_rho_q(positions[species == s], vectors) for s in (0, 1)]

        cases["dynasor, compiled kernel, one of each ±k"] = waves
        agreement = f"Largest difference of S_AA, S_AB, S_BB in any bin: {difference(plan, positions, cell, vectors, waves()):.0e}."
    seconds = side_by_side.median_seconds(cases, rounds, time.process_time)
    reference = seconds["glassdask"]
    rows = [[name, f"{1e3 * value:.0f}", f"{value / reference:.1f}"] for name, value in seconds.items()]
    return "\n\n".join(
        [
            f"## S_ab(k), N = {N_DYNASOR:,}, triclinic cell, k < 15, {MAX_VECTORS} vectors a bin ({2 * len(vectors):,} in all)",
            side_by_side.table(["case", "ms a frame", "time / glassdask"], rows),
            agreement,
        ]
    )


def half_of(lattice: LatticeColumns, cell: np.ndarray) -> np.ndarray:
    """One of k and −k of the vectors used, shape (n_vectors, d)."""
    found = []
    for chunk in lattice.chunks:
        along = np.arange(chunk.first, chunk.last + 1)
        columns = np.repeat(chunk.n, along.size, axis=0)
        for sign, bins in zip((1, -1), lattice.bins[:, chunk.start : chunk.stop], strict=True):
            n = np.column_stack([columns, sign * np.tile(along, len(chunk.n))])
            found.append(n[bins < lattice.count.size])
    n = np.concatenate(found)[:, np.argsort(lattice.axes)]
    return 2.0 * np.pi * np.linalg.solve(cell, n.T).T


def difference(plan: object, positions: np.ndarray, cell: np.ndarray, vectors: np.ndarray, waves: list) -> float:
    ours = plan.of_frame(positions, cell)  # type: ignore[attr-defined]
    bins = np.digitize(np.linalg.norm(vectors, axis=1), EDGES) - 1
    count = np.bincount(bins, minlength=EDGES.size - 1)
    worst = 0.0
    for found, (a, b) in zip(ours, ((0, 0), (0, 1), (1, 1)), strict=True):
        values = (waves[a] * waves[b].conj()).real / len(positions)
        theirs = np.bincount(bins, values, EDGES.size - 1)[count > 0] / count[count > 0]
        worst = max(worst, float(np.abs(theirs - found[count > 0]).max()))
    return worst


def pair_record(rounds: int) -> str:
    rows = []
    for n in (1200, 10_000, 100_000):
        positions, length = gas(n, 2)
        edges = R_EDGES * min(1.0, length / 2.02 / R_EDGES[-1])
        cases = pair_cases(positions, length, edges)
        seconds = side_by_side.median_seconds(cases, rounds if n < 50_000 else 1, time.process_time)
        reference = seconds["glassdask, total"]
        rows += [
            [f"{n:,}", f"{edges[-1]:.2f}", name, f"{1e3 * value:.0f}", f"{value / reference:.1f}"]
            for name, value in seconds.items()
        ]
    header = ["N", "r up to", "case", "ms a frame", "time / glassdask, total"]
    note = (
        "freud with one thread and normalization_mode = 'exact'; MDAnalysis' InterRDF, which divides by N (N − 1) here. "
        "Single precision in both, float64 here; three partials are AA, AB and BB of one frame."
    )
    return "\n\n".join(["## g(r), 250 bins, density 1.2", side_by_side.table(header, rows), note])


def pair_cases(positions: np.ndarray, length: float, edges: np.ndarray) -> dict[str, Callable[[], object]]:
    n = len(positions)
    total, partials = PairDistributionPlan(np.zeros(n, int), edges), PairDistributionPlan(mixture(n), edges)
    cases: dict[str, Callable[[], object]] = {
        "glassdask, total": lambda: total.of_frame(positions, length),
        "glassdask, three partials": lambda: partials.of_frame(positions, length),
    }
    return (
        cases | freud_case(positions, length, edges) | (mdanalysis_case(positions, length, edges) if n < 50_000 else {})
    )


def freud_case(positions: np.ndarray, length: float, edges: np.ndarray) -> dict[str, Callable[[], object]]:
    try:
        import freud
    except ImportError:
        return {}
    freud.parallel.set_num_threads(1)
    rdf = freud.density.RDF(bins=edges.size - 1, r_max=edges[-1], normalization_mode="exact")
    system = freud.box.Box.cube(length), (positions - length / 2).astype(np.float32)
    return {"freud, total": lambda: rdf.compute(system)}


def mdanalysis_case(positions: np.ndarray, length: float, edges: np.ndarray) -> dict[str, Callable[[], object]]:
    try:
        import MDAnalysis
        from MDAnalysis.analysis.rdf import InterRDF
    except ImportError:
        return {}
    universe = MDAnalysis.Universe.empty(len(positions), trajectory=True)
    universe.atoms.positions, universe.dimensions = positions.astype(np.float32), 3 * [length] + 3 * [90.0]
    atoms = universe.atoms
    settings = {"nbins": edges.size - 1, "range": (0.0, edges[-1]), "exclusion_block": (1, 1)}
    return {"MDAnalysis, total": lambda: InterRDF(atoms, atoms, **settings).run()}


if __name__ == "__main__":
    main()

"""S_ab(k) of one frame on the whole lattice k ≤ 40, N = 1200, L = 10: glassdask against dynasor, and against sgemm.

python benchmarks/structure_factor.py [--rounds 5] [--output benchmarks/results/structure_factor.md]
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import side_by_side  # isort: skip  (fixes the number of threads before NumPy is loaded)
import numpy as np
from threadpoolctl import threadpool_limits

from glassdask.physics.structure.structure_factor_plan import StructureFactorPlan
from glassdask.physics.structure.wavevectors import octant

N, BOX, K_MAX = 1200, 10.0, 40.0
FINE_EDGES = np.arange(801) * 0.05
SGEMM_SIZE = 1536
FRAMES, PUBLIC_FRAMES = 4, 5
OURS_SINGLE, OURS_DOUBLE = "glassdask, float32 tables", "glassdask, float64 tables"
PUBLIC_ONE, PUBLIC_MANY = "public function, one frame", "public function, five frames"


def main() -> None:
    options = side_by_side.arguments(__doc__ or "", rounds=5)
    positions = BOX * np.random.default_rng(0).random((FRAMES, N, 3))
    species = (np.arange(N) >= 0.8 * N).astype(int)
    with TemporaryDirectory() as folder, threadpool_limits(1):
        cases = glassdask_cases(positions, species) | sgemm_case() | dynasor_cases(positions, species, Path(folder))
        agreement = largest_difference(positions, species)
        seconds = side_by_side.median_seconds(cases, options.rounds)
    side_by_side.publish(record(seconds, agreement), options.output)


def glassdask_cases(positions: np.ndarray, species: np.ndarray) -> dict[str, Callable[[], object]]:
    """Some frames through a plan, three partials in 800 fine bins."""
    single = StructureFactorPlan(BOX, species, FINE_EDGES, "float32")
    double = StructureFactorPlan(BOX, species, FINE_EDGES, "float64")
    return {
        OURS_SINGLE: lambda: single.of_frames(positions),
        OURS_DOUBLE: lambda: double.of_frames(positions),
    }


def sgemm_case() -> dict[str, Callable[[], object]]:
    """A large square product: what BLAS reaches on this core."""
    a, b = np.random.default_rng(1).random((2, SGEMM_SIZE, SGEMM_SIZE), dtype=np.float32)
    return {"sgemm": lambda: a @ b}


def dynasor_cases(positions: np.ndarray, species: np.ndarray, folder: Path) -> dict[str, Callable[[], object]]:
    """Its compiled kernel called for both species, on all vectors and on one of each ±k; its public function."""
    try:
        import ase
        import ase.io
        import dynasor
        from dynasor.core.reciprocal import calc_rho_q
        from dynasor.logging_tools import set_logging_level
    except ImportError:
        return {}
    vectors = lattice()
    half = vectors[: len(vectors) // 2]  # in the order of the grid, the other half are their negatives
    frame = positions[0]
    symbols = np.array(["Ar", "Br"])[species]
    frames = PUBLIC_FRAMES * [ase.Atoms(symbols, frame, cell=3 * [BOX], pbc=True)]
    ase.io.write(folder / "frames.traj", frames)
    set_logging_level("ERROR")

    def kernel(on: np.ndarray) -> list[np.ndarray]:
        return [calc_rho_q(frame[species == s], on) for s in (0, 1)]

    def public(n_frames: int) -> object:
        trajectory = dynasor.Trajectory(
            str(folder / "frames.traj"),
            trajectory_format="ase",
            atomic_indices="read_from_trajectory",
            frame_stop=n_frames,
        )
        return dynasor.compute_static_structure_factors(trajectory, vectors, logging_interval=0)

    return {
        "dynasor, compiled kernel": lambda: kernel(vectors),
        "dynasor, compiled kernel, one of each ±k": lambda: kernel(half),
        PUBLIC_ONE: lambda: public(1),
        PUBLIC_MANY: lambda: public(PUBLIC_FRAMES),
    }


def lattice() -> np.ndarray:
    """All vectors 2π n/L, 0 < |k| < 40, in the order of the grid, shape (1080750, 3)."""
    reach = int(K_MAX * BOX / (2 * np.pi))
    axis = np.arange(-reach, reach + 1)
    vectors = 2 * np.pi / BOX * np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    length = np.linalg.norm(vectors, axis=1)
    return vectors[(length > 0) & (length < K_MAX)]


def largest_difference(positions: np.ndarray, species: np.ndarray) -> float:
    """Between float32 and float64 tables, over all fine bins and partials."""
    single, double = (
        StructureFactorPlan(BOX, species, FINE_EDGES, precision).of_frames(positions)
        for precision in ("float32", "float64")
    )
    return float(np.nanmax(np.abs(single - double)))


def record(seconds: dict[str, float], agreement: float) -> str:
    """The table, with the fraction of the core's sgemm rate that the whole of a frame reaches."""
    times = {name: time for name, time in seconds.items() if name not in ("sgemm", PUBLIC_ONE, PUBLIC_MANY)}
    for ours in (OURS_SINGLE, OURS_DOUBLE):
        times[ours] /= FRAMES
    reference = times[OURS_SINGLE]
    sgemm_rate = 2.0 * SGEMM_SIZE**3 / seconds["sgemm"]
    n_octant = int(np.count_nonzero(octant(BOX, FINE_EDGES).multiplicity))
    rate = 16.0 * N * n_octant / reference
    if PUBLIC_ONE in seconds:
        marginal = (seconds[PUBLIC_MANY] - seconds[PUBLIC_ONE]) / (PUBLIC_FRAMES - 1)
        times["dynasor, public function, each further frame"] = marginal
    rows = [[name, f"{1e3 * time:.1f}", f"{time / reference:.2f}"] for name, time in times.items()]
    if PUBLIC_ONE not in seconds:
        rows.append(["dynasor: not installed (pip install dynasor)", "", ""])
    notes = (
        "The public function, compute_static_structure_factors, takes seconds to check its vectors once; this is left "
        "out. dynasor is given the whole lattice; one of each ±k holds the same average.\n\n"
        f"glassdask does 16 N = {16 * N} flops for each of the octant's {n_octant} vectors: {1e-9 * rate:.0f} GFLOP/s "
        f"over the whole frame, {rate / sgemm_rate:.0%} of this core's sgemm rate of {1e-9 * sgemm_rate:.0f} GFLOP/s "
        f"({SGEMM_SIZE} × {SGEMM_SIZE}). Float32 and float64 tables differ by at most {agreement:.0e} in any bin."
    )
    return "\n\n".join(
        [
            "# S_ab(k) of a frame, N = 1200, L = 10, 1,080,750 vectors (k ≤ 40), three partials",
            side_by_side.circumstances(["dynasor"]),
            side_by_side.table(["case", "ms a frame", "time / glassdask"], rows),
            notes,
        ]
    )


if __name__ == "__main__":
    main()

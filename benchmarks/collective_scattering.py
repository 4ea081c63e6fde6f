"""F_ab(k, t) at k_p, N = 1200, 100 lags of evenly spaced frames: glassdask against dynasor on the same wavevectors.

python benchmarks/collective_scattering.py [--rounds 5] [--output benchmarks/results/collective_scattering.md]

dynasor's public function reads its frames from a file; the time of reading alone is given, and taken off in the ratio. Its
kernel for density modes is also timed by itself, with the correlation over lags left to glassdask.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import side_by_side  # isort: skip  (fixes the number of threads before NumPy is loaded)
import numpy as np
from threadpoolctl import threadpool_limits

from glassdask.physics.motion.collective_scattering import CollectiveScattering, collective_scattering
from glassdask.physics.numerics.wavevector_shell import reciprocal_vectors, wavevector_shell

N, BOX, N_FRAMES, N_LAGS = 1200, 10.0, 300, 100
PEAK, HALF_WIDTH = 7.2, 0.2
SPECIES = (np.arange(N) >= 0.8 * N).astype(int)
PAIRS = np.array([(origin, origin + lag) for lag in range(N_LAGS) for origin in range(N_FRAMES - lag)])
LAG_OF_PAIR = PAIRS[:, 1] - PAIRS[:, 0]
OURS, MODES = "glassdask", "glassdask, density modes alone"
PUBLIC, READING = "dynasor, compute_dynamic_structure_factors", "dynasor, reading the frames alone"
KERNEL = "dynasor, compiled kernel for density modes alone"

Cases = dict[str, Callable[[], np.ndarray]]


def main() -> None:
    options = side_by_side.arguments((__doc__ or "").splitlines()[0], rounds=5)
    positions = random_walk()
    sections = []
    with threadpool_limits(1), TemporaryDirectory() as folder:
        for title, max_vectors in (("All vectors within 0.2 of 7.2", None), ("100 of them", 100)):
            shell = wavevector_shell(BOX, PEAK, HALF_WIDTH, max_vectors)
            cases = glassdask_cases(positions, shell) | dynasor_cases(positions, shell, Path(folder))
            seconds = side_by_side.median_seconds(cases, options.rounds)
            sections.append(f"## {title}: {len(shell)}, one of each ±k\n\n{table(cases, seconds)}")
    head = f"# Collective F_ab(k, t), N = {N}, three partials, {N_FRAMES} frames, {N_LAGS} lags, {len(PAIRS)} pairs of frames"
    about = side_by_side.circumstances(["dynasor", "ase"])
    note = (
        "The public function's time is without that of reading its frames from a file. dynasor does modes and correlations for all "
        "pairs of frames, as glassdask; its F_AB is the sum of the two equal terms, of which half is compared."
    )
    side_by_side.publish("\n\n".join([head, about, *sections, note]), options.output)


def random_walk() -> np.ndarray:
    """Steps of 0.02 along each axis from random places, shape (n_frames, N, 3)."""
    random = np.random.default_rng(0)
    steps = 0.02 * random.normal(size=(N_FRAMES, N, 3))
    steps[0] = BOX * random.random((N, 3))
    return np.cumsum(steps, axis=0)


def glassdask_cases(positions: np.ndarray, shell: np.ndarray) -> Cases:
    """The public function with its average over origins, shape (n_lags, 3)."""

    def average() -> np.ndarray:
        F = collective_scattering(positions, SPECIES, [shell], PAIRS, box_lengths=BOX)[..., 0]
        sums = np.stack([np.bincount(LAG_OF_PAIR, partial) for partial in F.T], axis=1)
        return sums / np.bincount(LAG_OF_PAIR)[:, None]

    modes = CollectiveScattering([shell], SPECIES).modes
    return {OURS: average, MODES: lambda: modes.of_frames(positions, BOX)}


def dynasor_cases(positions: np.ndarray, shell: np.ndarray, folder: Path) -> Cases:
    """Its public function on a file of ASE, and its kernel called for both species."""
    try:
        import ase
        import ase.io
        import dynasor
        from dynasor.core.reciprocal import calc_rho_q
        from dynasor.logging_tools import set_logging_level
    except ImportError:
        return {}
    set_logging_level("ERROR")
    symbols = np.array(["Ar", "Br"])[SPECIES]
    file = folder / "frames.traj"
    ase.io.write(file, [ase.Atoms(symbols, frame, cell=3 * [BOX], pbc=True) for frame in positions])
    vectors = shell @ reciprocal_vectors(BOX * np.eye(3))

    def trajectory() -> dynasor.Trajectory:
        return dynasor.Trajectory(str(file), trajectory_format="ase", atomic_indices="read_from_trajectory")

    def average() -> np.ndarray:
        sample = dynasor.compute_dynamic_structure_factors(
            trajectory(), vectors, dt=1.0, window_size=N_LAGS - 1, window_step=1, logging_interval=0
        )
        names = {"Ar_Ar": 1.0, "Ar_Br": 0.5, "Br_Br": 1.0}  # AB is the sum of both equal terms
        return np.stack([half * sample[f"Fqt_coh_{name}"].mean(axis=0) for name, half in names.items()], axis=1)

    def modes() -> np.ndarray:
        return np.array([[calc_rho_q(frame[s == SPECIES], vectors) for s in (0, 1)] for frame in positions])

    return {
        PUBLIC: average,
        READING: lambda: np.array([len(frame.positions_by_type) for frame in trajectory()]),
        KERNEL: modes,
    }


def table(cases: Cases, seconds: dict[str, float]) -> str:
    """Times, ratios, and how far dynasor's values are from ours."""
    rows = []
    for name in cases:
        time = seconds[name] - (seconds[READING] if name == PUBLIC else 0.0)
        of = {MODES: MODES, KERNEL: MODES}.get(name, OURS)
        ratio = "" if name == READING else f"{time / seconds[of]:.2f}"
        difference = ""
        if name == PUBLIC:
            difference = f"{np.abs(cases[name]() - cases[OURS]()).max():.0e}"
        if name == KERNEL:
            difference = f"{np.abs(cases[name]() - cases[MODES]()).max():.0e} (of modes up to {np.abs(cases[MODES]()).max():.0f})"
        rows.append([name, f"{1e3 * time / N_FRAMES:.3f}", ratio, difference])
    if PUBLIC not in cases:
        rows.append(["dynasor: not installed (pip install dynasor)", "", "", ""])
    return side_by_side.table(["case", "ms a frame", "time / glassdask", "largest difference"], rows)


if __name__ == "__main__":
    main()

"""F_s(k, t) over the same pairs of frames, N = 1200: glassdask against dynasor and atooms-pp, one and 100 wavenumbers.

    python benchmarks/intermediate_scattering.py [--rounds 5] [--output benchmarks/results/intermediate_scattering.md]

The peers average exp(ik·Δr) over eight lattice vectors of the shell next to each wavenumber (atooms-pp's default
number); glassdask over all directions at once. atooms-pp compiles its Fortran on first import if it finds gfortran,
meson and ninja: put the environment's bin folder on PATH.
"""

from __future__ import annotations

from collections.abc import Callable

import side_by_side  # isort: skip  (fixes the number of threads before NumPy is loaded)
import numpy as np
from threadpoolctl import threadpool_limits

from glassdask.physics.motion.intermediate_scattering import self_intermediate_scattering

N, BOX, N_FRAMES = 1200, 10.0, 33
LAGS = (1, 2, 4, 8, 16)
VECTORS_PER_SHELL = 8
GRID = (np.arange(100) + 0.5) * 0.4
OURS = "glassdask"

Cases = dict[str, Callable[[], np.ndarray]]


def main() -> None:
    options = side_by_side.arguments((__doc__ or "").splitlines()[0], rounds=5)
    positions = random_walk()
    pairs = np.array([(origin, origin + lag) for lag in LAGS for origin in range(N_FRAMES - lag)])
    lag_of_pair = pairs[:, 1] - pairs[:, 0]
    sections = []
    with threadpool_limits(1):
        for title, targets in (("One wavenumber, 7.2", np.array([7.2])), ("100 wavenumbers, 0.2 … 39.8", GRID)):
            shells = [shell(k) for k in targets]
            # At one wavenumber the same k for all, so that values can be compared; on the grid, the grid's own.
            wavenumbers = np.array([np.linalg.norm(shells[0][0])]) if len(targets) == 1 else targets
            cases = glassdask_case(positions, pairs, lag_of_pair, wavenumbers)
            cases |= dynasor_case(positions, pairs, lag_of_pair, shells) | atooms_cases(positions, shells)
            seconds = side_by_side.median_seconds(cases, options.rounds)
            sections.append(f"## {title}\n\n{table(cases, seconds, len(pairs), is_compared=len(targets) == 1)}")
    head = f"# F_s(k, t), N = {N}, {len(pairs)} pairs of frames at lags {LAGS}, all particles one species"
    about = side_by_side.circumstances(["dynasor", "atooms-pp"])
    side_by_side.publish("\n\n".join([head, about, *sections]), options.output)


def random_walk() -> np.ndarray:
    """Unwrapped positions, steps of 0.1 along each axis, the centre of mass at rest, shape (n_frames, N, 3)."""
    random = np.random.default_rng(0)
    steps = 0.1 * random.normal(size=(N_FRAMES - 1, N, 3))
    steps -= steps.mean(axis=1, keepdims=True)
    return np.cumsum(np.concatenate([BOX * random.random((1, N, 3)), steps]), axis=0)


def shell(wavenumber: float) -> np.ndarray:
    """Up to eight vectors, none the negative of another, of the lattice shell whose length is closest to k."""
    unit = 2 * np.pi / BOX
    reach = int(wavenumber / unit) + 1
    axis = np.arange(-reach, reach + 1)
    n = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    n = n[: len(n) // 2]
    square = (n**2).sum(axis=1)
    chosen = square[np.argmin(np.abs(unit * np.sqrt(square) - wavenumber))]
    on_shell = n[square == chosen]
    return unit * on_shell[np.linspace(0, len(on_shell) - 1, min(VECTORS_PER_SHELL, len(on_shell))).astype(int)]


def glassdask_case(positions: np.ndarray, pairs: np.ndarray, lag_of_pair: np.ndarray, wavenumbers: np.ndarray) -> Cases:
    """Averages over origins, shape (n_lags, n_k)."""
    species = np.zeros(N, int)

    def average() -> np.ndarray:
        F = self_intermediate_scattering(positions, species, wavenumbers, pairs)[:, 0]
        return np.array([F[lag_of_pair == lag].mean(axis=0) for lag in LAGS])

    return {OURS: average}


def dynasor_case(positions: np.ndarray, pairs: np.ndarray, lag_of_pair: np.ndarray, shells: list[np.ndarray]) -> Cases:
    """Its compiled kernel for the incoherent part, called directly on the displacements of all pairs."""
    try:
        from dynasor.core.reciprocal import _calc_rho_q_incoherent
    except ImportError:
        return {}
    vectors = np.concatenate(shells)
    starts = np.cumsum([0, *(len(one) for one in shells[:-1])])
    sizes = np.array([len(one) for one in shells])

    def average() -> np.ndarray:
        moved = np.ascontiguousarray((positions[pairs[:, 1]] - positions[pairs[:, 0]]).transpose(0, 2, 1))
        F = np.add.reduceat(_calc_rho_q_incoherent(moved, vectors), starts, axis=1) / (sizes * N)
        return np.array([F[lag_of_pair == lag].mean(axis=0) for lag in LAGS])

    return {"dynasor, compiled kernel": average}


def atooms_cases(positions: np.ndarray, shells: list[np.ndarray]) -> Cases:
    """Its public class on a trajectory in memory."""
    try:
        from atooms.postprocessing import SelfIntermediateScattering
        from atooms.postprocessing.core import f90
        from atooms.system import Cell, Particle, System
        from atooms.trajectory.ram import TrajectoryRam
    except ImportError:
        return {}
    trajectory = TrajectoryRam()
    for step, frame in enumerate(positions % BOX):
        trajectory.write(System(particle=[Particle(position=r) for r in frame], cell=Cell(3 * [BOX])), step)
    kernel = "compiled Fortran" if f90 is not None else "NumPy: no Fortran compiler found"

    def average() -> np.ndarray:
        correlation = SelfIntermediateScattering(
            trajectory,
            tgrid=[float(lag) for lag in LAGS],
            kvectors=[list(one) for one in shells],
            normalize=False,
            norigins=-1,
        )
        correlation.compute()
        return np.array(correlation.value).T

    return {f"atooms-pp, SelfIntermediateScattering ({kernel})": average}


def table(cases: Cases, seconds: dict[str, float], n_pairs: int, is_compared: bool) -> str:
    """Times, ratios and, at one wavenumber, how far the peers' values are from ours."""
    reference = cases[OURS]()
    rows = []
    for name, case in cases.items():
        difference = f"{np.abs(case() - reference).max():.0e}" if is_compared else ""
        ratio = seconds[name] / seconds[OURS]
        rows.append([name, f"{1e6 * seconds[name] / n_pairs:.0f}", f"{ratio:.2f}", difference])
    for peer, remedy in (("dynasor", "dynasor"), ("atooms-pp", "atooms-pp")):
        if not any(name.startswith(peer) for name in cases):
            rows.append([f"{peer}: not installed (pip install {remedy})", "", "", ""])
    return side_by_side.table(["case", "µs a pair of frames", "time / glassdask", "largest difference of F_s"], rows)


if __name__ == "__main__":
    main()

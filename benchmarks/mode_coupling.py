"""Mode-coupling theory in the time domain against mctpy, on the same hard spheres and grids.

    python benchmarks/mode_coupling.py --output benchmarks/results/mode_coupling.md

mctpy needs ``pip install --no-deps mctpy`` and h5py; without it its rows say so. Its kernels are compiled anew for each
model, which is timed by itself; the rows compare what is left, warm against warm. Errors are those of the relaxation time
of F(7.4, t) at packing fraction 0.515, where correlations stretch over 18 decades of the grid and the critical point is
0.2 % away.
"""

from __future__ import annotations

import side_by_side  # first: it fixes the number of threads

# isort: split
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from glassdask.physics.compiled import collective_sums, tagged_sums
from glassdask.physics.memory.memory_equation import solve_memory_equation
from glassdask.physics.memory.memory_solution import MemorySolution, extrapolate
from glassdask.physics.memory.time_doubling import DoublingGrid
from glassdask.physics.mode_coupling.mode_coupling_dynamics import mode_coupling_dynamics
from glassdask.physics.mode_coupling.mode_coupling_kernels import CollectiveKernel, bare_rates
from glassdask.physics.motion.curves.relaxation_time import relaxation_time
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.physics.structure.percus_yevick import percus_yevick

try:
    import mctpy
except ImportError:
    mctpy = None

PACKING, N_K, PEAK = 0.515, 100, 18
#: Where the iterations of a time step end, for both.
TOLERANCE = 1e-8
_REPEATS = 200
FIRST_STEP, END = 1e-9, 1e9
HALF_BLOCKS = (8, 10, 16, 32)
PEER_BLOCKS = (32, 64, 128, 256)
STRUCTURE = percus_yevick(bipolar_wavenumbers(0.4, N_K), PACKING)
MIXTURE = percus_yevick(bipolar_wavenumbers(0.4, N_K), 0.51, (0.8, 1.0), (0.2, 0.8))


def solution(n_half: int, tolerance: float = TOLERANCE) -> MemorySolution:
    """Collective F(k,t) of the hard spheres over 18 decades."""
    grid = DoublingGrid.reaching(n_half, FIRST_STEP, END)
    return _solved(grid, tolerance)


def _solved(grid: DoublingGrid, tolerance: float) -> MemorySolution:
    S = STRUCTURE.structure_factor
    return solve_memory_equation(CollectiveKernel(STRUCTURE), bare_rates(STRUCTURE, 1.0), S, grid, tolerance=tolerance)


def extrapolated(n_half: int, tolerance: float = TOLERANCE) -> MemorySolution:
    """The same by Richardson's extrapolation."""
    grid = DoublingGrid.reaching(n_half, FIRST_STEP, END)
    return extrapolate(_solved(grid, tolerance), _solved(grid.halved(), tolerance))


def tau_of(found: MemorySolution) -> float:
    """1/e of F(7.4, t) / S."""
    return relaxation_time(found.grid.times, found.F[:, 0, 0, PEAK] / STRUCTURE.structure_factor[0, 0, PEAK]).value


class Peer:
    """mctpy's simple-liquid model of the same hard spheres, compiled once."""

    def __init__(self) -> None:
        start = time.perf_counter()
        self.model = mctpy.simple_liquid_model(mctpy.structurefactors.hssPY(PACKING), STRUCTURE.wavenumber)
        self.solve(32, blocks=1)
        self.compile_seconds = time.perf_counter() - start

    def solve(self, blocksize: int, blocks: int = 60) -> Any:
        """A correlator over `blocks` doublings."""
        found = mctpy.correlator(
            model=self.model, blocksize=blocksize, h=FIRST_STEP, blocks=blocks, store=True, accuracy=TOLERANCE
        )
        found.solve_all()
        return found

    def tau(self, blocksize: int) -> float:
        """1/e of F(7.4, t) / S."""
        found = self.solve(blocksize)
        times, places = np.unique(found.t[found.t > 0], return_index=True)
        return relaxation_time(times, found.phi[found.t > 0][places, PEAK]).value


def mixture_tau(n_half: int, is_extrapolated: bool = False) -> np.ndarray:
    """Relaxation times of tagged particles of both species, collective F, F_s and displacements solved."""
    found = mode_coupling_dynamics(MIXTURE, 1e6, n_half=n_half, is_extrapolated=is_extrapolated)
    return np.array([relaxation_time(found.t, found.F_s[:, a, PEAK]).value for a in range(2)])


def kernel_rows(rounds: int) -> list[list[str]]:
    """Time of the two integrals beside their operations."""
    rows = []
    for structure in (STRUCTURE, MIXTURE):
        n = structure.n_species
        F, c = structure.structure_factor, structure.direct_correlation
        W, F_s = np.ones((n, N_K)), np.ones((n, N_K))
        pairs, windows = n * (n + 1) // 2, N_K * (N_K + 1) // 2
        cases: dict[str, tuple[Callable[[], object], int]] = {
            f"collective, {n} species": (
                partial(collective_sums, F, c, np.empty_like(F)),
                windows * 47 * pairs,
            ),
            f"tagged, {n} species": (partial(tagged_sums, W, F_s, np.empty_like(W)), windows * 23 * n),
        }
        for name, (call, flops) in cases.items():
            seconds = side_by_side.median_seconds({name: partial(_many, call)}, rounds)[name] / _REPEATS
            rows.append(
                [name, f"{1e6 * seconds:.0f}", f"{flops:,}", f"{1e-9 * flops / seconds:.1f}", f"{N_K**3 // 2:,}"]
            )
    return rows


def _many(call: Callable[[], object]) -> None:
    for _ in range(_REPEATS):
        call()


def main() -> None:
    args = side_by_side.arguments(__doc__.splitlines()[0], rounds=5)
    exact = tau_of(extrapolated(128, 1e-11))
    ours = {f"glassdask, N = {n}": partial(solution, n) for n in HALF_BLOCKS}
    ours["glassdask, N = 8 and 16 extrapolated"] = partial(extrapolated, 8)
    errors = {name: tau_of(solve()) / exact - 1 for name, solve in ours.items()}
    cases: dict[str, Callable[[], object]] = dict(ours)
    note = ""
    if mctpy is not None:
        peer = Peer()
        cases |= {f"mctpy, block of {size}": partial(peer.solve, size) for size in PEER_BLOCKS}
        errors |= {f"mctpy, block of {size}": peer.tau(size) / exact - 1 for size in PEER_BLOCKS}
        note = (
            f" mctpy compiled its kernel and solver in {peer.compile_seconds:.1f} s, for each model anew; glassdask compiles "
            "nothing for a new model."
        )
    seconds = side_by_side.median_seconds(cases, args.rounds)
    rows = [
        [name, f"{s:.3f}", f"{errors[name]:+.2%}", _best_of_ours(name, seconds, errors)] for name, s in seconds.items()
    ]
    if mctpy is None:
        rows.append(["mctpy: not installed (pip install --no-deps mctpy h5py)", "", "", ""])
    reference = mixture_tau(64, is_extrapolated=True)
    mixtures = {f"N = {n}": partial(mixture_tau, n) for n in (8, 16, 32)}
    mixture_seconds = side_by_side.median_seconds(mixtures, args.rounds)
    mixture_rows = [
        [name, f"{s:.2f}", f"{np.abs(mixtures[name]() / reference - 1).max():.2%}"]
        for name, s in mixture_seconds.items()
    ]
    text = "\n\n".join(
        [
            "# Mode-coupling theory in time: hard spheres (Percus–Yevick) at packing 0.515, N_k = 100, 18 decades",
            side_by_side.circumstances(["mctpy"]),
            side_by_side.table(["case", "seconds", "error of tau", "times our cheapest that is as exact"], rows),
            f"tau = {exact:.2f} in units of d²/D, from N = 128 and 256 extrapolated. Iterations end at changes of {TOLERANCE:g} in all cases.{note}",
            (
                "Binary mixture d = (0.8, 1), x = (0.2, 0.8), packing 0.51: F_ab, F_s of both species and displacements, to "
                "t = 1e6:"
            ),
            side_by_side.table(["case", "seconds", "largest error of tau_s"], mixture_rows),
            (
                "The integral over two wavevectors, one evaluation; the last column counts the terms (q, p, k) of the sum that "
                "the windows replace:"
            ),
            side_by_side.table(
                ["kernel", "µs", "flops", "GFLOP/s", "terms of the triple sum"], kernel_rows(args.rounds)
            ),
        ]
    )
    side_by_side.publish(text, args.output)


def _best_of_ours(name: str, seconds: dict[str, float], errors: dict[str, float]) -> str:
    """Ratio to our fastest case whose error is no larger."""
    as_exact = [s for n, s in seconds.items() if n.startswith("glassdask") and abs(errors[n]) <= abs(errors[name])]
    return f"{seconds[name] / min(as_exact):.1f}" if as_exact else "–"


if __name__ == "__main__":
    main()

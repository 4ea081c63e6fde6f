"""Statics of a trajectory: S_ab(k) on the campaign's grid and in fine bins, its main peak, crystallinity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from glassdask.arrays import to_host
from glassdask.errors import InvalidInput
from glassdask.physics.liquids.liquid import SPECIES, pairs_of
from glassdask.physics.numerics.batches import Batches
from glassdask.physics.numerics.error_bars import block_average, consecutive_blocks
from glassdask.physics.numerics.frame_upload import FrameUpload
from glassdask.physics.structure.crystallinity import crystallinity, majority_species
from glassdask.physics.structure.spread_frames import spread_frames
from glassdask.physics.structure.structure_factor_plan import StructureFactorPlan
from glassdask.physics.structure.wavenumber_bins import Peak, fill_empty_bins, peak, peak_interval, rebin
from glassdask.simulation.records.trajectory import Trajectory
from glassdask.stages.contract.grids import wavenumber_edges
from glassdask.stages.contract.sections import WavenumbersSection

#: Groups of consecutive frames that error bars and the verdict on crystallisation come from.
N_BLOCKS = 10
#: Frames that are searched for crystals; each costs some milliseconds.
CRYSTAL_FRAMES = 20
#: The search for crystals is the last part of the work, S(k) all before.
_CRYSTAL_SHARE_BEGINS = 0.9


@dataclass(frozen=True)
class Crystal:
    """The species with most particles, its solid-like fraction in blocks of time, and the largest cluster of every frame
    looked at."""

    species: str
    fraction_blocks: np.ndarray
    clusters: np.ndarray


@dataclass(frozen=True)
class Structure:
    """What one trajectory says of the structure; partials have the shape (n_pairs, n_bins), order AA, AB, BB, …"""

    partials: np.ndarray
    error: np.ndarray
    is_filled: np.ndarray
    mean_wavenumber: np.ndarray
    fine: np.ndarray
    fine_error: np.ndarray
    fine_wavenumber: np.ndarray
    fine_centres: np.ndarray
    peak: Peak
    peak_values: np.ndarray
    crystal: Crystal


@dataclass(frozen=True)
class TakenStructure:
    """S_ab(k) of single frames, taken while the simulation ran.

    Parameters
    ----------
    steps
        Of the frames, increasing, shape (n_frames,). [base steps]
    centres
        Of the fine bins, shape (n_bins,). [1/sigma_AA]
    factors
        S_AA, S_AB, S_BB, …, shape (n_frames, n_pairs, n_bins).
    """

    steps: np.ndarray
    centres: np.ndarray
    factors: np.ndarray

    def of_frames(self, steps: np.ndarray, fine_edges: np.ndarray) -> np.ndarray | None:
        """Those of some frames; None if one is missing, or the bins are others."""
        centres = 0.5 * (fine_edges[1:] + fine_edges[:-1])
        if self.centres.shape != centres.shape or not np.allclose(self.centres, centres, rtol=1e-12):
            return None
        return self.factors[np.searchsorted(self.steps, steps)] if np.isin(steps, self.steps).all() else None


def structure_of_trajectory(
    trajectory: Trajectory,
    base: np.ndarray,
    section: WavenumbersSection,
    look: Callable[[float], None],
    xp: ModuleType = np,
    taken: TakenStructure | None = None,
) -> Structure:
    """S_ab(k) averaged over frames that are spread evenly in time, one frame (on a device: a batch) in memory.

    Parameters
    ----------
    trajectory
        Open for reading.
    base
        Steps of its frames in base steps, shape (n_frames,).
    section
        The table ``wavenumbers`` of the campaign file.
    look
        Called at every frame or batch with the share that is done.
    xp
        Where the work is done, ``numpy`` or ``cupy``.
    taken
        Of frames that the simulation has looked at itself: used where all that are wanted are there, on the same bins.
    """
    edges, fine_edges = wavenumber_edges(section)
    plan = StructureFactorPlan(trajectory.box_length, trajectory.species, fine_edges, xp=xp)
    chosen = spread_frames(base, section.structure_frames)
    frames = taken.of_frames(base[chosen], fine_edges) if taken else None
    if frames is None:
        frames = _of_frames(plan, trajectory, chosen, look, xp)
    fine = frames.mean(axis=0)
    coarse_frames, count = rebin(frames, plan.count, section.fine_bins)
    wavenumber, _ = rebin(plan.wavenumber, plan.count, section.fine_bins)
    centres = 0.5 * (edges[1:] + edges[:-1])
    filled = fill_empty_bins(coarse_frames.mean(axis=0), wavenumber, count, centres)
    density = len(trajectory.species) / trajectory.box_length**3
    main = peak(plan.wavenumber, fine[0], plan.count, peak_interval(density))
    of_like = fine[[pair[0] == pair[1] for pair in pairs_of(1 + int(trajectory.species.max()))]]
    return Structure(
        partials=filled.partials,
        error=_standard_error(coarse_frames),
        is_filled=filled.is_filled,
        mean_wavenumber=wavenumber,
        fine=fine,
        fine_error=_standard_error(frames),
        fine_wavenumber=plan.wavenumber,
        fine_centres=0.5 * (fine_edges[1:] + fine_edges[:-1]),
        peak=main,
        peak_values=np.array(
            [main.value, *(value_at(plan.wavenumber, plan.count, S, main.wavenumber) for S in of_like[1:])]
        ),
        crystal=_crystal(trajectory, base, look),
    )


def _of_frames(
    plan: StructureFactorPlan,
    trajectory: Trajectory,
    chosen: np.ndarray,
    look: Callable[[float], None],
    xp: ModuleType,
) -> np.ndarray:
    """S_ab(k) of single frames, shape (n_frames, n_pairs, n_bins); a device works on one batch while the next is read."""
    upload, n_begun = FrameUpload(xp), 0

    def of_batch(indices: np.ndarray) -> Any:
        nonlocal n_begun
        look(_CRYSTAL_SHARE_BEGINS * n_begun / len(chosen))
        n_begun += len(indices)
        frames = np.array([trajectory[int(index)].positions for index in indices])
        _check_finite(frames, indices)
        with upload(frames) as positions:
            return plan.of_finite_frames(positions)

    found = Batches(plan.frames_at_once, xp).over(chosen, of_batch)
    return np.concatenate([to_host(part) for part in found])


def _check_finite(frames: np.ndarray, indices: np.ndarray) -> None:
    """On the host, where they come from: a device would have to be waited for."""
    is_finite = np.isfinite(frames).all(axis=(1, 2))
    if not is_finite.all():
        raise InvalidInput(
            f"positions are not finite in frame {indices[np.argmin(is_finite)]}: the run has diverged; run it again"
        )


def _standard_error(frames: np.ndarray) -> np.ndarray:
    return block_average(consecutive_blocks(frames, N_BLOCKS)).standard_error


def value_at(k: np.ndarray, count: np.ndarray, values: np.ndarray, wavenumber: float, half_width: float = 0.3) -> float:
    """S at a wavenumber: a parabola through the fine bins around it, weighted with their number of vectors."""
    near = (count > 0) & (np.abs(k - wavenumber) < half_width)
    shift = k[near] - wavenumber
    return float(np.polynomial.Polynomial.fit(shift, values[near], 2, w=np.sqrt(count[near]))(0.0))


def _crystal(trajectory: Trajectory, base: np.ndarray, look: Callable[[float], None]) -> Crystal:
    found, chosen = [], spread_frames(base, CRYSTAL_FRAMES)
    for number, index in enumerate(chosen):
        look(_CRYSTAL_SHARE_BEGINS + (1.0 - _CRYSTAL_SHARE_BEGINS) * number / len(chosen))
        found.append(crystallinity(trajectory[int(index)].positions, trajectory.box_length, trajectory.species))
    fractions = [frame.solid_fraction for frame in found]
    clusters = np.array([frame.largest_cluster for frame in found])
    return Crystal(SPECIES[majority_species(trajectory.species)], consecutive_blocks(fractions, N_BLOCKS), clusters)

"""Dynamics of a trajectory: F_s(k,t) on the campaign's grid and at k_p, and displacements, block by block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from glassdask.physics.motion.intermediate_scattering import self_intermediate_scattering
from glassdask.physics.motion.lag_times import frame_pairs
from glassdask.physics.motion.mean_squared_displacement import (
    mean_squared_displacement,
)
from glassdask.physics.numerics.batches import Batches
from glassdask.simulation.records.trajectory import Trajectory


@dataclass(frozen=True)
class Scattering:
    """One value a pair of frames, lag after lag in the order of `frame_pairs`.

    Parameters
    ----------
    grid
        F_s on the k grid, shape (n_pairs, n_species, n_k).
    peak
        F_s at k_p, shape (n_pairs, n_species).
    displacement
        |Δr|² averaged over the particles, shape (n_pairs, n_species). [sigma_AA^2]
    """

    grid: np.ndarray
    peak: np.ndarray
    displacement: np.ndarray


def scattering_of_trajectory(
    trajectory: Trajectory,
    base: np.ndarray,
    lags: np.ndarray,
    block_length: int,
    wavenumbers: np.ndarray,
    peak_wavenumber: float,
    look: Callable[[float], None],
    xp: ModuleType = np,
    remove_drift: bool | None = None,
) -> Scattering:
    """All pairs of frames of all lags; one block of frames and the block starts are in memory.

    Parameters
    ----------
    trajectory
        Open for reading.
    base
        Steps of its frames in base steps, shape (n_frames,).
    lags
        In base steps, shape (n_lags,).
    block_length
        In base steps.
    wavenumbers
        The k grid, shape (n_k,). [1/sigma_AA]
    peak_wavenumber
        k_p. [1/sigma_AA]
    look
        Called at every block with the share that is done.
    xp
        Where the work is done, ``numpy`` or ``cupy``.
    remove_drift
        As for `self_intermediate_scattering`: False where masses differ, as then it is their centre that rests.
    """
    pairs = frame_pairs(base, lags, block_length)
    all_pairs = np.concatenate(pairs)
    n_species = int(trajectory.species.max()) + 1
    grid = np.empty((len(all_pairs), n_species, len(wavenumbers)))
    peak = np.empty((len(all_pairs), n_species))
    displacement = np.empty((len(all_pairs), n_species))
    species = trajectory.species
    batches = Batches(len(all_pairs), xp)
    drift: dict[str, Any] = {"box_lengths": np.inf, "remove_drift": remove_drift}
    n_done = 0
    for which, frames in _groups(all_pairs, base, block_length):
        look(n_done / len(all_pairs))
        n_done += len(which)
        positions = np.array([trajectory[int(index)].unwrapped for index in frames])

        def of_pairs(part: np.ndarray, positions: np.ndarray = positions, frames: np.ndarray = frames) -> None:
            """Half of the pairs need fewer of the frames: where memory is short, only those are brought there."""
            used, local = np.unique(np.searchsorted(frames, all_pairs[part]), return_inverse=True)
            there = xp.asarray(positions if used.size == len(positions) else positions[used])
            local = local.reshape(-1, 2)
            grid[part] = self_intermediate_scattering(there, species, wavenumbers, local, **drift)
            peak[part] = self_intermediate_scattering(there, species, [peak_wavenumber], local, **drift)[..., 0]
            displacement[part] = mean_squared_displacement(there, species, local, **drift)

        batches.over(which, of_pairs)
    return Scattering(grid, peak, displacement)


def _groups(all_pairs: np.ndarray, base: np.ndarray, block_length: int):
    """Pairs that are worked on together, with the sorted frames they need: those inside each block, then the rest.

    Yields
    ------
    which, frames
        Indices of pairs, and of the frames that they name.
    """
    block = base[all_pairs] // block_length
    is_inside = block[:, 0] == block[:, 1]
    for number in np.unique(block[is_inside, 0]):
        which = np.flatnonzero(is_inside & (block[:, 0] == number))
        yield which, np.unique(all_pairs[which])
    between = np.flatnonzero(~is_inside)
    if between.size:
        yield between, np.unique(all_pairs[between])

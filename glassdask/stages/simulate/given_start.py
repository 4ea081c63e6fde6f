"""A configuration that is given for a state to start from, in the place of a random one: which file it is, and whether it fits."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from glassdask.datasets.trajectories.own_trajectory import OwnTrajectory, open_trajectory
from glassdask.errors import InvalidInput
from glassdask.files.checksum import file_sha256
from glassdask.physics.liquids.liquid import Liquid, n_particles
from glassdask.simulation.particles.particles import wrap
from glassdask.state_point import StatePoint, decimal_text

#: Relative difference of lengths of boxes that single precision and printed digits explain.
_SAME_LENGTH = 1e-5


def start_path(template: str, state: StatePoint) -> Path:
    """The file of a state: ``{potential}``, ``{T}``, ``{rho}`` and ``{replica}`` are spelled as in the names of states.

    >>> str(start_path("in/{potential}_{T}.gsd", StatePoint("lj", 0.45, 1.2)))
    'in/lj_0.45.gsd'
    """
    named = {"T": decimal_text(state.temperature), "rho": decimal_text(state.density)}
    return Path(template.format(potential=state.potential, replica=state.replica, **named))


def start_sha256(path: Path) -> str | None:
    """Of the file, read again only if it has changed; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return _sha256(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=2**16)
def _sha256(path: Path, mtime_ns: int, n_bytes: int) -> str:  # noqa: ARG001  by which it is known again
    return file_sha256(path)


def write_start(path: Path, state: StatePoint, liquid: Liquid, box_length: float, target: Path) -> None:
    """Writes the last configuration of a file as the simulation's process reads it.

    Parameters
    ----------
    path
        In any format of ``glassdask.datasets.trajectories``.
    state, liquid, box_length
        What it has to be a configuration of.
    target
        An npz file: ``positions`` in [-L/2, L/2), shape (N, 3) [sigma_AA], and ``species``, species by species.

    Raises
    ------
    InvalidInput
        If it cannot be read or is not one of this state, with what it holds and what is asked for.
    """
    positions, species = checked_start(path, state, liquid, box_length)
    np.savez(target, positions=positions, species=species)


def checked_start(path: Path, state: StatePoint, liquid: Liquid, box_length: float) -> tuple[np.ndarray, np.ndarray]:
    """Positions and species of `write_start`, or InvalidInput."""
    what = f"system.start: {path}, from which {state.identifier} is to start,"
    if not path.is_file():
        raise InvalidInput(f"{what} does not exist; put it there, or leave system.start out for a random start")
    with open_trajectory(path) as trajectory:
        _check(trajectory, what, liquid, n_particles(state.density, box_length), box_length)
        order = np.argsort(trajectory.species, kind="stable")
        positions, _ = wrap(trajectory.positions(len(trajectory) - 1)[order], box_length)
        return positions, np.asarray(trajectory.species)[order]


def _check(trajectory: OwnTrajectory, what: str, liquid: Liquid, n: int, box_length: float) -> None:
    counts = np.bincount(trajectory.species, minlength=liquid.n_species)
    wanted = np.array(liquid.counts(n))
    if counts.size != wanted.size or (counts != wanted).any():
        raise InvalidInput(
            f"{what} holds {counts.sum()} particles ({_listed(trajectory.names, counts)}); allowed: the {n} that the state "
            f"has in its box ({_listed(liquid.species, wanted)})"
        )
    cell = trajectory.cell(len(trajectory) - 1)
    if trajectory.dimension != 3 or not np.allclose(
        cell, box_length * np.eye(3), rtol=0, atol=_SAME_LENGTH * box_length
    ):
        lengths = ", ".join(f"{value:.6g}" for value in np.linalg.norm(cell, axis=1))
        raise InvalidInput(
            f"{what} has a cell with edges of {lengths}; allowed: the cube of system.box_length = {box_length:g}, that is "
            f"the density {n / box_length**3:.6g}"
        )


def _listed(names: object, counts: np.ndarray) -> str:
    return ", ".join(f"{count} {name}" for name, count in zip(list(names), counts, strict=False))  # type: ignore[call-overload]

"""What must be true of every frame of a trajectory before it is used."""

from __future__ import annotations

import numpy as np

from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.stored_frame import Floats, Integers, StoredFrame
from glassdask.errors import InvalidInput


def refuse_bad_frame(
    frame: StoredFrame, first: StoredFrame, options: TrajectoryOptions, named: str, first_named: str
) -> None:
    """Refuses a frame without a box, of other particles than the first one, or with positions that are not finite.

    Raises
    ------
    InvalidInput
        With what the frame is called, and what to do.
    """
    _refuse_bad_box(frame, options, named)
    _refuse_types_without_label(frame, named)
    _refuse_other_particles(frame, first, named, first_named)
    if not np.isfinite(frame.positions).all():
        particle = int(np.argmax(~np.isfinite(frame.positions).all(axis=1)))
        raise InvalidInput(
            f"{named}: the position of particle {particle} is not finite; the run has failed there: use the frames before it (last)"
        )


def _refuse_bad_box(frame: StoredFrame, options: TrajectoryOptions, named: str) -> None:
    if options.box is not None:
        return
    if frame.cell is None:
        raise InvalidInput(f"{named}: the file says no box; give its lengths (box), in the unit of the file")
    if not _has_volume(frame.cell):
        raise InvalidInput(
            f"{named}: the box has the lattice vectors {frame.cell.tolist()}, which span no volume; give the right one (box), in the unit "
            "of the file"
        )


def _has_volume(cell: Floats) -> bool:
    """Also of a left-handed cell; along the axes, no length may be negative."""
    with np.errstate(over="ignore"):
        volume = np.linalg.det(cell) if np.isfinite(cell).all() else 0.0
    if volume == 0 or not np.isfinite(volume):
        return False
    return bool(np.any(np.triu(cell, 1))) or bool(np.all(np.diag(cell) > 0))


def _refuse_types_without_label(frame: StoredFrame, named: str) -> None:
    if frame.types is None or not len(frame.types):
        return
    least, most = int(frame.types.min()), int(frame.types.max())
    if least < 0 or most >= len(frame.labels):
        raise InvalidInput(
            f"{named}: its particles are of types {least} to {most}, and it has labels for 0 to {len(frame.labels) - 1} "
            f"({', '.join(frame.labels)}); write the file with one of each"
        )


def _refuse_other_particles(frame: StoredFrame, first: StoredFrame, named: str, first_named: str) -> None:
    if len(frame.positions) != len(first.positions):
        raise InvalidInput(
            f"{named}: it has {len(frame.positions)} particles, and {first_named} has {len(first.positions)}; allowed: the same in all; "
            "read the frames of one number (first, last)"
        )
    if len(frame.positions) == 0:
        raise InvalidInput(f"{named}: it has no particles; write the dump of all")
    if not _are_same(frame.ids, first.ids):
        raise InvalidInput(
            f"{named}: the ids of its particles are not those of {first_named}; allowed: the same particles in all frames"
        )
    if frame.ids is not None and np.any(frame.ids[1:] == frame.ids[:-1]):
        raise InvalidInput(
            f"{named}: particle {frame.ids[:-1][frame.ids[1:] == frame.ids[:-1]][0]} stands in it twice; write the dump again"
        )
    if frame.labels != first.labels or not _are_same(frame.types, first.types):
        raise InvalidInput(
            f"{named}: the species of its particles are not those of {first_named}; allowed: the same in all frames"
        )
    if (frame.images is None) != (first.images is None):
        raise InvalidInput(
            f"{named}: it has image flags, and {first_named} has none, or the other way round; write all frames alike"
        )


def _are_same(one: Integers | None, other: Integers | None) -> bool:
    return one is other or (one is not None and other is not None and np.array_equal(one, other))

"""A user's own trajectory, open for reading: species, times, cells and positions as estimators ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.trajectories.checked_frame import refuse_bad_frame
from glassdask.datasets.trajectories.composition import composition_of
from glassdask.datasets.trajectories.following import Follower
from glassdask.datasets.trajectories.formats.catalogue import open_file
from glassdask.datasets.trajectories.frame_order import order_of
from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.plausibility import (
    Snapshot,
    doubts_of_box,
    looks_unwrapped,
    middle_of,
    refuse_far_outside,
    refuse_scaled,
)
from glassdask.datasets.trajectories.stored_frame import Floats, StoredFrame, TrajectoryFile
from glassdask.datasets.trajectories.topology import with_species
from glassdask.physics.numerics.periodic_cell import fractional

#: Of the extent along x: particles of a plane lie within it along z.
_FLAT = 1e-6


def open_trajectory(path: str | Path, options: TrajectoryOptions | None = None) -> OwnTrajectory:
    """A trajectory of any format that is known, understood and checked as far as a few frames tell.

    Parameters
    ----------
    path
        Of the file.
    options
        What the file does not say.

    Returns
    -------
    OwnTrajectory
        Frames to be asked for by number; a context manager.

    Raises
    ------
    InvalidInput
        If the file cannot be read, or what it says cannot be right; with the number of the frame and what to do.
    MissingComponent
        If the format needs a package that is not installed.
    """
    return OwnTrajectory(path, options or TrajectoryOptions())


class OwnTrajectory:
    """A trajectory that somebody has: the same particles in every frame, frames by number from 0, in the order of time.

    Parameters
    ----------
    path
        Of the file.
    options
        What the file does not say.

    Attributes
    ----------
    format
        Of the file, in a word.
    names, labels
        Names A, B, … of the species, and what the file calls each: a tuple of labels a species.
    species
        0 for A, 1 for B and so on, int64, shape (N,).
    masses
        By species, shape (n_species,); None where nobody says. [mass]
    times
        Strictly increasing, shape (n_frames,). [time; see time_unit]
    time_unit
        ``time``, ``steps`` or ``frames``: what times count.
    steps
        int64, shape (n_frames,); None where the file does not say.
    kept
        Numbers of the frames in the file.
    dimension
        2 or 3.
    has_images
        Whether the file says how many times particles went through the boundaries.
    is_wrapped
        Whether positions are those in the box; else they were followed through the boundaries.
    notes
        What was understood, in sentences.

    Raises
    ------
    InvalidInput
        As :func:`open_trajectory`.
    """

    def __init__(self, path: str | Path, options: TrajectoryOptions):
        self.path = Path(path)
        self._options = options
        self._file: TrajectoryFile = open_file(path, options)
        try:
            self._understand()
        except BaseException:
            self._file.close()
            raise

    def _understand(self) -> None:
        order = order_of(self._file, self._options)
        self.format, self.kept = self._file.format, order.numbers
        self.times, self.steps, self.time_unit = order.times, order.steps, order.time_unit
        self._follower, self._cached = Follower(), (-1, None)
        self._first: StoredFrame = self._file.frame(self.kept[0])
        self.notes: list[str] = [
            f"{self.path}: {self._file.format}; {len(self)} frames of {len(self._first.positions)} particles are read",
            *order.notes,
        ]
        self._stored(0)
        topology = self._options.topology
        told = self._first if topology is None else with_species(self._first, topology, str(self.path))
        composition = composition_of(self.path, told, self._options)
        self.names, self.labels, self.species = composition.names, composition.labels, composition.species
        self.masses = composition.masses
        self.notes += composition.notes
        looked_at = sorted({0, len(self) // 2, len(self) - 1})
        self.dimension = self._dimension([self._stored(index) for index in looked_at])
        self._judge(looked_at)
        self._first_cell = self.cell(0)

    _cached: tuple[int, Snapshot | None]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __len__(self) -> int:
        return len(self.kept)

    @property
    def has_times(self) -> bool:
        """Whether times are times: of the file, or its steps × the time step."""
        return self.time_unit == "time"

    @property
    def is_single(self) -> bool:
        """Whether there is one frame only: nothing moves in it."""
        return len(self) == 1

    def cell(self, index: int) -> Floats:
        """Lattice vectors of a frame as rows, shape (d, d). [length]"""
        return self._snapshot(index).cell

    def positions(self, index: int) -> Floats:
        """Positions of a frame as they are kept, float64, shape (N, d). [length]"""
        return self._snapshot(index).positions

    def unwrapped(self, index: int) -> Floats:
        """Positions followed through the boundaries, float64, shape (N, d). [length]

        With image flags or unwrapped positions in the file any frame is as cheap as another. Without, particles are followed
        from the first frame on: frames in the order of time are cheap, an earlier one means to begin again.

        Where the cell changes, fractional coordinates are those of the frame and lengths those of the first frame's cell: neither
        the affine motion of all particles with the cell nor a number of images times a length that fluctuates is motion (von Bülow,
        Bullerjahn & Hummer, J. Chem. Phys. 153, 021101 (2020)).

        Raises
        ------
        InvalidInput
            If particles move too far between two frames to be followed.
        """
        snapshot = self._snapshot(index)
        found = self._through_boundaries(index, snapshot)
        if np.array_equal(snapshot.cell, self._first_cell):
            return found
        return fractional(found, snapshot.cell) @ self._first_cell

    def _through_boundaries(self, index: int, snapshot: Snapshot) -> Floats:
        if not self.is_wrapped:
            return snapshot.positions
        if snapshot.images is not None:
            return snapshot.positions + snapshot.images @ snapshot.cell
        if self._follower.frame > index:
            self._follower = Follower()
        for number in range(self._follower.frame + 1, index + 1):
            one = self._snapshot(number)
            self._follower.follow(number, one.positions, one.cell, self._named(number))
        return self._follower.unwrapped(snapshot.positions, snapshot.cell)

    def unwrapping_state(self) -> dict[str, NDArray]:
        """What :meth:`restore_unwrapping` needs to go on from the frame that was followed last: arrays by name, to be saved."""
        return self._follower.state()

    def restore_unwrapping(self, state: Mapping[str, NDArray]) -> None:
        """Go on following particles where another reading of the same trajectory has stopped.

        Raises
        ------
        InvalidInput
            If the state is of another trajectory.
        """
        self._follower.restore(state, (len(self.species), self.dimension), len(self))

    def _named(self, index: int) -> str:
        return f"{self.path}, frame {self.kept[index]}"

    def _dimension(self, frames: list[StoredFrame]) -> int:
        """As the user or the file says; else two where all particles lie in one plane of constant z."""
        said = self._options.dimension or frames[0].dimension
        z = [frame.positions[:, 2] for frame in frames]
        width = max(float(np.ptp(frame.positions[:, 0])) for frame in frames)
        is_flat = len(z[0]) > 1 and max(float(np.ptp(one)) for one in z) <= _FLAT * width
        if said is None and is_flat:
            self.notes.append("all particles have the same z: taken as two-dimensional (dimension = 3 says otherwise)")
        if said == 2 and not is_flat:
            self.notes.append("dimension is 2, and particles differ in z, which is left out")
        return said or (2 if is_flat else 3)

    def _judge(self, looked_at: list[int]) -> None:
        """Sets whether positions are wrapped, after the frames that are looked at."""
        self.has_images = self._first.images is not None
        self.is_wrapped, self._middle = False, None
        if not self._first.is_periodic:
            self.notes.append("a boundary of the box is not periodic in the file; it is taken as periodic")
        snapshots = [self._snapshot(index) for index in looked_at]
        refuse_scaled(snapshots, self.path)
        middle = middle_of(snapshots[0], self._file.knows_corner and self._options.box is None)
        is_unwrapped, how = self._wrapping(snapshots, looked_at, middle)
        self.is_wrapped = not is_unwrapped
        self._middle = middle if self.is_wrapped else None
        for snapshot in snapshots if self.is_wrapped else ():
            refuse_far_outside(snapshot, middle, f"{self.path}, frame {snapshot.number}")
        self.notes += [how, *doubts_of_box(snapshots[0])]

    def _wrapping(self, snapshots: list[Snapshot], looked_at: list[int], middle: Floats) -> tuple[bool, str]:
        """Whether positions are unwrapped, as the user says, else the file, else their continuity; and a sentence on it."""
        says = self._options.is_unwrapped
        if says or (says is None and self._first.is_unwrapped):
            return True, "positions are unwrapped"
        if self.has_images:
            return False, "positions are wrapped, with image flags"
        if says is None and looks_unwrapped(snapshots, lambda place: self._after(looked_at[place]), middle, self.path):
            return True, "positions are taken as unwrapped: they lie outside of the box and never jump"
        return False, "positions are wrapped, and are followed by the nearest image"

    def _after(self, index: int) -> Snapshot | None:
        return self._snapshot(index + 1) if index + 1 < len(self) else None

    def _snapshot(self, index: int) -> Snapshot:
        """A frame by its place, as estimators see it; the last one is kept."""
        if not 0 <= index < len(self):
            raise IndexError(f"frame {index} of {len(self)}")
        if self._cached[0] != index or self._cached[1] is None:
            self._cached = (index, self._cut_to_dimension(index, self._stored(index)))
        found = self._cached[1]
        assert found is not None
        return found

    def _cut_to_dimension(self, index: int, frame: StoredFrame) -> Snapshot:
        d, unit = self.dimension, self._options.length_unit
        cell = self._options.cell() if self._options.box is not None else frame.cell
        assert cell is not None
        snapshot = Snapshot(
            self.kept[index],
            np.ascontiguousarray(frame.positions[:, :d]) / unit,
            np.array(cell[:d, :d]) / unit,
            None if frame.images is None else frame.images[:, :d],
        )
        if self._middle is not None:
            refuse_far_outside(snapshot, self._middle, self._named(index))
        return snapshot

    _middle: Floats | None = None

    def _stored(self, index: int) -> StoredFrame:
        """A frame of the file, after what must be true of any."""
        frame = self._first if index == 0 else self._file.frame(self.kept[index])
        refuse_bad_frame(frame, self._first, self._options, self._named(index), self._named(0))
        return frame

"""Trajectories in GSD: written as whole segments while a run lasts, joined at its end, read frame by frame.

A GSD file that was being written when its process died is usually lost as a whole, so a running simulation never
appends: the frames since the last checkpoint become a file of their own, complete before it gets its name. Positions
are float32 with images, which changes F_s by 1e-9. ``configuration.step`` counts the state's own time steps from the
beginning of production.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gsd.hoomd
import numpy as np
from numpy.typing import NDArray

from glassdask.atomic_write import atomic_write
from glassdask.errors import GlassdaskError
from glassdask.physics.mixture import SPECIES
from glassdask.simulation.particles import Floats, Particles

#: GSD keeps the box in float32; a log entry of the first frame keeps L in full.
EXACT_BOX = "box_length"


class DamagedTrajectory(GlassdaskError):
    """A trajectory cannot be read, or its frames are out of order: it has to be made again."""


@dataclass(frozen=True)
class Frame:
    """Particles of one recorded step.

    Parameters
    ----------
    step
        In the state's own time steps since the beginning of production.
    positions
        Wrapped into the box, as stored (float32 accuracy), shape (N, 3). [sigma_AA]
    unwrapped
        Followed through the boundaries, shape (N, 3). [sigma_AA]
    """

    step: int
    positions: Floats
    unwrapped: Floats


class Trajectory:
    """A GSD trajectory open for reading; a context manager, iterable, indexable by frame number.

    Parameters
    ----------
    path
        A file written by `join_segments`, or any GSD file with positions, images and type ids in a fixed cube.

    Raises
    ------
    DamagedTrajectory
        If the file is empty, truncated or not GSD.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        try:
            self._file = gsd.hoomd.open(str(path), "r")
            first = self._file[0]
        except (OSError, RuntimeError, IndexError, ValueError) as error:
            if isinstance(error, FileNotFoundError):
                raise
            raise DamagedTrajectory(f"{path} is no readable trajectory ({error}); it has to be made again") from error
        #: L. [sigma_AA]
        self.box_length = float(first.log.get(EXACT_BOX, first.configuration.box)[0])
        #: 0 for A, 1 for B, int64, shape (N,).
        self.species: NDArray[np.int64] = first.particles.typeid.astype(np.int64)

    def __enter__(self) -> Trajectory:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __len__(self) -> int:
        return len(self._file)

    def __getitem__(self, index: int) -> Frame:
        stored = self._file[index]
        positions = stored.particles.position.astype(np.float64)
        unwrapped = positions + stored.particles.image * self.box_length
        return Frame(int(stored.configuration.step), positions, unwrapped)

    def __iter__(self) -> Iterator[Frame]:
        return (self[index] for index in range(len(self)))

    @property
    def steps(self) -> NDArray[np.int64]:
        """Steps of all frames, read without their positions, int64, shape (n_frames,)."""
        handle = self._file.file
        name = "configuration/step"
        steps = [
            handle.read_chunk(frame=i, name=name)[0] if handle.chunk_exists(frame=i, name=name) else 0
            for i in range(len(self))
        ]
        return np.array(steps, dtype=np.int64)


@dataclass(frozen=True)
class Segment:
    """One finished file of a running simulation: its name, checksum and the steps of its first and last frame."""

    name: str
    sha256: str
    n_frames: int
    first_step: int
    last_step: int

    def is_intact(self, folder: Path) -> bool:
        """Whether the file is there with exactly the bytes that were written."""
        path = folder / self.name
        return path.is_file() and file_sha256(path) == self.sha256


class FrameBuffer:
    """Frames since the last checkpoint, kept in memory until `write_segment` makes a file of them.

    Parameters
    ----------
    folder
        Where segments go; it must exist.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._frames: list[gsd.hoomd.Frame] = []
        self.n_bytes = 0

    def add(self, particles: Particles) -> None:
        """Record one frame; steps must increase."""
        frame = _gsd_frame(particles)
        if not self._frames:
            frame.log[EXACT_BOX] = np.array([particles.box_length])
        self._frames.append(frame)
        self.n_bytes += frame.particles.position.nbytes + frame.particles.image.nbytes

    def write_segment(self) -> Segment | None:
        """Write what was recorded since the last call as one file, whole or not at all; None if there was nothing."""
        if not self._frames:
            return None
        first, last = (int(self._frames[i].configuration.step) for i in (0, -1))
        path = self._folder / f"frames-{first:015d}.gsd"
        write_gsd(path, iter(self._frames))
        segment = Segment(path.name, file_sha256(path), len(self._frames), first, last)
        self._frames, self.n_bytes = [], 0
        return segment


def join_segments(folder: Path, segments: list[Segment], path: Path) -> None:
    """Copy the frames of all segments, in order, into one trajectory at `path`, whole or not at all.

    Raises
    ------
    DamagedTrajectory
        If the steps do not increase from frame to frame.
    """

    def frames() -> Iterator[gsd.hoomd.Frame]:
        last = -1
        for segment in segments:
            with gsd.hoomd.open(str(folder / segment.name), "r") as stored:
                for frame in stored:
                    if frame.configuration.step <= last:
                        raise DamagedTrajectory(
                            f"{segment.name} holds step {frame.configuration.step} after step {last}"
                        )
                    if last >= 0:
                        frame.log.clear()  # the box's exact length stands in the first frame only
                    last = frame.configuration.step
                    yield frame

    write_gsd(path, frames())


def write_gsd(path: Path, frames: Iterator[gsd.hoomd.Frame]) -> None:
    """Write frames to a GSD file that appears whole under its name or not at all."""
    with atomic_write(path) as temporary, gsd.hoomd.open(str(temporary), "x") as stored:
        for frame in frames:
            stored.append(frame)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _gsd_frame(particles: Particles) -> gsd.hoomd.Frame:
    """The GSD frame of `particles`: float32 positions, int32 images, no velocities."""
    frame: Any = gsd.hoomd.Frame()
    frame.configuration.step = particles.step
    frame.configuration.box = [*(3 * [particles.box_length]), 0.0, 0.0, 0.0]
    frame.particles.N = len(particles.species)
    frame.particles.types = list(SPECIES)
    frame.particles.typeid = particles.species.astype(np.uint32)
    frame.particles.position = particles.positions.astype(np.float32)
    frame.particles.image = particles.images.astype(np.int32)
    return frame

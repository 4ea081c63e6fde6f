"""Trajectories in GSD: written as whole segments while a run lasts, joined at its end, read frame by frame.

A GSD file that was being written when its process died is usually lost as a whole, so a running simulation never
appends: the frames since the last checkpoint become a file of their own, complete before it gets its name. Positions
are float32 with images, which changes F_s by 1e-9. ``configuration.step`` counts the state's own time steps from the
beginning of production.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import gsd.fl
import numpy as np
from numpy.typing import NDArray

from glassdask.errors import GlassdaskError
from glassdask.files.atomic_write import atomic_write, require_room
from glassdask.files.checksum import file_sha256
from glassdask.physics.liquids.catalogue import as_liquid
from glassdask.physics.liquids.liquid import Liquid
from glassdask.simulation.particles.particles import Floats, Particles, particle_masses

MASS = "particles/mass"
#: GSD keeps the box in float32; a log entry of the first frame keeps L in full.
EXACT_BOX = "log/box_length"
#: Of the first frame alone; masses only where they differ, as GSD's default is 1.
STATIC = ("configuration/box", EXACT_BOX, "particles/N", "particles/types", "particles/typeid", MASS)
DYNAMIC = ("configuration/step", "particles/position", "particles/image")
SCHEMA = {"application": "glassdask", "schema": "hoomd", "schema_version": [1, 4]}
#: Less room than this and GSD's own complaint is about the disk. [bytes]
_LEAST_ROOM = 2**20
Chunks = dict[str, NDArray]


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

    It is also what a pass over frames takes (`glassdask.observables.frames.Frames`), its times counted in steps.

    Parameters
    ----------
    path
        A file written by `join_segments`, or any GSD file of a fixed number of particles in a fixed cube.

    Raises
    ------
    DamagedTrajectory
        If the file is empty, truncated or not GSD.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        try:
            self._file = gsd.fl.open(str(path), "r")
            box = self._chunk(0, EXACT_BOX if self._has(0, EXACT_BOX) else "configuration/box")
            species = self._chunk(0, "particles/typeid")
        except FileNotFoundError:
            raise
        except (OSError, RuntimeError, KeyError) as error:
            raise DamagedTrajectory(f"{path} is no readable trajectory ({error}); it has to be made again") from error
        #: L. [sigma_AA]
        self.box_length = float(box[0])
        #: 0 for A, 1 for B and so on, int64, shape (N,).
        self.species: NDArray[np.int64] = species.astype(np.int64)
        self.dimension = 3

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __len__(self) -> int:
        return int(self._file.nframes)

    def __getitem__(self, index: int) -> Frame:
        if not 0 <= index < len(self):
            raise IndexError(f"frame {index} of {len(self)}")
        positions = self._chunk(index, "particles/position").astype(np.float64)
        images = self._chunk(index, "particles/image", np.zeros((1, 3)))
        return Frame(self._step(index), positions, positions + images * self.box_length)

    def __iter__(self) -> Iterator[Frame]:
        return (self[index] for index in range(len(self)))

    @property
    def steps(self) -> NDArray[np.int64]:
        """Steps of all frames, read without their positions, int64, shape (n_frames,)."""
        return np.array([self._step(index) for index in range(len(self))], dtype=np.int64)

    @cached_property
    def times(self) -> Floats:
        """Steps of all frames as real numbers, shape (n_frames,). [time steps of the state]"""
        return self.steps.astype(np.float64)

    def cell(self, _: int) -> Floats:
        """Lattice vectors of a frame as rows, shape (3, 3). [sigma_AA]"""
        return np.eye(3) * self.box_length

    def positions(self, index: int) -> Floats:
        """Positions of a frame, wrapped into the box, shape (N, 3). [sigma_AA]"""
        return self[index].positions

    def unwrapped(self, index: int) -> Floats:
        """Positions of a frame followed through the boundaries, shape (N, 3). [sigma_AA]"""
        return self[index].unwrapped

    def _step(self, index: int) -> int:
        return int(self._chunk(index, "configuration/step", np.zeros(1))[0])

    def _has(self, index: int, name: str) -> bool:
        return bool(self._file.chunk_exists(frame=index, name=name))

    def _chunk(self, index: int, name: str, default: NDArray | None = None) -> NDArray:
        """A quantity of one frame; where a frame lacks it, GSD means that of the first frame, then the default."""
        for frame in (index, 0):
            if self._has(frame, name):
                return self._file.read_chunk(frame=frame, name=name)
        if default is None:
            raise KeyError(f"it holds no {name}")
        return default


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


@dataclass(frozen=True, eq=False)
class Constants:
    """What is the same in all frames.

    Parameters
    ----------
    species
        0 for A, 1 for B and so on, int64, shape (N,).
    box_length
        L. [sigma_AA]
    liquid
        With the masses.
    """

    species: NDArray[np.int64]
    box_length: float
    liquid: Liquid

    def chunks(self) -> Chunks:
        """Of the first frame alone."""
        chunks: Chunks = {
            "configuration/box": np.array([*(3 * [self.box_length]), 0, 0, 0], dtype=np.float32),
            EXACT_BOX: np.array([self.box_length]),
            "particles/N": np.array([len(self.species)], dtype=np.uint32),
            "particles/types": np.array([[ord(name), 0] for name in self.liquid.species], dtype=np.int8),
            "particles/typeid": self.species.astype(np.uint32),
        }
        masses = particle_masses(self.liquid, self.species)
        if (masses != 1.0).any():
            chunks[MASS] = masses.astype(np.float32)
        return chunks


class FrameBuffer:
    """Frames since the last checkpoint, kept in memory until `write_segment` makes a file of them.

    Parameters
    ----------
    folder
        Where segments go; it must exist.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._frames: list[Chunks] = []
        self.n_bytes = 0

    def add(self, step: int, positions: NDArray[np.float32], images: NDArray[np.int32], constants: Constants) -> None:
        """Record one frame of an engine (`Engine.frame`); steps must increase."""
        chunks = {} if self._frames else constants.chunks()
        chunks |= _moving_chunks(step, positions, images)
        self._frames.append(chunks)
        self.n_bytes += positions.nbytes + images.nbytes

    def write_segment(self) -> Segment | None:
        """Write what was recorded since the last call as one file, whole or not at all; None if there was nothing."""
        if not self._frames:
            return None
        first, last = (int(self._frames[i]["configuration/step"][0]) for i in (0, -1))
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

    def frames() -> Iterator[Chunks]:
        last = -1
        for segment in segments:
            with gsd.fl.open(str(folder / segment.name), "r") as stored:
                for index in range(stored.nframes):
                    names = DYNAMIC if last >= 0 else (*STATIC, *DYNAMIC)
                    chunks = {
                        name: stored.read_chunk(frame=index, name=name)
                        for name in names
                        if name != MASS or stored.chunk_exists(frame=index, name=name)
                    }
                    step = int(chunks["configuration/step"][0])
                    if step <= last:
                        raise DamagedTrajectory(f"{segment.name} holds step {step} after step {last}")
                    last = step
                    yield chunks

    write_gsd(path, frames())


def write_gsd(path: Path, frames: Iterator[Chunks]) -> None:
    """Write frames to a GSD file that appears whole under its name or not at all.

    The chunks are written as they are, ten times faster than by way of `gsd.hoomd`; that module, HOOMD-blue and OVITO
    read them.

    Raises
    ------
    OSError
        If the disk is full, or a quota or a limit on file sizes is reached.
    """
    with atomic_write(path) as temporary:
        try:
            temporary.touch(exist_ok=False)  # with the permissions of every other file: GSD's own are 0640
            with gsd.fl.open(str(temporary), "w", **SCHEMA) as stored:
                for chunks in frames:
                    for name, array in chunks.items():
                        stored.write_chunk(name, array)
                    stored.end_frame()
        except RuntimeError:  # "Invalid gsd argument" is what GSD may say of a disk that fills while a file is begun
            written = temporary.stat().st_size if temporary.exists() else 0
            temporary.unlink(missing_ok=True)
            require_room(path.parent, 2 * written + _LEAST_ROOM)
            raise


def gsd_chunks(particles: Particles, liquid: Liquid | str, is_first: bool) -> Chunks:
    """The chunks of one frame: float32 positions and int32 images, and in the first frame what never changes."""
    chunks = Constants(particles.species, particles.box_length, as_liquid(liquid)).chunks() if is_first else {}
    positions, images = particles.positions.astype(np.float32), particles.images.astype(np.int32)
    return chunks | _moving_chunks(particles.step, positions, images)


def _moving_chunks(step: int, positions: NDArray[np.float32], images: NDArray[np.int32]) -> Chunks:
    return {
        "configuration/step": np.array([step], dtype=np.uint64),
        "particles/position": positions,
        "particles/image": images,
    }

"""GSD of HOOMD-blue and of this package's own runs: any cell, one a frame, images, masses, two dimensions.

A quantity that a frame lacks is that of the first frame, then the schema's default (https://gsd.readthedocs.io).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.stored_frame import Floats, Integers, StoredFrame

MAGIC = (0x65DF65DF65DF65DF).to_bytes(8, "little")
#: GSD keeps boxes in float32; a cube's length in full, where this package wrote the file.
_EXACT = "log/box_length"
_ROUNDING = 1e-6
_IMAGE = "particles/image"


class GsdFile:
    """A GSD file of the schema hoomd."""

    format = "GSD"
    knows_corner = True

    def __init__(self, path: Path, options: TrajectoryOptions):  # noqa: ARG002
        import gsd.fl

        self.path = path
        self._file = gsd.fl.open(str(path), "r")
        self.n_frames = int(self._file.nframes)
        self._has_images = self._keeps_images()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def steps_and_times(self, frames: Sequence[int]) -> tuple[Integers | None, Floats | None]:
        """Steps; a file of whose first frames none says its step has none."""
        if not any(self._file.chunk_exists(frame=index, name="configuration/step") for index in frames[:2]):
            return None, None
        return np.array([self._step(index) for index in frames], dtype=np.int64), None

    def frame(self, index: int) -> StoredFrame:
        """A frame by its number in the file."""
        dimension = int(self._chunk(index, "configuration/dimensions", np.array([3]))[0])
        cell = self._cell(index, dimension)
        N = int(self._chunk(index, "particles/N")[0])
        positions = self._chunk(index, "particles/position", np.zeros((N, 3))).astype(np.float64)
        types = self._chunk(index, "particles/typeid", np.zeros(N)).astype(np.int64)
        masses = self._chunk(index, "particles/mass", np.ones(N)).astype(np.float64)
        images = self._chunk(index, _IMAGE, np.zeros((N, 3))).astype(np.int64) if self._has_images else None
        return StoredFrame(
            cell=cell,
            positions=positions + 0.5 * cell.sum(axis=0),  # the box's centre lies at 0
            images=images,
            types=types,
            labels=self._labels(index),
            masses=masses,
            dimension=dimension,
        )

    def _keeps_images(self) -> bool:
        """Whether image flags are written of frames after the first: HOOMD-blue leaves them out unless it is asked for momenta."""
        later = range(self.n_frames - 1, 0, -1) if self.n_frames > 1 else range(self.n_frames)
        return any(self._file.chunk_exists(frame=index, name=_IMAGE) for index in later)

    def _cell(self, index: int, dimension: int) -> Floats:
        box = self._chunk(index, "configuration/box").astype(np.float64)
        lengths, (xy, xz, yz) = box[:3], box[3:]
        if self._file.chunk_exists(frame=0, name=_EXACT):
            exact = float(self._chunk(index, _EXACT)[0])
            lengths = np.where(np.abs(lengths - exact) < _ROUNDING * exact, exact, lengths)
        if dimension == 2 and lengths[2] == 0:
            lengths = np.array([lengths[0], lengths[1], 1.0])
        Lx, Ly, Lz = lengths
        return np.array([[Lx, 0, 0], [xy * Ly, Ly, 0], [xz * Lz, yz * Lz, Lz]])

    def _labels(self, index: int) -> tuple[str, ...]:
        table = self._chunk(index, "particles/types", np.array([[ord("A")]], dtype=np.uint8)).astype(np.uint8)
        return tuple(bytes(row).split(b"\0")[0].decode("utf-8") for row in table)

    def _step(self, index: int) -> int:
        return int(self._chunk(index, "configuration/step", np.zeros(1))[0])

    def _chunk(self, index: int, name: str, default: NDArray | None = None) -> NDArray:
        for frame in (index, 0):
            if self._file.chunk_exists(frame=frame, name=name):
                return np.asarray(self._file.read_chunk(frame=frame, name=name))
        if default is None:
            raise KeyError(f"it holds no {name}")
        return default

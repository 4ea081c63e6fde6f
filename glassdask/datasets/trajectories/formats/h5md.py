"""H5MD (https://www.nongnu.org/h5md): any particle group, cells fixed or by frame, images, ids, species, masses where they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.stored_frame import Floats, Integers, StoredFrame, sorted_by_id, types_and_labels
from glassdask.errors import InvalidInput, MissingComponent

MAGIC = b"\x89HDF\r\n\x1a\n"
#: An id that fills up a place without a particle.
_FILLED = 0


class H5mdFile:
    """The first group below ``particles`` that has positions."""

    format = "H5MD"
    knows_corner = False

    def __init__(self, path: Path, options: TrajectoryOptions):  # noqa: ARG002
        try:
            import h5py
        except ImportError as error:
            raise MissingComponent(
                f"H5MD is read by h5py, which is not installed ({error}); pip install 'glassdask[trajectories]'"
            ) from error
        self.path = path
        self._file = h5py.File(path, "r")
        groups = [group for group in self._file.get("particles", {}).values() if "position" in group]
        if not groups:
            self._file.close()
            raise InvalidInput(
                f"{path} is HDF5 without particles/…/position: no H5MD; write the trajectory in a format that is known"
            )
        self._group: Any = groups[0]
        self._positions = self._group["position/value"]
        self.n_frames = len(self._positions)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def steps_and_times(self, frames: Sequence[int]) -> tuple[Integers | None, Floats | None]:
        """Those of the positions: of each frame, or of a fixed spacing."""
        element = self._group["position"]
        steps, times = _moments(element, "step", frames), _moments(element, "time", frames)
        return None if steps is None else steps.astype(np.int64), times

    def frame(self, index: int) -> StoredFrame:
        """A frame by its number in the file."""
        positions = np.asarray(self._positions[index], dtype=np.float64)
        cell = self._cell(index)
        ids, types, images, masses = (self._element(name, index) for name in ("id", "species", "image", "mass"))
        order: Any = sorted_by_id(ids)
        numbers, labels = (None, ()) if types is None else types_and_labels(_as_text(types[order]))
        return StoredFrame(
            cell=cell,
            positions=_in_space(positions[order]),
            images=None if images is None else _in_space(images[order]).astype(np.int64),
            types=numbers,
            labels=labels,
            ids=None if ids is None else ids[order].astype(np.int64),
            masses=None if masses is None else masses[order].astype(float),
            is_periodic=self._is_periodic(),
            dimension=2 if positions.shape[1] == 2 else None,
        )

    def _cell(self, index: int) -> Floats | None:
        """From the edges of the box: lengths or lattice vectors, of all frames or of each."""
        edges = self._group["box"].get("edges") if "box" in self._group else None
        if edges is None:
            return None
        found = np.asarray(_value_of(edges, index), dtype=np.float64)
        cell = np.eye(3)
        d = found.shape[0]
        cell[:d, :d] = np.diag(found) if found.ndim == 1 else found
        return cell

    def _is_periodic(self) -> bool:
        boundary = self._group["box"].attrs.get("boundary", ()) if "box" in self._group else ()
        return all(_as_text(np.atleast_1d(np.asarray(boundary))) == "periodic")

    def _element(self, name: str, index: int) -> NDArray | None:
        return None if name not in self._group else np.asarray(_value_of(self._group[name], index))


def _value_of(element: Any, index: int) -> Any:
    """Of a dataset that is fixed in time, or of a group with a value a frame."""
    return element[()] if not hasattr(element, "keys") else element["value"][index]


def _moments(element: Any, name: str, frames: Sequence[int]) -> NDArray | None:
    if name not in element:
        return None
    stored = element[name]
    if stored.shape == ():  # the spacing of frames
        return np.asarray(stored.attrs.get("offset", 0) + stored[()] * np.asarray(frames, dtype=float))
    return np.asarray(stored[()])[np.asarray(frames, dtype=int)]


def _in_space(vectors: NDArray) -> NDArray:
    return np.column_stack([vectors, np.zeros(len(vectors), dtype=vectors.dtype)]) if vectors.shape[1] == 2 else vectors


def _as_text(values: NDArray) -> NDArray:
    """Names that HDF5 keeps as bytes, as text."""
    return np.array([one.decode() if isinstance(one, bytes) else one for one in values.tolist()])

"""What a file holds of one frame, and what a reader of a format can do: nothing is interpreted here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
#: Numbers of types below it are counted, not sorted.
_FEW = 1000


@dataclass(frozen=True, eq=False)
class StoredFrame:
    """One frame, in the units of its file, particles in the order of their ids.

    Parameters
    ----------
    cell
        Lattice vectors as rows, shape (3, 3); None where the file says no box. [length of the file]
    positions
        Relative to the corner of the box where the file says where that is, float64, shape (N, 3). [length of the file]
    images
        How many times each particle went through the boundary, shape (N, 3); None where the file does not say.
    is_unwrapped
        Whether the file says that the positions were followed through the boundaries.
    types
        Index into `labels` by particle, int64, shape (N,); None where the file does not say.
    labels
        What the file calls the species.
    ids
        Increasing, int64, shape (N,); None where the order of the particles is that of the file.
    masses
        By particle, shape (N,); None where the file does not say. [mass of the file]
    is_periodic
        Whether all boundaries are, as the file says.
    dimension
        2 or 3 where the file says so, else None.
    """

    cell: Floats | None
    positions: Floats
    images: Integers | None = None
    is_unwrapped: bool = False
    types: Integers | None = None
    labels: tuple[str, ...] = ()
    ids: Integers | None = None
    masses: Floats | None = None
    is_periodic: bool = True
    dimension: int | None = None


class TrajectoryFile(Protocol):
    """A file of frames open for reading.

    Attributes
    ----------
    path
        Of the file.
    format
        Its name, as a sentence says it.
    n_frames
        Of the file.
    knows_corner
        Whether positions are relative to the corner of the box; else the box may lie anywhere around them.
    """

    path: Path
    format: str
    n_frames: int
    knows_corner: bool

    def frame(self, index: int) -> StoredFrame:
        """A frame by its number in the file; raises InvalidInput where it is damaged."""

    def steps_and_times(self, frames: Sequence[int]) -> tuple[Integers | None, Floats | None]:
        """Of these frames, one each, where possible without their positions; None for what the file does not say."""

    def close(self) -> None:
        """Close the file."""


def sorted_by_id(ids: NDArray | None) -> NDArray | slice:
    """The order that sorts particles by id; a slice of all where they are sorted already."""
    if ids is None or np.all(ids[1:] > ids[:-1]):
        return slice(None)
    first = ids.min()
    if ids.dtype.kind in "iu" and ids.max() - first == len(ids) - 1:  # all of a range, most likely: no need to compare
        order = np.full(len(ids), -1)
        order[ids - first] = np.arange(len(ids))
        if order.min() >= 0:
            return order
    return np.argsort(ids, kind="stable")


def types_and_labels(values: NDArray) -> tuple[Integers, tuple[str, ...]]:
    """Types from what a file says of each particle: numbers or names.

    Returns
    -------
    tuple
        Index into the labels by particle, int64, shape (N,); the labels, in the order of numbers or of letters.
    """
    if values.dtype.kind in "iu" and values.min() >= 0 and values.max() < _FEW:
        is_present = np.bincount(values) > 0
        return (np.cumsum(is_present) - 1)[values], tuple(str(label) for label in np.flatnonzero(is_present))
    import pandas as pd

    types, found = pd.factorize(values, sort=True)
    return types.astype(np.int64), tuple(str(label) for label in found)

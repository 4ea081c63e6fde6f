"""Frames of a trajectory, whoever wrote it: what a pass over them asks for."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Frames(Protocol):
    """A trajectory open for reading: the same N particles in every frame, frames by number, in the order of time."""

    @property
    def species(self) -> NDArray[np.int64]:
        """0 for A, 1 for B and so on, int64, shape (N,)."""

    @property
    def times(self) -> Floats:
        """Of all frames, strictly increasing, float64, shape (n_frames,). [the trajectory's own unit of time]"""

    @property
    def dimension(self) -> int:
        """d, 2 or 3."""

    def __len__(self) -> int:
        """Frames."""

    def cell(self, index: int) -> Floats:
        """Lattice vectors of a frame as rows, shape (d, d). [length]"""

    def positions(self, index: int) -> Floats:
        """Positions of a frame as they are kept, wrapped or not, float64, shape (N, d). [length]"""

    def unwrapped(self, index: int) -> Floats:
        """Positions followed through the boundaries since the first frame, float64, shape (N, d). [length]

        Frames that are asked for in the order of time are cheap; another order may mean to begin again.
        """

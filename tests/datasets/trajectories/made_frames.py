"""A small mixture that wanders through the boundaries of cells of every shape: what is written in every format."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CUBE = np.diag([6.0, 6.0, 6.0])
TILTED = np.array([[6.0, 0.0, 0.0], [1.7, 5.5, 0.0], [-1.1, 0.8, 5.0]])
PLANE = np.array([[9.0, 0.0, 0.0], [2.0, 8.0, 0.0], [0.0, 0.0, 1.0]])


@dataclass(frozen=True, eq=False)
class MadeFrames:
    """Frames as a simulation knows them.

    Parameters
    ----------
    cells
        Lattice vectors as rows, shape (n_frames, 3, 3).
    unwrapped
        Relative to the corner of the cell, shape (n_frames, N, 3).
    species
        0 or 1, shape (N,).
    steps
        Shape (n_frames,).
    time_step
        Times are steps × time_step.
    written_times
        Or these, shape (n_frames,).
    corner
        Where the cell begins, shape (3,).
    """

    cells: Floats
    unwrapped: Floats
    species: NDArray[np.int64]
    steps: NDArray[np.int64]
    time_step: float = 0.005
    written_times: Floats | None = None
    corner: tuple[float, float, float] = (0.0, 0.0, 0.0)
    dimension: int = 3

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def N(self) -> int:
        return len(self.species)

    @property
    def times(self) -> Floats:
        return (
            np.asarray(self.steps * self.time_step, dtype=float) if self.written_times is None else self.written_times
        )

    @property
    def images(self) -> NDArray[np.int64]:
        """How many times each particle went through the boundaries, shape (n_frames, N, 3)."""
        return np.floor(self.unwrapped @ np.linalg.inv(self.cells)).astype(np.int64)

    @property
    def wrapped(self) -> Floats:
        """In the cell, relative to its corner, shape (n_frames, N, 3)."""
        return self.unwrapped - self.images @ self.cells

    @property
    def followed(self) -> Floats:
        """As a trajectory gives them: the fractional coordinates of the frame, the lengths of the first, shape (n_frames, N, 3)."""
        return self.unwrapped @ np.linalg.inv(self.cells) @ self.cells[0]

    @property
    def labels(self) -> list[str]:
        return ["AB"[number] for number in self.species]

    def only(self, frames: list[int]) -> MadeFrames:
        """These frames, in this order."""
        return replace(self, cells=self.cells[frames], unwrapped=self.unwrapped[frames], steps=self.steps[frames])


def made_frames(
    cell: Floats = CUBE, *, n_frames: int = 7, N: int = 60, breathing: float = 0.0, seed: int = 1
) -> MadeFrames:
    """Four fifths A, one fifth B, on a lattice first, then walking by 0.06 of the cell a frame.

    Parameters
    ----------
    cell
        Lattice vectors as rows, shape (3, 3).
    breathing
        How much the cell changes from frame to frame, as at constant pressure, as a fraction.
    """
    rng = np.random.default_rng(seed)
    dimension = 2 if cell[2, 2] == 1.0 else 3
    n_side = int(np.ceil(N ** (1 / dimension)))
    sites = np.stack(np.meshgrid(*dimension * [np.arange(n_side)], indexing="ij"), axis=-1).reshape(-1, dimension)
    first = np.zeros((N, 3))
    first[:, :dimension] = (sites[rng.permutation(len(sites))[:N]] + 0.5) / n_side
    walk = np.zeros((n_frames, N, 3))
    walk[1:, :, :dimension] = rng.normal(scale=0.06, size=(n_frames - 1, N, dimension)).cumsum(axis=0)
    sizes = 1 + breathing * np.sin(np.arange(n_frames))
    cells = cell * sizes[:, None, None]
    if dimension == 2:
        cells[:, 2] = cell[2]
    return MadeFrames(
        cells=cells,
        unwrapped=(first + walk) @ cells,
        species=(np.arange(N) % 5 == 4).astype(np.int64),
        steps=1000 * np.arange(n_frames, dtype=np.int64),
        dimension=dimension,
    )

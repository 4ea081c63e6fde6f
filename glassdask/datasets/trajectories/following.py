"""Particles followed through the boundaries frame by frame, with a state that can be put away and taken up again."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.trajectories.stored_frame import Floats
from glassdask.errors import InvalidInput
from glassdask.physics.motion.unwrapping import LONGEST_STEP
from glassdask.physics.numerics.periodic_cell import fractional

#: Of the box: where one particle in a hundred moves by more between two frames, that none goes too far is luck.
FAR_STEP = 0.25
#: Percentile of the steps that is held against it.
_TYPICAL = 99


class Follower:
    """Counts how many times each particle went through the boundaries, by the nearest image of its steps.

    Steps are compared in fractional coordinates, so that the cell may change from frame to frame: with r = s·h, the images n of a
    frame are those for which s + n lies nearest to that of the frame before.
    """

    def __init__(self) -> None:
        #: Of the last frame that was followed; -1 before the first.
        self.frame = -1
        self._fractional: Floats = np.zeros((0, 0))
        self._images: NDArray[np.int32] = np.zeros((0, 0), dtype=np.int32)

    def follow(self, frame: int, positions: Floats, cell: Floats, named: str) -> None:
        """Take up the next frame; `named` is what a message calls it.

        Raises
        ------
        InvalidInput
            If particles moved so far since the frame before that a step cannot be told from one through the boundary.
        """
        s = fractional(positions, cell)
        if self.frame < 0:
            self._images = np.zeros(s.shape, dtype=np.int32)
        else:
            steps = s - self._fractional
            through = np.rint(steps)
            _refuse_long_steps(np.abs(steps - through).max(axis=1), named)
            self._images = self._images - through.astype(np.int32)
        self.frame, self._fractional = frame, s

    def unwrapped(self, positions: Floats, cell: Floats) -> Floats:
        """Positions of the frame that was followed last, shape (N, d). [length]"""
        return positions + self._images @ cell

    def state(self) -> dict[str, NDArray]:
        """All that is needed to go on: arrays by name."""
        return {"frame": np.array(self.frame), "fractional": self._fractional.copy(), "images": self._images.copy()}

    def restore(self, state: Mapping[str, NDArray], shape: tuple[int, int], n_frames: int) -> None:
        """Go on from what :meth:`state` gave, for the same trajectory.

        Raises
        ------
        InvalidInput
            If the state is of another number of particles or frames.
        """
        frame = int(state["frame"])
        arrays = state["fractional"], state["images"]
        if frame >= n_frames or (frame >= 0 and any(array.shape != shape for array in arrays)):
            raise InvalidInput(
                f"the state of unwrapping is of frame {frame} and shape {arrays[0].shape}, the trajectory has {n_frames} frames of "
                f"shape {shape}; it is of another trajectory: begin again without it"
            )
        self.frame = frame
        self._fractional, self._images = arrays[0].astype(float), arrays[1].astype(np.int32)


def _refuse_long_steps(steps: Floats, named: str) -> None:
    """Of each particle since the frame before, in units of the box."""
    remedy = (
        "allowed, for a step to be told from one through the boundary: {}. Use a dump with image flags (ix iy iz) or unwrapped "
        "positions (xu yu zu), or frames that are nearer to one another; where the positions are unwrapped already, say so "
        "(--unwrapped, is_unwrapped)"
    )
    if steps.max() > LONGEST_STEP:
        raise InvalidInput(
            f"{named}: a particle has moved by {steps.max():.2f} box lengths since the frame before; {remedy.format(LONGEST_STEP)}"
        )
    typical = float(np.percentile(steps, _TYPICAL))
    if typical > FAR_STEP:
        raise InvalidInput(
            f"{named}: one particle in a hundred has moved by more than {typical:.2f} box lengths since the frame before; "
            f"{remedy.format(f'{FAR_STEP} for all but one in a hundred')}"
        )

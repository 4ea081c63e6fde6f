"""What it means that a trajectory holds the frames of a simulation."""

from __future__ import annotations

import numpy as np

from glassdask.datasets.trajectories.own_trajectory import OwnTrajectory
from tests.datasets.trajectories.made_frames import MadeFrames


def assert_same(trajectory: OwnTrajectory, frames: MadeFrames, tolerance: float) -> None:
    """Cells, species, times and displacements are those of the simulation; positions, but for images and where the origin lies."""
    d = frames.dimension
    assert len(trajectory) == len(frames)
    assert trajectory.dimension == d
    np.testing.assert_array_equal(trajectory.species, frames.species)
    np.testing.assert_allclose(trajectory.times, frames.times, rtol=1e-6)
    followed, first = frames.followed[:, :, :d], trajectory.unwrapped(0)
    for index in range(len(frames)):
        cell = frames.cells[index][:d, :d]
        np.testing.assert_allclose(trajectory.cell(index), cell, atol=tolerance)
        apart = (trajectory.positions(index) - frames.wrapped[index][:, :d]) @ np.linalg.inv(cell)
        apart -= apart[0]
        np.testing.assert_allclose(apart, np.rint(apart), atol=2 * tolerance)
        moved = trajectory.unwrapped(index) - first
        np.testing.assert_allclose(moved, followed[index] - followed[0], atol=10 * tolerance)

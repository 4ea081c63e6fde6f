"""The same trajectory gives the same frames, whatever format it was written in, to the precision of that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from glassdask.datasets.trajectories.own_trajectory import open_trajectory
from tests.datasets.trajectories.every_format import written_in_every_format
from tests.datasets.trajectories.made_frames import CUBE, PLANE, TILTED, made_frames
from tests.datasets.trajectories.same_frames import assert_same


@pytest.mark.parametrize("breathing", [0.0, 0.02], ids=["constant volume", "constant pressure"])
@pytest.mark.parametrize("cell", [CUBE, TILTED, PLANE], ids=["cube", "tilted", "plane"])
def test_every_format_gives_the_same_frames(tmp_path: Path, cell: np.ndarray, breathing: float) -> None:
    frames = made_frames(cell, n_frames=40, breathing=breathing).only(
        list(range(30, 40))
    )  # particles begin in other images
    assert frames.images[0].any()
    for path, options, precision in written_in_every_format(tmp_path, frames).values():
        with open_trajectory(path, options) as trajectory:
            assert trajectory.names == ("A", "B")
            assert_same(trajectory, frames, precision)

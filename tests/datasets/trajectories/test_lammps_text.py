"""LAMMPS dumps as text: every kind of column, box and order gives the positions of the simulation."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.own_trajectory import open_trajectory
from tests.datasets.trajectories.lammps_dumps import write_dump
from tests.datasets.trajectories.made_frames import CUBE, PLANE, TILTED, made_frames
from tests.datasets.trajectories.same_frames import assert_same

#: Of numbers with ten digits.
ROUNDING = 1e-8
COLUMNS = {
    "flags": "id type x y z ix iy iz",
    "no flags": "id type x y z",
    "scaled": "id type xs ys zs",
    "scaled with flags": "ix iy iz zs ys xs type id",
    "unwrapped": "type zu yu xu id",
    "scaled and unwrapped": "xsu ysu zsu type id",
    "many": "vx id mass element type xu x yu y zu z vx ix iy iz",
}
CELLS = {"cube": CUBE, "tilted": TILTED, "plane": PLANE}


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("columns", COLUMNS.values(), ids=COLUMNS)
def test_every_kind_of_column_gives_the_same_frames(tmp_path: Path, columns: str, cell: np.ndarray) -> None:
    """Unsorted ids, an origin that is not at zero, a cell that breathes."""
    frames = replace(made_frames(cell, breathing=0.02), corner=(-3.0, 2.0, 0.5))
    write_dump(tmp_path / "a.lammpstrj", frames, columns.split())
    with open_trajectory(tmp_path / "a.lammpstrj", TrajectoryOptions(time_step=0.005)) as trajectory:
        assert_same(trajectory, frames, ROUNDING)
        np.testing.assert_allclose(trajectory.times, frames.times)
        np.testing.assert_array_equal(trajectory.steps, frames.steps)
        assert trajectory.names == ("A", "B")
        assert trajectory.is_wrapped == ("xu" not in columns and "xsu" not in columns)


def test_compressed_with_times_and_element_names(tmp_path: Path) -> None:
    frames = made_frames()
    write_dump(tmp_path / "a", frames, ["id", "element", "xu", "yu", "zu", "mass"], has_times=True)
    (tmp_path / "a.dump.gz").write_bytes(gzip.compress((tmp_path / "a").read_bytes()))
    options = TrajectoryOptions(types={"A": "B", "B": "A"}, length_unit=2.0)
    with open_trajectory(tmp_path / "a.dump.gz", options) as trajectory:
        np.testing.assert_allclose(trajectory.times, frames.times)
        assert trajectory.has_times
        np.testing.assert_array_equal(trajectory.species, 1 - frames.species)
        assert trajectory.labels == (("B",), ("A",))
        np.testing.assert_array_equal(trajectory.masses, [2.0, 1.0])
        np.testing.assert_allclose(trajectory.unwrapped(3), frames.unwrapped[3] / 2, atol=ROUNDING)

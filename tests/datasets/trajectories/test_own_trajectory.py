"""A trajectory once it is open: frames in any order, particles followed, stopped and taken up again."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.own_trajectory import open_trajectory
from glassdask.errors import InvalidInput
from glassdask.observables.frames import Frames
from tests.datasets.trajectories.every_format import write_gsd, write_h5md, write_plain_xyz
from tests.datasets.trajectories.lammps_dumps import write_dump
from tests.datasets.trajectories.made_frames import PLANE, TILTED, MadeFrames, made_frames

WITHOUT_FLAGS = ("id", "type", "x", "y", "z")


@pytest.fixture
def frames() -> MadeFrames:
    """Of a tilted cell that breathes, through whose boundaries particles went many times."""
    return made_frames(TILTED, n_frames=60, breathing=0.02)


@pytest.fixture
def path(tmp_path: Path, frames: MadeFrames) -> Path:
    write_dump(tmp_path / "a.dump", frames, WITHOUT_FLAGS)
    return tmp_path / "a.dump"


def test_it_is_what_estimators_ask_for(path: Path) -> None:
    """The protocol of a pass over frames."""
    with open_trajectory(path) as trajectory:
        asked: Frames = trajectory
        assert asked.cell(0).shape == (asked.dimension, asked.dimension)
        assert len(asked.times) == len(asked)


def test_frames_can_be_asked_for_in_any_order(path: Path, frames: MadeFrames) -> None:
    """An earlier one begins again, and comes out the same."""
    with open_trajectory(path) as trajectory:
        for index in (59, 3, 3, 30, 0, 59):
            np.testing.assert_allclose(trajectory.unwrapped(index), frames.followed[index], atol=1e-7)
            np.testing.assert_allclose(trajectory.positions(index), frames.wrapped[index], atol=1e-7)
        assert np.abs(frames.images[59]).max() >= 1
        with pytest.raises(IndexError):
            trajectory.positions(60)


@pytest.mark.parametrize(
    "columns", [WITHOUT_FLAGS, (*WITHOUT_FLAGS, "ix", "iy", "iz"), ("id", "type", "xu", "yu", "zu")]
)
def test_what_the_cell_does_is_no_motion(tmp_path: Path, frames: MadeFrames, columns: tuple[str, ...]) -> None:
    """Particles that rest in a cell that breathes, some of them many images away: nothing moves, whatever the file holds."""
    far = frames.unwrapped[0] + np.arange(frames.N)[:, None] % 5 * frames.cells[0].sum(axis=0)
    resting = replace(frames, unwrapped=far @ np.linalg.inv(frames.cells[0]) @ frames.cells)
    assert np.abs(resting.unwrapped[30] - resting.unwrapped[0]).max() > 0.1
    write_dump(tmp_path / "resting.dump", resting, columns)
    with open_trajectory(
        tmp_path / "resting.dump", TrajectoryOptions(is_unwrapped="xu" in columns or None)
    ) as trajectory:
        for index in (30, 59):
            np.testing.assert_allclose(trajectory.unwrapped(index), trajectory.unwrapped(0), atol=1e-7)


def test_following_is_taken_up_where_it_was_stopped(path: Path, tmp_path: Path) -> None:
    """To the last bit, after the state was written to a file and read."""
    with open_trajectory(path) as trajectory:
        whole = [trajectory.unwrapped(index) for index in range(60)]
    with open_trajectory(path) as trajectory:
        trajectory.unwrapped(41)
        np.savez(tmp_path / "state.npz", **trajectory.unwrapping_state())  # type: ignore[arg-type]
    with open_trajectory(path) as trajectory, np.load(tmp_path / "state.npz") as state:
        trajectory.restore_unwrapping(state)
        for index in (41, 50, 59, 7):
            np.testing.assert_array_equal(trajectory.unwrapped(index), whole[index])


def test_a_compressed_file_is_unpacked_a_few_times_whatever_its_frames(
    path: Path, tmp_path: Path, frames: MadeFrames, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Going back by one byte means to begin again: frames in order never do."""
    rewinds: list[int] = []
    rewind = gzip.GzipFile.rewind

    def counted(file: gzip.GzipFile) -> None:
        rewinds.append(1)
        rewind(file)

    monkeypatch.setattr(gzip.GzipFile, "rewind", counted)
    write_plain_xyz(tmp_path / "a.xyz", frames)
    for written, options in ((path, TrajectoryOptions()), (tmp_path / "a.xyz", TrajectoryOptions(box=TILTED))):
        packed = written.with_name(written.name + ".gz")
        packed.write_bytes(gzip.compress(written.read_bytes()))
        with open_trajectory(packed, options) as trajectory:
            rewinds.clear()
            for index in range(60):
                trajectory.positions(index)
            assert len(rewinds) <= 2


def test_the_state_of_another_trajectory_is_refused(path: Path, tmp_path: Path) -> None:
    write_dump(tmp_path / "b.dump", made_frames(n_frames=60, N=50), WITHOUT_FLAGS)
    with open_trajectory(path) as trajectory, open_trajectory(tmp_path / "b.dump") as other:
        other.unwrapped(2)
        with pytest.raises(InvalidInput, match="of another trajectory: begin again"):
            trajectory.restore_unwrapping(other.unwrapping_state())
    with open_trajectory(path, TrajectoryOptions(last=9)) as less, open_trajectory(path) as trajectory:
        trajectory.unwrapped(30)
        with pytest.raises(InvalidInput, match="of another trajectory"):
            less.restore_unwrapping(trajectory.unwrapping_state())


def test_a_plane_is_told_by_the_file_or_by_its_positions(tmp_path: Path) -> None:
    frames = made_frames(PLANE)
    write_gsd(tmp_path / "a.gsd", frames)
    write_dump(tmp_path / "a.dump", frames)
    with open_trajectory(tmp_path / "a.gsd") as told, open_trajectory(tmp_path / "a.dump") as guessed:
        assert told.dimension == guessed.dimension == 2
        assert told.cell(0).shape == (2, 2)
        assert told.unwrapped(0).shape == (60, 2)
        assert any("taken as two-dimensional" in note for note in guessed.notes)
        assert not any("taken as two-dimensional" in note for note in told.notes)
    with open_trajectory(tmp_path / "a.dump", TrajectoryOptions(dimension=3)) as trajectory:
        assert trajectory.cell(0).shape == (3, 3)


def test_the_comment_of_atooms_says_step_cell_and_columns(tmp_path: Path) -> None:
    """The format of https://gitlab.info-ufr.univ-montp2.fr/atooms, centred at zero."""
    frames = made_frames(n_frames=3)
    lines = []
    for index in range(3):
        lines += ["60", f"step:{frames.steps[index]} columns:id,x,y,z dt:0.005 cell:6.0,6.0,6.0 rho:1.2"]
        lines += [
            f"{a} {x:.9f} {y:.9f} {z:.9f}"
            for a, (x, y, z) in zip(frames.labels, frames.wrapped[index] - 3, strict=True)
        ]
    (tmp_path / "a.xyz").write_text("\n".join(lines) + "\n\n")
    with open_trajectory(tmp_path / "a.xyz") as trajectory:
        np.testing.assert_array_equal(trajectory.steps, frames.steps)
        np.testing.assert_array_equal(trajectory.cell(2), 6 * np.eye(3))
        np.testing.assert_allclose(trajectory.unwrapped(2) + 3, frames.unwrapped[2], atol=1e-8)


def test_the_notes_say_what_was_understood(tmp_path: Path) -> None:
    write_dump(tmp_path / "a.dump", made_frames())
    with open_trajectory(tmp_path / "a.dump", TrajectoryOptions(time_step=0.002)) as trajectory:
        assert trajectory.notes == [
            f"{tmp_path / 'a.dump'}: LAMMPS dump; 7 frames of 60 particles are read",
            "times are steps × 0.002",
            "species are A (label 1, 48 particles), B (label 2, 12 particles), in the order of the labels",
            "positions are wrapped, with image flags",
        ]


def test_h5md_of_fixed_spacing_and_a_cubic_box(tmp_path: Path) -> None:
    """Steps and times as one number, the box as lengths of all frames: both are allowed."""
    import h5py

    frames = made_frames()
    write_h5md(tmp_path / "a.h5", frames)
    with h5py.File(tmp_path / "a.h5", "a") as file:
        group = file["particles/all"]
        for name, spacing in (("step", 1000), ("time", 5.0)):
            del group[f"position/{name}"]
            group[f"position/{name}"] = spacing
        del group["box/edges"], group["species"]
        group["box/edges"] = np.full(3, 6.0)
        group["species"] = np.array([label.encode() for label in frames.labels])
    with open_trajectory(tmp_path / "a.h5") as trajectory:
        np.testing.assert_allclose(trajectory.times, frames.times)
        np.testing.assert_array_equal(trajectory.steps, frames.steps)
        assert trajectory.labels == (("A",), ("B",))
        np.testing.assert_array_equal(trajectory.cell(3), 6 * np.eye(3))
        np.testing.assert_allclose(trajectory.unwrapped(6), frames.unwrapped[6], atol=1e-12)


def test_species_and_masses_of_a_topology_that_mdanalysis_reads(tmp_path: Path) -> None:
    """A data file of LAMMPS, whose types and masses are used."""
    frames = made_frames(n_frames=3)
    write_plain_xyz(tmp_path / "a.xyz", frames)
    atoms = [
        f"{i + 1} {a + 1} {x:.6f} {y:.6f} {z:.6f}"
        for i, (a, (x, y, z)) in enumerate(zip(frames.species, frames.wrapped[0], strict=True))
    ]
    box = [f"0.0 6.0 {axis}lo {axis}hi" for axis in "xyz"]
    lines = [
        "made",
        "",
        "60 atoms",
        "2 atom types",
        "",
        *box,
        "",
        "Masses",
        "",
        "1 1.0",
        "2 2.5",
        "",
        "Atoms # atomic",
        "",
        *atoms,
    ]
    (tmp_path / "a.data").write_text("\n".join(lines) + "\n")
    options = TrajectoryOptions(box=6.0, topology=tmp_path / "a.data")
    with open_trajectory(tmp_path / "a.xyz", options) as trajectory:
        assert trajectory.labels == (("1",), ("2",))
        np.testing.assert_array_equal(trajectory.masses, [1.0, 2.5])
        np.testing.assert_array_equal(trajectory.species, frames.species)
    (tmp_path / "a.data").write_text("nonsense\n")
    with pytest.raises(InvalidInput, match=r"topology .* cannot be read"):
        open_trajectory(tmp_path / "a.xyz", options)

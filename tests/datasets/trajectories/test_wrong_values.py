"""Frames that cannot be right: a message with the number of the frame and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from glassdask.datasets.trajectories.options import TrajectoryOptions, species_options
from glassdask.datasets.trajectories.own_trajectory import open_trajectory
from glassdask.errors import InvalidInput
from tests.datasets.trajectories.every_format import write_gsd, write_plain_xyz, write_xtc
from tests.datasets.trajectories.lammps_dumps import write_dump
from tests.datasets.trajectories.made_frames import CUBE, TILTED, MadeFrames, made_frames

N_FRAMES = 6


def dump_of(folder: Path, frames: MadeFrames | None = None, columns: str = "id type x y z ix iy iz") -> Path:
    write_dump(folder / "a.dump", frames or made_frames(n_frames=N_FRAMES), columns.split(), is_sorted=True)
    return folder / "a.dump"


def read_all(path: Path, **options: object) -> list[np.ndarray]:
    with open_trajectory(path, TrajectoryOptions(**options)) as trajectory:  # type: ignore[arg-type]
        return [trajectory.unwrapped(index) for index in range(len(trajectory))]


def change_frame(path: Path, number: int, change: Callable[[str], str]) -> None:
    """Changes the text of one frame of a dump."""
    frames = path.read_text().split("ITEM: TIMESTEP\n")
    frames[number + 1] = change(frames[number + 1])
    path.write_text("ITEM: TIMESTEP\n".join(frames))


def without_last_particle(frame: str) -> str:
    return "\n".join(frame.replace("ATOMS\n60", "ATOMS\n59").splitlines()[:-1]) + "\n"


def box_of(bounds: str) -> Callable[[str], str]:
    return lambda frame: re.sub(r"pp pp pp\n.*\n", f"pp pp pp\n{bounds}\n", frame)


CHANGES: dict[str, tuple[Callable[[str], str], str]] = {
    "another number of particles": (
        without_last_particle,
        r"has 59 particles, and .*frame 0 has 60; .*\(first, last\)",
    ),
    "another id": (
        lambda frame: frame.replace("\n60 1 ", "\n61 1 ").replace("\n60 2 ", "\n61 2 "),
        "the ids of its particles",
    ),
    "an id twice": (lambda frame: frame.replace("\n59 1 ", "\n58 1 "), "the ids of its particles"),
    "another species": (lambda frame: frame.replace("\n60 2 ", "\n60 1 "), "the species of its particles"),
    "a position that is not finite": (
        lambda frame: re.sub(r"\n7 (\d) \S+", r"\n7 \1 nan", frame),
        "particle 6 is not finite",
    ),
    "an infinite position": (lambda frame: re.sub(r"\n7 (\d) \S+", r"\n7 \1 inf", frame), "particle 6 is not finite"),
    "a word for a position": (lambda frame: re.sub(r"\n7 (\d) \S+", r"\n7 \1 0.1.2", frame), "copy the file again"),
    "a position far outside": (
        lambda frame: re.sub(r"\n7 (\d) \S+", r"\n7 \1 25.0", frame),
        r"particle 6 lies .* \(box\)",
    ),
    "a box without width": (box_of("2.0 2.0"), r"span no volume; .*\(box\)"),
    "a negative box": (box_of("2.0 -4.0"), r"span no volume; .*\(box\)"),
    "a box that is none": (box_of("0 nan"), r"span no volume; .*\(box\)"),
    "a box of one line": (box_of(""), "no box of three lines"),
    "a step that is none": (lambda frame: "once\n" + frame.partition("\n")[2], "its step is b'once'"),
    "a flag that is none": (lambda frame: re.sub(r"(\n7 .*) \S+\n", r"\1 0.5\n", frame), "no whole number"),
    "fewer columns": (lambda frame: frame.replace(" ix iy iz", ""), "image flags"),
    "no positions": (lambda frame: frame.replace("id type x y z", "id type vx vy vz"), "no positions; allowed: x y z"),
}


@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=CHANGES)
def test_a_frame_that_is_not_like_the_others(tmp_path: Path, change: Callable[[str], str], message: str) -> None:
    """Frame 4 is not among those that are looked at when the file is opened."""
    path = dump_of(tmp_path)
    change_frame(path, 4, change)
    with pytest.raises(InvalidInput, match=f"frame 4: .*{message}"):
        read_all(path)


# --- time -------------------------------------------------------------------------------------------------------------


def test_frames_that_a_restart_wrote_again_are_left_out(tmp_path: Path) -> None:
    """A run to step 3000 that was killed and begun again from 1500: of 2000 and 3000 the later frames are used, which belong
    together with 4000. A frame that the end of one run and the beginning of the next both wrote counts once."""
    steps = made_frames(n_frames=N_FRAMES).steps
    for order, kept in {
        (0, 1, 2, 3, 2, 3, 4, 5): [0, 1, 4, 5, 6, 7],
        (0, 1, 2, 2, 3, 4, 4, 5): [0, 1, 3, 4, 6, 7],
    }.items():
        path = dump_of(tmp_path, made_frames(n_frames=N_FRAMES).only(list(order)))
        with open_trajectory(path) as trajectory:
            assert trajectory.kept == kept
            np.testing.assert_array_equal(trajectory.steps, steps)
            assert any(note.startswith("2 doubled frames of restarts are left out") for note in trajectory.notes)


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ((0, 2, 4, 3, 5), r"frame 3: time goes backwards, from 4000 to 3000.*\(last=2, then first=3\)"),
        ((0, 1, 2, 0, 1, 2), r"frame 3: the run begins again at 0.*last=2, or first=3"),
        ((1, 2, 0, 3), r"frame 2: time goes backwards, from 2000 to 0"),
    ],
)
def test_time_that_goes_backwards(tmp_path: Path, order: tuple[int, ...], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        read_all(dump_of(tmp_path, made_frames(n_frames=N_FRAMES).only(list(order))))


def test_times_are_counted_in_what_the_file_has(tmp_path: Path) -> None:
    """Steps where it has no times; frames where it has no steps either; and the notes say so."""
    frames = made_frames(n_frames=3)
    with open_trajectory(dump_of(tmp_path, frames)) as trajectory:
        assert (trajectory.has_times, trajectory.time_unit) == (False, "steps")
        np.testing.assert_array_equal(trajectory.times, [0, 1000, 2000])
        assert "times are counted in steps; give time_step, and they are times" in trajectory.notes
    write_plain_xyz(tmp_path / "a.xyz", frames)
    (tmp_path / "a.xyz").write_text(re.sub(" Atoms.*", "a comment", (tmp_path / "a.xyz").read_text()))
    with open_trajectory(tmp_path / "a.xyz", TrajectoryOptions(box=6.0)) as trajectory:
        assert (trajectory.steps, trajectory.time_unit) == (None, "frames")
        np.testing.assert_array_equal(trajectory.times, [0, 1, 2])
    with open_trajectory(tmp_path / "a.xyz", TrajectoryOptions(box=6.0, time_step=0.5)) as trajectory:
        assert trajectory.has_times
        np.testing.assert_array_equal(trajectory.times, [0, 0.5, 1.0])


def test_times_in_single_precision_keep_the_spacing_of_their_steps(tmp_path: Path) -> None:
    """Late in a run, two times of XTC that differ by 0.1 are rounded by as much; the steps beside them are not."""
    frames = made_frames(n_frames=N_FRAMES)
    late = replace(frames, steps=10**8 + 50 * np.arange(N_FRAMES), time_step=0.002)
    write_xtc(tmp_path / "a.xtc", late)
    with open_trajectory(tmp_path / "a.xtc", TrajectoryOptions(counts={"A": 60})) as trajectory:
        np.testing.assert_allclose(np.diff(trajectory.times), 0.1, rtol=1e-9)
        assert "times are those of the file, one step 0.002" in trajectory.notes


def test_steps_that_begin_anew_while_times_go_on(tmp_path: Path) -> None:
    """As in XTC files that were joined, or whose steps do not fit into four bytes: times count."""
    frames = made_frames(n_frames=N_FRAMES)
    write_xtc(tmp_path / "a.xtc", replace(frames, steps=frames.steps % 3000, written_times=frames.times))
    with open_trajectory(tmp_path / "a.xtc", TrajectoryOptions(counts={"A": 60})) as trajectory:
        assert trajectory.steps is None
        np.testing.assert_allclose(trajectory.times, frames.times, rtol=1e-6)


# --- box and boundaries -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", [CUBE, TILTED], ids=["cube", "tilted"])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_a_box_that_is_too_small_is_refused(tmp_path: Path, cell: np.ndarray, share: float) -> None:
    path = dump_of(tmp_path, made_frames(cell), "id type x y z")
    with pytest.raises(InvalidInput, match=r"frame \d: .*box.*: give the right one \(box\)"):
        read_all(path, box=share * cell)


def test_a_box_that_is_too_large_is_doubted(tmp_path: Path) -> None:
    """It cannot be told from a liquid with a surface, so it is no error."""
    write_plain_xyz(tmp_path / "a.xyz", made_frames())
    with open_trajectory(tmp_path / "a.xyz", TrajectoryOptions(box=[6.0, 12.0, 6.0])) as trajectory:
        doubts = [note for note in trajectory.notes if "is empty along its vector b" in note]
        assert len(doubts) == 1
        assert doubts == [note for note in trajectory.notes if "is empty" in note]
    with open_trajectory(tmp_path / "a.xyz", TrajectoryOptions(box=6.0)) as trajectory:
        assert not [note for note in trajectory.notes if "is empty" in note]


def test_scaled_coordinates_that_are_called_lengths(tmp_path: Path) -> None:
    frames = made_frames()
    write_plain_xyz(tmp_path / "a.xyz", frames, frames.wrapped / 6.0)
    with pytest.raises(InvalidInput, match=r"frame 0: all positions lie between 0.* and .*scaled coordinates"):
        open_trajectory(tmp_path / "a.xyz", TrajectoryOptions(box=6.0))
    with open_trajectory(tmp_path / "a.xyz", TrajectoryOptions(box=1.0)) as trajectory:
        assert len(trajectory) == len(frames)


def test_frames_too_far_apart_to_follow_particles_are_refused(tmp_path: Path) -> None:
    """With image flags, or unwrapped, they are as good as others."""
    frames = made_frames(n_frames=61).only([0, 20, 40, 60])
    path = dump_of(tmp_path, frames, "id type x y z")
    with pytest.raises(InvalidInput, match=r"frame 1: .*box lengths since the frame before; allowed.*image flags"):
        read_all(path)
    with open_trajectory(path) as trajectory:
        np.testing.assert_allclose(trajectory.positions(3), frames.wrapped[3], atol=1e-8)
    for columns in ("id type x y z ix iy iz", "id type xu yu zu"):
        np.testing.assert_allclose(read_all(dump_of(tmp_path, frames, columns))[3], frames.unwrapped[3], atol=1e-8)


def test_typical_steps_near_a_quarter_of_the_box_are_refused(tmp_path: Path) -> None:
    """Though none is longer than four tenths: that is luck."""
    frames = made_frames(n_frames=2)
    frames.unwrapped[1] = frames.unwrapped[0] + 0.3 * 6.0
    with pytest.raises(
        InvalidInput, match=r"frame 1: one particle in a hundred has moved by more than 0.30 box lengths"
    ):
        read_all(dump_of(tmp_path, frames, "id type x y z"))


def test_unwrapped_positions_that_nobody_calls_so_are_told_by_their_continuity(tmp_path: Path) -> None:
    """They lie outside of the box, far, and never jump."""
    frames = made_frames(n_frames=400, N=30)
    write_plain_xyz(tmp_path / "a.xyz", frames, frames.unwrapped)
    with open_trajectory(tmp_path / "a.xyz", TrajectoryOptions(box=6.0)) as trajectory:
        assert not trajectory.is_wrapped
        np.testing.assert_allclose(trajectory.unwrapped(399), frames.unwrapped[399], atol=1e-8)
        assert "positions are taken as unwrapped: they lie outside of the box and never jump" in trajectory.notes
    far_apart = frames.only(list(range(0, 400, 80)))
    write_plain_xyz(tmp_path / "b.xyz", far_apart, far_apart.unwrapped)
    with pytest.raises(
        InvalidInput, match=r"frame \d: particles lie outside.*as through a boundary.*\(--unwrapped, is_unwrapped\)"
    ):
        read_all(tmp_path / "b.xyz", box=6.0)
    np.testing.assert_allclose(read_all(tmp_path / "b.xyz", box=6.0, is_unwrapped=True), far_apart.unwrapped, atol=1e-8)


def test_positions_outside_that_jump_are_refused(tmp_path: Path) -> None:
    frames = made_frames(n_frames=4)
    write_plain_xyz(tmp_path / "a.xyz", frames)
    with pytest.raises(InvalidInput, match=r"is_unwrapped|too small"):
        read_all(tmp_path / "a.xyz", box=1.9)


def test_gsd_without_flags_of_later_frames_is_followed(tmp_path: Path) -> None:
    """HOOMD-blue writes the flags of the first frame only, unless it is asked for momenta: they are not those of the others."""
    frames = made_frames()
    still = replace(frames, unwrapped=frames.unwrapped.copy())
    write_gsd(tmp_path / "whole.gsd", still)
    import gsd.hoomd

    with gsd.hoomd.open(str(tmp_path / "whole.gsd")) as whole, gsd.hoomd.open(str(tmp_path / "a.gsd"), "w") as less:
        flags = whole[0].particles.image + 1
        for frame in whole:
            frame.particles.image = flags  # equal to those of the first: not written again
            less.append(frame)
    with open_trajectory(tmp_path / "a.gsd") as trajectory:
        assert not trajectory.has_images
        moved = trajectory.unwrapped(6) - trajectory.unwrapped(0)
        np.testing.assert_allclose(moved, frames.unwrapped[6] - frames.unwrapped[0], atol=1e-5)


# --- species ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("types", "message"),
    [
        ({"1": "A"}, r"gives no name to the label '2'; .* are 1, 2 \(types = 1=A,2=B\)"),
        ({"1": "A", "2": "B", "3": "C"}, "names the label '3', which no particle has"),
        ({"1": "A", "2": "C"}, r"allowed: A, B, C, D, E, from A on without a gap \(A, B for 2\)"),
    ],
)
def test_labels_and_names_that_do_not_fit(tmp_path: Path, types: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        read_all(dump_of(tmp_path), types=types)


def test_labels_of_one_species_and_six_labels(tmp_path: Path) -> None:
    path = dump_of(tmp_path)
    with open_trajectory(path, TrajectoryOptions(types={"1": "A", "2": "A"}, masses={"A": 2.0})) as trajectory:
        assert (trajectory.names, trajectory.labels) == (("A",), (("1", "2"),))
        np.testing.assert_array_equal(trajectory.masses, [2.0])
    path.write_text(re.sub(r"\n(\d+) 1 ", lambda found: f"\n{found[1]} {1 + int(found[1]) % 7} ", path.read_text()))
    with pytest.raises(InvalidInput, match=r"has 7 labels \(1, 2, 3, 4, 5, 6, 7\).*\(types = 1=A,2=A,…\)"):
        open_trajectory(path)


def test_a_type_without_label(tmp_path: Path) -> None:
    import gsd.fl

    write_gsd(tmp_path / "whole.gsd", made_frames(n_frames=1))
    with (
        gsd.fl.open(str(tmp_path / "whole.gsd"), "r") as whole,
        gsd.fl.open(str(tmp_path / "a.gsd"), "w", application="test", schema="hoomd", schema_version=[1, 4]) as less,
    ):
        for name in ("configuration/box", "particles/N", "particles/position", "particles/typeid"):
            less.write_chunk(name, whole.read_chunk(frame=0, name=name))
        less.end_frame()
    with pytest.raises(
        InvalidInput, match=r"frame 0: its particles are of types 0 to 1, and it has labels for 0 to 0 \(A\)"
    ):
        open_trajectory(tmp_path / "a.gsd")


@pytest.mark.parametrize("text", ["", "A", "1=A,2", "1=A,1=B", "A:x", "1=A,B:3"])
def test_types_that_are_neither_names_nor_numbers(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"allowed: names by label, as 1=A,2=B"):
        species_options(text)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time_step": 0.0}, "time_step is 0.0"),
        ({"length_unit": -1.0}, "length_unit is -1.0"),
        ({"dimension": 4}, "dimension is 4"),
        ({"stride": 0}, "stride is 0"),
        ({"first": -1}, "first is -1"),
        ({"box": [1.0, -2.0, 3.0]}, "box_lengths is"),
        ({"masses": {"A": 0.0}}, "masses is"),
        ({"counts": {"A": 0}}, "counts is"),
        ({"types": {"1": "A"}, "counts": {"A": 1}}, "both types and counts"),
    ],
)
def test_options_outside_of_what_is_allowed(options: dict, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        TrajectoryOptions(**options)

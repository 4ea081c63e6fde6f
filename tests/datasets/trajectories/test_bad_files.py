"""Files that are cut, empty, of another format or out of order: a message with the frame and the remedy, never wrong numbers."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.own_trajectory import open_trajectory
from glassdask.errors import InvalidInput
from tests.datasets.trajectories.every_format import (
    Written,
    write_dcd,
    write_gsd,
    write_plain_xyz,
    written_in_every_format,
)
from tests.datasets.trajectories.lammps_dumps import write_dump
from tests.datasets.trajectories.made_frames import made_frames

FORMATS = (
    "lammps",
    "lammps-scaled",
    "lammps-unwrapped",
    "binary",
    "gsd",
    "extended",
    "plain",
    "dcd",
    "xtc",
    "trr",
    "h5md",
    "netcdf",
)
#: GSD may have no room for an index yet; HDF5 holds many things besides.
CUTS = (0.02, 0.31, 0.55, 0.83, 0.97, 0.999)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Written]:
    """The same five frames in every format, to be copied and not changed."""
    return written_in_every_format(tmp_path_factory.mktemp("whole"), made_frames(n_frames=5))


@pytest.mark.parametrize("name", FORMATS)
def test_a_cut_file_is_refused_wherever_it_is_cut(written: dict[str, Written], name: str, tmp_path: Path) -> None:
    """What could be read before that is what was written; one byte less is noticed, too."""
    path, options, _ = written[name]
    whole = path.read_bytes()
    for length in [*(int(share * len(whole)) for share in CUTS), len(whole) - 1]:
        cut = tmp_path / path.name
        cut.write_bytes(whole[:length])
        with pytest.raises(
            InvalidInput, match=r"copy it again|copy the file again|write it again|write the file again|name its format"
        ):
            read_all(cut, options)


def read_all(path: Path, options: TrajectoryOptions) -> list[np.ndarray]:
    with open_trajectory(path, options) as trajectory:
        return [trajectory.unwrapped(index) for index in range(len(trajectory))]


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "xtc"])
def test_whatever_byte_is_wrong_there_is_a_message_or_frames(
    written: dict[str, Written], name: str, tmp_path: Path
) -> None:
    """No other error, whatever library reads it. (But of XTC, whose packed positions MDAnalysis unpacks without looking.)"""
    path, options, _ = written[name]
    rng = np.random.default_rng(11)
    whole = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    n_refused = 0
    for _ in range(40):
        damaged = whole.copy()
        places = rng.integers(min(len(whole), rng.choice([600, len(whole)])), size=rng.choice([1, 3, 10]))
        damaged[places] = rng.integers(256, size=len(places))
        (tmp_path / path.name).write_bytes(damaged.tobytes())
        try:
            read_all(tmp_path / path.name, options)
        except InvalidInput:
            n_refused += 1
    assert n_refused >= 5


@pytest.mark.parametrize("name", ["lammps", "binary", "extended", "plain"])
def test_the_frames_before_a_cut_can_be_used(written: dict[str, Written], name: str, tmp_path: Path) -> None:
    """The message says how."""
    path, options, _ = written[name]
    (tmp_path / path.name).write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InvalidInput, match=r"frame 4: .*last=3"):
        open_trajectory(tmp_path / path.name, options)
    with open_trajectory(path, options) as whole:
        for index, positions in enumerate(read_all(tmp_path / path.name, replace(options, last=3))):
            np.testing.assert_array_equal(positions, whole.unwrapped(index))


def test_a_cut_compressed_dump_is_refused(written: dict[str, Written], tmp_path: Path) -> None:
    packed = gzip.compress(written["lammps"].path.read_bytes())
    (tmp_path / "a.dump.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InvalidInput, match="damaged or cut"):
        open_trajectory(tmp_path / "a.dump.gz")
    os.mkfifo(tmp_path / "a.xyz")
    with pytest.raises(InvalidInput, match="no file but a device or pipe"):
        open_trajectory(tmp_path / "a.xyz")


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)])
def test_text_is_read_compressed_and_nothing_else(
    written: dict[str, Written], tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    for name in ("lammps", "extended"):
        path, options, _ = written[name]
        (tmp_path / f"{path.name}{ending}").write_bytes(pack(path.read_bytes()))
        np.testing.assert_array_equal(read_all(tmp_path / f"{path.name}{ending}", options), read_all(path, options))
    (tmp_path / f"a.gsd{ending}").write_bytes(pack(written["gsd"].path.read_bytes()))
    with pytest.raises(InvalidInput, match="is GSD, compressed; only text is read so: unpack it"):
        open_trajectory(tmp_path / f"a.gsd{ending}")


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_of_another_format_than_its_ending(written: dict[str, Written], name: str, tmp_path: Path) -> None:
    """It says which it is; with that format named, it is read."""
    path, options, _ = written[name]
    other = tmp_path / ("a.gsd" if path.suffix != ".gsd" else "a.xyz")
    other.write_bytes(path.read_bytes())
    with pytest.raises(InvalidInput, match=r"rename it, or say format = ") as refusal:
        open_trajectory(other, options)
    named = str(refusal.value).rsplit("'", 2)[1]
    np.testing.assert_array_equal(read_all(other, replace(options, format=named)), read_all(path, options))
    unnamed = tmp_path / "trajectory"
    unnamed.write_bytes(path.read_bytes())
    np.testing.assert_array_equal(read_all(unnamed, options), read_all(path, options))


@pytest.mark.parametrize(
    "ending", [".gsd", ".lammpstrj", ".bin", ".xyz", ".dcd", ".xtc", ".trr", ".h5", ".nc", ".pdf", ""]
)
def test_a_file_of_no_format(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{ending}"
    for content in (b"once upon a time there was a liquid\n" * 100, bytes(range(256)) * 20, b"\0" * 500):
        path.write_bytes(content)
        with pytest.raises(InvalidInput, match=r"write it again|no format that is known"):
            open_trajectory(path)
    path.write_bytes(b"")
    with pytest.raises(InvalidInput, match="is empty"):
        open_trajectory(path)


def test_no_file_a_folder_no_permission(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="there is no file"):
        open_trajectory(tmp_path / "a.gsd")
    with pytest.raises(InvalidInput, match="is a folder"):
        open_trajectory(tmp_path)
    (tmp_path / "a.gsd").write_bytes(b"1")
    (tmp_path / "a.gsd").chmod(0)
    if os.geteuid() == 0:
        return  # root may read whatever there is
    with pytest.raises(InvalidInput, match="may not be read"):
        open_trajectory(tmp_path / "a.gsd")


def test_a_file_without_frames(tmp_path: Path) -> None:
    none = made_frames().only([])
    write_gsd(tmp_path / "a.gsd", none)
    (tmp_path / "b.xyz").write_text("0\n\n")
    with pytest.raises(InvalidInput, match="holds no frame"):
        open_trajectory(tmp_path / "a.gsd")
    with pytest.raises(InvalidInput, match="frame 0: it has no particles"):
        open_trajectory(tmp_path / "b.xyz")


def test_one_frame_is_opened_and_says_so(tmp_path: Path) -> None:
    frames = made_frames().only([0])
    write_dump(tmp_path / "a.dump", frames)
    with open_trajectory(tmp_path / "a.dump") as trajectory:
        assert trajectory.is_single
        np.testing.assert_allclose(trajectory.unwrapped(0), frames.unwrapped[0], atol=1e-8)


def test_frames_that_are_not_there(tmp_path: Path) -> None:
    write_dump(tmp_path / "a.dump", made_frames(n_frames=4))
    with pytest.raises(InvalidInput, match="holds 4 frames, 0 to 3"):
        open_trajectory(tmp_path / "a.dump", TrajectoryOptions(first=4))
    with open_trajectory(tmp_path / "a.dump", TrajectoryOptions(first=1, last=-2, stride=2)) as trajectory:
        assert trajectory.kept == [1]


def test_a_plain_file_of_dcd_without_species_asks_for_them(tmp_path: Path) -> None:
    """One component is not assumed."""
    frames = made_frames()
    write_dcd(tmp_path / "a.dcd", frames)
    with pytest.raises(InvalidInput, match="says no species; give a topology"):
        open_trajectory(tmp_path / "a.dcd")
    with pytest.raises(InvalidInput, match=r"A:50,B:12 are 62"):
        open_trajectory(tmp_path / "a.dcd", TrajectoryOptions(counts={"A": 50, "B": 12}))
    with open_trajectory(tmp_path / "a.dcd", TrajectoryOptions(counts={"B": 50, "A": 10})) as trajectory:
        np.testing.assert_array_equal(trajectory.species, np.repeat([1, 0], [50, 10]))
    write_dump(tmp_path / "other.dump", made_frames(N=50))
    with pytest.raises(InvalidInput, match=r"of 50 particles; .* has 60"):
        open_trajectory(tmp_path / "a.dcd", TrajectoryOptions(topology=tmp_path / "other.dump"))


def test_a_plain_xyz_without_box_asks_for_it(tmp_path: Path) -> None:
    write_plain_xyz(tmp_path / "a.xyz", made_frames())
    with pytest.raises(InvalidInput, match=r"says no box; give its lengths \(box\)"):
        open_trajectory(tmp_path / "a.xyz")

"""Variants of formats that few programs write, and that are read all the same."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from glassdask.datasets.trajectories.formats.dcd import cell_of_dcd
from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.own_trajectory import open_trajectory
from glassdask.errors import InvalidInput, MissingComponent
from glassdask.physics.liquids.catalogue import liquid_named
from glassdask.simulation.particles.particles import Particles
from glassdask.simulation.records.trajectory import Trajectory, gsd_chunks
from glassdask.simulation.records.trajectory import write_gsd as write_own_gsd
from tests.datasets.trajectories.every_format import (
    write_binary_dump,
    write_dcd,
    write_extended_xyz,
    write_plain_xyz,
    write_trr,
    write_xtc,
)
from tests.datasets.trajectories.lammps_dumps import write_dump
from tests.datasets.trajectories.made_frames import CUBE, TILTED, made_frames
from tests.datasets.trajectories.same_frames import assert_same

STEP = TrajectoryOptions(time_step=0.005)


# --- LAMMPS -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", ["id type xs ys zs ix iy iz", "id type x y z"])
@pytest.mark.parametrize("revision", [0, 1])
def test_a_binary_dump_of_before_2020_is_told_its_columns(tmp_path: Path, revision: int, columns: str) -> None:
    """Its header does not name them; eight are those of ``dump atom``, where nothing else is said."""
    frames = made_frames(TILTED)
    path = tmp_path / "a.bin"
    write_binary_dump(path, frames, columns, revision)
    with open_trajectory(path, TrajectoryOptions(time_step=0.005, columns=columns)) as trajectory:
        assert_same(trajectory, frames, 1e-9)
    if "xs" in columns:
        with open_trajectory(path, STEP) as trajectory:
            assert_same(trajectory, frames, 1e-9)
    with pytest.raises(InvalidInput, match=r"frame 0: it has \d columns, and 2 names: id type; name each"):
        open_trajectory(path, TrajectoryOptions(columns="id type"))


def test_old_columns_that_nobody_names_are_asked_for(tmp_path: Path) -> None:
    write_binary_dump(tmp_path / "a.bin", made_frames(), "id type x y z vx", revision=0)
    with pytest.raises(
        InvalidInput, match=r"frame 0: it has 6 columns, and its header, of an old LAMMPS, does not name them"
    ):
        open_trajectory(tmp_path / "a.bin")


def test_a_general_triclinic_box(tmp_path: Path) -> None:
    """Lattice vectors in any direction with an origin, as ``dump_modify triclinic/general yes`` writes them."""
    rng = np.random.default_rng(5)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    frames, origin = made_frames(TILTED), np.array([1.0, -2.0, 0.5])
    lines: list[str] = []
    for index in range(len(frames)):
        vectors = frames.cells[index] @ turn
        lines += [
            "ITEM: TIMESTEP",
            str(frames.steps[index]),
            "ITEM: NUMBER OF ATOMS",
            "60",
            "ITEM: BOX BOUNDS abc origin pp pp pp",
        ]
        lines += [
            " ".join(f"{value:.16e}" for value in (*vector, o)) for vector, o in zip(vectors, origin, strict=True)
        ]
        lines.append("ITEM: ATOMS id type x y z")
        positions = frames.wrapped[index] @ turn + origin
        lines += [
            f"{i + 1} {frames.species[i] + 1} {x:.12g} {y:.12g} {z:.12g}" for i, (x, y, z) in enumerate(positions)
        ]
    (tmp_path / "a.dump").write_text("\n".join(lines) + "\n")
    with open_trajectory(tmp_path / "a.dump") as trajectory:
        np.testing.assert_allclose(trajectory.cell(3), TILTED @ turn, atol=1e-12)
        np.testing.assert_allclose(trajectory.unwrapped(6) @ turn.T, frames.unwrapped[6], atol=1e-9)


def test_lines_that_end_as_on_windows(tmp_path: Path) -> None:
    frames = made_frames()
    write_dump(tmp_path / "a.dump", frames, has_times=True)
    write_plain_xyz(tmp_path / "a.xyz", frames)
    for name, options in (("a.dump", TrajectoryOptions()), ("a.xyz", TrajectoryOptions(box=CUBE, time_step=0.005))):
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes().replace(b"\n", b"\r\n"))
        with open_trajectory(tmp_path / name, options) as trajectory:
            assert_same(trajectory, frames, 1e-8)


# --- others -----------------------------------------------------------------------------------------------------------


def test_the_trajectory_of_a_campaign_is_what_its_own_reader_reads(tmp_path: Path) -> None:
    """The length of its cube in full, not in single precision; wrapped positions to rounding, relative to the corner."""
    frames, length = made_frames(), 6.0 + 1e-9
    liquid = liquid_named("lj")
    chunks = [
        gsd_chunks(
            Particles(
                step=int(step),
                positions=positions - 3.0,
                velocities=np.zeros((60, 3)),
                images=images,
                species=frames.species,
                box_length=length,
            ),
            liquid,
            is_first=index == 0,
        )
        for index, (step, positions, images) in enumerate(zip(frames.steps, frames.wrapped, frames.images, strict=True))
    ]
    write_own_gsd(tmp_path / "a.gsd", iter(chunks))
    with Trajectory(tmp_path / "a.gsd") as own, open_trajectory(tmp_path / "a.gsd", STEP) as trajectory:
        np.testing.assert_array_equal(trajectory.cell(0), own.box_length * np.eye(3))
        np.testing.assert_array_equal(trajectory.steps, own.steps)
        np.testing.assert_array_equal(trajectory.species, own.species)
        for index in range(len(own)):
            np.testing.assert_allclose(trajectory.unwrapped(index) - length / 2, own[index].unwrapped, atol=1e-14)


def test_extended_xyz_with_ids_masses_and_flags_in_any_order(tmp_path: Path) -> None:
    frames = made_frames(TILTED, n_frames=4)
    lattice = " ".join(str(value) for value in TILTED.reshape(-1))
    lines: list[str] = []
    for index in range(4):
        lines += [
            "60",
            f'Properties=id:I:1:image:I:3:pos:R:3:masses:R:1:species:S:1 Time={frames.times[index]} Lattice="{lattice}"',
        ]
        rows = zip(frames.images[index], frames.wrapped[index], frames.labels, strict=True)
        particles = [
            f"{i + 1} {n[0]} {n[1]} {n[2]} {x:.10f} {y:.10f} {z:.10f} {1.5 if label == 'A' else 3.0} {label}"
            for i, (n, (x, y, z), label) in enumerate(rows)
        ]
        lines += particles[index:] + particles[:index]
    (tmp_path / "a.xyz").write_text("\n".join(lines) + "\n")
    with open_trajectory(tmp_path / "a.xyz") as trajectory:
        assert trajectory.has_images
        np.testing.assert_array_equal(trajectory.masses, [1.5, 3.0])
        assert_same(trajectory, frames, 1e-9)


def test_cells_of_dcd_in_all_three_conventions() -> None:
    """Cosines, degrees, and the symmetric matrix of CHARMM (told by a number that is no cosine and negative)."""
    cell = np.array([[4.0, 0.0, 0.0], [-1.0, 3.0, 0.0], [0.0, 0.0, 5.0]])
    b, cosine = np.sqrt(10.0), -1.0 / np.sqrt(10.0)
    degrees = np.degrees(np.arccos(cosine))
    for stored in ((4.0, cosine, b, 0.0, 0.0, 5.0), (4.0, degrees, b, 90.0, 90.0, 5.0)):
        found = cell_of_dcd(np.array(stored))
        assert found is not None
        np.testing.assert_allclose(found, cell, atol=1e-12)
    symmetric = cell_of_dcd(np.array([4.0, -1.5, 3.0, 0.0, 0.0, 5.0]))
    np.testing.assert_equal(symmetric, np.array([[4.0, -1.5, 0.0], [-1.5, 3.0, 0.0], [0.0, 0.0, 5.0]]))
    assert cell_of_dcd(np.zeros(6)) is None


def test_trr_in_double_precision(tmp_path: Path) -> None:
    """As ``gmx_d`` writes it: the floats of a file in single precision, made twice as long."""
    frames = made_frames(TILTED)
    write_trr(tmp_path / "single.trr", frames)
    single = (tmp_path / "single.trr").read_bytes()
    each = len(single) // len(frames)
    doubled = b""
    for begin in range(0, len(single), each):
        head, floats = single[begin : begin + 24], single[begin + 76 : begin + each]
        *sizes, N, step, n_energies = struct.unpack(">13i", single[begin + 24 : begin + 76])
        doubled += head + struct.pack(">13i", *(2 * size for size in sizes), N, step, n_energies)
        doubled += np.frombuffer(floats, dtype=">f4").astype(">f8").tobytes()
    (tmp_path / "a.trr").write_bytes(doubled)
    with open_trajectory(tmp_path / "a.trr", TrajectoryOptions(topology=species_of(tmp_path, TILTED))) as trajectory:
        assert_same(trajectory, frames, 2e-6)


def test_xtc_of_so_few_particles_that_they_are_not_compressed(tmp_path: Path) -> None:
    frames = made_frames(N=8)
    write_xtc(tmp_path / "a.xtc", frames)
    with open_trajectory(tmp_path / "a.xtc", TrajectoryOptions(counts={"A": 8})) as trajectory:
        np.testing.assert_allclose(trajectory.unwrapped(6), frames.unwrapped[6], atol=1e-5)
    (tmp_path / "a.xtc").write_bytes((tmp_path / "a.xtc").read_bytes()[:-4])
    with pytest.raises(InvalidInput, match="frame 6: the file ends within this frame"):
        open_trajectory(tmp_path / "a.xtc", TrajectoryOptions(counts={"A": 8}))


def species_of(folder: Path, cell: np.ndarray) -> Path:
    """A file with the species of made frames."""
    write_extended_xyz(folder / "species.xyz", made_frames(cell, n_frames=1))
    return folder / "species.xyz"


@pytest.mark.parametrize("ending", ["dcd", "xtc"])
def test_a_format_whose_package_is_not_installed_says_how_to_install_it(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    {"dcd": write_dcd, "xtc": write_xtc}[ending](tmp_path / f"a.{ending}", made_frames())
    for name in [name for name in sys.modules if name.startswith("MDAnalysis")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "MDAnalysis", None)
    with pytest.raises(MissingComponent, match=r"pip install 'glassdask\[trajectories\]'"):
        open_trajectory(tmp_path / f"a.{ending}")

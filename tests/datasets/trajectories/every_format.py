"""The same frames written in every format that is read, by the library of each."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import gsd.hoomd
import numpy as np

from glassdask.datasets.trajectories.options import TrajectoryOptions
from tests.datasets.trajectories.lammps_dumps import columns_of, write_dump
from tests.datasets.trajectories.made_frames import Floats, MadeFrames, made_frames


class Written(NamedTuple):
    """A file, what must be said of it, and to which absolute precision it holds positions. [length]"""

    path: Path
    options: TrajectoryOptions
    precision: float


#: Of positions in float32, in a box of ten.
FLOAT32 = 2e-6
#: XTC rounds to a thousandth of its unit.
XTC_ROUNDING = 0.51e-3


def written_in_every_format(folder: Path, frames: MadeFrames | None = None) -> dict[str, Written]:
    """The frames in every format that can hold them, by a name of format and content. What a format does not say is in the options:
    the species of DCD, XTC, TRR and NetCDF, the time step where there are no times, the box of plain XYZ (one for all frames)."""
    frames = made_frames() if frames is None else frames
    step: dict[str, Any] = {"time_step": frames.time_step}
    counts: dict[str, Any] = {"topology": folder / "plain.xyz"}
    written: dict[str, Written] = {}

    def add(name: str, ending: str, precision: float, write: Any, **options: Any) -> None:
        path = folder / f"{name}{ending}"
        write(path, frames)
        written[name] = Written(path, TrajectoryOptions(**options), precision)

    for name, columns in {
        "lammps": "id type x y z ix iy iz",
        "lammps-scaled": "id type xs ys zs",
        "lammps-unwrapped": "id type xu yu zu",
    }.items():
        write_dump(folder / f"{name}.lammpstrj", frames, columns.split())
        written[name] = Written(folder / f"{name}.lammpstrj", TrajectoryOptions(**step), 1e-8)
    add("binary", ".bin", 1e-12, write_binary_dump, **step)
    add("gsd", ".gsd", FLOAT32, write_gsd, **step)
    add("extended", ".extxyz", 1e-7, write_extended_xyz)
    if np.all(frames.cells == frames.cells[0]):
        add("plain", ".xyz", 1e-8, write_plain_xyz, box=frames.cells[0], **step)
    else:
        write_plain_xyz(folder / "plain.xyz", frames)
    add("dcd", ".dcd", 10 * FLOAT32, write_dcd, **step, **counts)
    add("xtc", ".xtc", XTC_ROUNDING, write_xtc, **counts)
    add("trr", ".trr", FLOAT32, write_trr, **counts)
    add("h5md", ".h5", 1e-12, write_h5md)
    add("netcdf", ".nc", 10 * FLOAT32, write_netcdf, **counts)
    return written


def write_gsd(path: Path, frames: MadeFrames) -> None:
    """By gsd.hoomd, centred at 0, with images and masses."""
    with gsd.hoomd.open(str(path), "w") as file:
        for index, cell in enumerate(frames.cells):
            frame = gsd.hoomd.Frame()
            (Lx, Ly, Lz) = np.diag(cell)
            frame.configuration.box = [Lx, Ly, Lz, cell[1, 0] / Ly, cell[2, 0] / Lz, cell[2, 1] / Lz]
            frame.configuration.dimensions = frames.dimension
            frame.configuration.step = int(frames.steps[index])
            frame.particles.N = frames.N
            frame.particles.types = ["A", "B"]
            frame.particles.typeid = frames.species
            frame.particles.mass = 1.0 + frames.species
            frame.particles.position = frames.wrapped[index] - 0.5 * cell.sum(axis=0)
            frame.particles.image = frames.images[index]
            file.append(frame)


def write_binary_dump(
    path: Path, frames: MadeFrames, columns: str = "id type xs ys zs ix iy iz", revision: int = 2
) -> None:
    """As dump_custom.cpp does, in two blocks as two processors would; revision 0 is the header of before 2020."""
    with path.open("wb") as file:
        for index, cell in enumerate(frames.cells):
            low, high = np.zeros(3), np.diag(cell).copy()
            xy, xz, yz = cell[1, 0], cell[2, 0], cell[2, 1]
            low += [min(0, xy, xz, xy + xz), min(0, yz), 0]
            high += [max(0, xy, xz, xy + xz), max(0, yz), 0]
            if revision:
                file.write(struct.pack("<q10sii", -10, b"DUMPCUSTOM", 1, revision))
            file.write(struct.pack("<qqi6i", frames.steps[index], frames.N, 1, *[0] * 6))
            file.write(np.stack([low, high], axis=1).tobytes() + np.array([xy, xz, yz]).tobytes())
            names = columns.split()
            file.write(struct.pack("<i", len(names)))
            if revision > 1:
                file.write(struct.pack("<i?i", 0, False, len(columns)) + columns.encode())
            values = columns_of(frames, index)
            rows = np.stack([values[name].astype(float) for name in names], axis=1)[::-1]
            file.write(struct.pack("<i", 2))
            for block in np.array_split(rows, 2):
                file.write(struct.pack("<i", block.size) + block.tobytes())


def write_extended_xyz(path: Path, frames: MadeFrames) -> None:
    """By ase, with time and step."""
    import ase
    import ase.io

    ase.io.write(
        str(path),
        [
            ase.Atoms(
                np.where(frames.species == 0, "Ar", "Kr"),
                frames.wrapped[index],
                cell=frames.cells[index],
                pbc=True,
                info={"time": frames.times[index], "step": int(frames.steps[index])},
            )
            for index in range(len(frames))
        ],
        format="extxyz",
    )


def write_plain_xyz(path: Path, frames: MadeFrames, positions: Floats | None = None) -> None:
    """As LAMMPS writes it; other positions than the wrapped ones may be given."""
    lines = []
    positions = frames.wrapped if positions is None else positions
    for index in range(len(frames)):
        lines += [str(frames.N), f" Atoms. Timestep: {frames.steps[index]}"]
        lines += [
            f"{label} {x:.10g} {y:.10g} {z:.10g}"
            for label, (x, y, z) in zip(frames.labels, positions[index], strict=True)
        ]
    path.write_text("\n".join(lines) + "\n")


def lengths_and_angles(cell: np.ndarray) -> np.ndarray:
    """Of a cell: a, b, c, α, β, γ in degrees, shape (6,)."""
    lengths = np.linalg.norm(cell, axis=1)
    cosines = [cell[i] @ cell[j] / (lengths[i] * lengths[j]) for i, j in ((1, 2), (0, 2), (0, 1))]
    return np.array([*lengths, *np.degrees(np.arccos(cosines))])


def write_dcd(path: Path, frames: MadeFrames) -> None:
    """By the writer of MDAnalysis, with the spacing of steps in the header; angles in degrees, as CHARMM's successors have them."""
    from MDAnalysis.lib.formats.libdcd import DCDFile

    with DCDFile(str(path), "w") as file:
        spacing = int(frames.steps[1] - frames.steps[0])
        file.write_header("frames", frames.N, int(frames.steps[0]), spacing, 1.0, 1)
        for index, cell in enumerate(frames.cells):
            a, b, c, alpha, beta, gamma = lengths_and_angles(cell)
            file.write(frames.wrapped[index].astype(np.float32), np.array([a, gamma, b, beta, alpha, c]))


def write_xtc(path: Path, frames: MadeFrames) -> None:
    from MDAnalysis.lib.formats.libmdaxdr import XTCFile

    with XTCFile(str(path), "w") as file:
        for index, cell in enumerate(frames.cells):
            positions = frames.wrapped[index].astype(np.float32)
            file.write(positions, cell.astype(np.float32), int(frames.steps[index]), frames.times[index], 1000.0)


def write_trr(path: Path, frames: MadeFrames) -> None:
    from MDAnalysis.lib.formats.libmdaxdr import TRRFile

    with TRRFile(str(path), "w") as file:
        for index, cell in enumerate(frames.cells):
            positions = frames.wrapped[index].astype(np.float32)
            moment = int(frames.steps[index]), float(frames.times[index])
            file.write(positions, None, None, cell.astype(np.float32), *moment, 0.0, frames.N)


def write_h5md(path: Path, frames: MadeFrames) -> None:
    """By h5py, after the specification, unwrapped by images."""
    import h5py

    with h5py.File(path, "w") as file:
        group = file.create_group("particles/all")
        box = group.create_group("box")
        box.attrs["dimension"] = 3
        box.attrs["boundary"] = np.array([b"periodic"] * 3)
        for element, values in (
            (box.create_group("edges"), frames.cells),
            (group.create_group("position"), frames.wrapped),
            (group.create_group("image"), frames.images),
        ):
            element["value"], element["step"], element["time"] = values, frames.steps, frames.times
        group["species"] = frames.species
        group["mass"] = 1.0 + frames.species


def write_netcdf(path: Path, frames: MadeFrames) -> None:
    """By the writer of MDAnalysis, without its units."""
    import MDAnalysis
    from MDAnalysis.coordinates.TRJ import NCDFWriter

    universe = MDAnalysis.Universe.empty(frames.N, trajectory=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with NCDFWriter(str(path), frames.N, convert_units=False) as writer:
            for index, cell in enumerate(frames.cells):
                universe.atoms.positions = frames.wrapped[index]
                universe.dimensions = lengths_and_angles(cell)
                universe.trajectory.ts.time = frames.times[index]
                writer.write(universe)

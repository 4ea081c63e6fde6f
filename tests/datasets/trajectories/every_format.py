"""The same frames written in every format that is read, by the library of each."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import gsd.hoomd
import numpy as np

from glassdask.datasets.trajectories.options import TrajectoryOptions
from tests.datasets.trajectories.lammps_dumps import write_dump
from tests.datasets.trajectories.made_frames import MadeFrames, made_frames


class Written(NamedTuple):
    """A file, what must be said of it, and to which absolute precision it holds positions. [length]"""

    path: Path
    options: TrajectoryOptions
    precision: float


def written_in_every_format(folder: Path, frames: MadeFrames | None = None) -> dict[str, Written]:
    """The frames in every format that can hold them, by a name of format and content."""
    frames = made_frames() if frames is None else frames
    step = TrajectoryOptions(time_step=frames.time_step)
    written: dict[str, Written] = {}
    for name, columns in {
        "lammps": "id type x y z ix iy iz",
        "lammps-scaled": "id type xs ys zs",
        "lammps-unwrapped": "id type xu yu zu",
    }.items():
        path = folder / f"{name}.lammpstrj"
        write_dump(path, frames, columns.split())
        written[name] = Written(path, step, 1e-8)
    write_gsd(folder / "frames.gsd", frames)
    written["gsd"] = Written(folder / "frames.gsd", step, 2e-6)  # float32
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

"""LAMMPS dumps written by hand, as LAMMPS writes them: any columns, any order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.datasets.trajectories.made_frames import Floats, MadeFrames

DIGITS = "%.10g"


def write_dump(
    path: Path,
    frames: MadeFrames,
    columns: Sequence[str] = ("id", "type", "x", "y", "z", "ix", "iy", "iz"),
    *,
    is_sorted: bool = False,
    has_times: bool = False,
) -> None:
    """A text dump; where it is unsorted, each frame has another order."""
    rng = np.random.default_rng(3)
    lines: list[str] = ["ITEM: UNITS", "lj"] if has_times else []
    for index in range(len(frames)):
        if has_times:
            lines += ["ITEM: TIME", f"{frames.times[index]:.16g}"]
        order = np.arange(frames.N) if is_sorted else rng.permutation(frames.N)
        lines += ["ITEM: TIMESTEP", str(frames.steps[index]), "ITEM: NUMBER OF ATOMS", str(frames.N)]
        lines += box_lines(frames.cells[index], np.array(frames.corner))
        lines.append(f"ITEM: ATOMS {' '.join(columns)}")
        values = columns_of(frames, index)
        chosen = [values[name][order] for name in columns]
        lines += [
            " ".join(value if isinstance(value, str) else DIGITS % value for value in row)
            for row in zip(*chosen, strict=True)
        ]
    path.write_text("\n".join(lines) + "\n")


def box_lines(cell: Floats, corner: Floats) -> list[str]:
    """The box as ``ITEM: BOX BOUNDS`` has it: of a tilted one, the bounds of the box around it."""
    low, high = corner.copy(), corner + np.diag(cell)
    xy, xz, yz = cell[1, 0], cell[2, 0], cell[2, 1]
    if not any((xy, xz, yz)):
        return ["ITEM: BOX BOUNDS pp pp pp", *(f"{a:.16e} {b:.16e}" for a, b in zip(low, high, strict=True))]
    low += [min(0, xy, xz, xy + xz), min(0, yz), 0]
    high += [max(0, xy, xz, xy + xz), max(0, yz), 0]
    rows = zip(low, high, (xy, xz, yz), strict=True)
    return ["ITEM: BOX BOUNDS xy xz yz pp pp pp", *(f"{a:.16e} {b:.16e} {tilt:.16e}" for a, b, tilt in rows)]


def columns_of(frames: MadeFrames, index: int) -> dict[str, NDArray]:
    """Every column that LAMMPS has of positions, each of shape (N,)."""
    cell, corner = frames.cells[index], np.array(frames.corner)
    inverse = np.linalg.inv(cell)
    by_axis = {
        "": frames.wrapped[index] + corner,
        "s": frames.wrapped[index] @ inverse,
        "u": frames.unwrapped[index] + corner,
        "su": frames.unwrapped[index] @ inverse,
    }
    columns: dict[str, NDArray] = {
        f"{axis}{suffix}": values[:, number] for suffix, values in by_axis.items() for number, axis in enumerate("xyz")
    }
    columns |= {f"i{axis}": frames.images[index][:, number] for number, axis in enumerate("xyz")}
    return columns | {
        "id": np.arange(1, frames.N + 1),
        "type": frames.species + 1,
        "element": np.array(frames.labels),
        "mass": np.where(frames.species == 0, 1.0, 2.0),
        "vx": np.full(frames.N, -0.25),
    }

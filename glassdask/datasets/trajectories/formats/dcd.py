"""DCD of CHARMM, NAMD, LAMMPS, OpenMM, by the compiled reader of MDAnalysis, below its units: the numbers are the file's own.

MDAnalysis' class above it turns lengths into Angstrom and steps into picoseconds, and keeps cells in float32.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.stored_frame import Floats, Integers, StoredFrame
from glassdask.errors import InvalidInput, MissingComponent

MAGIC = ((84).to_bytes(4, "little") + b"CORD", (84).to_bytes(4, "big") + b"CORD")


class DcdFile:
    """Steps are first + frame × spacing, as the header says; its times are not to be trusted."""

    format = "DCD"
    knows_corner = False

    def __init__(self, path: Path, options: TrajectoryOptions):  # noqa: ARG002
        try:
            from MDAnalysis.lib.formats.libdcd import DCDFile
        except ImportError as error:
            raise MissingComponent(
                f"DCD is read by MDAnalysis, which is not installed ({error}); pip install 'glassdask[trajectories]'"
            ) from error
        self.path = path
        self._file = DCDFile(str(path))
        self.n_frames = len(self._file)
        header = self._file.header
        self._first, self._spacing = int(header["istart"]), int(header["nsavc"])
        self._refuse_cut(int(header["natoms"]), bool(header["is_periodic"]))

    def _refuse_cut(self, N: int, has_cell: bool) -> None:
        """A part of a frame at the end, which is left out of the number of frames."""
        with self.path.open("rb") as stream:
            order = "<" if stream.read(4) == MAGIC[0][:4] else ">"
            control = struct.unpack(f"{order}20i", stream.read(84)[4:])
            stream.seek(92)
            n_header = 92 + 8 + struct.unpack(f"{order}i", stream.read(4))[0] + 12
        n_fixed, is_of_four_dimensions = control[8], control[11]
        each = 56 * has_cell + 3 * (4 * N + 8)
        if not n_fixed and not is_of_four_dimensions and (self.path.stat().st_size - n_header) % each:
            self.close()
            raise InvalidInput(
                f"{self.path}, frame {self.n_frames}: the file ends within this frame; copy it again, or cut it to "
                f"{n_header + self.n_frames * each} bytes (truncate -s), which leaves the frames before"
            )

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def steps_and_times(self, frames: Sequence[int]) -> tuple[Integers | None, Floats | None]:
        """Steps where the header says their spacing."""
        if self._spacing <= 0:
            return None, None
        return self._first + self._spacing * np.asarray(frames, dtype=np.int64), None

    def frame(self, index: int) -> StoredFrame:
        """A frame by its number in the file."""
        self._file.seek(index)
        stored = self._file.read()
        cell = cell_of_dcd(np.asarray(stored.unitcell, dtype=float))
        return StoredFrame(cell=cell, positions=stored.xyz.astype(np.float64))


def cell_of_dcd(stored: Floats) -> Floats | None:
    """The cell from six numbers of DCD: A, γ, B, β, α, C with cosines (CHARMM, NAMD since 2.5, LAMMPS) or degrees (NAMD before, OpenMM);
    or, of CHARMM since version 25, the lower triangle of a symmetric matrix.

    Returns
    -------
    numpy.ndarray or None
        Lattice vectors as rows, shape (3, 3); None where there is no cell. [length of the file]
    """
    lengths, angles = stored[[0, 2, 5]], stored[[4, 3, 1]]
    if not stored.any():
        return None
    if np.all(np.abs(angles) < 1):
        return cell_of_lengths(lengths, angles)
    if np.any(stored < 0) or np.any(angles > 180):
        return np.array(
            [[stored[0], stored[1], stored[3]], [stored[1], stored[2], stored[4]], [stored[3], stored[4], stored[5]]]
        )
    return cell_of_lengths(lengths, cosines_of(angles))


def cosines_of(degrees: Floats) -> Floats:
    """Cosines of angles, exact for right ones. [1]"""
    return np.asarray(np.where(degrees == 90, 0.0, np.cos(np.radians(degrees))))


def cell_of_lengths(lengths: Floats, cosines: Floats) -> Floats:
    """The cell whose first vector lies along x and whose second in the plane of x and y.

    Parameters
    ----------
    lengths, cosines
        Of a, b, c; and of α (between b and c), β, γ; shape (3,) each. [length, 1]

    Returns
    -------
    numpy.ndarray
        Lattice vectors as rows, shape (3, 3); of a plane, where c is 0, of unit length along z. [length]

    Examples
    --------
    >>> cell_of_lengths(np.array([2.0, 2.0, 3.0]), np.array([0.0, 0.0, 0.5])).round(3)
    array([[2.   , 0.   , 0.   ],
           [1.   , 1.732, 0.   ],
           [0.   , 0.   , 3.   ]])
    """
    (a, b, c), (cos_alpha, cos_beta, cos_gamma) = lengths, cosines
    sin_gamma = np.sqrt(1 - cos_gamma**2)
    along_y = (cos_alpha - cos_beta * cos_gamma) / sin_gamma
    along_z = np.sqrt(max(0.0, 1 - cos_beta**2 - along_y**2))
    third = [c * cos_beta, c * along_y, c * along_z] if c else [0.0, 0.0, 1.0]
    return np.array([[a, 0, 0], [b * cos_gamma, b * sin_gamma, 0], third])

"""DCD, XTC and TRR by the compiled readers of MDAnalysis, below its units: the numbers are the file's own.

MDAnalysis' own classes turn lengths into Angstrom and times into picoseconds, keep boxes in float32, and write an index beside the file.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import IO, Any

import numpy as np

from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.stored_frame import Floats, Integers, StoredFrame
from glassdask.errors import InvalidInput, MissingComponent

DCD_MAGIC = ((84).to_bytes(4, "little") + b"CORD", (84).to_bytes(4, "big") + b"CORD")
XTC_MAGIC, TRR_MAGIC = ((1995).to_bytes(4, "big"), (2023).to_bytes(4, "big")), ((1993).to_bytes(4, "big"),)
#: So many positions or fewer are not compressed in XTC.
_XTC_PLAIN = 9


def mdanalysis_formats() -> tuple[ModuleType, ModuleType]:
    """The modules of DCD and of XTC and TRR; raises MissingComponent where MDAnalysis is not installed."""
    try:
        from MDAnalysis.lib.formats import libdcd, libmdaxdr
    except ImportError as error:
        raise MissingComponent(
            f"this format is read by MDAnalysis, which is not installed ({error}); pip install 'glassdask[trajectories]'"
        ) from error
    return libdcd, libmdaxdr


class _CompiledFile:
    """What the three have in common: an object that is told a frame's number and reads it."""

    knows_corner = False
    format: str

    def __init__(self, path: Path, opened: Any):
        self.path = path
        try:
            self._file = opened(str(path))
            self.n_frames = len(self._file)
        except (OSError, EOFError, ValueError, RuntimeError) as error:
            raise InvalidInput(
                f"{path} cannot be read as {self.format} ({error}); it is cut or damaged: copy it again, or write it again"
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read(self, index: int) -> Any:
        try:
            self._file.seek(index)
            return self._file.read()
        except (OSError, EOFError, StopIteration, ValueError, RuntimeError) as error:
            remedy = f"use the frames before it (last={index - 1})" if index else "no frame is whole"
            raise InvalidInput(
                f"{self.path}, frame {index}: it cannot be read ({error!r}); {remedy}, or copy the file again"
            ) from error


class DcdFile(_CompiledFile):
    """DCD of CHARMM, NAMD, LAMMPS, OpenMM. Steps are first + frame × spacing, as the header says; its times are not to be trusted."""

    format = "DCD"

    def __init__(self, path: Path, options: TrajectoryOptions):  # noqa: ARG002
        libdcd, _ = mdanalysis_formats()
        super().__init__(path, libdcd.DCDFile)
        header = self._file.header
        self._first, self._spacing = int(header["istart"]), int(header["nsavc"])
        self._refuse_cut(int(header["natoms"]), bool(header["is_periodic"]))

    def _refuse_cut(self, N: int, has_cell: bool) -> None:
        """A part of a frame at the end, which is left out of the number of frames."""
        with self.path.open("rb") as stream:
            order = "<" if stream.read(4) == DCD_MAGIC[0][:4] else ">"
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

    def steps_and_times(self, frames: Sequence[int]) -> tuple[Integers | None, Floats | None]:
        """Steps where the header says their spacing."""
        if self._spacing <= 0:
            return None, None
        return self._first + self._spacing * np.asarray(frames, dtype=np.int64), None

    def frame(self, index: int) -> StoredFrame:
        """A frame by its number in the file."""
        stored = self._read(index)
        return StoredFrame(
            cell=cell_of_dcd(np.asarray(stored.unitcell, dtype=float)), positions=stored.xyz.astype(np.float64)
        )


class GromacsFile(_CompiledFile):
    """What XTC and TRR have in common: cells as matrices, steps, times."""

    def steps_and_times(self, frames: Sequence[int]) -> tuple[Integers | None, Floats | None]:
        """Steps and times, from the headers of the frames."""
        with self.path.open("rb") as stream:
            found = [self._moment(stream, int(self._file.offsets[index])) for index in frames]
        return np.array([step for step, _ in found], dtype=np.int64), np.array([time for _, time in found], dtype=float)

    def _moment(self, stream: IO[bytes], offset: int) -> tuple[int, float]:
        raise NotImplementedError

    def frame(self, index: int) -> StoredFrame:
        """A frame by its number in the file."""
        stored = self._read(index)
        if not getattr(stored, "hasx", True):
            raise InvalidInput(
                f"{self.path}, frame {index}: it holds no positions; write a trajectory with those frames only that do"
            )
        cell = np.asarray(stored.box, dtype=np.float64)
        if cell.any() and not cell[2].any():
            cell[2, 2] = 1.0  # of a plane
        return StoredFrame(
            cell=cell if cell.any() else None,
            positions=np.asarray(stored.x, dtype=np.float64),
        )


class XtcFile(GromacsFile):
    """XTC, which rounds positions: as GROMACS writes it, to a thousandth of its unit."""

    format = "XTC"

    def __init__(self, path: Path, options: TrajectoryOptions):  # noqa: ARG002
        super().__init__(path, mdanalysis_formats()[1].XTCFile)
        if self.n_frames:
            self._refuse_cut()
            self.format = f"XTC, which rounds positions to {1 / self._read(0).prec:g}"

    def _refuse_cut(self) -> None:
        """A part of a frame at the end, which is left out of the number of frames."""
        offset, size = int(self._file.offsets[-1]), self.path.stat().st_size
        with self.path.open("rb") as stream:
            stream.seek(offset)
            header = stream.read(96)
        N = struct.unpack(">i", header[4:8])[0]
        end = offset + 56 + 12 * N  # so few are not compressed
        if N > _XTC_PLAIN and len(header) == 96:
            is_long = header.startswith(XTC_MAGIC[1])
            n_bytes = struct.unpack(">q" if is_long else ">i", header[88 : 96 if is_long else 92])[0]
            end = offset + (96 if is_long else 92) + -(-n_bytes // 4) * 4
        if size != end:
            self.close()
            whole = self.n_frames - (size < end)
            raise InvalidInput(
                f"{self.path}, frame {whole}: the file ends within this frame; copy it again, or write the frames before it to another "
                f"file (gmx trjconv -e)"
            )

    def _moment(self, stream: IO[bytes], offset: int) -> tuple[int, float]:
        stream.seek(offset)
        _, _, step, time = struct.unpack(">3if", stream.read(16))
        return step, time


class TrrFile(GromacsFile):
    """TRR, in single or double precision."""

    format = "TRR"

    def __init__(self, path: Path, options: TrajectoryOptions):  # noqa: ARG002
        super().__init__(path, mdanalysis_formats()[1].TRRFile)

    def _moment(self, stream: IO[bytes], offset: int) -> tuple[int, float]:
        stream.seek(offset + 8)
        stream.seek(-(-struct.unpack(">i", stream.read(4))[0] // 4) * 4, 1)  # a string, filled up to whole words
        *sizes, _, step, _ = struct.unpack(">13i", stream.read(52))
        box, time = sizes[2], stream.read(8)
        return step, struct.unpack(">d", time)[0] if box == 72 else struct.unpack(">f", time[:4])[0]


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
    if np.all(np.abs(angles) <= 1):
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

"""XTC and TRR of GROMACS, in the units of the file. The headers of all frames are read and checked when a file is opened.

The compressed positions of XTC are unpacked by the compiled reader of MDAnalysis, which trusts a file with its life: what is damaged
ends the process. TRR is plain (https://manual.gromacs.org/current/reference-manual/file-formats.html).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.stored_frame import Floats, Integers, StoredFrame
from glassdask.errors import InvalidInput, MissingComponent

XTC_MAGIC = ((1995).to_bytes(4, "big"), (2023).to_bytes(4, "big"))
TRR_MAGIC = (1993).to_bytes(4, "big")
#: So many positions or fewer are not compressed in XTC; the numbers of its smallest steps.
_XTC_PLAIN, _XTC_SMALLEST = 9, range(9, 73)
_TRR_NAME = b"GMX_trn_file"


class _Damaged(Exception):
    """A header cannot be one of this format, or the file ends within it."""


@dataclass(frozen=True)
class _Header:
    """Of a frame: where it begins, its positions begin, and it ends; the kind of its floats."""

    offset: int
    step: int
    time: float
    N: int
    end: int
    box: int = 0
    positions: int = 0
    kind: str = ">f4"
    rounding: float = 0.0


def _headers(path: Path, header_at: Callable[[IO[bytes], int], _Header]) -> list[_Header]:
    """Of all frames, each of which begins where the one before ends; raises InvalidInput where one does not."""
    size, found = path.stat().st_size, list[_Header]()
    with path.open("rb") as stream:
        while (offset := found[-1].end if found else 0) < size:
            try:
                header = header_at(stream, offset)
            except (_Damaged, struct.error):
                header = None
            if header is None or header.end > size:
                trouble = "the file ends within this frame" if header else "its header is cut or damaged"
                raise InvalidInput(
                    f"{path}, frame {len(found)}: {trouble}; copy it again, or write the frames before it to another file "
                    f"(gmx trjconv, or the first {offset} bytes: truncate -s)"
                )
            found.append(header)
    return found


class _GromacsFile:
    """What both have in common: cells as matrices, steps, times."""

    format: str
    knows_corner = False

    def __init__(self, path: Path, headers: list[_Header]):
        self.path = path
        self._frames = headers
        self.n_frames = len(headers)

    def steps_and_times(self, frames: Sequence[int]) -> tuple[Integers | None, Floats | None]:
        """Those of the headers."""
        steps = np.array([self._frames[index].step for index in frames], dtype=np.int64)
        return steps, np.array([self._frames[index].time for index in frames], dtype=float)

    def _stored(self, cell: Floats, positions: Floats) -> StoredFrame:
        if cell.any() and not cell[2].any():
            cell[2, 2] = 1.0  # of a plane
        return StoredFrame(cell=cell if cell.any() else None, positions=positions)


class XtcFile(_GromacsFile):
    """XTC, which rounds positions: as GROMACS writes it, to a thousandth of its unit."""

    def __init__(self, path: Path, options: TrajectoryOptions):  # noqa: ARG002
        try:
            from MDAnalysis.lib.formats.libmdaxdr import XTCFile
        except ImportError as error:
            raise MissingComponent(
                f"XTC is read by MDAnalysis, which is not installed ({error}); pip install 'glassdask[trajectories]'"
            ) from error
        super().__init__(path, _headers(path, _xtc_header))
        self._file = XTCFile(str(path))
        self._file.set_offsets(np.array([header.offset for header in self._frames], dtype=np.int64))
        rounding = self._frames[0].rounding if self._frames else 0.0
        self.format = f"XTC, which rounds positions to {rounding:g}" if rounding else "XTC"

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def frame(self, index: int) -> StoredFrame:
        """A frame by its number in the file."""
        self._file.seek(index)
        stored = self._file.read()
        return self._stored(np.asarray(stored.box, dtype=np.float64), np.asarray(stored.x, dtype=np.float64))


def _xtc_header(stream: IO[bytes], offset: int) -> _Header:
    stream.seek(offset)
    magic, N, step, time = struct.unpack(">4s2if", stream.read(16))
    n_again = struct.unpack(">36xi", stream.read(40))[0]
    if magic not in XTC_MAGIC or N <= 0 or n_again != N:
        raise _Damaged
    if N <= _XTC_PLAIN:
        return _Header(offset, step, time, N, offset + 56 + 12 * N)
    precision, *bounds, smallest = struct.unpack(">f7i", stream.read(32))
    long = magic == XTC_MAGIC[1]
    n_bytes = struct.unpack(">q" if long else ">i", stream.read(8 if long else 4))[0]
    if smallest not in _XTC_SMALLEST or n_bytes < 0 or not precision > 0 or any(np.array(bounds[:3]) > bounds[3:]):
        raise _Damaged
    end = offset + (96 if long else 92) + -(-n_bytes // 4) * 4
    return _Header(offset, step, time, N, end, rounding=1 / precision)


class TrrFile(_GromacsFile):
    """TRR, in single or double precision."""

    format = "TRR"

    def __init__(self, path: Path, options: TrajectoryOptions):  # noqa: ARG002
        super().__init__(path, _headers(path, _trr_header))
        self._stream = path.open("rb")

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def frame(self, index: int) -> StoredFrame:
        """A frame by its number in the file."""
        header = self._frames[index]
        if header.positions == 0:
            raise InvalidInput(
                f"{self.path}, frame {index}: it holds no positions; write a trajectory of the frames that do (gmx trjconv)"
            )
        cell = self._floats(header, header.box, 3) if header.box else np.zeros((3, 3))
        return self._stored(cell, self._floats(header, header.positions, header.N))

    def _floats(self, header: _Header, begin: int, n_rows: int) -> Floats:
        self._stream.seek(begin)
        kind = np.dtype(header.kind)
        return (
            np.frombuffer(self._stream.read(3 * n_rows * kind.itemsize), dtype=kind)
            .reshape(n_rows, 3)
            .astype(np.float64)
        )


def _trr_header(stream: IO[bytes], offset: int) -> _Header:
    """Magic, name, ten sizes, particles, step, and time and λ as the floats of the frame are; then the parts of these sizes."""
    stream.seek(offset)
    magic, name = struct.unpack(">4s8x12s", stream.read(24))
    *sizes, N, step, _ = struct.unpack(">13i", stream.read(52))
    box, positions = sizes[2], sizes[7]
    if magic != TRR_MAGIC or name != _TRR_NAME or N <= 0 or min(sizes) < 0:
        raise _Damaged
    is_double = box == 72 or positions == 24 * N
    if box not in (0, 72 if is_double else 36) or positions not in (0, (24 if is_double else 12) * N):
        raise _Damaged
    time = struct.unpack(">d" if is_double else ">f", stream.read(8 if is_double else 4))[0]
    data = offset + (92 if is_double else 84)
    before_box, before_positions = (data + sum(sizes[:part]) for part in (2, 7))
    return _Header(
        offset,
        step,
        time,
        N,
        data + sum(sizes),
        box=before_box if box else 0,
        positions=before_positions if positions else 0,
        kind=">f8" if is_double else ">f4",
    )

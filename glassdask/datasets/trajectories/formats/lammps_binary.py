"""LAMMPS dumps in binary (``dump … file.bin``), of both kinds of header, as write_header_binary() of dump_custom.cpp writes them.

Since 2020 a header begins with minus the length of a magic string, that string, the byte order and a revision, and names the columns;
before, it begins with the step, and the columns are known to who wrote it.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from glassdask.datasets.trajectories.formats.lammps_columns import (
    MissingColumns,
    cell_and_corner,
    frame_of_columns,
    label_column,
)
from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.stored_frame import Floats, Integers, StoredFrame
from glassdask.errors import InvalidInput

_MAGIC = (b"DUMPATOM", b"DUMPCUSTOM")
#: What ``dump atom`` writes, by the number of its columns, where the header does not say.
_OF_ATOMS = {5: "id type xs ys zs", 8: "id type xs ys zs ix iy iz"}
_LONGEST = 2**20
_PERIODIC = 0


class _Cut(Exception):
    """The file ends within a frame."""


class _Nonsense(Exception):
    """What stands in a header cannot be."""


@dataclass(frozen=True)
class _Header:
    step: int
    n_particles: int
    bounds: Floats
    is_general: bool
    is_periodic: bool
    n_columns: int
    time: float | None
    columns: str
    n_blocks: int
    data: int


class LammpsBinaryDump:
    """A binary dump of atoms or custom columns."""

    format = "LAMMPS binary dump"
    knows_corner = True

    def __init__(self, path: Path, options: TrajectoryOptions):
        self.path = path
        self._options = options
        self._stream = path.open("rb")
        self._headers: list[_Header] = []
        self._n_bytes = path.stat().st_size
        self._trouble = ""
        self._index()
        #: A frame that is cut counts, so that reading it says so.
        self.n_frames = len(self._headers) + bool(self._trouble)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _index(self) -> None:
        """The headers of all frames; values are skipped."""
        offset = 0
        while offset < self._n_bytes:
            try:
                self._stream.seek(offset)
                header = header_of(self._stream)
                offset = self._skipped(header)
            except _Cut:
                self._trouble = "the file ends within this frame"
                return
            except _Nonsense as nonsense:
                self._trouble = f"its header holds {nonsense}, which cannot be"
                return
            self._headers.append(header)

    def _skipped(self, header: _Header) -> int:
        offset = header.data
        for _ in range(header.n_blocks):
            self._stream.seek(offset)
            offset += 4 + 8 * _unpacked(self._stream, "<i")
        if offset > self._n_bytes:
            raise _Cut
        return offset

    def steps_and_times(self, frames: Sequence[int]) -> tuple[Integers | None, Floats | None]:
        """Steps, and the times of ``dump_modify time yes``."""
        headers = [self._header(index) for index in frames]
        times = [header.time for header in headers]
        steps = np.array([header.step for header in headers], dtype=np.int64)
        return steps, None if None in times else np.array(times, dtype=float)

    def _header(self, index: int) -> _Header:
        if index >= len(self._headers):
            remedy = f"use the frames before it (last={index - 1})" if index else "no frame is whole"
            raise InvalidInput(f"{self.path}, frame {index}: {self._trouble}; {remedy}, or copy the file again")
        return self._headers[index]

    def frame(self, index: int) -> StoredFrame:
        """A frame by its number in the file."""
        header = self._header(index)
        names = self._columns(index, header)
        values = self._values(header).reshape(-1, header.n_columns)
        if len(values) != header.n_particles:
            raise InvalidInput(
                f"{self.path}, frame {index}: it says {header.n_particles} particles and holds {len(values)}; copy the file again"
            )
        columns = {name: values[:, number] for number, name in enumerate(names)}
        whole = {"id", "type", "ix", "iy", "iz"} & set(names)
        if not all(np.abs(columns[name]).max(initial=0) < 2**53 for name in whole):
            raise InvalidInput(
                f"{self.path}, frame {index}: its ids, types or flags are no whole numbers; copy the file again"
            )
        for name in whole:
            columns[name] = np.rint(columns[name]).astype(np.int64)
        cell, corner = cell_and_corner(header.bounds, header.is_general)
        try:
            return frame_of_columns(
                columns,
                cell,
                corner,
                label_column(names, self._options.types),
                is_periodic=header.is_periodic,
            )
        except MissingColumns:
            raise InvalidInput(
                f"{self.path}, frame {index}: its columns are {' '.join(names)}: no positions; allowed: x y z, xs ys zs, xu yu zu or "
                "xsu ysu zsu, all three; write the dump with them"
            ) from None

    def _columns(self, index: int, header: _Header) -> list[str]:
        names = (header.columns or self._options.columns or _OF_ATOMS.get(header.n_columns, "")).split()
        if len(names) != header.n_columns:
            raise InvalidInput(
                f"{self.path}, frame {index}: it has {header.n_columns} columns, and "
                + (
                    f"{len(names)} names: {' '.join(names)}"
                    if names
                    else "its header, of an old LAMMPS, does not name them"
                )
                + "; name each as the dump command did (columns = 'id type x y z …')"
            )
        return names

    def _values(self, header: _Header) -> Floats:
        blocks = []
        self._stream.seek(header.data)
        for _ in range(header.n_blocks):
            n_values = _unpacked(self._stream, "<i")
            blocks.append(np.frombuffer(self._stream.read(8 * n_values), dtype="<f8"))
        return np.concatenate(blocks) if blocks else np.zeros(0)


def begins_binary_dump(head: bytes) -> bool:
    """Whether these bytes begin a binary dump: by the magic string, or, of old ones, by values that can be those of a header."""
    if any(head[8 : 8 + len(magic)] == magic for magic in _MAGIC):
        return True
    try:
        header = header_of(io.BytesIO(head))
    except (_Cut, _Nonsense):
        return False
    return header.n_blocks > 0 and header.n_columns > 0


def header_of(stream: IO[bytes]) -> _Header:
    """The header that begins here; raises _Cut or _Nonsense."""
    first = _unpacked(stream, "<q")
    has_names = first < 0
    if has_names:
        if _read(stream, min(-first, _LONGEST)) not in _MAGIC:
            raise _Nonsense("a magic string that is none")
        order, revision = _unpacked(stream, "<i"), _unpacked(stream, "<i")
        if order != 1:
            raise _Nonsense(f"the byte order {order:#x}: it was written on a machine of another kind")
        first = _unpacked(stream, "<q")
        has_names = revision > 1
    n_particles, triclinic = _unpacked(stream, "<q"), _unpacked(stream, "<i")
    boundary = struct.unpack("<6i", _read(stream, 24))
    if (
        first < 0
        or not 0 <= n_particles < 2**40
        or triclinic not in (0, 1, 2)
        or not all(0 <= b <= 3 for b in boundary)
    ):
        raise _Nonsense(f"step {first}, {n_particles} particles, boundaries {boundary}")
    bounds = _bounds(stream, triclinic)
    n_columns = _unpacked(stream, "<i")
    time, columns = None, ""
    if has_names:
        _read_text(stream)  # units
        time = _unpacked(stream, "<d") if _read(stream, 1) != b"\0" else None
        columns = _read_text(stream)
    n_blocks = _unpacked(stream, "<i")
    if not 0 < n_columns < _LONGEST or not 0 <= n_blocks < _LONGEST or not np.isfinite(bounds).all():
        raise _Nonsense(f"{n_columns} columns in {n_blocks} blocks")
    is_periodic = all(side == _PERIODIC for side in boundary)
    return _Header(
        first, n_particles, bounds, triclinic == 2, is_periodic, n_columns, time, columns, n_blocks, stream.tell()
    )


def _bounds(stream: IO[bytes], triclinic: int) -> Floats:
    """Lines of a box as the text has them: low, high and tilt by axis; of a general one, a lattice vector and its origin."""
    if triclinic == 2:
        values = np.array(struct.unpack("<12d", _read(stream, 96)))
        return np.column_stack([values[:9].reshape(3, 3), values[9:]])
    bounds = np.array(struct.unpack("<6d", _read(stream, 48))).reshape(3, 2)
    return np.column_stack([bounds, struct.unpack("<3d", _read(stream, 24))]) if triclinic else bounds


def _read(stream: IO[bytes], n_bytes: int) -> bytes:
    found = stream.read(n_bytes)
    if len(found) < n_bytes:
        raise _Cut
    return found


def _read_text(stream: IO[bytes]) -> str:
    length = _unpacked(stream, "<i")
    if not 0 <= length < _LONGEST:
        raise _Nonsense(f"a text of {length} letters")
    return _read(stream, length).decode("utf-8", errors="replace")


def _unpacked(stream: IO[bytes], layout: str) -> Any:
    return struct.unpack(layout, _read(stream, struct.calcsize(layout)))[0]

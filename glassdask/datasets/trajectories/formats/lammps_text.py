"""LAMMPS dumps as text, frame by frame: offsets are found once, a frame is parsed as one block."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.trajectories.formats.byte_offsets import offsets_of, open_bytes
from glassdask.datasets.trajectories.formats.lammps_columns import (
    WANTED,
    MissingColumns,
    cell_and_corner,
    frame_of_columns,
    label_column,
)
from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.stored_frame import Floats, Integers, StoredFrame
from glassdask.errors import InvalidInput

_FRAME = b"ITEM: TIMESTEP"
_TIME = b"ITEM: TIME\n"
#: Units and time of a frame stand before its step, within so many bytes.
_BEFORE = 160
#: Whatever stands before the particles of a frame is shorter. [bytes]
_HEADER = 4096


@dataclass(frozen=True)
class _Header:
    """What stands before the particles of a frame, and where they begin after its offset."""

    n_particles: int
    bounds: Floats
    box_words: list[str]
    columns: list[str]
    n_bytes: int


class LammpsDump:
    """A text dump (``dump atom``, ``dump custom``, with ``dump_modify`` time, units, sort or not), plain or .gz."""

    format = "LAMMPS dump"
    knows_corner = True

    def __init__(self, path: Path, options: TrajectoryOptions):
        self.path = path
        self._labels = options.types
        self._stream = open_bytes(path)
        try:
            self._offsets, self._end = offsets_of(self._stream, _FRAME, path)
        except BaseException:
            self._stream.close()
            raise
        self.n_frames = len(self._offsets)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def steps_and_times(self, frames: Sequence[int]) -> tuple[Integers | None, Floats | None]:
        """Steps, and the times of ``dump_modify time yes``."""
        steps = np.array([self._step(index) for index in frames], dtype=np.int64)
        if not frames or self._time(frames[0]) is None:
            return steps, None
        times = [self._time(index) for index in frames]
        return steps, None if None in times else np.array(times, dtype=float)

    def frame(self, index: int) -> StoredFrame:
        """A frame by its number in the file."""
        text = self._bytes(self._offsets[index], self._end_of(index))
        header = self._header(index, text)
        cell, corner = cell_and_corner(header.bounds, "abc" in header.box_words)
        label = label_column(header.columns, self._labels)
        try:
            return frame_of_columns(
                self._columns(index, header, text[header.n_bytes :]),
                cell,
                corner,
                label,
                is_periodic=all(word == "pp" for word in header.box_words[-3:]),
            )
        except MissingColumns:
            raise self._error(
                index,
                f"its columns are {' '.join(header.columns)}: no positions; allowed: x y z, xs ys zs, xu yu zu or xsu ysu zsu, "
                "all three; write the dump with them (dump custom … id type x y z ix iy iz)",
            ) from None

    def _error(self, index: int, message: str) -> InvalidInput:
        return InvalidInput(f"{self.path}, frame {index}: {message}")

    def _cut(self, index: int) -> InvalidInput:
        remedy = f"use the frames before it (last={index - 1})" if index else "there is no whole frame in it"
        return self._error(index, f"the file ends or breaks off within this frame; {remedy}, or copy the file again")

    def _bytes(self, begin: int, end: int) -> bytes:
        self._stream.seek(begin)
        return self._stream.read(end - begin)

    def _step(self, index: int) -> int:
        offset = self._offsets[index]
        lines = self._bytes(offset, offset + len(_FRAME) + 32).split(b"\n")
        if len(lines) < 3:
            raise self._cut(index)
        try:
            return int(lines[1])
        except ValueError:
            raise self._error(index, f"its step is {lines[1]!r}; expected: a whole number") from None

    def _time(self, index: int) -> float | None:
        """That of the frame, which stands between the particles of the frame before and its step."""
        offset = self._offsets[index]
        before = self._bytes(max(0, offset - _BEFORE), offset).replace(b"\r", b"")
        _, mark, rest = before.rpartition(_TIME)
        return float(rest) if mark and rest.count(b"\n") == 1 else None

    def _header(self, index: int, text: bytes) -> _Header:
        begin = text.find(b"ITEM: ATOMS", 0, _HEADER)
        end = text.find(b"\n", begin)
        if begin < 0 or end < 0:
            raise self._cut(index)
        items = _items(text[:begin].decode("utf-8", errors="replace"))
        box = next((name for name in items if name.startswith("BOX BOUNDS")), "")
        try:
            bounds = np.array([[float(word) for word in line.split()] for line in items[box]], dtype=float)
            if bounds.ndim != 2 or len(bounds) != 3:
                raise ValueError
            return _Header(
                n_particles=int(items["NUMBER OF ATOMS"][0]),
                bounds=bounds,
                box_words=box.split()[2:],
                columns=text[begin:end].decode().split()[2:],
                n_bytes=end + 1,
            )
        except (KeyError, ValueError, IndexError):
            raise self._error(
                index, "its header has no number of atoms or no box of three lines; write the dump again"
            ) from None

    def _end_of(self, index: int) -> int:
        return self._offsets[index + 1] if index + 1 < self.n_frames else self._end

    def _columns(self, index: int, header: _Header, block: bytes) -> dict[str, NDArray]:
        """The columns that are wanted, by name, each of shape (N,)."""
        import pandas as pd

        if index == self.n_frames - 1 and not block.endswith(b"\n"):
            raise self._cut(index)
        if header.n_particles == 0:
            raise self._error(index, "it has no particles; write the frames of all")
        wanted = [number for number, name in enumerate(header.columns) if name in WANTED]
        try:
            table = pd.read_csv(
                io.BytesIO(block),
                sep=r"\s+",
                header=None,
                names=list(range(len(header.columns))),
                usecols=wanted,
                nrows=header.n_particles,
                index_col=False,
                na_filter=True,
                keep_default_na=False,
                na_values=["nan", "-nan", "NaN", "inf", "-inf"],
                dtype={number: str for number in wanted if header.columns[number] == "element"},
            )
        except (ValueError, pd.errors.ParserError) as error:
            raise self._error(index, f"its particles cannot be read ({error}); copy the file again") from error
        if len(table) < header.n_particles:
            raise self._cut(index)
        columns = {header.columns[number]: table[number].to_numpy() for number in wanted}
        return {name: self._checked(index, name, column) for name, column in columns.items()}

    def _checked(self, index: int, name: str, column: NDArray) -> NDArray:
        if name == "element":
            return column
        if column.dtype == object or column.dtype.kind not in "if":
            if name == "type":  # type labels: dump_modify … types labels
                return column.astype(str)
            raise self._cut(index)
        if name in ("id", "type", "ix", "iy", "iz") and column.dtype.kind == "f":
            raise self._error(index, f"column {name} holds a value that is no whole number; the line is damaged")
        return column


def _items(text: str) -> dict[str, list[str]]:
    """The lines below each ``ITEM:`` of a header."""
    blocks = [block.strip().splitlines() for block in text.split("ITEM:") if block.strip()]
    return {block[0].strip(): block[1:] for block in blocks}

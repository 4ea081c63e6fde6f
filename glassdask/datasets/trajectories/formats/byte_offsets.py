"""Where the frames of a text begin, found by one pass over its bytes; plain or compressed."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

import numpy as np

from glassdask.errors import InvalidInput

#: Of a pass over a file. [bytes]
_CHUNK = 2**24
_LINE_END = ord("\n")
#: How files of each kind of compression begin, and what opens them.
_PACKED: dict[bytes, Callable[[Path], object]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
PACKED_ENDINGS = (".gz", ".bz2", ".xz")


def open_bytes(path: Path) -> IO[bytes]:
    """The bytes of a file, uncompressed where it is compressed."""
    opened = _opener(path)
    return path.open("rb") if opened is None else cast(IO[bytes], opened(path))


def is_packed(path: Path) -> bool:
    """Whether a file is compressed."""
    return _opener(path) is not None


def _opener(path: Path) -> Callable[[Path], object] | None:
    with path.open("rb") as stream:
        head = stream.read(8)
    return next((opened for magic, opened in _PACKED.items() if head.startswith(magic)), None)


def offsets_of(stream: IO[bytes], mark: bytes, path: Path) -> tuple[list[int], int]:
    """Where lines begin with `mark`, in one pass that holds one piece of the file at a time.

    Returns
    -------
    tuple
        The offsets of the marks, and the length of the (uncompressed) file. [bytes]

    Raises
    ------
    InvalidInput
        If the compressed file is damaged.
    """
    offsets: list[int] = []
    carried, begin = b"\n", -1  # a mark may lie across two pieces; the first line has no line end before it
    wanted = b"\n" + mark
    stream.seek(0)
    while piece := _read(stream, path):
        text = carried + piece
        at = text.find(wanted)
        while at >= 0:
            offsets.append(begin + at + 1)
            at = text.find(wanted, at + 1)
        keep = len(wanted) - 1
        begin += max(0, len(text) - keep)
        carried = text[-keep:]
    return offsets, begin + len(carried)


def counted_offsets(stream: IO[bytes], path: Path) -> list[int]:
    """Where frames begin that say in their first line how many lines follow the next one (XYZ); the end of the last one is added.

    Raises
    ------
    InvalidInput
        If a frame begins with anything but a whole number; a file that ends within a frame is told when that is read.
    """
    offsets = [0]
    n_left = 0  # lines until the next frame begins
    begin, carried = 0, b""
    stream.seek(0)
    while piece := _read(stream, path):
        text = carried + piece
        ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == _LINE_END)
        place = 0
        while place < len(ends):
            if n_left == 0:
                first = text[ends[place - 1] + 1 if place else 0 : ends[place]].strip()
                if not first:  # a blank line between frames or at the end
                    place += 1
                    offsets[-1] = begin + int(ends[place - 1]) + 1
                    continue
                n_left = _count(first, len(offsets) - 1, path) + 2
            n_lines = min(n_left, len(ends) - place)
            place, n_left = place + n_lines, n_left - n_lines
            if n_left == 0:
                offsets.append(begin + int(ends[place - 1]) + 1)
        whole = int(ends[-1]) + 1 if len(ends) else 0
        begin, carried = begin + whole, text[whole:]
    if n_left or carried.strip():
        offsets.append(begin + len(carried))
    return offsets


def _count(line: bytes, frame: int, path: Path) -> int:
    if not line.isdigit():
        raise InvalidInput(
            f"{path}, frame {frame}: it begins with {line[:40].decode(errors='replace')!r}, where the number of particles should stand; "
            + (f"frame {frame - 1} has more or fewer lines than it says: " if frame else "")
            + "write the file again, or use the frames before (cut the file there)"
        )
    return int(line)


def _read(stream: IO[bytes], path: Path) -> bytes:
    try:
        return stream.read(_CHUNK)
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        raise InvalidInput(f"{path} is damaged or cut ({error}); copy it again, or unpack of it what can be") from error

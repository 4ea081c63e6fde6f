"""Where the frames of a text begin, found by one pass over its bytes; plain or compressed by gzip."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import IO, cast

from glassdask.errors import InvalidInput

#: Of a pass over a file. [bytes]
_CHUNK = 2**24
GZIP = b"\x1f\x8b"


def open_bytes(path: Path) -> IO[bytes]:
    """The bytes of a file, uncompressed where it is compressed."""
    with path.open("rb") as stream:
        is_compressed = stream.read(2) == GZIP
    return cast(IO[bytes], gzip.open(path)) if is_compressed else path.open("rb")


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


def _read(stream: IO[bytes], path: Path) -> bytes:
    try:
        return stream.read(_CHUNK)
    except (EOFError, OSError, gzip.zlib.error) as error:  # type: ignore[attr-defined]
        raise InvalidInput(
            f"{path} is damaged or cut ({error}); copy it again, or unpack what can be (gzip -dc)"
        ) from error

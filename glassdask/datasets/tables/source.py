"""The bytes of a table that a user brings, as text: compressed or not, in any usual encoding; what a file is, its bytes say."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
from pathlib import Path

from glassdask.errors import InvalidInput

_OPENERS = {b"\x1f\x8b": gzip.decompress, b"BZh": bz2.decompress, b"\xfd7zXZ\x00": lzma.decompress}
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_NETCDF = (b"CDF\x01", b"CDF\x02", b"CDF\x05", b"\x89HDF")
NUMPY = (b"\x93NUMPY", b"PK\x03\x04")
#: What messages call a Dataset that is no file.
IN_MEMORY = Path("the Dataset")


def contents(path: Path) -> bytes:
    """All of a file, uncompressed (gzip, bzip2, xz).

    Raises
    ------
    InvalidInput
        If it cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}; allowed: a readable text, .npy, .npz or netCDF file") from error
    for start, decompress in _OPENERS.items():
        if data.startswith(start):
            try:
                return decompress(data)
            except (OSError, EOFError, ValueError, lzma.LZMAError) as error:
                raise InvalidInput(f"{path} is a damaged compressed file ({error}); allowed: a whole one") from error
    return data


def is_netcdf(path: Path) -> bool:
    """Whether a file is netCDF, by its ending or by its first bytes."""
    if path.suffix.lower() == ".nc":
        return True
    try:
        with path.open("rb") as file:
            return file.read(4).startswith(_NETCDF)
    except OSError:
        return False  # what reads it says why


def text_of(data: bytes, path: Path) -> str:
    """Text in UTF-8, UTF-16 or, failing that, Windows-1252, in which the numbers are the same.

    Raises
    ------
    InvalidInput
        If the bytes are no text.
    """
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None) or _without_mark(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace") if encoding == "utf-8" else "\0"
    strange = next((sign for sign in text if ord(sign) < 32 and sign not in "\t\n\r\f\x1a"), None)
    if strange is not None:
        place = text[: text.index(strange)].count("\n") + 1
        raise InvalidInput(
            f"{path} is no text in UTF-8 (line {place} holds the byte {ord(strange)}); allowed: a table of numbers as text, "
            ".npy, .npz or netCDF"
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _without_mark(data: bytes) -> str:
    """UTF-16 shows by a NUL in every other byte."""
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(data) >= 8 and len(data) % 2 == 0 and data[first::2].count(0) > 0.9 * len(data[first::2]):
            return name
    return "utf-8"

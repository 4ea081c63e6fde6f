"""How long a classic NetCDF file must be: the library fills up with zeros what a cut one lacks.

The header, of big-endian numbers and names filled up to whole words, is that of the NetCDF Classic Format Specification
(https://docs.unidata.ucar.edu/nug/2.0-draft/netcdf_file_format.html).
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import IO

#: Bytes of a value by the number of its type.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8, 7: 1, 8: 2, 9: 4, 10: 8, 11: 8}


class _Header:
    """The numbers of a header, read one after the other."""

    def __init__(self, stream: IO[bytes]):
        self._stream = stream
        version = stream.read(4)[3]
        self._count, self._offset = (">q" if version == 5 else ">i"), (">i" if version == 1 else ">q")

    def _number(self, layout: str) -> int:
        return int(struct.unpack(layout, self._stream.read(struct.calcsize(layout)))[0])

    def count(self) -> int:
        return self._number(self._count)

    def kind(self) -> int:
        return self._number(">i")

    def offset(self) -> int:
        return self._number(self._offset)

    def skip(self, n_bytes: int) -> None:
        self._stream.seek(_whole_words(n_bytes), 1)

    def skip_name(self) -> None:
        self.skip(self.count())

    def entries(self) -> range:
        self.kind()
        return range(self.count())

    def skip_attributes(self) -> None:
        for _ in self.entries():
            self.skip_name()
            kind = self.kind()
            self.skip(_SIZES[kind] * self.count())


def netcdf_length(path: Path) -> int:
    """The length that the header of a classic NetCDF file promises. [bytes]

    Raises
    ------
    struct.error, KeyError, IndexError
        If the header itself is cut or damaged.
    """
    with path.open("rb") as stream:
        header = _Header(stream)
        n_records = header.count()
        sizes = []
        for _ in header.entries():
            header.skip_name()
            sizes.append(header.count())
        header.skip_attributes()
        end, record_begin, record = 0, 0, 0
        for _ in header.entries():
            header.skip_name()
            dimensions = [header.count() for _ in range(header.count())]
            header.skip_attributes()
            n_bytes = _SIZES[header.kind()]
            header.count()  # the same, filled up, which overflows for large variables
            begin = header.offset()
            for dimension in dimensions:
                n_bytes *= sizes[dimension] or 1
            if dimensions and sizes[dimensions[0]] == 0:
                record_begin = min(record_begin or begin, begin)
                record += _whole_words(n_bytes)
            else:
                end = max(end, begin + n_bytes)
    return max(end, record_begin + n_records * record)


def _whole_words(n_bytes: int) -> int:
    return -(-n_bytes // 4) * 4

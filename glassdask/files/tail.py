"""The end of a file that may be long, or still be written to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO


def tail(source: Path | IO[bytes], n_bytes: int) -> str:
    """The last bytes as text, at most so many; "" where the file has gone."""
    if isinstance(source, Path):
        try:
            with source.open("rb") as stream:
                return tail(stream, n_bytes)
        except OSError:
            return ""
    source.seek(max(0, source.seek(0, os.SEEK_END) - n_bytes))
    return source.read().decode("utf-8", errors="replace")

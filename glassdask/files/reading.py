"""What is read of files that others write: the end of a long one, and JSON that may be damaged or not there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO, Any


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


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file; None where there is no file, or anything else in it."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None

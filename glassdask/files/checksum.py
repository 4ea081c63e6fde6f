"""SHA-256 of files, bytes and plain data: the one way in which the package tells whether two things are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def file_sha256(path: Path) -> str:
    """Of a file's bytes, read in pieces, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def bytes_sha256(content: bytes) -> str:
    """Of these bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def json_sha256(value: Any, default: Callable[[Any], Any] | None = None) -> str:
    """Of the canonical JSON of plain data: equal numbers give equal hashes, whatever the order of keys; `default` as of
    `json.dumps`.

    >>> json_sha256({"a": 1.0, "b": 0.3}) == json_sha256({"b": 0.3, "a": 1.0})
    True
    """
    return bytes_sha256(json.dumps(value, sort_keys=True, default=default).encode())

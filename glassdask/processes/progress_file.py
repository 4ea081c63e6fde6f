"""What a process says meanwhile of how far it is, in a file. Standard library only, and little of that: `status` reads it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glassdask.files.atomic_write import write_json
from glassdask.processes.answer import PROGRESS

#: Between two reports of progress. [s]
PROGRESS_SECONDS = 1.0


class ProgressFile:
    """``progress.json`` in a folder, for whoever watches: written once a second at most, and not flushed to disk."""

    def __init__(self, folder: Path):
        self._path = folder / PROGRESS
        self._written = float("-inf")

    @property
    def is_due(self) -> bool:
        """Whether the last report is old enough."""
        return time.monotonic() - self._written >= PROGRESS_SECONDS

    def write(self, values: Mapping[str, Any]) -> None:
        """Reports, whether due or not."""
        self._written = time.monotonic()
        write_json(self._path, dict(values), indent=None, durable=False)

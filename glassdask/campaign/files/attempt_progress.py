"""How far the latest attempt at a stage is, as its process writes once a second: written and read. Standard library only."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from glassdask.files.reading import read_json
from glassdask.processes.progress_file import PROGRESS_SECONDS, ProgressFile


class AttemptReport:
    """Writes how far an attempt is into its work folder, once a second at most: one that takes less writes nothing. What cannot
    be written is not shown; the stage goes on."""

    def __init__(self, work: Path):
        self._file = ProgressFile(work)
        self._begun = time.monotonic()

    def __call__(self, fraction: float, phase: str) -> None:
        """The share of the stage that is done, 0 to 1, and what it is at."""
        if self._file.is_due and time.monotonic() - self._begun >= PROGRESS_SECONDS:
            with suppress(OSError):
                self._file.write({"phase": phase, "fraction": fraction, "updated": time.time(), "pid": os.getpid()})


def attempt_progress(home: Path, stage: str) -> dict[str, Any]:
    """What ``progress.json`` of the attempt that has reported last says: phase, step, fraction, steps_per_second, ….

    Empty where no attempt has reported, or its folder has just been removed.
    """
    reports = (home / "work" / stage).glob("*/*/progress.json")
    with suppress(OSError):
        latest = max(reports, key=lambda path: path.stat().st_mtime, default=None)
        return (latest and read_json(latest)) or {}
    return {}

"""How far the latest attempt at a stage is, as its process writes once a second. Standard library only."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from glassdask.files.reading import read_json


def attempt_progress(home: Path, stage: str) -> dict[str, Any]:
    """What ``progress.json`` of the attempt that has reported last says: phase, step, fraction, steps_per_second, ….

    Empty where no attempt has reported, or its folder has just been removed.
    """
    reports = (home / "work" / stage).glob("*/*/progress.json")
    with suppress(OSError):
        latest = max(reports, key=lambda path: path.stat().st_mtime, default=None)
        return (latest and read_json(latest)) or {}
    return {}

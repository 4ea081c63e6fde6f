"""The record of a state that has spent its tries: why, how often, and what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from glassdask.files.atomic_write import write_json
from glassdask.files.reading import read_json


def failure_path(folder: Path, stage: str) -> Path:
    """Where the failure of a stage is recorded."""
    return folder / f"{stage}.failed.json"


def write_failure(
    folder: Path, stage: str, reason: str, message: str, attempts: int, details: dict[str, Any] | None = None
) -> None:
    """Records that a stage will not be tried again by itself; `details` say where it stood (seed, step, work folder)."""
    record = {
        "stage": stage,
        "reason": reason,
        "message": message,
        "attempts": attempts,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        **(details or {}),
    }
    write_json(failure_path(folder, stage), record)


def read_failure(folder: Path, stage: str) -> dict[str, Any] | None:
    """The failure of a stage, or None."""
    return read_json(failure_path(folder, stage))


def clear_failure(folder: Path, stage: str) -> None:
    """Forgets a failure, so that the stage is tried again."""
    failure_path(folder, stage).unlink(missing_ok=True)

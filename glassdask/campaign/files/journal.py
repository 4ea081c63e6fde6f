"""What happened to a state: one JSON line an event, appended and never rewritten."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from glassdask.outcome import Outcome

JOURNAL = "journal.jsonl"


def record_event(folder: Path, stage: str, event: str, **details: Any) -> None:
    """Appends an event (``started``, ``partial``, ``lost``, ``failed``, ``done``, ``sent_back``) to the state's journal."""
    line = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "stage": stage,
        "event": event,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        **details,
    }
    with (folder / JOURNAL).open("a+b") as stream:
        stream.write((_line_end(stream) + json.dumps(line) + "\n").encode())


def _line_end(stream: IO[bytes]) -> str:
    """What ends the last line if a crash or a full disk has cut it, so that the next event is not lost with it."""
    if stream.seek(0, os.SEEK_END) == 0:
        return ""
    stream.seek(-1, os.SEEK_END)
    return "" if stream.read(1) == b"\n" else "\n"


def journal_bytes(folder: Path) -> int:
    """How much a state's journal says: it only grows."""
    path = folder / JOURNAL
    return path.stat().st_size if path.is_file() else 0


def events(folder: Path, stage: str | None = None) -> list[dict[str, Any]]:
    """The events of a state in order, of one stage if named; a line cut by a crash is left out."""
    try:
        lines = (folder / JOURNAL).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(event, dict) and stage in (None, event.get("stage")):
            found.append(event)
    return found


def attempts(folder: Path, stage: str) -> int:
    """How often a stage of the state was started."""
    return sum(event["event"] == "started" for event in events(folder, stage))


def failures(folder: Path, stage: str) -> int:
    """How often a stage failed for a reason of physics or code since it was last sent back; infrastructure excluded."""
    count = 0
    for event in events(folder, stage):
        if event["event"] == Outcome.FAILED:
            count += 1
        elif event["event"] in (Outcome.DONE, "sent_back"):
            count = 0
    return count

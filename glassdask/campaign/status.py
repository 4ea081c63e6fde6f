"""How far a campaign is: counts and one line a state, read from its files. Standard library only."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glassdask.campaign.failure import read_failure
from glassdask.campaign.folder import CAMPAIGN_RECORD, state_folder
from glassdask.campaign.lease import is_alive, read_lease
from glassdask.errors import InvalidInput
from glassdask.state_point import StatePoint

#: Stages of a state in the order of work; campaign/stages.py says what they are (a test compares the two).
STAGE_NAMES = ("simulate", "reduce")
#: Every status of a state, in the order in which counts are shown.
STATUSES = ("done", "not_equilibrated", "crystallised", "failed", "running", "waiting")


@dataclass(frozen=True)
class StateStatus:
    """Where one state stands.

    Parameters
    ----------
    status
        One of :data:`STATUSES`.
    stage
        The stage that is running, failed, or comes next; empty where all is done.
    progress
        Share of the running stage, 0 to 1, or None.
    summary
        Scalars found so far (measured temperature, relaxation times, …).
    message
        Why it failed.
    """

    state: StatePoint
    status: str
    stage: str = ""
    progress: float | None = None
    phase: str = ""
    summary: dict[str, Any] = field(default_factory=dict)
    message: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        return {
            "state": self.state.identifier,
            "potential": self.state.potential,
            "temperature": self.state.temperature,
            "density": self.state.density,
            "replica": self.state.replica,
            "status": self.status,
            "stage": self.stage,
            "phase": self.phase,
            "progress": self.progress,
            "message": self.message,
            "summary": self.summary,
        }


def recorded_states(folder: Path) -> list[StatePoint]:
    """The states of a campaign that was started.

    Raises
    ------
    InvalidInput
        If the campaign was not started, or its record is damaged.
    """
    path = folder / CAMPAIGN_RECORD
    try:
        return [StatePoint(*row) for row in json.loads(path.read_text(encoding="utf-8"))["states"]]
    except FileNotFoundError as error:
        raise InvalidInput(f"{folder} does not exist yet; 'glassdask run FILE.toml' starts the campaign") from error
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise InvalidInput(f"{path} is damaged; run 'glassdask run FILE.toml' again to write it anew") from error


def campaign_status(folder: Path) -> Iterator[StateStatus]:
    """The status of every state, in the order of the campaign file."""
    for state in recorded_states(folder):
        yield state_status(folder, state)


def counts(statuses: list[StateStatus]) -> dict[str, int]:
    """Number of states by status."""
    found = Counter(item.status for item in statuses)
    return {name: found[name] for name in STATUSES}


def state_status(folder: Path, state: StatePoint) -> StateStatus:
    """The status of one state."""
    home = state_folder(folder, state.identifier)
    names = _names(home)
    summary: dict[str, Any] = {}
    for stage in STAGE_NAMES:
        record = _json(home / f"{stage}.json") if f"{stage}.json" in names else None
        if record is None:
            return _unfinished(home, state, stage, names, summary)
        summary |= record.get("summary", {})
        status = record.get("status", "done")
    return StateStatus(state, status, summary=summary)


def _unfinished(home: Path, state: StatePoint, stage: str, names: set[str], summary: dict) -> StateStatus:
    if "lease.json" in names:
        lease = read_lease(home / "lease.json")
        if lease is not None and is_alive(home / "lease.json", lease):
            phase, progress = _progress(home, stage)
            return StateStatus(state, "running", lease.purpose, progress, phase, summary)
    if f"{stage}.failed.json" in names:
        failure = read_failure(home, stage) or {}
        message = f"{failure.get('reason', '?')}: {failure.get('message', '')}"
        return StateStatus(state, "failed", stage, None, "", summary, message)
    return StateStatus(state, "waiting", stage, summary=summary)


def _progress(home: Path, stage: str) -> tuple[str, float | None]:
    """Phase and share done of the latest attempt of a running stage."""
    found = sorted((home / "work" / stage).glob("*/progress.json"), key=lambda path: path.stat().st_mtime)
    progress = _json(found[-1]) if found else None
    if not progress:
        return "", None
    return progress.get("phase", ""), progress.get("fraction")


def _names(home: Path) -> set[str]:
    try:
        with os.scandir(home) as entries:
            return {entry.name for entry in entries}
    except FileNotFoundError:
        return set()


def _json(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError, UnicodeDecodeError):
        return None

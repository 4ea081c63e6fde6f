"""All that is known of one state, from its files: for the page and the screen that show it. Standard library only.

The curves alone need arrays; they are read by :mod:`glassdask.stages.collect.state_curves`, loaded when they are asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassdask.campaign.files import journal
from glassdask.campaign.files.attempt_progress import attempt_progress
from glassdask.campaign.files.failure import read_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import ProductRecord, read_record
from glassdask.campaign.files.status import STAGE_FILES, StateStatus, state_status
from glassdask.files.reading import tail
from glassdask.outcome import Status
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.state_point import StatePoint

#: Events and lines of a log that are shown; bytes of a log that may hold them.
_EVENTS, _LINES, _TAIL_BYTES = 20, 30, 16_384


@dataclass(frozen=True)
class StateDetail:
    """Everything about a state that is worth showing.

    Parameters
    ----------
    status
        Where it stands, with the numbers that were found in ``status.summary``.
    attempts
        Number of starts by stage.
    seconds
        Wall-clock time of the attempt that made the product, by stage.
    engine, device
        Of the simulation, None where not known.
    steps_per_second
        Of the simulation, now or at its end, or None.
    events
        The last 20 of the journal.
    failure
        The record of the failed stage, or None.
    log
        The last 30 lines of the latest simulation's log, or of the failed attempt's, "" if there is none.
    curves
        As :func:`glassdask.stages.collect.state_curves.state_curves` gives them.
    """

    status: StateStatus
    attempts: dict[str, int]
    seconds: dict[str, float | None]
    engine: str | None
    device: str | None
    steps_per_second: float | None
    events: list[dict[str, Any]]
    failure: dict[str, Any] | None
    log: str
    curves: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON: all of ``StateStatus.as_dict()``, and what is known beside it."""
        return {**self.status.as_dict(), **vars(self), "status": self.status.status}


def state_detail(folder: Path, state: StatePoint) -> StateDetail:
    """Reads what is known of a state of the campaign in a folder; it may have no folder of its own yet."""
    from glassdask.stages.collect.state_curves import state_curves  # xarray

    home = state_folder(folder, state.identifier)
    status = state_status(folder, state)
    events = journal.events(home)
    records = {stage: record for stage in STAGE_FILES if (record := read_record(home, stage))}
    failure = read_failure(home, status.stage) if status.status == Status.FAILED else None
    simulation = records[SIMULATE.name].provenance if SIMULATE.name in records else failure or {}
    return StateDetail(
        status,
        attempts=dict(Counter(str(event.get("stage")) for event in events if event.get("event") == "started")),
        seconds={stage: record.provenance.get("seconds") for stage, record in records.items()},
        engine=simulation.get("engine"),
        device=simulation.get("device"),
        steps_per_second=_steps_per_second(home, records),
        events=events[-_EVENTS:],
        failure=failure,
        log=_log_tail(home, failure),
        curves=state_curves(home),
    )


def _steps_per_second(home: Path, records: dict[str, ProductRecord]) -> float | None:
    """Of the finished simulation, else of the attempt that has reported last."""
    if SIMULATE.name in records:
        found: dict[str, Any] = records[SIMULATE.name].provenance.get("simulation", {})
    else:
        found = attempt_progress(home, SIMULATE.name)
    speed: float | None = found.get("steps_per_second")
    return speed


def _log_tail(home: Path, failure: dict[str, Any] | None) -> str:
    """The end of the log of the failed attempt, if one has failed, else of the latest simulation in ``work/``."""
    named = str(failure.get("work", "")) if failure else ""
    failed = home / named / "log.txt"
    path = failed if named and failed.is_file() else _newest(home.glob("work/simulate/*/*/log.txt"))
    return "\n".join(tail(path, _TAIL_BYTES).splitlines()[-_LINES:]) if path else ""


def _newest(paths: Iterable[Path]) -> Path | None:
    """The file that was written last; files that vanish meanwhile are left out."""
    times = {}
    for path in paths:
        try:
            times[path] = path.stat().st_mtime
        except OSError:
            continue
    return max(times, key=lambda path: times[path], default=None)

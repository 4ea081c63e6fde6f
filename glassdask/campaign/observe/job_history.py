"""Batch jobs of a campaign over time, as its journal tells: submitted, started, ended and why."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from glassdask.campaign.files.journal import JOURNAL, record_event
from glassdask.files.reading import read_json

#: Where a driver on a batch system names the jobs that it has in the queue.
JOBS = "jobs.json"
#: The journal's word for what concerns a batch job instead of a stage.
JOB = "job"
JOB_STATES = ("pending", "running", "ended")
#: Points of the curves; older changes are left out first.
_MOST_POINTS = 500


def record_job(folder: Path, event: str, identifier: str, **details: Any) -> None:
    """Notes in the campaign's journal what became of a batch job.

    `event` is ``submitted`` (with ``pool`` and ``gpus``), ``started`` (its first worker has connected), ``suspended``,
    ``resumed`` or ``ended`` (with ``why``); `identifier` as the batch system calls the job.
    """
    record_event(folder, JOB, event, job=identifier, **details)


def named_jobs(folder: Path) -> list[str]:
    """Identifiers of the jobs that the driver, running or killed, has in the queue; none if it has ended in good order."""
    named = (read_json(folder / JOBS) or {}).get("jobs")
    return list(map(str, named)) if isinstance(named, list) else []


@dataclass
class BatchJob:
    """One batch job; times in Unix seconds, None for what has not happened."""

    identifier: str
    pool: str
    gpus: int
    submitted: float
    started: float | None = None
    ended: float | None = None
    why: str = ""

    @property
    def state(self) -> str:
        """``pending``, ``running`` or ``ended``."""
        return "ended" if self.ended is not None else "pending" if self.started is None else "running"

    @property
    def wait(self) -> float | None:
        """Time in the queue, until its first worker connected. [s]"""
        return None if self.started is None else self.started - self.submitted

    def hours(self, now: float) -> float:
        """Time for which it has run."""
        return 0.0 if self.started is None else ((self.ended or now) - self.started) / 3600

    def as_dict(self, now: float) -> dict[str, Any]:
        """Plain data; times in hours."""
        facts = {name: getattr(self, name) for name in ("identifier", "pool", "gpus", "submitted", "state", "why")}
        return {**facts, "waited": None if self.wait is None else self.wait / 3600, "hours": self.hours(now)}


class JobHistory:
    """Reads what is new in the journal of a campaign's folder at each look."""

    def __init__(self, folder: Path):
        self._path = folder / JOURNAL
        self._offset = 0
        self._changes: deque[tuple[float, ...]] = deque(maxlen=_MOST_POINTS)
        self.jobs: dict[str, BatchJob] = {}
        self.counts = dict.fromkeys(JOB_STATES, 0)

    def look(self) -> bool:
        """Takes note of new events; says whether there were any. A line that is still being written waits."""
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._offset)
                text = stream.read()
        except FileNotFoundError:
            return False
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        events = list(_job_events(whole.splitlines()))
        for event in events:
            self._note(event)
        return bool(events)

    def _note(self, event: dict[str, Any]) -> None:
        name, time = str(event["job"]), datetime.fromisoformat(event["time"]).timestamp()
        if event["event"] == "submitted":
            self.jobs[name] = BatchJob(name, str(event.get("pool", "")), int(event.get("gpus", 0)), time)
        elif name in self.jobs:
            job = self.jobs[name]
            self.counts[job.state] -= 1
            if event["event"] == "started" and job.started is None:
                job.started = time
            elif event["event"] == "ended" and job.ended is None:
                job.ended, job.why = time, str(event.get("why", ""))
        else:
            return
        self.counts[self.jobs[name].state] += 1
        self._changes.append((time, *(self.counts[state] for state in JOB_STATES)))

    def series(self, now: float | None) -> dict[str, list[float]]:
        """Numbers of jobs pending, running and ended, from each change to the next and to `now`. Unix times."""
        until = [(now, *self._changes[-1][1:])] if self._changes and now is not None else []
        points = [*self._changes, *until]
        names = ("time", *JOB_STATES)
        return {name: [point[i] for point in points] for i, name in enumerate(names)}

    def gpu_hours(self, now: float) -> float:
        """GPUs times hours of all jobs; 0 where no pool has GPUs."""
        return sum(job.gpus * job.hours(now) for job in self.jobs.values())


def _job_events(lines: Iterable[bytes]) -> Iterable[dict[str, Any]]:
    for line in lines:
        if b'"job"' not in line:
            continue
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if event.get("stage") == JOB and "job" in event and "time" in event:
            yield event

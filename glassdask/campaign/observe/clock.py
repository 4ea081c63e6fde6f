"""The one clock of a campaign: what share of all work is done, and how long the rest takes. Standard library only.

Who drives a campaign reckons it (`glassdask.campaign.observe.campaign_clock`) and writes it into the campaign's folder about
once a second; terminal, notebook, page and `glassdask status` show this very reading.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from glassdask.campaign.files.lease import LeaseRecord
from glassdask.counted import counted, duration
from glassdask.files.atomic_write import write_json
from glassdask.files.reading import read_json
from glassdask.outcome import Status

CLOCK = "clock.json"
NO_DRIVER = "no driver runs: how long the rest takes is not known"
#: A reading is written again after so long at the latest; one that is older than twice that runs down by itself. [s]
RENEWED_SECONDS = 5.0


@dataclass(frozen=True)
class StageRow:
    """How far one stage is.

    Parameters
    ----------
    stage
        Its name.
    done, running, failed, total
        Products that are there, at work, given up, and in all: one a state, or one of the campaign.
    share
        Done part of the stage's work, 0 to 1.
    weight
        The stage's part of all work, in time on this machine, 0 to 1.
    seconds_left
        Time of one worker that the rest takes; None as long as nothing is measured.
    """

    stage: str
    done: int
    running: int
    failed: int
    total: int
    share: float
    weight: float
    seconds_left: float | None


@dataclass(frozen=True)
class ClockReading:
    """How far a campaign is at a moment.

    Parameters
    ----------
    share
        Done part of all work, 0 to 1, each stage weighed by the time that it takes on this machine.
    seconds_left
        Until the campaign ends; None where that is not known.
    why
        Why it is not known; empty where it is.
    n_workers
        Stages that can be at work at once.
    work_seconds
        Time of one worker that is left; None as long as nothing is measured.
    rows
        The stages in the order of work.
    time
        When it was reckoned. [Unix time]
    """

    share: float
    seconds_left: float | None
    why: str
    n_workers: int
    work_seconds: float | None
    rows: tuple[StageRow, ...]
    time: float

    @property
    def words(self) -> str:
        """The time left as everybody says it: "about 12 min left with 2 workers", or why it is not known."""
        if self.seconds_left is None:
            return self.why
        if not self.seconds_left:
            return "nothing is left to do"
        return f"about {duration(self.seconds_left)} left with {counted(self.n_workers, 'worker')}"

    def as_dict(self) -> dict[str, Any]:
        """Plain data, with the words."""
        return {**asdict(self), "words": self.words}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ClockReading:
        """What `as_dict` has given."""
        rows = tuple(StageRow(**row) for row in data["rows"])
        return cls(**{name: data[name] for name in cls.__dataclass_fields__ if name != "rows"}, rows=rows)


def write_clock(folder: Path, reading: ClockReading) -> None:
    """Puts a reading into the campaign's folder, for all others."""
    write_json(folder / CLOCK, reading.as_dict(), indent=None, durable=False)


def read_clock(folder: Path, now: float | None = None) -> ClockReading | None:
    """The reading that was written last; None where there is none. One that has grown old, as while a driver collects at its
    end, is run down by its age."""
    try:
        reading = ClockReading.from_dict(read_json(folder / CLOCK) or {})
    except (KeyError, TypeError):
        return None
    age = (time.time() if now is None else now) - reading.time
    if age < 2 * RENEWED_SECONDS or not reading.seconds_left:
        return reading
    return replace(reading, seconds_left=max(1.0, reading.seconds_left - age))


def shown_clock(folder: Path, driver: LeaseRecord | None, counts: Mapping[str, int]) -> ClockReading | None:
    """What readers of the folder show: the reading of the driver that is at work, None before its first. Without a driver, the
    last reading says how much was done, as long as something is left to do."""
    if driver is None and not (counts[Status.WAITING] or counts[Status.RUNNING]):
        return None
    reading = read_clock(folder)
    if reading is None or driver is not None:
        is_of_before = reading and driver and reading.time < datetime.fromisoformat(driver.since).timestamp()
        return None if is_of_before else reading
    return replace(reading, seconds_left=None, why=NO_DRIVER, n_workers=0)


def makespan(running: Iterable[float], waiting: Sequence[float], n_workers: int) -> float:
    """How long workers need for chains of work, of which each is one worker's at a time: never less than the longest chain,
    nor than their sum over the workers. [s]

    Parameters
    ----------
    running
        What is left of the chains that have a worker. [s]
    waiting
        The others, in the order in which they get one: the next that becomes free. [s]
    n_workers
        1 or more.
    """
    free_at = sorted(running)
    excess = free_at[: -n_workers or None] if len(free_at) > n_workers else []
    free_at = free_at[len(excess) :] + [0.0] * (n_workers - len(free_at))
    heapq.heapify(free_at)
    for seconds in (*excess, *waiting):
        heapq.heapreplace(free_at, free_at[0] + seconds)
    return max(free_at)

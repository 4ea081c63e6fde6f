"""What a campaign has cost: hours of processes by stage, attempts that did not finish, wall time, disk."""

from __future__ import annotations

import itertools
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from glassdask.campaign.files.journal import events
from glassdask.campaign.files.products import ProductRecord
from glassdask.campaign.observe.state_facts import StateFacts
from glassdask.outcome import Outcome
from glassdask.stages.contract.registry import STATE_STAGES

#: How an attempt may end besides "done", in the journal.
_UNFINISHED = (Outcome.PARTIAL, Outcome.LOST, Outcome.FAILED)


@dataclass(frozen=True)
class StageCost:
    """The cost of one stage on one kind of device.

    Parameters
    ----------
    stage, device
        ``cpu`` or ``gpu``.
    n_products
        Finished products.
    hours
        Of the processes that finished them (one core, or one GPU with its core, each).
    bytes
        Of the products' files.
    n_unfinished, unfinished_hours
        Attempts that ended otherwise: interrupted or killed ones, whose work went on from a checkpoint, and failed ones.
    n_without_end
        Attempts of whose end the journal knows nothing: their process was killed.
    """

    stage: str
    device: str
    n_products: int
    hours: float
    bytes: int
    n_unfinished: int = 0
    unfinished_hours: float = 0.0
    n_without_end: int = 0


@dataclass(frozen=True)
class Costs:
    """The cost of a campaign: by stage and device, in the order of work; from the first start to the last end in the
    journals, pauses included (None where nothing was started); bytes of all files in its folder."""

    stages: list[StageCost]
    first: datetime | None
    last: datetime | None
    folder_bytes: int

    @property
    def wall_hours(self) -> float | None:
        """From the first start to the last end."""
        return None if not (self.first and self.last) else (self.last - self.first).total_seconds() / 3600


def campaign_costs(facts: Sequence[StateFacts], folder: Path) -> Costs:
    """Adds up the records and journals of every state and of the campaign."""
    stages = [cost for stage in STATE_STAGES for cost in _stage_costs(stage.name, facts)]
    journals = itertools.chain(events(folder), *(state.events for state in facts))
    times = [time for time in map(_time, journals) if time is not None]
    return Costs(stages, min(times, default=None), max(times, default=None), folder_size(folder))


def folder_size(folder: Path) -> int:
    """Bytes of all files below a folder; files that vanish meanwhile do not count."""
    return sum(_size(Path(home, name)) for home, _, names in os.walk(folder) for name in names)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _stage_costs(stage: str, facts: Sequence[StateFacts]) -> Iterator[StageCost]:
    """One for each device; attempts that did not finish count with the device that most runs had."""
    records = [state.records[stage] for state in facts if stage in state.records]
    unfinished = list(itertools.chain.from_iterable(unfinished_attempts(state.events, stage) for state in facts))
    by_device = defaultdict[str, list[ProductRecord]](list)
    for record in records:
        by_device[str(record.provenance.get("device", "cpu"))].append(record)
    devices = sorted(sorted(by_device), key=lambda device: -len(by_device[device]))
    for place, device in enumerate(devices or ["cpu"] * bool(unfinished)):
        here = by_device[device]
        lost = unfinished if place == 0 else []
        yield StageCost(
            stage,
            device,
            len(here),
            sum(float(record.provenance.get("seconds", 0.0)) for record in here) / 3600,
            sum(facts["bytes"] for record in here for facts in record.files.values()),
            len(lost),
            sum(seconds for seconds in lost if seconds is not None) / 3600,
            sum(seconds is None for seconds in lost),
        )


def unfinished_attempts(journal: Iterable[dict[str, Any]], stage: str) -> Iterator[float | None]:
    """Seconds of each attempt at a stage that did not finish it; None where its end is not known.

    The attempt that the journal ends with may still run: it is not counted.
    """
    begun: datetime | None = None
    for event in journal:
        if event.get("stage") != stage:
            continue
        if event.get("event") == "started":
            if begun is not None:
                yield None
            begun = _time(event)
        elif event.get("event") == Outcome.DONE:
            begun = None
        elif event.get("event") in _UNFINISHED:
            end = _time(event)
            yield (end - begun).total_seconds() if begun and end else None
            begun = None


def _time(event: dict[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(event.get("time")))
    except ValueError:
        return None

"""What finished stages have cost: hours and pace, from the records of products, and what the campaign's clock learns of them."""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import ProductRecord, read_record, record_path
from glassdask.campaign.files.status import StateStatus
from glassdask.campaign.observe.campaign_clock import CampaignClock, Crews
from glassdask.campaign.observe.queue_history import QueueHistory
from glassdask.campaign.observe.status_cache import time_of_change
from glassdask.campaign.work.state_stages import campaign_cost, relative_cost
from glassdask.outcome import UNFINISHED, Status
from glassdask.stages.collect import STAGE as COLLECT
from glassdask.stages.collect import has_data
from glassdask.stages.contract.registry import CAMPAIGN_STAGES, STATE_STAGES
from glassdask.stages.simulate import ASKED, asked_lengths
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.stages.simulate.done_before import share_done_before
from glassdask.state_point import StatePoint

#: Widths of the bins of pace; the first that needs no more than so many bins is taken. [s]
_WIDTHS = (60, 300, 900, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600)
_MOST_BINS = 20


@dataclass(frozen=True)
class DriverFacts:
    """What only a driver knows.

    Parameters
    ----------
    crews
        How many workers run which stages.
    longer
        Finished states whose simulation goes on to be longer in this run.
    touched
        States that were at work, or that something was done to, since the driver last told; None where nobody has told, so
        that it may have been any.
    """

    crews: Crews = field(default_factory=dict)
    longer: Collection[StatePoint] = ()
    touched: frozenset[StatePoint] | None = None


class Ledger:
    """Costs of a campaign's stages, filled little by little; and its clock.

    Parameters
    ----------
    campaign
        Which one.
    asked
        The states whose work counts: those of a run; all by default.
    """

    def __init__(self, campaign: Campaign, asked: Sequence[StatePoint] | None = None):
        self._campaign = campaign
        states = campaign.states if asked is None else asked
        self._place = {state: place for place, state in enumerate(states)}
        costs = np.array([[relative_cost(campaign, state, stage) for stage in STATE_STAGES] for state in states])
        self.clock = CampaignClock(
            [stage.name for stage in STATE_STAGES],
            costs.reshape(len(states), len(STATE_STAGES)),
            {stage.name: campaign_cost(stage, len(states)) for stage in CAMPAIGN_STAGES if not stage.is_on_request},
        )
        self._n_done: Counter[StatePoint] = Counter()
        self._unread: deque[tuple[StatePoint, str]] = deque()
        #: When products were completed, by stage. [Unix time]
        self._ended = {stage.name: array("d") for stage in STATE_STAGES}
        self._first_end, self._last_end = math.inf, -math.inf
        #: When stages began and ended.
        self.queue = QueueHistory()
        self._longer: set[StatePoint] = set()
        self._asked_lengths = asked_lengths(campaign.tables)
        self._collected: ProductRecord | None = None
        self._collect_changed: int | None = None
        #: Wall-clock time of finished stages by name. [s]
        self.seconds: dict[str, float] = defaultdict(float)
        self.gpu_seconds: dict[str, float] = defaultdict(float)

    def note(self, item: StateStatus) -> None:
        """Where a state stands; records of stages that are done and were not before will be read."""
        state, n_done = item.state, n_stages_done(item.status, item.stage)
        if state in self._place:
            n_left = 0 if item.goes_on or self._becomes_longer(item, n_done) else n_done
            self.clock.note(self._place[state], n_left, item.status is Status.FAILED)
        known = self._n_done[state]
        if n_done == known:
            return
        first = 0 if state in self._longer and n_done < known else known  # the run is another one now
        for stage in STATE_STAGES[first:n_done]:
            self._unread.append((state, stage.name))
        self._n_done[state] = n_done

    def expect_longer(self, states: Iterable[StatePoint]) -> set[StatePoint]:
        """These finished states go on to be longer; returns those of which that is new, to be noted again."""
        new = set(states) - self._longer
        for state in new:
            self._longer.add(state)
            record = read_record(state_folder(self._campaign.folder, state.identifier), SIMULATE.name)
            if record is not None and state in self._place:
                share = share_done_before(state, self._campaign.specification, record.provenance)
                self.clock.give_head_start(self._place[state], share)
        return new

    def _becomes_longer(self, item: StateStatus, n_done: int) -> bool:
        """Until its longer run has made an end of its later products, or has failed."""
        return (
            item.state in self._longer
            and n_done == len(STATE_STAGES)
            and not item.message
            and not self._has_grown(item)
        )

    def _has_grown(self, item: StateStatus) -> bool:
        return bool(item.summary.get(ASKED) == self._asked_lengths)

    def look(self, at_work: Iterable[tuple[StatePoint, float | None]], now: float) -> None:
        """What is at work, with the share of its stage that is done."""
        self.clock.look(((self._place[state], share) for state, share in at_work if state in self._place), now)

    def read(self, most: int) -> None:
        """Reads records that have not been read, so many at most: each takes some 0.1 ms."""
        for _ in range(min(most, len(self._unread))):
            state, name = self._unread.popleft()
            record = read_record(state_folder(self._campaign.folder, state.identifier), name)
            if record is not None:
                self._add(state, name, record.provenance)
        self._read_collected()

    def _add(self, state: StatePoint, name: str, provenance: dict[str, Any]) -> None:
        seconds = float(provenance.get("seconds", 0.0))
        self.seconds[name] += seconds
        if state in self._place:
            # a run that went on from a checkpoint has taken longer than its last attempt
            whole = float(provenance.get("simulation", {}).get("wall_seconds", 0.0))
            self.clock.learn(self._place[state], name, max(seconds, whole))
        if provenance.get("device", "cpu") != "cpu":
            self.gpu_seconds[name] += seconds
        if "completed" in provenance:
            ended = datetime.fromisoformat(provenance["completed"]).timestamp()
            self._ended[name].append(ended)
            self._first_end, self._last_end = min(self._first_end, ended), max(self._last_end, ended)
            self.queue.add(ended - seconds, ended, name == STATE_STAGES[-1].name)

    def _read_collected(self) -> None:
        """What the last collection has taken."""
        changed = time_of_change(record_path(self._campaign.folder, COLLECT.name))
        if changed == self._collect_changed:
            return
        self._collect_changed = changed
        self._collected = read_record(self._campaign.folder, COLLECT.name)
        made = self._collected.provenance if self._collected else {}
        if "seconds" in made:
            self.clock.rates.learn(COLLECT.name, campaign_cost(COLLECT, made["states"]), made["seconds"])

    def is_collected(self, counts: Mapping[Status, int]) -> bool:
        """Whether nothing is at work, and what was collected is of as many states as are done, and no older than the last of
        their products that is known of."""
        if self._collected is None or self._collect_changed is None:
            return False
        if self._collect_changed * 1e-9 < self._last_end:
            return False
        n_states = sum(count for status, count in counts.items() if has_data(status))
        is_at_rest = not (counts.get(Status.RUNNING) or counts.get(Status.WAITING))
        return is_at_rest and self._collected.provenance.get("states", n_states) == n_states

    def pace(self, now: float | None) -> dict[str, list[float]]:
        """Stages finished an hour, by name, in equal bins of time that end at `now`; ``time`` holds the bins' ends.

        Without `now` (Unix time), as where nobody works any more, they end with the last stage.
        """
        names = [stage.name for stage in STATE_STAGES]
        if self._last_end < self._first_end:
            return {name: [] for name in ("time", *names)}
        now = self._last_end if now is None else now
        span = now - self._first_end
        width = next((w for w in _WIDTHS if span <= w * _MOST_BINS), _WIDTHS[-1])
        n_bins = int(span // width) + 2  # the first is empty: pace begins at 0
        found: dict[str, list[float]] = {"time": [now - (n_bins - 1 - i) * width for i in range(n_bins)]}
        for name in names:
            bins = n_bins - 1 - np.maximum(0, (now - np.array(self._ended[name])) // width).astype(np.intp)
            found[name] = (np.bincount(bins, minlength=n_bins) * (3600 / width)).tolist()
        return found


def n_stages_done(status: str, stage: str) -> int:
    """How many stages of a state are done, from its status and the stage that comes next; of one that is finished and goes
    on to be longer, all."""
    names = [item.name for item in STATE_STAGES]
    if status not in UNFINISHED and stage == names[0]:
        return len(names)
    return names.index(stage) if stage in names else len(names) if status not in UNFINISHED else 0

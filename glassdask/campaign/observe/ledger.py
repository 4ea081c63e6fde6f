"""What finished stages have cost, and what the rest will: hours and pace, from the records of products."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import read_record
from glassdask.campaign.observe.queue_history import QueueHistory
from glassdask.campaign.work.state_stages import relative_cost
from glassdask.outcome import UNFINISHED
from glassdask.stages.contract.registry import STAGES, STATE_STAGES
from glassdask.state_point import StatePoint

#: Widths of the bins of pace; the first that needs no more than so many bins is taken. [s]
_WIDTHS = (60, 300, 900, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600)
_MOST_BINS = 20


class Ledger:
    """Costs of a campaign's stages, filled little by little."""

    def __init__(self, campaign: Campaign):
        self._campaign = campaign
        self._cost = {state: [relative_cost(campaign, state, s) for s in STATE_STAGES] for state in campaign.states}
        self._n_done: Counter[StatePoint] = Counter()
        self._unread: deque[tuple[StatePoint, str]] = deque()
        self._ended: list[tuple[float, str]] = []
        #: When stages began and ended.
        self.queue = QueueHistory()
        #: Wall-clock time of finished stages by name. [s]
        self.seconds: dict[str, float] = defaultdict(float)
        self.gpu_seconds: dict[str, float] = defaultdict(float)
        self._known_cost: dict[str, float] = defaultdict(float)

    def note(self, state: StatePoint, n_done: int) -> None:
        """So many stages of a state are done; their records will be read."""
        if n_done == self._n_done[state]:
            return
        for stage in STATE_STAGES[self._n_done[state] : n_done]:
            self._unread.append((state, stage.name))
        self._n_done[state] = n_done

    def read(self, most: int) -> None:
        """Reads records that have not been read, so many at most: each takes some 0.1 ms."""
        for _ in range(min(most, len(self._unread))):
            state, name = self._unread.popleft()
            record = read_record(state_folder(self._campaign.folder, state.identifier), name)
            if record is not None:
                self._add(state, name, record.provenance)

    def _add(self, state: StatePoint, name: str, provenance: dict[str, Any]) -> None:
        seconds = float(provenance.get("seconds", 0.0))
        self.seconds[name] += seconds
        self._known_cost[name] += self._cost_of(state, name)
        if provenance.get("device", "cpu") != "cpu":
            self.gpu_seconds[name] += seconds
        if "completed" in provenance:
            ended = datetime.fromisoformat(provenance["completed"]).timestamp()
            self._ended.append((ended, name))
            self.queue.add(ended - seconds, ended, name == STATE_STAGES[-1].name)

    def _cost_of(self, state: StatePoint, name: str) -> float:
        return self._cost[state][STATE_STAGES.index(STAGES[name])]

    def share(self, running: Iterable[tuple[StatePoint, float]]) -> float:
        """Finished work over all work, with the finished part of the stages that run: 0 to 1."""
        total = sum(map(sum, self._cost.values()))
        done = sum(sum(self._cost[state][:n]) for state, n in self._n_done.items() if state in self._cost)
        part = sum(self._cost[s][self._n_done[s]] * f for s, f in running if self._n_done[s] < len(STATE_STAGES))
        return min(1.0, (done + part) / total) if total else 1.0

    def seconds_left(self, left_out: Iterable[StatePoint]) -> dict[str, float] | None:
        """Worker time that the stages not done will take, by name, at the pace of those that are [s]; states that
        failed are `left_out`. None as long as a stage that is needed has never been finished."""
        left: dict[str, float] = defaultdict(float)
        out = set(left_out)
        for state, costs in self._cost.items():
            if state not in out:
                for stage, cost in zip(STATE_STAGES[self._n_done[state] :], costs[self._n_done[state] :], strict=True):
                    left[stage.name] += cost
        if any(not self._known_cost[name] for name in left):
            return None
        return {name: cost * self.seconds[name] / self._known_cost[name] for name, cost in left.items()}

    def pace(self, now: float | None) -> dict[str, list[float]]:
        """Stages finished an hour, by name, in equal bins of time that end at `now`; ``time`` holds the bins' ends.

        Without `now` (Unix time), as where nobody works any more, they end with the last stage.
        """
        names = [stage.name for stage in STATE_STAGES]
        if not self._ended:
            return {name: [] for name in ("time", *names)}
        now = max(time for time, _ in self._ended) if now is None else now
        span = now - min(time for time, _ in self._ended)
        width = next((w for w in _WIDTHS if span <= w * _MOST_BINS), _WIDTHS[-1])
        n_bins = int(span // width) + 2  # the first is empty: pace begins at 0
        counts = {name: [0.0] * n_bins for name in names}
        for time, name in self._ended:
            counts[name][n_bins - 1 - max(0, int((now - time) // width))] += 3600 / width
        return {"time": [now - (n_bins - 1 - i) * width for i in range(n_bins)], **counts}


def n_stages_done(status: str, stage: str) -> int:
    """How many stages of a state are done, from its status and the stage that comes next; of one that is finished and goes
    on to be longer, all."""
    names = [item.name for item in STATE_STAGES]
    if status not in UNFINISHED and stage == names[0]:
        return len(names)
    return names.index(stage) if stage in names else len(names) if status not in UNFINISHED else 0

"""Stages that wait for a worker, in the order in which they should get one."""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Callable

from glassdask.stages.contract.registry import STAGES, STATE_STAGES
from glassdask.stages.contract.stage import Stage
from glassdask.state_point import StatePoint


class StageQueue:
    """Of each kind the longest first, so that cores end together; and what has to wait for a moment."""

    def __init__(self, cost: Callable[[StatePoint, Stage], float]):
        self._cost = cost
        self._ready: dict[Stage, list[tuple[float, StatePoint]]] = {stage: [] for stage in STATE_STAGES}
        self._later: list[tuple[float, StatePoint, str]] = []

    def add(self, state: StatePoint, stage: Stage) -> None:
        """The stage can run at once."""
        heapq.heappush(self._ready[stage], (-self._cost(state, stage), state))

    def add_later(self, state: StatePoint, stage: Stage, pause: float) -> None:
        """The stage can run in `pause` seconds."""
        heapq.heappush(self._later, (time.monotonic() + pause, state, stage.name))

    def move_due(self) -> None:
        """Makes ready what has waited long enough."""
        while self._later and self._later[0][0] <= time.monotonic():
            _, state, name = heapq.heappop(self._later)
            self.add(state, STAGES[name])

    def waiting(self) -> list[Stage]:
        """Kinds of stages that are ready; the last first, so that results appear early and disk space is freed."""
        return [stage for stage in reversed(STATE_STAGES) if self._ready[stage]]

    def pop(self, stage: Stage) -> StatePoint:
        """Takes the state whose stage of this kind is to run first."""
        return heapq.heappop(self._ready[stage])[1]

    def discard(self, states: set[StatePoint]) -> set[StatePoint]:
        """Takes out states, wherever they wait; returns those that did."""
        found = states & {state for ready in self._ready.values() for _, state in ready}
        found |= states & {state for _, state, _ in self._later}
        for ready in self._ready.values():
            ready[:] = [entry for entry in ready if entry[1] not in found]
            heapq.heapify(ready)
        self._later[:] = [entry for entry in self._later if entry[1] not in found]
        heapq.heapify(self._later)
        return found

    def counts(self) -> Counter[str]:
        """Stages by name, those that have to wait included."""
        found = Counter({stage.name: len(ready) for stage, ready in self._ready.items()})
        found.update(name for _, _, name in self._later)
        return found

    def __len__(self) -> int:
        return sum(self.counts().values())

"""Feeds the stages of a campaign to Dask, and Dask's answers back: what is ready, what failed, what is left.

Only small records travel through Dask; products are on disk. A worker that disappears costs nothing but its last
minutes: its state is submitted again.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distributed import Client, Future
from distributed.client import FutureCancelledError
from distributed.comm import CommClosedError
from distributed.scheduler import KilledWorker

from glassdask.campaign.campaign import Campaign
from glassdask.campaign.execution import execute
from glassdask.campaign.failure import clear_failure, read_failure
from glassdask.campaign.folder import state_folder
from glassdask.campaign.stages import STATE_STAGES, Stage, next_stage, relative_cost, stage_job
from glassdask.errors import GlassdaskError
from glassdask.state_point import StatePoint

#: A run that is lost this often in a row without an end is not bad luck.
MOST_LOSSES = 20
_POLL_SECONDS = 0.5
#: What a vanished worker looks like from here.
_LOST_WORKER = (KilledWorker, CommClosedError, FutureCancelledError, OSError)


class DiskFull(GlassdaskError):
    """The disk or the quota is full: the driver stops instead of failing every state."""


@dataclass
class Progress:
    """What a driver knows while it runs, for a progress bar.

    Parameters
    ----------
    total_cost, finished_cost
        Work of all stages and of those that ended. [arbitrary, see `relative_cost`]
    running
        States at work now, with the cost of their present stage.
    counts
        States that ended, by status.
    messages
        What the user should hear of; whoever shows them takes them out.
    """

    total_cost: float = 0.0
    finished_cost: float = 0.0
    running: dict[StatePoint, float] = field(default_factory=dict)
    counts: Counter = field(default_factory=Counter)
    messages: list[str] = field(default_factory=list)


class Driver:
    """Runs what is missing of a campaign on a Dask cluster.

    Parameters
    ----------
    campaign
        What is to be done.
    client
        Connected to the cluster that does it.
    watch
        Called about twice a second with the progress.
    """

    def __init__(self, campaign: Campaign, client: Client, watch: Callable[[Progress], None] = lambda _: None):
        self.campaign = campaign
        self.client = client
        self.watch = watch
        self.progress = Progress()
        self._ready: list[tuple[tuple, StatePoint, Stage]] = []
        self._flying: dict[Future, tuple[StatePoint, Stage]] = {}
        self._losses: Counter = Counter()

    def run(self) -> Progress:
        """Runs every missing stage; returns when each state is finished or failed.

        Raises
        ------
        DiskFull
            If a stage found the disk full: what is finished is kept, and a later run goes on.
        """
        self._collect_ready()
        try:
            while self._ready or self._flying:
                self._submit()
                for future in self._finished():
                    self._harvest(future)
                self.watch(self.progress)
        finally:
            self.client.cancel(list(self._flying), force=True)
        return self.progress

    def _collect_ready(self) -> None:
        for state in self.campaign.states:
            folder = state_folder(self.campaign.folder, state.identifier)
            stage = next_stage(self.campaign, state)
            for other in STATE_STAGES:
                self.progress.total_cost += self._cost(state, other)
            if stage is None:
                self._count_finished(state, STATE_STAGES)
            elif self._has_failed(folder, stage):
                self.progress.counts["failed"] += 1
                self._count_finished(state, STATE_STAGES)
            else:
                self._count_finished(state, STATE_STAGES[: STATE_STAGES.index(stage)])
                self._make_ready(state, stage)

    def _has_failed(self, folder: Path, stage: Stage) -> bool:
        """Whether the state has spent its tries. A full disk is the user's to mend: running again means it was."""
        failure = read_failure(folder, stage.name)
        if failure and failure.get("reason") == "disk":
            clear_failure(folder, stage.name)
            return False
        return failure is not None

    def _cost(self, state: StatePoint, stage: Stage) -> float:
        return relative_cost(self.campaign, state, stage)

    def _count_finished(self, state: StatePoint, stages: tuple[Stage, ...]) -> None:
        self.progress.finished_cost += sum(self._cost(state, stage) for stage in stages)

    def _make_ready(self, state: StatePoint, stage: Stage, delay: int = 0) -> None:
        """Later stages first, so that results appear early and space is freed; then the longest, so that cores end
        together."""
        order = (delay, -STATE_STAGES.index(stage), -self._cost(state, stage), state)
        heapq.heappush(self._ready, (order, state, stage))

    def _submit(self) -> None:
        """Keeps as many stages in Dask as there are workers, and a few in reserve."""
        room = max(1, sum(self.client.ncores().values())) - len(self._flying)
        while self._ready and room > 0:
            _, state, stage = heapq.heappop(self._ready)
            key = f"{stage.name}-{state.identifier}-{time.time_ns()}"
            future = self.client.submit(execute, stage_job(self.campaign, state, stage), key=key, pure=False)
            self._flying[future] = (state, stage)
            self.progress.running[state] = self._cost(state, stage)
            room -= 1

    def _finished(self) -> Iterator[Future]:
        deadline = time.monotonic() + _POLL_SECONDS
        while time.monotonic() < deadline:
            done = [future for future in self._flying if future.done()]
            if done:
                yield from done
                return
            time.sleep(0.02)

    def _harvest(self, future: Future) -> None:
        state, stage = self._flying.pop(future)
        self.progress.running.pop(state, None)
        try:
            answer = future.result()
        except _LOST_WORKER as error:
            answer = {"outcome": "lost", "message": f"worker lost: {error}"}
        future.release()
        self._note(state, stage, answer)

    def _note(self, state: StatePoint, stage: Stage, answer: dict[str, Any]) -> None:
        outcome = answer["outcome"]
        if outcome == "done":
            self._advance(state, stage, answer)
        elif outcome == "failed":
            self._give_up(state, stage, f"{answer['reason']}: {answer['message']}")
            if answer["reason"] == "disk":
                raise DiskFull(
                    f"{state.identifier}: {answer['message']}. What is finished is kept; free some space and run again."
                )
        else:
            self._try_again(state, stage, answer)

    def _advance(self, state: StatePoint, stage: Stage, answer: dict[str, Any]) -> None:
        self._losses.pop(state, None)
        self._count_finished(state, (stage,))
        following = next_stage(self.campaign, state)
        if following is None:
            self.progress.counts[answer["status"]] += 1
        else:
            self._make_ready(state, following)

    def _try_again(self, state: StatePoint, stage: Stage, answer: dict[str, Any]) -> None:
        """After a loss, a time limit or a failure with tries left; the stage may be an earlier one if a product was
        damaged."""
        self._losses[state] += answer["outcome"] in ("lost", "busy", "fenced")
        message = f"{stage.name} of {state.identifier}: {answer['outcome']}, {answer.get('message', '')}"
        if self._losses[state] > MOST_LOSSES:
            self._give_up(state, stage, f"lost {MOST_LOSSES} times in a row; last: {answer.get('message', '')}")
            return
        if answer["outcome"] != "partial":
            self.progress.messages.append(message)
        if answer["outcome"] == "busy":
            time.sleep(_POLL_SECONDS)
        self._make_ready(state, next_stage(self.campaign, state) or stage, delay=self._losses[state])

    def _give_up(self, state: StatePoint, stage: Stage, message: str) -> None:
        self.progress.counts["failed"] += 1
        self.progress.messages.append(f"{stage.name} of {state.identifier} failed: {message}")
        self._count_finished(state, STATE_STAGES[STATE_STAGES.index(stage) :])


def forget_failures(campaign: Campaign) -> int:
    """Makes every failed stage ready again; returns how many there were."""
    found = 0
    for state in campaign.states:
        folder = state_folder(campaign.folder, state.identifier)
        for stage in STATE_STAGES:
            if read_failure(folder, stage.name):
                clear_failure(folder, stage.name)
                found += 1
    return found

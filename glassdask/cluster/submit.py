"""Feeds the stages of a campaign to Dask, and Dask's answers back: what is ready, what failed, what is left.

Only small records travel through Dask; products are on disk. A worker that disappears costs nothing but its last
minutes: its state is submitted again.
"""

from __future__ import annotations

import heapq
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import dask
from distributed import Client, Future, wait
from distributed.client import FutureCancelledError
from distributed.comm import CommClosedError
from distributed.scheduler import KilledWorker

from glassdask.campaign.campaign import Campaign
from glassdask.campaign.execution import execute, stop_stages
from glassdask.campaign.failure import clear_failure, read_failure, write_failure
from glassdask.campaign.folder import state_folder
from glassdask.campaign.stages import STATE_STAGES, Stage, StageJob, next_stage, relative_cost, stage_job
from glassdask.errors import GlassdaskError
from glassdask.state_point import StatePoint

#: A run that is lost this often in a row without an end is not bad luck.
MOST_LOSSES = 10
#: Pause after the first loss; it doubles with every further one, so that ten losses take some ten minutes.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 120.0
#: Time between two looks at a state that another worker holds: one out of reach, or dead until its lease ends.
_BUSY_PAUSE = 2.0
#: How long stages may take to checkpoint when the driver leaves; batch systems kill 30 s or more after SIGTERM.
STOP_SECONDS = 20.0
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
        self._run = secrets.token_hex(8)
        self._ready: list[tuple[tuple, StatePoint, Stage]] = []
        self._later: list[tuple[float, StatePoint, Stage]] = []
        self._busy: set[StatePoint] = set()
        self._flying: dict[Future, tuple[StatePoint, Stage]] = {}
        self._losses: Counter = Counter()
        self._n_finished: Counter = Counter()

    def run(self) -> Progress:
        """Runs every missing stage; returns when each state is finished or failed.

        Raises
        ------
        DiskFull
            If a stage found the disk full: what is finished is kept, and a later run goes on.
        """
        self._collect_ready()
        try:
            while self._ready or self._later or self._flying:
                self._submit()
                for future in self._finished():
                    self._harvest(future)
                self.watch(self.progress)
        finally:
            self._stop()
        return self.progress

    def _stop(self) -> None:
        """Lets the stages that are still at work checkpoint, then forgets them."""
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and not all(future.done() for future in self._flying):
            self.client.run(_stop_on_worker, self._run, wait=False, on_error="ignore")  # new workers, too
            with suppress(TimeoutError):
                wait(list(self._flying), timeout=1.0)
        self.client.cancel(list(self._flying), force=True)

    def _collect_ready(self) -> None:
        for state in self.campaign.states:
            stage = next_stage(self.campaign, state)
            for other in STATE_STAGES:
                self.progress.total_cost += self._cost(state, other)
            if stage is None:
                self._set_finished(state, len(STATE_STAGES))
            elif has_failed(self.campaign, state, stage):
                self.progress.counts["failed"] += 1
                self._set_finished(state, len(STATE_STAGES))
            else:
                self._make_ready(state, stage)

    def _cost(self, state: StatePoint, stage: Stage) -> float:
        return relative_cost(self.campaign, state, stage)

    def _set_finished(self, state: StatePoint, n_stages: int) -> None:
        """Counts the work of the first stages of a state as done, and that of the others as not."""
        costs = [self._cost(state, stage) for stage in STATE_STAGES]
        self.progress.finished_cost += sum(costs[:n_stages]) - sum(costs[: self._n_finished[state]])
        self._n_finished[state] = n_stages

    def _make_ready(self, state: StatePoint, stage: Stage) -> None:
        """Later stages first, so that results appear early and space is freed; then the longest, so that cores end
        together."""
        self._set_finished(state, STATE_STAGES.index(stage))
        order = (-STATE_STAGES.index(stage), -self._cost(state, stage), state)
        heapq.heappush(self._ready, (order, state, stage))

    def _submit(self) -> None:
        """Keeps as many stages in Dask as there are workers."""
        while self._later and self._later[0][0] <= time.monotonic():
            self._make_ready(*heapq.heappop(self._later)[1:])
        room = max(1, sum(self.client.ncores().values())) - len(self._flying)
        while self._ready and room > 0:
            _, state, stage = heapq.heappop(self._ready)
            key = f"{stage.name}-{state.identifier}-{time.time_ns()}"
            job = replace(stage_job(self.campaign, state, stage), run=self._run)
            future = self.client.submit(_execute_on_worker, job, key=key, pure=False)
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
            self._advance(state, answer)
        elif outcome == "failed":
            self._give_up(state, stage, f"{answer['reason']}: {answer['message']}")
            if answer["reason"] == "disk":
                raise DiskFull(f"{state.identifier}: {answer['message']} (what is finished is kept)")
        else:
            self._try_again(state, stage, answer)

    def _advance(self, state: StatePoint, answer: dict[str, Any]) -> None:
        self._losses.pop(state, None)
        self._busy.discard(state)
        following = next_stage(self.campaign, state)
        if following is None:
            self.progress.counts[answer["status"]] += 1
            self._set_finished(state, len(STATE_STAGES))
        else:
            self._make_ready(state, following)

    def _try_again(self, state: StatePoint, stage: Stage, answer: dict[str, Any]) -> None:
        """After a loss, a time limit or a failure with tries left; the stage may be an earlier one if a product was
        damaged."""
        outcome, message = answer["outcome"], answer.get("message", "")
        if outcome in ("lost", "fenced"):
            self._losses[state] += 1
        if self._losses[state] > MOST_LOSSES:
            self._record_losses(state, stage, message)
            return
        if outcome != "partial" and state not in self._busy:
            self.progress.messages.append(f"{stage.name} of {state.identifier}: {outcome}, {message}")
        following = next_stage(self.campaign, state) or stage
        if outcome == "busy":
            self._busy.add(state)
            heapq.heappush(self._later, (time.monotonic() + _BUSY_PAUSE, state, following))
        elif outcome in ("lost", "fenced"):
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (self._losses[state] - 1))
            heapq.heappush(self._later, (time.monotonic() + pause, state, following))
        else:
            self._make_ready(state, following)

    def _record_losses(self, state: StatePoint, stage: Stage, message: str) -> None:
        message = f"lost {self._losses[state]} times in a row; last: {message}"
        folder = state_folder(self.campaign.folder, state.identifier)
        write_failure(folder, stage.name, "lost", message, self._losses[state])
        self._give_up(state, stage, message)

    def _give_up(self, state: StatePoint, stage: Stage, message: str) -> None:
        self.progress.counts["failed"] += 1
        self.progress.messages.append(f"{stage.name} of {state.identifier} failed: {message}")
        self._set_finished(state, len(STATE_STAGES))


def _execute_on_worker(job: StageJob) -> dict[str, Any]:
    """As `execute`. Without this setting xarray asks the scheduler for a lock on every file that it writes, and a
    finished stage fails where the scheduler has gone."""
    with dask.config.set(scheduler="threads"):
        return execute(job)


async def _stop_on_worker(run: str) -> None:
    """A coroutine, as Dask waits for the end of anything else."""
    stop_stages(run)


def has_failed(campaign: Campaign, state: StatePoint, stage: Stage) -> bool:
    """Whether the state has spent its tries. A full disk is the user's to mend: running again means that it was."""
    failure = read_failure(state_folder(campaign.folder, state.identifier), stage.name)
    return failure is not None and failure.get("reason") != "disk"


def has_work(campaign: Campaign) -> bool:
    """Whether any state has a stage that is neither done nor failed."""
    for state in campaign.states:
        stage = next_stage(campaign, state)
        if stage is not None and not has_failed(campaign, state, stage):
            return True
    return False


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

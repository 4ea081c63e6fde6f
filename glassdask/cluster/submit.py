"""Feeds the stages of a campaign to Dask, and Dask's answers back: what is ready, what failed, what is left.

Only small records travel through Dask; products are on disk. A worker that disappears costs nothing but its last
minutes: its state is submitted again.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from distributed import Future, wait

from glassdask.campaign.campaign import Campaign
from glassdask.campaign.failure import clear_failure, read_failure, write_failure
from glassdask.campaign.folder import state_folder
from glassdask.campaign.stages import STATE_STAGES, Stage, next_stage, stage_job
from glassdask.cluster.forgetting import forget
from glassdask.cluster.progress import Progress
from glassdask.cluster.stage_queue import StageQueue
from glassdask.cluster.worker_side import execute_here, stop_here
from glassdask.cluster.workers import LOST_WORKER, Workers
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


class DiskFull(GlassdaskError):
    """The disk or the quota is full: the driver stops instead of failing every state."""


class Driver:
    """Runs what is missing of a campaign on Dask workers.

    Parameters
    ----------
    campaign
        What is to be done.
    workers
        Who does it.
    watch
        Called about twice a second with the progress.
    """

    def __init__(self, campaign: Campaign, workers: Workers, watch: Callable[[Progress], None] = lambda _: None):
        self.campaign = campaign
        self.workers = workers
        self.client = workers.client
        self.watch = watch
        self.progress = Progress(campaign)
        self._run = secrets.token_hex(8)
        self._queue = StageQueue(self.progress.cost)
        self._busy: set[StatePoint] = set()
        self._flying: dict[Future, tuple[StatePoint, Stage, str]] = {}
        self._came_back = threading.Event()
        self._shown = float("-inf")
        self._losses: Counter[StatePoint] = Counter()

    def run(self) -> Progress:
        """Runs every missing stage; returns when each state is finished or failed.

        Raises
        ------
        DiskFull
            If a stage found the disk full: what is finished is kept, and a later run goes on.
        GlassdaskError
            If the workers cannot do what is left, as when a pool's jobs die at once.
        """
        self._collect_ready()
        try:
            while self._queue or self._flying:
                self._submit()
                self.progress.messages += self.workers.tend(self._needed())
                for future in self._finished():
                    self._harvest(future)
                self._show()
            self.watch(self.progress)
        finally:
            self._stop()
        return self.progress

    def _show(self) -> None:
        """Calls the watcher, which reads and writes files, as often as a user can follow however fast stages end."""
        if time.monotonic() - self._shown >= _POLL_SECONDS:
            self.watch(self.progress)
            self._shown = time.monotonic()

    def _stop(self) -> None:
        """Lets the stages that are still at work checkpoint, then forgets them."""
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and not all(future.done() for future in self._flying):
            self.client.run(stop_here, self._run, wait=False, on_error="ignore")  # new workers, too
            with suppress(TimeoutError):
                wait(list(self._flying), timeout=1.0)
        self.client.cancel(list(self._flying), force=True)

    def _collect_ready(self) -> None:
        for state in self.campaign.states:
            stage = next_stage(self.campaign, state)
            self.progress.expect(state)
            if stage is None:
                self.progress.set_ended(state, "done before")
            elif has_failed(self.campaign, state, stage):
                self.progress.set_ended(state, "failed")
            else:
                self._make_ready(state, stage)
        self.progress.counts.pop("done before", None)

    def _make_ready(self, state: StatePoint, stage: Stage, pause: float = 0.0) -> None:
        if pause:
            self._queue.add_later(state, stage, pause)
        else:
            self.progress.set_next(state, stage)
            self._queue.add(state, stage)

    # --- to Dask and back ---------------------------------------------------------------------------------------------

    def _needed(self) -> Counter[str]:
        return self._queue.counts() + Counter(stage.name for _, stage, _ in self._flying.values())

    def _submit(self) -> None:
        """Keeps as many stages in Dask as there are workers for them."""
        self._queue.ripen()
        flying = Counter(pool for _, _, pool in self._flying.values())
        for stage in self._queue.waiting():
            while stage in self._queue.waiting():
                pool = self.workers.pool_with_room(stage.name, flying)
                if pool is None:
                    break
                self._send(self._queue.pop(stage), stage, pool)
                flying[pool] += 1

    def _send(self, state: StatePoint, stage: Stage, pool: str) -> None:
        key = f"{stage.name}-{state.identifier}-{time.time_ns()}"
        job = replace(stage_job(self.campaign, state, stage), run=self._run)
        future = self.client.submit(execute_here, job, key=key, pure=False, resources=self.workers.resources(pool))
        future.add_done_callback(lambda _: self._came_back.set())
        self._flying[future] = (state, stage, pool)
        self.progress.running[state] = self.progress.cost(state, stage)

    def _finished(self) -> list[Future]:
        """Stages that have come back; waits a moment for the first."""
        end = time.monotonic() + _POLL_SECONDS
        while not (done := [future for future in self._flying if future.done()]):
            if not self._came_back.wait(end - time.monotonic()):
                break
            self._came_back.clear()
        return done

    def _harvest(self, future: Future) -> None:
        state, stage, _ = self._flying.pop(future)
        self.progress.running.pop(state, None)
        try:
            answer = future.result()
        except LOST_WORKER as error:
            answer = {"outcome": "lost", "message": f"worker lost: {error}"}
        if answer.get("out_of_time"):
            forget(self.client, [future])
            self.workers.retire(answer["worker"])
        future.release()
        self._note(state, stage, answer)

    # --- what became of a stage ---------------------------------------------------------------------------------------

    def _note(self, state: StatePoint, stage: Stage, answer: dict[str, Any]) -> None:
        outcome = answer["outcome"]
        if outcome == "done":
            self._advance(state, stage, answer)
        elif outcome == "failed":
            self._give_up(state, stage, f"{answer['reason']}: {answer['message']}")
            if answer["reason"] == "disk":
                raise DiskFull(f"{state.identifier}: {answer['message']} (what is finished is kept)")
        else:
            self._try_again(state, stage, answer)

    def _advance(self, state: StatePoint, stage: Stage, answer: dict[str, Any]) -> None:
        self._losses.pop(state, None)
        self._busy.discard(state)
        following = next_stage(self.campaign, state, after=stage)
        if following is None:
            self.progress.set_ended(state, answer["status"])
        else:
            self._make_ready(state, following)

    def _try_again(self, state: StatePoint, stage: Stage, answer: dict[str, Any]) -> None:
        """After a loss, a time limit or a failure with tries left; the stage may be an earlier one if a product was
        damaged."""
        outcome, message = answer["outcome"], answer.get("message", "")
        is_lost = outcome in ("lost", "fenced")
        if is_lost:
            self._losses[state] += 1
        elif outcome == "partial":
            self._losses.pop(state, None)  # it got on: its next losses are no row
        if self._losses[state] > MOST_LOSSES:
            self._record_losses(state, stage, message)
            return
        if outcome != "partial" and state not in self._busy:
            self.progress.messages.append(f"{stage.name} of {state.identifier}: {outcome}, {message}")
        if outcome == "busy":
            self._busy.add(state)
        loss_pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (self._losses[state] - 1))
        pause = _BUSY_PAUSE if outcome == "busy" else loss_pause if is_lost else 0.0
        self._make_ready(state, next_stage(self.campaign, state) or stage, pause)

    def _record_losses(self, state: StatePoint, stage: Stage, message: str) -> None:
        message = f"lost {self._losses[state]} times in a row; last: {message}"
        folder = state_folder(self.campaign.folder, state.identifier)
        write_failure(folder, stage.name, "lost", message, self._losses[state])
        self._give_up(state, stage, message)

    def _give_up(self, state: StatePoint, stage: Stage, message: str) -> None:
        self.progress.messages.append(f"{stage.name} of {state.identifier} failed: {message}")
        self.progress.set_ended(state, "failed")


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

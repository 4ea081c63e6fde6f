"""Feeds the stages of a campaign to Dask, and Dask's answers back: what is ready, what failed, what is left.

Only small records travel through Dask; products are on disk. A worker that disappears costs nothing but its last
minutes: its state is submitted again.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from distributed import Future, wait

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.failed_states import forget_failures, record_cancelled
from glassdask.campaign.files.failure import write_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.work.execution import StageAnswer, keep_lease
from glassdask.campaign.work.requests import CANCEL, STOP, Request, apply_to_files, take_requests
from glassdask.campaign.work.state_stages import has_failed, next_stage, stage_job
from glassdask.cluster.back_off import back_off
from glassdask.cluster.driver.progress import Progress
from glassdask.cluster.driver.stage_queue import StageQueue
from glassdask.cluster.driver.worker_side import execute_on_worker, stop_on_worker
from glassdask.cluster.runtime.workers import LOST_WORKER, Workers, release_futures
from glassdask.errors import GlassdaskError
from glassdask.outcome import FailureReason, Outcome, Status
from glassdask.stages.contract.stage import Stage
from glassdask.state_point import StatePoint

#: A run that is lost this often in a row without an end is not bad luck.
MOST_LOSSES = 10
#: Pause after the first loss; it doubles with every further one, so that ten losses take some ten minutes.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 120.0
#: Time between two looks at a state that another worker holds: one out of reach, or dead until its lease ends.
_BUSY_PAUSE = 2.0
#: How long stages may take to checkpoint when the driver leaves; batch systems kill 10 to 30 s after SIGTERM. What takes
#: longer is not lost: a simulation whose worker has gone still writes its checkpoint.
STOP_SECONDS = 6.0
_POLL_SECONDS = 0.5


class DiskFull(GlassdaskError):
    """The disk or the quota is full: the driver stops instead of failing every state."""


class Driver:
    """Runs what is missing of a campaign, or of some of its states, on Dask workers; `watch` is called about twice a
    second."""

    def __init__(
        self,
        campaign: Campaign,
        workers: Workers,
        watch: Callable[[Progress], None] = lambda _: None,
        states: Sequence[StatePoint] | None = None,
    ):
        self.campaign = campaign
        self._states = campaign.states if states is None else tuple(states)
        self.workers = workers
        self.client = workers.client
        self.watch = watch
        self.progress = Progress(campaign)
        self._queue = StageQueue(self.progress.cost)
        self._busy: set[StatePoint] = set()
        self._in_flight: dict[Future[Any], tuple[StatePoint, Stage, str]] = {}
        self._came_back = threading.Event()
        self._shown = float("-inf")
        self._losses: Counter[StatePoint] = Counter()
        self._asked = float("-inf")
        #: States at work that were cancelled, and by whom.
        self._cancelled: dict[StatePoint, str] = {}

    def run(self) -> Progress:
        """Runs every missing stage; returns when each state is finished or failed.

        Raises DiskFull if a stage found the disk full: what is finished is kept, and a later run goes on.
        KeyboardInterrupt if 'glassdask cancel' asks the driver to stop, which ends as on Ctrl-C. GlassdaskError if the
        workers cannot do what is left.
        """
        self._collect_ready()
        try:
            while self._queue or self._in_flight:
                self._apply_requests()
                self._submit()
                self.progress.messages += self.workers.scale_pools(self._needed())
                self._keep_suspended()
                for future in self._finished():
                    self._take_result(future)
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
        while time.monotonic() < deadline and not all(future.done() for future in self._in_flight):
            self._stop_stages(list(self._in_flight))  # new workers, too
            with suppress(TimeoutError):
                wait(list(self._in_flight), timeout=1.0)
        self.client.cancel(list(self._in_flight), force=True)

    def _stop_stages(self, futures: list[Future[Any]]) -> None:
        self.client.run(stop_on_worker, [future.key for future in futures], wait=False, on_error="ignore")

    def _collect_ready(self) -> None:
        for state in self._states:
            stage = next_stage(self.campaign, state)
            self.progress.expect(state)
            if stage is None:
                self.progress.set_ended(state, "done before")
            elif has_failed(self.campaign, state, stage):
                self.progress.set_ended(state, Status.FAILED)
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
        return self._queue.counts() + Counter(stage.name for _, stage, _ in self._in_flight.values())

    def _submit(self) -> None:
        """Keeps as many stages in Dask as there are workers for them."""
        self._queue.move_due()
        in_flight = Counter(pool for _, _, pool in self._in_flight.values())
        for stage in self._queue.waiting():
            while stage in self._queue.waiting():
                pool = self.workers.pool_with_room(stage.name, in_flight)
                if pool is None:
                    break
                self._send(self._queue.pop(stage), stage, pool)
                in_flight[pool] += 1

    def _send(self, state: StatePoint, stage: Stage, pool: str) -> None:
        key = f"{stage.name}-{state.identifier}-{time.time_ns()}"
        job = replace(stage_job(self.campaign, state, stage), run=key)
        future = self.client.submit(execute_on_worker, job, key=key, pure=False, resources=self.workers.resources(pool))
        future.add_done_callback(lambda _: self._came_back.set())
        self._in_flight[future] = (state, stage, pool)
        self.progress.running[state] = self.progress.cost(state, stage)

    def _keep_suspended(self) -> None:
        """Keeps the leases of states on suspended workers, so that nobody takes them for abandoned."""
        suspended = self.workers.suspended_runs()
        for future, (state, _, _) in self._in_flight.items() if suspended else ():
            if future.key in suspended:
                keep_lease(state_folder(self.campaign.folder, state.identifier))

    def _finished(self) -> list[Future[Any]]:
        """Stages that have come back; waits a moment for the first."""
        end = time.monotonic() + _POLL_SECONDS
        while not (done := [future for future in self._in_flight if future.done()]):
            if not self._came_back.wait(end - time.monotonic()):
                break
            self._came_back.clear()
        return done

    def _take_result(self, future: Future[Any]) -> None:
        state, stage, _ = self._in_flight.pop(future)
        self.progress.running.pop(state, None)
        try:
            answer = future.result()
        except LOST_WORKER as error:
            answer = StageAnswer(state.identifier, stage.name, Outcome.LOST, message=f"worker lost: {error}")
        if answer.is_out_of_time:
            release_futures(self.client, [future])
            self.workers.retire(answer.worker)
        future.release()
        self._note(state, stage, answer)

    # --- what users ask for -------------------------------------------------------------------------------------------

    def _apply_requests(self) -> None:
        """Acts on what lies in the campaign's folder (`glassdask.campaign.work.requests`), about twice a second."""
        if time.monotonic() - self._asked < _POLL_SECONDS:
            return
        self._asked = time.monotonic()
        for request in take_requests(self.campaign.folder):
            if request.verb == STOP:
                self.progress.messages.append(f"'glassdask cancel' by {request.by}: stopping")
                self.watch(self.progress)
                raise KeyboardInterrupt
            self._apply(request)
        ending = [future for future, (state, _, _) in self._in_flight.items() if state in self._cancelled]
        if ending:
            self._stop_stages(ending)  # again and again: one may have begun on a worker that is new

    def _apply(self, request: Request) -> None:
        named = {state for state in self.campaign.states if state.identifier in request.states}
        asked = named & set(self._states)
        apply_to_files(self.campaign.folder, request, {state.identifier: state for state in named - asked})
        at_work = asked & self.progress.running.keys()
        waiting = self._queue.discard(asked - at_work)
        if request.verb == CANCEL:
            self._cancelled |= dict.fromkeys(at_work, request.by)  # noted when they have stopped
            for state in sorted(waiting):
                self._give_up_cancelled(state, request.by)
            return
        for state in at_work:
            self._cancelled.pop(state, None)
        for state in sorted(asked - at_work):
            self._retry(state, request.reason, state in waiting)

    def _give_up_cancelled(self, state: StatePoint, by: str) -> bool:
        """False where nothing is left to cancel."""
        stage = next_stage(self.campaign, state)
        if stage is None or not record_cancelled(self.campaign.folder, state, by):
            return False
        self._give_up(state, stage, f"cancelled by {by}")
        return True

    def _retry(self, state: StatePoint, reason: str | None, is_waiting: bool) -> None:
        is_forgotten = bool(forget_failures(self.campaign.folder, [state], reason))
        stage = next_stage(self.campaign, state)
        if is_forgotten and stage and not is_waiting:
            self._losses.pop(state, None)
            self.progress.counts["failed"] -= 1
            self.progress.messages.append(f"{stage.name} of {state.identifier}: tried again on request")
        if stage and (is_forgotten or is_waiting):
            self._make_ready(state, stage)

    # --- what became of a stage ---------------------------------------------------------------------------------------

    def _note(self, state: StatePoint, stage: Stage, answer: StageAnswer) -> None:
        by = self._cancelled.pop(state, None)
        if by is not None and self._give_up_cancelled(state, by):
            return
        if answer.outcome is Outcome.DONE:
            self._advance(state, stage, answer)
        elif answer.outcome is Outcome.FAILED:
            self._give_up(state, stage, f"{answer.reason}: {answer.message}")
            if answer.reason == FailureReason.DISK:
                raise DiskFull(f"{state.identifier}: {answer.message} (what is finished is kept)")
        else:
            self._try_again(state, stage, answer)

    def _advance(self, state: StatePoint, stage: Stage, answer: StageAnswer) -> None:
        self._losses.pop(state, None)
        self._busy.discard(state)
        following = next_stage(self.campaign, state, after=stage)
        if following is None:
            self.progress.set_ended(state, answer.status or Status.DONE)
        else:
            self._make_ready(state, following)

    def _try_again(self, state: StatePoint, stage: Stage, answer: StageAnswer) -> None:
        """After a loss, a time limit or a failure with tries left; the stage may be an earlier one if a product was
        damaged."""
        outcome, message = answer.outcome, answer.message
        is_lost = outcome in (Outcome.LOST, Outcome.FENCED)
        if is_lost:
            self._losses[state] += 1
        elif outcome is Outcome.PARTIAL:
            self._losses.pop(state, None)  # it got on: its next losses are no row
        if self._losses[state] > MOST_LOSSES:
            self._record_losses(state, stage, message)
            return
        if outcome is not Outcome.PARTIAL and state not in self._busy:
            self.progress.messages.append(f"{stage.name} of {state.identifier}: {outcome}, {message}")
        if outcome is Outcome.BUSY:
            self._busy.add(state)
        loss_pause = back_off(self._losses[state], _FIRST_PAUSE, _LONGEST_PAUSE)
        pause = _BUSY_PAUSE if outcome is Outcome.BUSY else loss_pause if is_lost else 0.0
        self._make_ready(state, next_stage(self.campaign, state) or stage, pause)

    def _record_losses(self, state: StatePoint, stage: Stage, message: str) -> None:
        message = f"lost {self._losses[state]} times in a row; last: {message}"
        folder = state_folder(self.campaign.folder, state.identifier)
        write_failure(folder, stage.name, FailureReason.LOST, message, self._losses[state])
        self._give_up(state, stage, message)

    def _give_up(self, state: StatePoint, stage: Stage, message: str) -> None:
        self.progress.messages.append(f"{stage.name} of {state.identifier} failed: {message}")
        self.progress.set_ended(state, Status.FAILED)

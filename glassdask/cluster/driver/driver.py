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
from itertools import takewhile
from typing import Any

from distributed import Future, wait

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.observe.ledger import DriverFacts
from glassdask.campaign.work.execution import StageAnswer, keep_lease
from glassdask.campaign.work.requests import STOP, take_requests
from glassdask.campaign.work.state_stages import next_stage, stage_jobs
from glassdask.cluster.driver.progress import Progress
from glassdask.cluster.driver.state_book import StateBook
from glassdask.cluster.driver.worker_side import execute_on_worker, stop_on_worker
from glassdask.cluster.runtime.workers import LOST_WORKER, Workers, release_futures
from glassdask.outcome import Outcome
from glassdask.stages.contract.registry import STATE_STAGES
from glassdask.stages.contract.stage import Stage
from glassdask.state_point import StatePoint

#: How long stages may take to checkpoint when the driver leaves; batch systems kill 10 to 30 s after SIGTERM. What takes
#: longer is not lost: a simulation whose worker has gone still writes its checkpoint.
STOP_SECONDS = 6.0
_POLL_SECONDS = 0.5


class Driver:
    """Runs what is missing of a campaign, or of some of its states, on Dask workers; `watch` is called about twice a
    second."""

    def __init__(
        self,
        campaign: Campaign,
        workers: Workers,
        watch: Callable[[Progress], None] = lambda _: None,
        states: Sequence[StatePoint] | None = None,
        is_new: Callable[[StatePoint], bool] = lambda _: False,
    ):
        self.campaign = campaign
        self.workers = workers
        self.client = workers.client
        self.watch = watch
        self._is_new = is_new
        self._book = StateBook(campaign, campaign.states if states is None else tuple(states))
        self._queue, self.progress = self._book.queue, self._book.progress
        self._in_flight: dict[Future[Any], tuple[StatePoint, Stage, str]] = {}
        self._came_back = threading.Event()
        self._shown = float("-inf")
        self._asked = float("-inf")

    def run(self) -> Progress:
        """Runs every missing stage; returns when each state is finished or failed.

        Raises DiskFull if a stage found the disk full: what is finished is kept, and a later run goes on.
        KeyboardInterrupt if 'glassdask cancel' asks the driver to stop, which ends as on Ctrl-C. GlassdaskError if the
        workers cannot do what is left.
        """
        self._book.begin(self._is_new)
        try:
            while self._queue or self._in_flight:
                self._apply_requests()
                self._submit()
                self.progress.messages += self.workers.scale_pools(self._needed())
                self._keep_suspended()
                for future in self._finished():
                    self._take_result(future)
                self._show()
            self._tell()
        finally:
            self._stop()
        return self.progress

    def _show(self) -> None:
        """Calls the watcher, which reads and writes files, as often as a user can follow however fast stages end."""
        if time.monotonic() - self._shown >= _POLL_SECONDS:
            self._tell()

    def _tell(self) -> None:
        self.progress.facts = DriverFacts(self.workers.crews(), self._book.longer, self._book.take_touched())
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
        """Sends a stage, and those after it which the same worker would be given next."""
        key = f"{stage.name}-{state.identifier}-{time.time_ns()}"
        later = STATE_STAGES[STATE_STAGES.index(stage) + 1 :]
        chain = [stage, *takewhile(lambda after: self.workers.is_first_choice(pool, after.name), later)]
        jobs = stage_jobs(self.campaign, state, chain, run=key)
        resources = self.workers.resources(pool)
        future = self.client.submit(execute_on_worker, jobs, key=key, pure=False, resources=resources)
        future.add_done_callback(lambda _: self._came_back.set())
        self._in_flight[future] = (state, stage, pool)
        self.progress.running.add(state)

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
        self.progress.running.discard(state)
        try:
            answers = future.result()
        except LOST_WORKER as error:
            lost = next_stage(self.campaign, state) or stage  # it may have done some of those that it was sent
            answers = [StageAnswer(state.identifier, lost.name, Outcome.LOST, message=f"worker lost: {error}")]
        if answers[-1].is_out_of_time:
            release_futures(self.client, [future])
            self.workers.retire(answers[-1].worker)
        future.release()
        self._book.note(state, stage, answers[-1])

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
            self._book.apply(request)
        ending = [future for future, (state, _, _) in self._in_flight.items() if state in self._book.cancelled]
        if ending:
            self._stop_stages(ending)  # again and again: one may have begun on a worker that is new

"""What workers say of the stages that they run, once a second, and the scheduler's table of it.

Dask keeps only the last events of a topic; a plugin of the scheduler keeps what each state's worker has said last.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from distributed import Worker
from distributed.diagnostics.plugin import SchedulerPlugin

from glassdask.campaign.files.attempt_progress import attempt_progress
from glassdask.campaign.observe.campaign_view import Live
from glassdask.campaign.work.state_stages import StageJob
from glassdask.outcome import Outcome

TOPIC = "glassdask"
#: Before the first word of a stage, as one that has ended by then has nothing to say; and between two. [s]
_FIRST_SECONDS, _SECONDS = 0.3, 1.0


class WorkerReports(SchedulerPlugin):
    """A plugin of the scheduler: what workers have said last, by state.

    A state leaves the table when its worker says that the stage has ended, or is lost.
    """

    name = "glassdask-worker-reports"

    def __init__(self) -> None:
        self.states: dict[str, Live] = {}
        self._worker_of: dict[str, str] = {}
        #: Stages that have ended since the start, by name and outcome.
        self.ended: dict[tuple[str, str], int] = {}

    def log_event(self, topic: str, msg: Any) -> None:
        """A worker's word: its worker, state, stage, and how far; or the outcome."""
        if topic != TOPIC:
            return
        state = msg["state"]
        if "outcome" in msg:
            self.states.pop(state, None)
            self._worker_of.pop(state, None)
            kind = (msg["stage"], msg["outcome"])
            self.ended[kind] = self.ended.get(kind, 0) + 1
            return
        self.states[state] = Live(msg["stage"], msg["phase"], msg["fraction"], msg["steps_per_second"])
        self._worker_of[state] = msg["worker"]

    def remove_worker(self, scheduler: Any, worker: str, **_: Any) -> None:  # noqa: ARG002
        """Forgets what a lost worker has said."""
        for state in [state for state, address in self._worker_of.items() if address == worker]:
            self.states.pop(state, None)
            self._worker_of.pop(state, None)


@contextmanager
def stage_reports(worker: Worker, job: StageJob) -> Iterator[Callable[[Outcome], None]]:
    """Reports to the scheduler, about once a second, how far a stage is, and at the end its outcome: what the block has called the
    yielded function with. A stage that ends without has been lost."""
    attributes = {"state": job.state.identifier, "stage": job.stage, "worker": worker.address}
    ended, outcomes = threading.Event(), [Outcome.LOST]

    def report() -> None:
        pause = _FIRST_SECONDS
        while not ended.wait(pause):
            worker.log_event(TOPIC, {**attributes, **_progress(job)})
            pause = _SECONDS

    thread = threading.Thread(target=report, name="glassdask-reports", daemon=True)
    thread.start()
    try:
        yield outcomes.append
    finally:
        ended.set()
        thread.join()
        worker.log_event(TOPIC, {**attributes, "outcome": outcomes[-1].value})


def _progress(job: StageJob) -> dict[str, Any]:
    found = attempt_progress(job.folder, job.stage)
    return {
        "phase": str(found.get("phase", "")),
        "fraction": found.get("fraction"),
        "steps_per_second": float(found.get("steps_per_second", 0.0)),
    }

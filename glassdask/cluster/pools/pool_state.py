"""Jobs of a pool, and its bad luck: submissions that were refused, jobs that ended before a worker of theirs came up."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from glassdask.cluster.back_off import back_off
from glassdask.cluster.schedulers.jobs import BatchSystemError
from glassdask.cluster.schedulers.protocol import Refusal
from glassdask.counted import duration

#: Jobs of a pool that may run and end in a row without a worker of theirs ever connecting.
MOST_EARLY_DEATHS = 3
#: Refusals in a row, in words that are not known, after which a pool without a job is given up.
MOST_UNKNOWN_REFUSALS = 10
#: The longest pause between two submissions that may go well; and the first one at a limit of jobs. [s]
LONGEST_PAUSE, FIRST_AT_LIMIT = 60.0, 5.0
#: Refusals in a row that are all told of; then every tenth.
_MOST_TOLD = 10


@dataclass
class PoolState:
    """What a driver knows of a pool of batch jobs.

    ``jobs`` by the name of their workers, and the names of those of which a worker has come up (``connected``), that
    the batch system has shown as running, and whose processes it holds still now (``suspended``). In a row:
    ``early_deaths``, jobs that ran and ended by themselves without a worker, ``taken``, those deleted before one came
    up, and ``refusals`` of submissions; the next is due at ``not_before`` [s, monotonic]. ``broken`` says why more jobs
    would change nothing.
    """

    name: str
    jobs: dict[str, Any] = field(default_factory=dict)
    connected: set[str] = field(default_factory=set)
    running: set[str] = field(default_factory=set)
    suspended: set[str] = field(default_factory=set)
    early_deaths: int = 0
    taken: int = 0
    refusals: int = 0
    not_before: float = 0.0
    broken: str = ""
    _is_at_limit: bool = False
    _told_limits: set[str] = field(default_factory=set)

    def job_of(self, worker: str) -> str | None:
        """The job whose worker has this name: ``gpu-3``, or ``gpu-3-0`` where it has several."""
        return next((job for job in (worker, worker.rpartition("-")[0]) if job in self.jobs), None)

    def may_submit(self) -> bool:
        """Whether a submission is due."""
        return not self.broken and time.monotonic() >= self.not_before

    def note_worker(self, job: str) -> None:
        """A worker of a job has come up: the pool works."""
        self.connected.add(job)
        self.early_deaths = self.taken = 0

    # --- submissions ------------------------------------------------------------------------------------------------

    def note_submission(self, worker: str, job: Any) -> None:
        """The batch system has taken a job."""
        self.jobs[worker] = job
        self.refusals, self._is_at_limit = 0, False

    def note_refusal(self, error: BatchSystemError) -> str:
        """The batch system has not taken a job; returns what to tell the user, which may be nothing."""
        self.refusals += 1
        if error.refusal is Refusal.LIMIT:
            return self._note_limit(str(error))
        has_tried_enough = self.refusals >= MOST_UNKNOWN_REFUSALS and not self.jobs
        if error.refusal is Refusal.FINAL or (error.refusal is Refusal.UNKNOWN and has_tried_enough):
            self.broken = f"no job of the pool {self.name!r} can be submitted: {error}. Mend that and run again."
            return self.broken
        wait = self._pause(1.0)
        is_told = self.refusals <= _MOST_TOLD or self.refusals % _MOST_TOLD == 0
        return f"pool {self.name}: {error}; next try in {duration(wait)}" if is_told else ""

    def note_room(self) -> None:
        """A job of this user has ended: at a limit, another one may be taken now."""
        if self._is_at_limit:
            self.refusals, self.not_before = 0, 0.0

    def _note_limit(self, message: str) -> str:
        self._is_at_limit = True
        self._pause(FIRST_AT_LIMIT)
        if message in self._told_limits:
            return ""
        self._told_limits.add(message)
        jobs = f"goes on with {len(self.jobs)} job{'s' * (len(self.jobs) != 1)}" if self.jobs else "waits"
        return f"pool {self.name}: no more jobs are allowed for now ({message}); it {jobs}, and asks again now and then"

    def _pause(self, first: float) -> float:
        wait = back_off(self.refusals, first, LONGEST_PAUSE)
        self.not_before = time.monotonic() + wait
        return wait

    # --- ends of jobs -----------------------------------------------------------------------------------------------

    def note_end(self, worker: str, is_own_end: bool, why: str, tail: str) -> str:
        """A job has ended, having printed `tail`; returns what to tell the user, which may be nothing.

        `is_own_end`: it ran and ended by itself. One that was deleted, above all while it waited, says nothing about
        those that follow.
        """
        identifier = self.jobs.pop(worker).job_id
        if worker in self.connected:
            self.early_deaths = 0
            return ""
        if is_own_end:
            self.early_deaths += 1
        else:
            self.taken += 1
        self.not_before = time.monotonic() + back_off(self.early_deaths + self.taken, 2.0, LONGEST_PAUSE)
        if self.early_deaths >= MOST_EARLY_DEATHS:
            self.broken = (
                f"{self.early_deaths} jobs of the pool {self.name!r} in a row ended before a worker came up. "
                f"Mend the site file and run again. The last one's output:\n{tail}"
            )
        return f"pool {self.name}: job {identifier} ended before its workers came up ({why})"


def pool_of(worker: Any, pools: dict[str, PoolState]) -> PoolState | None:
    """The pool that a worker of the scheduler belongs to; None for a stranger."""
    return next((state for name, state in pools.items() if f"pool_{name}" in worker.resources), None)

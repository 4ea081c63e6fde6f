"""Workers whose batch jobs are suspended: they hear and say nothing, and are to be found as they were when they go on.

Dask takes a worker that has not been heard of for ``worker-ttl`` for lost and sends its work elsewhere; and it gives stages
to a worker that cannot begin them. What the batch system says of a job is told to the scheduler here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from distributed import SpecCluster
from distributed.core import Status
from distributed.metrics import time as dask_time

from glassdask.campaign.observe.job_history import record_job
from glassdask.cluster.pools.pool_state import PoolState, pool_of
from glassdask.cluster.schedulers.protocol import QueuedJob

_STIMULUS = "glassdask-suspension"


class Suspension:
    """The scheduler's view of suspended workers; suspensions are noted in the campaign's journal."""

    def __init__(self, cluster: SpecCluster, folder: Path, pools: dict[str, PoolState]):
        self._cluster, self._folder, self._pools = cluster, folder, pools
        self._scheduler: Any = cluster.scheduler
        self._paused: dict[str, Any] = {}

    def at_work(self) -> list[Any]:
        """Suspended workers that have begun a stage."""
        return [worker for worker in self._paused.values() if worker.processing]

    def follow(self, alive: dict[str, QueuedJob]) -> list[str]:
        """Tells the scheduler which of its workers are suspended now; to be called more often than ``worker-ttl``.

        `alive` are the jobs that wait or run. Returns lines for the user.
        """
        messages = [line for state in self._pools.values() for line in self._follow_jobs(state, alive)]
        suspended = [worker for worker in list(self._scheduler.workers.values()) if self._is_suspended(worker)]
        if suspended or self._paused:
            self._cluster.sync(self._tell_scheduler, suspended)
        return messages

    def _follow_jobs(self, state: PoolState, alive: dict[str, QueuedJob]) -> list[str]:
        suspended = {name for name, job in state.jobs.items() if job.job_id in alive and alive[job.job_id].is_suspended}
        begun, ended = sorted(suspended - state.suspended), sorted((state.suspended - suspended) & state.jobs.keys())
        state.suspended = suspended
        begins = [self._note(state, name, "suspended", "its stages stand still until it goes on") for name in begun]
        return begins + [self._note(state, name, "resumed", "its stages go on") for name in ended]

    def _note(self, state: PoolState, name: str, event: str, what: str) -> str:
        identifier = state.jobs[name].job_id
        record_job(self._folder, event, identifier)
        return f"pool {state.name}: the batch system has {event} job {identifier}; {what}"

    def _is_suspended(self, worker: Any) -> bool:
        state = pool_of(worker, self._pools)
        return state is not None and state.job_of(str(worker.name)) in state.suspended

    async def _tell_scheduler(self, suspended: list[Any]) -> None:
        """In the scheduler's own thread."""
        for worker in suspended:
            worker.last_seen = dask_time()
            if worker.status == Status.running:
                self._scheduler.handle_worker_status_change(Status.paused, worker, _STIMULUS)
                self._paused[worker.address] = worker
        for address in self._paused.keys() - {worker.address for worker in suspended}:
            worker = self._paused.pop(address)
            worker.last_seen = dask_time()
            if self._scheduler.workers.get(address) is worker:
                self._scheduler.handle_worker_status_change(Status.running, worker, _STIMULUS)

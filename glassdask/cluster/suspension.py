"""Workers whose batch jobs are suspended: they hear and say nothing, and are to be found as they were when they go on.

Dask takes a worker that has not been heard of for ``worker-ttl`` for lost and sends its work elsewhere; and it gives stages
to a worker that cannot begin them. What the batch system says of a job is told to the scheduler here.
"""

from __future__ import annotations

from typing import Any

from distributed import SpecCluster
from distributed.core import Status
from distributed.metrics import time as dask_time

_STIMULUS = "glassdask-suspension"


class Suspension:
    """The scheduler's view of suspended workers.

    Parameters
    ----------
    cluster
        The Dask scheduler, in this process.
    """

    def __init__(self, cluster: SpecCluster):
        self._cluster = cluster
        self._scheduler: Any = cluster.scheduler
        self._paused: dict[str, Any] = {}

    def at_work(self) -> list[Any]:
        """Suspended workers that have begun a stage."""
        return [worker for worker in self._paused.values() if worker.processing]

    def follow(self, suspended: list[Any]) -> None:
        """Tells the scheduler which of its workers are suspended now; to be called more often than ``worker-ttl``."""
        if suspended or self._paused:
            self._cluster.sync(self._tell, suspended)

    async def _tell(self, suspended: list[Any]) -> None:
        """In the scheduler's own thread."""
        now = {worker.address: worker for worker in suspended}
        for worker in suspended:
            worker.last_seen = dask_time()
            if worker.status == Status.running:
                self._scheduler.handle_worker_status_change(Status.paused, worker, _STIMULUS)
                self._paused[worker.address] = worker
        for address in self._paused.keys() - now.keys():
            worker = self._paused.pop(address)
            worker.last_seen = dask_time()
            if self._scheduler.workers.get(address) is worker:
                self._scheduler.handle_worker_status_change(Status.running, worker, _STIMULUS)

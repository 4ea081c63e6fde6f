"""Pools of workers in batch jobs on one scheduler: scaled from what the campaign needs, lost jobs replaced.

dask-jobqueue's own scale() never replaces a lost job and knows one kind of job only; adapt() ignores resources. Here
the driver says what it needs, and every few seconds the batch system is asked once which jobs live.
"""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distributed import Client, SpecCluster

from glassdask.atomic_write import write_text
from glassdask.campaign.job_history import JOBS, record_job
from glassdask.cluster.batch_jobs import BatchSystemError, QueuedJob, cancel, log_tail, make_job, queued_jobs, submit
from glassdask.cluster.keys import RunKeys
from glassdask.cluster.left_over_jobs import cancel_left_over
from glassdask.cluster.queue_state import queue_state
from glassdask.cluster.site import Site
from glassdask.errors import GlassdaskError

LOGS = "logs"
#: Seconds between two questions to the batch system, and from the loss of a worker to the next one.
_QUERY_SECONDS, _LOSS_SECONDS = 5.0, 0.5
#: Jobs of a pool that may end in a row without a worker of theirs ever connecting.
_MOST_EARLY_DEATHS = 3
_MOST_FAILED_COMMANDS = 10
_LONGEST_BACK_OFF = 300.0


class PoolBroken(GlassdaskError):
    """Jobs of a pool die at once, or cannot be submitted: more of them would change nothing."""


@dataclass
class _PoolState:
    """Jobs of a pool by worker name, and its recent bad luck."""

    jobs: dict[str, Any] = field(default_factory=dict)
    connected: set[str] = field(default_factory=set)
    early_deaths: int = 0
    failed_submissions: int = 0
    not_before: float = 0.0
    broken: str = ""


class BatchWorkers:
    """Workers in batch jobs.

    Parameters
    ----------
    site
        The pools.
    cluster
        The Dask scheduler, in this process.
    client
        Connected to it.
    folder
        The campaign's folder: job identifiers and logs are kept there.
    keys
        TLS files for the workers; None without encryption.
    """

    def __init__(self, site: Site, cluster: SpecCluster, client: Client, folder: Path, keys: RunKeys | None):
        self.site, self.client = site, client
        self.scheduler: Any = cluster.scheduler
        self._scheduler: Any = cluster.scheduler
        self._cluster, self._folder, self._keys = cluster, folder, keys
        self._pools = {name: _PoolState() for name in site.pool}
        self._next_query = 0.0
        self._failed_queries = 0
        self._number = 0
        self._n_workers = 0
        self._retired: set[str] = set()
        (folder / LOGS).mkdir(exist_ok=True)

    # --- what the driver asks ---------------------------------------------------------------------------------------

    def pool_with_room(self, stage: str, flying: Counter[str]) -> str | None:
        """The first pool that runs this stage and has a connected worker without one."""
        connected = Counter(pool for pool, _ in self._connected_workers())
        pools = [name for name in self.site.pool if stage in self.site.stages_of(name)]
        return next((name for name in pools if flying[name] < connected[name]), None)

    def resources(self, pool: str) -> dict[str, float] | None:
        """One slot of the pool."""
        return {f"pool_{pool}": 1}

    def retire(self, address: str) -> None:
        """Closes a worker whose job is about to end; the job ends with its last worker."""
        self._retired.add(address)
        loop: Any = self.client.loop
        loop.add_callback(self._scheduler.retire_workers, workers=[address], close_workers=True)

    def tend(self, needed: Counter[str]) -> list[str]:
        """Forgets ended jobs, submits what is missing, cancels what is not needed; asks the batch system once.

        A pool whose jobs die at once is left alone, and the others go on.

        Raises
        ------
        PoolBroken
            If such pools are all that could do what is left; the message holds the tail of their jobs' output.
        """
        if self._has_lost_workers():
            self._next_query = min(self._next_query, time.monotonic() + _LOSS_SECONDS)
        if time.monotonic() < self._next_query:
            return []
        self._next_query = time.monotonic() + _QUERY_SECONDS
        try:
            alive = self._cluster.sync(queued_jobs, self.site, self._identifiers())
        except BatchSystemError as error:
            return [self._query_failed(error)]
        self._failed_queries = 0
        said = [line for name in self._pools for line in self._forget_ended(name, alive)]
        for name in self._pools:
            said += self._resize(name, self._wanted(name, needed), alive)
        self._give_up_if_stuck(needed)
        return said

    def _give_up_if_stuck(self, needed: Counter[str]) -> None:
        broken = [state.broken for state in self._pools.values() if state.broken]
        healthy = [name for name, state in self._pools.items() if not state.broken]
        served = {stage for name in healthy for stage in self.site.stages_of(name)}
        if broken and not any(needed[stage] for stage in served):
            raise PoolBroken("\n".join(broken))

    def close(self) -> None:
        """Cancels every job of this driver."""
        self._cluster.sync(cancel, self.site, self._identifiers())
        for identifier in self._identifiers():
            record_job(self._folder, "ended", identifier, why="cancelled: the driver has ended")
        for state in self._pools.values():
            state.jobs.clear()
        self._write_identifiers()

    def cancel_left_over(self) -> list[str]:
        """Cancels the jobs of a driver that was killed; returns lines for the user."""
        alive = self._cluster.sync(cancel_left_over, self.site, self._folder)
        return [f"cancelled {len(alive)} jobs of a driver that has gone: {', '.join(alive)}"] if alive else []

    def check(self) -> None:
        """Makes every pool's script, so that what cannot work is refused before the first job."""
        for name in self._pools:
            self._job(name, "check").job_script()

    # --- jobs -------------------------------------------------------------------------------------------------------

    def _wanted(self, name: str, needed: Counter[str]) -> int:
        pool = self.site.pool[name]
        stages = sum(needed[stage] for stage in self.site.stages_of(name))
        return min(pool.count, math.ceil(stages / pool.workers_per_job))

    def _resize(self, name: str, wanted: int, alive: dict) -> list[str]:
        state = self._pools[name]
        said = []
        while len(state.jobs) < wanted and time.monotonic() >= state.not_before and not state.broken:
            said += self._submit(name)
        surplus = max(0, len(state.jobs) - wanted)
        goners = self._idle_jobs(name, alive)[:surplus] if surplus else []
        if goners:
            gone = [state.jobs.pop(worker).job_id for worker in goners]
            self._cluster.sync(cancel, self.site, gone)
            for identifier in gone:
                record_job(self._folder, "ended", identifier, why="cancelled: no longer needed")
            self._write_identifiers()
        return said

    def _idle_jobs(self, name: str, alive: dict[str, QueuedJob]) -> list[str]:
        """Jobs in which no stage runs: those that wait in the queue first, then those whose workers have nothing to do."""
        jobs = self._pools[name].jobs
        busy = {
            _job_of(str(worker.name), jobs) for worker in list(self._scheduler.workers.values()) if worker.processing
        }
        idle = [worker for worker in jobs if worker not in busy]
        return sorted(idle, key=lambda worker: alive[jobs[worker].job_id].is_running)

    def _submit(self, name: str) -> list[str]:
        state = self._pools[name]
        self._number += 1
        worker = f"{name}-{self._number}"
        job = self._job(name, worker)
        try:
            self._cluster.sync(submit, self.site, job)
        except BatchSystemError as error:
            return [self._submission_failed(name, error)]
        state.jobs[worker] = job
        record_job(self._folder, "submitted", job.job_id, pool=name, gpus=self.site.pool[name].gpus)
        state.failed_submissions = 0
        self._write_identifiers()
        return []

    def _job(self, name: str, worker: str) -> Any:
        address = self._scheduler.address
        return make_job(self.site, name, worker, address, self._folder / LOGS, self._keys)

    def _submission_failed(self, name: str, error: BatchSystemError) -> str:
        state = self._pools[name]
        state.failed_submissions += 1
        if state.failed_submissions >= _MOST_FAILED_COMMANDS or "nvalid" in str(error):
            state.broken = f"no job of the pool {name!r} can be submitted: {error}. Mend the site file and run again."
            return state.broken
        wait = min(_LONGEST_BACK_OFF, 2.0 ** (state.failed_submissions - 1))
        state.not_before = time.monotonic() + wait
        return f"pool {name}: {error}; next try in {wait:.0f} s"

    def _query_failed(self, error: BatchSystemError) -> str:
        self._failed_queries += 1
        wait = min(_LONGEST_BACK_OFF, _QUERY_SECONDS * 2.0 ** (self._failed_queries - 1))
        self._next_query = time.monotonic() + wait
        return f"{error}; running jobs go on, next question in {wait:.0f} s"

    def _forget_ended(self, name: str, alive: dict) -> list[str]:
        state = self._pools[name]
        said = []
        for worker, job in list(state.jobs.items()):
            if job.job_id in alive:
                continue
            del state.jobs[worker]
            record_job(self._folder, "ended", job.job_id, why=queue_state(self.site, job.job_id).text)
            if worker in state.connected:
                state.early_deaths = 0
                continue
            state.early_deaths += 1
            said.append(f"pool {name}: job {job.job_id} ended before its workers came up")
            if state.early_deaths >= _MOST_EARLY_DEATHS:
                state.broken = (
                    f"{state.early_deaths} jobs of the pool {name!r} in a row ended before a worker came up. "
                    f"Mend the site file and run again. The last one's output:\n{log_tail(self._folder / LOGS, job.job_id)}"
                )
        if said:
            state.not_before = time.monotonic() + 2.0**state.early_deaths
            self._write_identifiers()
        return said

    # --- workers ----------------------------------------------------------------------------------------------------

    def _connected_workers(self) -> list[tuple[str, str]]:
        """Pool and name of every worker that the scheduler knows and that takes stages."""
        found = []
        for worker in list(self._scheduler.workers.values()):
            pool = next((name for name in self._pools if f"pool_{name}" in worker.resources), None)
            if pool is not None and worker.status.name == "running" and worker.address not in self._retired:
                found.append((pool, str(worker.name)))
        return found

    def _has_lost_workers(self) -> bool:
        """Notes which jobs have workers; whether fewer workers are there than at the last look."""
        workers = self._connected_workers()
        for pool, name in workers:
            job = _job_of(name, self._pools[pool].jobs)
            if job and job not in self._pools[pool].connected:
                self._pools[pool].connected.add(job)
                record_job(self._folder, "started", self._pools[pool].jobs[job].job_id)
        before, self._n_workers = self._n_workers, len(workers)
        return self._n_workers < before

    def _identifiers(self) -> list[str]:
        return [job.job_id for state in self._pools.values() for job in state.jobs.values()]

    def _write_identifiers(self) -> None:
        write_text(self._folder / JOBS, json.dumps({"jobs": self._identifiers()}))


def _job_of(worker: str, jobs: dict[str, Any]) -> str | None:
    """The job whose worker has this name: ``gpu-3``, or ``gpu-3-0`` where it has several."""
    return worker if worker in jobs else next((job for job in [worker.rpartition("-")[0]] if job in jobs), None)

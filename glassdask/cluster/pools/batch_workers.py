"""Pools of workers in batch jobs on one scheduler: scaled from what the campaign needs, lost jobs replaced.

dask-jobqueue's own scale() never replaces a lost job and knows one kind of job only; adapt() ignores resources. Here
the driver says what it needs, and every few seconds the batch system is asked once which jobs live.
"""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from pathlib import Path
from typing import Any

from distributed import Client, SpecCluster

from glassdask.campaign.files.journal import record_event
from glassdask.campaign.observe.job_history import JOBS, record_job
from glassdask.cluster.back_off import back_off
from glassdask.cluster.pools.job_scripts import LOGS, make_job
from glassdask.cluster.pools.left_over_jobs import cancel_left_over
from glassdask.cluster.pools.pool_state import PoolState, pool_of
from glassdask.cluster.pools.suspension import Suspension
from glassdask.cluster.runtime.keys import RunKeys
from glassdask.cluster.schedulers import jobs
from glassdask.cluster.schedulers.jobs import BatchSystemError
from glassdask.cluster.schedulers.protocol import QueuedJob, Refusal
from glassdask.cluster.site.site import Site
from glassdask.counted import counted, duration
from glassdask.errors import GlassdaskError
from glassdask.files.atomic_write import write_json

#: Between two questions to the batch system, at most where it does not answer, and from the loss of a worker to the next. [s]
_QUERY_SECONDS, _LONGEST_SILENCE, _LOSS_SECONDS = 5.0, 20.0, 0.5

log = logging.getLogger(__name__)


class PoolBroken(GlassdaskError):
    """Jobs of a pool die at once, or cannot be submitted: more of them would change nothing."""


class BatchWorkers:
    """Workers in batch jobs of a site's pools, on a Dask scheduler in this process.

    The campaign's folder keeps job identifiers and logs; `keys` are the workers' TLS files, None without encryption.
    """

    def __init__(self, site: Site, cluster: SpecCluster, client: Client, folder: Path, keys: RunKeys | None):
        self.site, self.client = site, client
        self.scheduler: Any = cluster.scheduler
        self._cluster, self._folder, self._keys = cluster, folder, keys
        self._pools = {name: PoolState(name) for name in site.pool}
        self._suspension = Suspension(cluster, folder, self._pools)
        self._next_query = 0.0
        self._failed_queries = self._number = self._n_workers = 0
        self._retired: set[str] = set()
        (folder / LOGS).mkdir(exist_ok=True)

    # --- what the driver asks ---------------------------------------------------------------------------------------

    def pool_with_room(self, stage: str, in_flight: Counter[str]) -> str | None:
        """The first pool that runs this stage and has a connected worker without one."""
        connected = Counter(pool for pool, _ in self._connected_workers())
        suspended = [pool_of(worker, self._pools) for worker in self._suspension.at_work()]
        connected += Counter(state.name for state in suspended if state)
        return next((name for name in self._pools_of(stage) if in_flight[name] < connected[name]), None)

    def is_first_choice(self, pool: str, stage: str) -> bool:
        """Whether it is the first pool of the site file that runs this stage."""
        return self._pools_of(stage)[:1] == [pool]

    def _pools_of(self, stage: str) -> list[str]:
        return [name for name in self.site.pool if stage in self.site.stages_of(name)]

    def crews(self) -> dict[tuple[str, ...], int]:
        """The connected workers of each pool; those of pools that run the same stages together."""
        connected = Counter(pool for pool, _ in self._connected_workers())
        found = Counter[tuple[str, ...]]()
        for name in self.site.pool:
            found[tuple(self.site.stages_of(name))] += connected[name]
        return dict(found)

    def resources(self, pool: str) -> dict[str, float] | None:
        """One slot of the pool."""
        return {f"pool_{pool}": 1}

    def retire(self, address: str) -> None:
        """Closes a worker whose job is about to end; the job ends with its last worker."""
        self._retired.add(address)
        loop: Any = self.client.loop
        loop.add_callback(self.scheduler.retire_workers, workers=[address], close_workers=True)

    def scale_pools(self, needed: Counter[str]) -> list[str]:
        """Drops ended jobs, submits what is missing, cancels what is not needed; asks the batch system once.

        A pool whose jobs die at once is left alone, and the others go on. PoolBroken, with the tail of their jobs'
        output, if such pools are all that could do what is left.
        """
        if self._has_lost_workers():
            self._next_query = min(self._next_query, time.monotonic() + _LOSS_SECONDS)
        if time.monotonic() < self._next_query:
            return []
        self._next_query = time.monotonic() + _QUERY_SECONDS
        try:
            alive = jobs.queued_jobs(self.site.batch_system, self._identifiers(), self.site.command_timeout)
        except BatchSystemError as error:
            return [self._query_failed(error)]
        self._failed_queries = 0
        messages = [*self._suspension.follow(alive), *self._drop_ended(alive)]
        for name in self._pools:
            messages += self._resize(name, self._wanted(name, needed), alive)
        self._give_up_if_stuck(needed)
        return messages

    def _give_up_if_stuck(self, needed: Counter[str]) -> None:
        broken = [state.broken for state in self._pools.values() if state.broken]
        healthy = [name for name, state in self._pools.items() if not state.broken]
        served = {stage for name in healthy for stage in self.site.stages_of(name)}
        if broken and not any(needed[stage] for stage in served):
            raise PoolBroken("\n".join(broken))

    def suspended_runs(self) -> set[str]:
        """Keys of the stages on workers whose jobs the batch system has suspended."""
        return {str(task.key) for worker in self._suspension.at_work() for task in list(worker.processing)}

    def close(self) -> None:
        """Cancels every job of this driver; those of which that is not known stay named, for the next driver."""
        gone = self._cancel(self._identifiers(), "cancelled: the driver has ended")
        for state in self._pools.values():
            state.jobs = {worker: job for worker, job in state.jobs.items() if job.job_id not in gone}
        self._write_identifiers()
        if left := self._identifiers():
            log.warning(
                "the batch system does not say that it has cancelled the jobs %s: their workers end %g s after this driver, "
                "and the next 'glassdask run' cancels what is left",
                ", ".join(left),
                self.site.worker_timeout,
            )

    def _cancel(self, identifiers: list[str], why: str) -> list[str]:
        """Cancels jobs; returns those of which it is known that they were cancelled or have ended."""
        left = jobs.cancel(self.site.batch_system, identifiers, self.site.command_timeout)
        gone = [identifier for identifier in identifiers if identifier not in left]
        for identifier in gone:
            record_job(self._folder, "ended", identifier, why=why)
        return gone

    def cancel_left_over(self) -> list[str]:
        """Cancels the jobs of a driver that was killed; returns lines for the user."""
        gone = cancel_left_over(self.site, self._folder)
        return [f"cancelled {counted(len(gone), 'job')} of a driver that has gone: {', '.join(gone)}"] if gone else []

    def check(self) -> None:
        """Makes every pool's script, so that what cannot work is refused before the first job."""
        for name in self._pools:
            self._job(name, "check").job_script()

    # --- jobs -------------------------------------------------------------------------------------------------------

    def _wanted(self, name: str, needed: Counter[str]) -> int:
        pool = self.site.pool[name]
        stages = sum(needed[stage] for stage in self.site.stages_of(name))
        return min(pool.count, math.ceil(stages / pool.workers_per_job))

    def _resize(self, name: str, wanted: int, alive: dict[str, QueuedJob]) -> list[str]:
        state = self._pools[name]
        messages = []
        while len(state.jobs) < wanted and state.may_submit():
            messages += self._submit(name)
        if surplus := max(0, len(state.jobs) - wanted):
            goners = {state.jobs[worker].job_id: worker for worker in self._idle_jobs(name, alive)[:surplus]}
            for identifier in self._cancel(list(goners), "cancelled: no longer needed"):
                del state.jobs[goners[identifier]]
                self._note_room()
            if goners:
                self._write_identifiers()
        return messages

    def _note_room(self) -> None:
        """A job has ended, which a limit of jobs may have been waiting for, in whatever pool."""
        for state in self._pools.values():
            state.note_room()

    def _idle_jobs(self, name: str, alive: dict[str, QueuedJob]) -> list[str]:
        """Jobs in which no stage runs: those that wait in the queue first, then those whose workers have nothing to do."""
        state = self._pools[name]
        at_work = [worker for worker in list(self.scheduler.workers.values()) if worker.processing]
        busy = {state.job_of(str(worker.name)) for worker in at_work}
        idle = [worker for worker in state.jobs if worker not in busy]
        return sorted(idle, key=lambda worker: alive[state.jobs[worker].job_id].is_running)

    def _submit(self, name: str) -> list[str]:
        state = self._pools[name]
        self._number += 1
        job = self._job(name, worker := f"{name}-{self._number}")
        try:
            jobs.submit(self.site.batch_system, job, self.site.command_timeout)
        except BatchSystemError as error:
            message = state.note_refusal(error)
            if message and error.refusal is Refusal.LIMIT:
                record_event(self._folder, "driver", "limited", pool=name, jobs=len(state.jobs), message=str(error))
            return [message] if message else []
        state.note_submission(worker, job)
        record_job(self._folder, "submitted", job.job_id, pool=name, gpus=self.site.pool[name].gpus)
        self._write_identifiers()
        return []

    def _job(self, name: str, worker: str) -> Any:
        return make_job(self.site, name, worker, self.scheduler.address, self._folder / LOGS, self._keys)

    def _query_failed(self, error: BatchSystemError) -> str:
        self._failed_queries += 1
        wait = back_off(self._failed_queries, _QUERY_SECONDS, _LONGEST_SILENCE)
        self._next_query = time.monotonic() + wait
        return f"{error}; running jobs go on, next question in {duration(wait)}"

    def _drop_ended(self, alive: dict[str, QueuedJob]) -> list[str]:
        ended = []
        for state in self._pools.values():
            for worker, job in state.jobs.items():
                if job.job_id not in alive:
                    ended.append((state, worker))
                elif alive[job.job_id].is_running:
                    state.running.add(worker)
        messages = [self._note_end(state, worker) for state, worker in ended]
        if ended:
            self._note_room()
            self._write_identifiers()
        return [line for line in messages if line]

    def _note_end(self, state: PoolState, worker: str) -> str:
        system, identifier, logs = self.site.batch_system, state.jobs[worker].job_id, self._folder / LOGS
        last = jobs.queue_state(system, identifier, self.site.command_timeout)
        record_job(self._folder, "ended", identifier, why=last.text)
        has_run = worker in state.running or last.has_run or bool(jobs.log_files(system, logs, identifier))
        tail = jobs.log_tail(system, logs, identifier)
        return state.note_end(worker, has_run and not last.was_taken, last.text, tail)

    # --- workers ----------------------------------------------------------------------------------------------------

    def _connected_workers(self) -> list[tuple[str, str]]:
        """Pool and name of every worker that the scheduler knows and that takes stages."""
        known = ((pool_of(worker, self._pools), worker) for worker in list(self.scheduler.workers.values()))
        ours = [(state.name, worker) for state, worker in known if state and worker.status.name == "running"]
        return [(pool, str(worker.name)) for pool, worker in ours if worker.address not in self._retired]

    def _has_lost_workers(self) -> bool:
        """Notes which jobs have workers; whether fewer workers are there than at the last look."""
        workers = self._connected_workers()
        for pool, name in workers:
            job = self._pools[pool].job_of(name)
            if job and job not in self._pools[pool].connected:
                self._pools[pool].note_worker(job)
                record_job(self._folder, "started", self._pools[pool].jobs[job].job_id)
        before, self._n_workers = self._n_workers, len(workers)
        return len(workers) < before

    def _identifiers(self) -> list[str]:
        return [job.job_id for state in self._pools.values() for job in state.jobs.values()]

    def _write_identifiers(self) -> None:
        write_json(self._folder / JOBS, {"jobs": self._identifiers()}, indent=None)

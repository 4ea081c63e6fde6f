"""Asks one tiny job of every pool, or every worker that is there, what it sees: the driver's side of ``glassdask doctor``.

Each pool has a Dask scheduler of its own here, with one job at most, so that a pool that does not work says nothing
about the others. Every job is cancelled at the end.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed import Future

from glassdask.campaign.observe.job_history import named_jobs
from glassdask.cluster.doctor.gpu_sharing import best_count, measure_throughput
from glassdask.cluster.doctor.node_report import MARK
from glassdask.cluster.doctor.pool_check import PoolCheck, ask, note_answer, pool_troubles, working_engines
from glassdask.cluster.pools.batch_workers import BatchWorkers
from glassdask.cluster.pools.job_scripts import LOGS
from glassdask.cluster.pools.launch import start_workers
from glassdask.cluster.runtime.workers import Workers, submit_to
from glassdask.cluster.schedulers.jobs import log_tail, queue_state
from glassdask.cluster.site.site import Pool, Site
from glassdask.errors import GlassdaskError
from glassdask.stages.simulate import STAGE as SIMULATE

#: The walltime that a tiny job asks for, if its pool's own is not shorter: short jobs wait less.
TINY_WALLTIME = "00:10:00"
_POLL_SECONDS, _QUERY_SECONDS = 0.5, 3.0
#: How long the other workers of a job may take after the first one; and, about, the timing of a number of simulations.
_COMPANION_SECONDS, _A_COUNT_SECONDS = 30.0, 20.0


def check_pools(
    site: Site,
    folder: Path,
    timeout: float,
    say: Callable[[str], None],
    has_own_walltime: bool = False,
    is_secure: bool = True,
    timed: dict[str, Any] | None = None,
) -> list[PoolCheck]:
    """Asks every pool or worker of a site.

    `folder` is empty and seen by all nodes: keys, logs and a mark are written there. `timeout` includes the time in the
    queue. `has_own_walltime`: jobs ask for their pool's own walltime instead of ten minutes. `timed` is the request
    (`glassdask.cluster.doctor.gpu_sharing.measurement`) with which pools with GPUs that simulate are asked how many
    simulations should share a GPU; None for not asking.
    """
    mark = secrets.token_hex(8)
    (folder / MARK).write_text(mark, encoding="utf-8")
    if not site.is_batch:
        return _ask_those_there(site, folder, mark, timeout, is_secure)
    with ExitStack() as stack:
        jobs = []
        for name in site.pool:
            home = folder / name
            home.mkdir()
            alone = site_of_one_job(site, name, has_own_walltime)
            workers, _ = stack.enter_context(start_workers(alone, home, dashboard=False, is_secure=is_secure))
            jobs.append(_JobCheck(site, name, workers, home, mark, say, timed))
        _wait(jobs, timeout)
        return [job.check for job in jobs]


def site_of_one_job(site: Site, name: str, has_own_walltime: bool) -> Site:
    """The site with this pool only, and of it a single job."""
    pool = site.pool[name]
    is_shorter = pool.walltime_seconds < Pool(walltime=TINY_WALLTIME).walltime_seconds
    walltime = pool.walltime if has_own_walltime or is_shorter else TINY_WALLTIME
    tiny = pool.model_copy(update={"count": 1, "walltime": walltime, "stages": [SIMULATE.name]})
    return site.model_copy(update={"pool": {name: tiny}})


def _wait(checks: list[_JobCheck], timeout: float) -> None:
    end = time.monotonic() + timeout
    while any(not check.is_over for check in checks):
        for check in checks:
            if not check.is_over:
                check.look()
                if time.monotonic() > end:
                    check.give_up(timeout)
                check.release_if_over()
        time.sleep(_POLL_SECONDS)


@dataclass(eq=False)
class _JobCheck:
    """A pool, from the submission of its job to the report of a worker."""

    _site: Site
    _name: str
    _workers: Workers
    _home: Path
    _mark: str
    _say: Callable[[str], None]
    _timed: dict[str, Any] | None
    is_over: bool = False
    _next_query: float = 0.0
    _refused: str = ""
    _future: Future[Any] | None = None
    _measurement: Future[Any] | None = None

    def __post_init__(self) -> None:
        self._pool = self._site.pool[self._name]
        self.check = PoolCheck(self._name, promised_gpus=self._pool.gpus)
        self._begin = time.monotonic()
        if not self._pool.gpus or SIMULATE.name not in self._site.stages_of(self._name):
            self._timed = None

    def look(self) -> None:
        """One look: submits the job if there is none, asks its first worker, notes the answer."""
        if self.check.job is None:
            self._submit()
        elif self._measurement is not None:
            self._await_measurement(self._measurement)
        elif self.check.report is not None:
            self._await_companions()
        elif self._future is not None and self._future.done():
            self._note_report(self._future)
        else:
            self._ask()
            self._query()

    def release_if_over(self) -> None:
        """Cancels the job: where a user may have few jobs at once, the next pool waits for its place."""
        if self.is_over and isinstance(self._workers, BatchWorkers):
            self._workers.close()

    def give_up(self, timeout: float) -> None:
        """Ends the waiting for an answer; a measurement ends by itself, or with its job."""
        if not self.is_over and self._measurement is None:
            refused = f"; {self._refused}" if self.check.job is None and self._refused else ""
            self._trouble(f"no answer within {timeout:g} s{refused}")

    def _submit(self) -> None:
        try:
            for line in self._workers.scale_pools(Counter({SIMULATE.name: 1})):
                self._refused = line
                self._tell(line)
        except GlassdaskError as error:
            self._trouble(str(error))
            return
        if jobs := named_jobs(self._home):
            self.check.job = jobs[0]
            self._tell(f"job {self.check.job} submitted")

    def _connected(self) -> list[str]:
        return sorted(self._workers.client.scheduler_info(n_workers=-1)["workers"])

    def _ask(self) -> None:
        connected = self._connected()
        if connected and self._future is None:
            self._tell("a worker is there")
            self._future = ask(self._workers.client, connected[0], self._home.parent, self._mark)

    def _query(self) -> None:
        if time.monotonic() < self._next_query or self.check.job is None:
            return
        self._next_query = time.monotonic() + _QUERY_SECONDS
        state = queue_state(self._site.batch_system, self.check.job, self._site.command_timeout)
        if state.text != self.check.state:
            self._tell(f"job {self.check.job}: {state.text}")
        self.check.state = state.text
        if not state.is_alive:
            self._trouble("the job ended before a worker answered")

    def _note_report(self, future: Future[Any]) -> None:
        self.check.seconds = round(time.monotonic() - self._begin, 1)
        note_answer(self.check, future)
        if self.check.report is None:
            self.is_over = True
            return
        stages = self._site.stages_of(self.check.pool)
        self.check.troubles += pool_troubles(self.check.report, self._pool.gpus, SIMULATE.name in stages)
        self._tell(f"{self.check.report['host']} answers")

    def _await_companions(self) -> None:
        wanted, found = self._pool.workers_per_job, len(self._connected())
        late = time.monotonic() - self._begin - (self.check.seconds or 0.0)
        if found >= wanted:
            self.is_over = self._timed is None or not working_engines(self.check.report or {})
            if not self.is_over:
                self._measure()
        elif late > _COMPANION_SECONDS:
            self._trouble(f"{found} of the job's {wanted} workers came up")

    def _measure(self) -> None:
        """Has the first worker time simulations that share its GPU, while the others have nothing to do."""
        counts = ", ".join(map(str, (self._timed or {})["counts"]))
        self._tell(f"times {counts} simulations on one GPU, some {_A_COUNT_SECONDS:g} s each")
        client, first = self._workers.client, self._connected()[0]
        self._measurement = submit_to(client, first, measure_throughput, self._timed, key="doctor-measurement")

    def _await_measurement(self, future: Future[Any]) -> None:
        if not future.done():
            self._query()
            return
        self.is_over = True
        answer: dict[str, Any] = future.result() if future.status == "finished" else {"error": str(future.exception())}
        rates: dict[str, float] = answer.get("steps_per_second", {})
        self.check.rates, self.check.runs_per_gpu = rates, best_count(rates)
        if "device" in answer and answer["device"] != "gpu":
            self.check.remarks.append(f"simulations were timed with {answer['engine']} on cores: it uses no GPU")
        if "error" in answer:
            last = max(map(int, rates), default=0)
            self.check.remarks.append(f"no more than {last} simulations on a GPU could be timed: {answer['error']}")

    def _trouble(self, text: str) -> None:
        """Ends with a trouble, and with what the job and the batch system have to say of it."""
        self.is_over = True
        if self.check.job is not None:
            system, job = self._site.batch_system, self.check.job
            self.check.state = queue_state(system, job, self._site.command_timeout).text
            text += f"; job {job}: {self.check.state}. Its output:\n{log_tail(system, self._home / LOGS, job)}"
        self.check.troubles.append(text)

    def _tell(self, line: str) -> None:
        self._say(f"pool {self.check.pool}: {line}")


def _ask_those_there(site: Site, folder: Path, mark: str, timeout: float, is_secure: bool) -> list[PoolCheck]:
    """Workers that nobody has to start: an MPI world, a running scheduler; and one of this machine."""
    end = time.monotonic() + timeout
    with start_workers(site, folder, n_workers=1, dashboard=False, is_secure=is_secure) as (workers, _):
        client = workers.client
        while not (addresses := sorted(client.scheduler_info(n_workers=-1)["workers"])):
            if time.monotonic() > end:
                return [PoolCheck("all", troubles=[f"the scheduler has had no worker for {timeout:g} s: start some"])]
            time.sleep(_POLL_SECONDS)
        begin = time.monotonic()
        waiting = {ask(client, address, folder, mark): PoolCheck(address) for address in addresses}
        checks = list(waiting.values())
        while waiting and time.monotonic() < end:
            for future in [future for future in waiting if future.done()]:
                check = waiting.pop(future)
                check.seconds = round(time.monotonic() - begin, 1)
                note_answer(check, future)
                if check.report is not None:
                    check.troubles += pool_troubles(check.report, 0, is_simulating=True)
            time.sleep(0.05)
        for check in waiting.values():
            check.troubles.append(f"no answer within {timeout:g} s: is it busy with other work?")
    return checks

"""Starts the Dask scheduler and the workers that a site file asks for; everything is encrypted and bound to one interface."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster, Scheduler, SpecCluster
from distributed.security import Security

from glassdask.cluster.batch_workers import BatchWorkers
from glassdask.cluster.keys import RunKeys, run_keys
from glassdask.cluster.site import Site
from glassdask.cluster.workers import FixedWorkers, Workers

#: A stage may hold a core for hours; Dask must not take that for a dead worker, nor count lost jobs against a state.
_SETTINGS = {
    "distributed.scheduler.worker-ttl": "10 minutes",
    "distributed.scheduler.allowed-failures": 1000,
    "distributed.scheduler.work-stealing": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.comm.timeouts.connect": "30s",
}


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


@contextmanager
def start_workers(site: Site, folder: Path, n_workers: int | None = None, is_secure: bool = True) -> Iterator[Workers]:
    """The workers of a site, for one run of one campaign.

    Parameters
    ----------
    site
        The site file.
    folder
        The campaign's folder, seen by all nodes.
    n_workers
        On this machine: worker processes, by default one a core.
    is_secure
        False leaves connections open to everybody who reaches the port; for debugging only.

    Yields
    ------
    Workers
        Closed at the end of the block, their jobs cancelled.
    """
    token = secrets.token_urlsafe(18)
    link = f"{{scheme}}://{{host}}:{{port}}/{token}/status"
    with dask.config.set({**_SETTINGS, "distributed.dashboard.link": link}):
        if site.scheduler in ("slurm", "pbs"):
            with _batch_workers(site, folder, token, is_secure) as workers:
                yield workers
        else:
            with _local_workers(n_workers, token, is_secure) as workers:
                yield workers


@contextmanager
def _local_workers(n_workers: int | None, token: str, is_secure: bool) -> Iterator[Workers]:
    """One process a worker on this machine, one stage at a time in each; nothing leaves the loopback interface."""
    security = Security.temporary() if is_secure else Security()
    cluster = LocalCluster(
        n_workers=n_workers or available_cores(),
        threads_per_worker=1,
        processes=True,
        memory_limit=0,
        host="127.0.0.1",
        protocol="tls" if is_secure else "tcp",
        security=security,
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address=None,
        silence_logs=50,
        scheduler_kwargs={"http_prefix": token},
    )
    try:
        with Client(cluster, security=security) as client:
            yield FixedWorkers(client)
    finally:
        cluster.close(timeout=30)


@contextmanager
def _batch_workers(site: Site, folder: Path, token: str, is_secure: bool) -> Iterator[Workers]:
    """A scheduler in this process; workers come up in batch jobs as the campaign needs them."""
    with run_keys(folder) as keys:
        security = keys.security if is_secure else Security()
        cluster = SpecCluster(
            scheduler={"cls": Scheduler, "options": _scheduler_options(site, token, security, is_secure)},
            security=security,
            silence_logs=50,
        )
        try:
            with Client(cluster, security=security) as client:
                yield from _with_jobs(site, cluster, client, folder, keys if is_secure else None)
        finally:
            cluster.close(timeout=30)


def _with_jobs(site: Site, cluster: SpecCluster, client: Client, folder: Path, keys: RunKeys | None) -> Iterator[Workers]:
    workers = BatchWorkers(site, cluster, client, folder, keys)
    workers.check()
    workers.cancel_left_over()
    try:
        yield workers
    finally:
        workers.close()


def _scheduler_options(site: Site, token: str, security: Security, is_secure: bool) -> dict[str, Any]:
    where = {"interface": site.interface} if site.interface else {}
    return {
        "protocol": "tls" if is_secure else "tcp",
        "security": security,
        "dashboard_address": "127.0.0.1:0",
        "http_prefix": token,
        **where,
    }

"""Starts the Dask cluster that a campaign runs on. Here: this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import dask
from distributed import Client, LocalCluster
from distributed.security import Security

from glassdask.cluster.interruption import postponed

#: A stage may hold a core for hours; Dask must not take that for a dead worker, nor spread its data.
_SETTINGS = {
    "distributed.scheduler.worker-ttl": "10 minutes",
    "distributed.scheduler.allowed-failures": 0,  # the driver counts losses, and knows when to give up
    "distributed.scheduler.work-stealing": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.comm.timeouts.connect": "30s",
    "distributed.worker.http.routes": [],  # workers have no pages
    "distributed.nanny.http.routes": [],
}
#: Dask's scheduler always answers HTTP; without these it has nothing to say.
_NO_PAGES: dict[str, list[str]] = {"distributed.scheduler.http.routes": []}


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


@contextmanager
def local_cluster(n_workers: int | None = None, dashboard: bool = True) -> Iterator[Client]:
    """A Dask cluster on this machine: one process a worker, one stage at a time in each.

    All connections are encrypted with a key made for this run, and bound to the loopback interface: other users of the
    machine can neither read nor submit anything. Dask's dashboard, on the loopback interface too, shows the names of
    stages and states to whoever is logged in there.

    Parameters
    ----------
    n_workers
        Worker processes; by default one a core.
    dashboard
        Whether to serve Dask's dashboard.

    Yields
    ------
    distributed.Client
        Connected to the cluster; both are closed at the end.
    """
    settings = _SETTINGS if dashboard else _SETTINGS | _NO_PAGES
    with dask.config.set(settings), ExitStack() as stack:
        with postponed():
            security = Security.temporary()
            cluster = LocalCluster(
                n_workers=n_workers or available_cores(),
                threads_per_worker=1,
                processes=True,
                memory_limit=0,
                host="127.0.0.1",
                protocol="tls",
                security=security,
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": dashboard},
                worker_dashboard_address=None,
                silence_logs=50,
            )
            stack.callback(cluster.close, timeout=30)
            client = stack.enter_context(Client(cluster, security=security))
        yield client

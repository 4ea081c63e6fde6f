"""Starts the Dask cluster that a campaign runs on. Here: this machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import dask
from distributed import Client, LocalCluster, Worker, WorkerPlugin
from distributed.security import Security

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
}


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


class DeafToInterrupt(WorkerPlugin):
    """Ctrl-C in a terminal reaches every process; only the driver acts on it, so that stages can end in good order."""

    name = "deaf-to-interrupt"

    def setup(self, worker: Worker) -> None:  # noqa: ARG002
        """Called in the main thread of a worker's process."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def local_cluster(n_workers: int | None = None, dashboard: bool = True) -> Iterator[Client]:
    """A Dask cluster on this machine: one process a worker, one stage at a time in each.

    All connections are encrypted with a key made for this run, and bound to the loopback interface: other users of the
    machine can neither read nor submit anything.

    Parameters
    ----------
    n_workers
        Worker processes; by default one a core.
    dashboard
        Whether to serve Dask's dashboard on the loopback interface.

    Yields
    ------
    distributed.Client
        Connected to the cluster; both are closed at the end.
    """
    with dask.config.set(_SETTINGS):
        security = Security.temporary()
        cluster = LocalCluster(
            n_workers=n_workers or available_cores(),
            threads_per_worker=1,
            processes=True,
            memory_limit=0,
            host="127.0.0.1",
            protocol="tls",
            security=security,
            dashboard_address="127.0.0.1:0" if dashboard else None,
            worker_dashboard_address=None,
            silence_logs=50,
        )
        try:
            with Client(cluster, security=security) as client:
                client.register_plugin(DeafToInterrupt())
                yield client
        finally:
            cluster.close(timeout=30)

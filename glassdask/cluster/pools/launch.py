"""Starts the Dask scheduler and the workers that a site file asks for.

All connections are encrypted with keys made for the run and bound to one interface: other users of the machines can
neither read nor submit anything. Dask's dashboard listens on loopback only, under a path that nobody can guess.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster, Scheduler, SpecCluster
from distributed.security import Security

from glassdask.cluster.pools.batch_workers import BatchWorkers
from glassdask.cluster.runtime.keys import run_keys
from glassdask.cluster.runtime.local_gpus import LocalPools, local_gpus, stages_on_gpus, worker_options
from glassdask.cluster.runtime.settings import dashboard_lines, scheduler_settings
from glassdask.cluster.runtime.workers import FixedWorkers, Workers
from glassdask.cluster.site.site import Site
from glassdask.cluster.site.texts import ARRAY_VARIABLE
from glassdask.cluster.site.walltime import MARGIN_VARIABLE
from glassdask.errors import InvalidInput
from glassdask.postponement import postponed

#: How long a running scheduler may take to answer. [s]
_CONNECT_SECONDS = 30


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


@contextmanager
def start_workers(
    site: Site,
    folder: Path,
    n_workers: int | None = None,
    dashboard: bool = True,
    is_secure: bool = True,
    engine: str | None = None,
) -> Iterator[tuple[Workers, list[str]]]:
    """The workers of a site for one run of one campaign, and lines for the user; at the end of the block they are
    closed and their jobs cancelled.

    `n_workers` and `engine` are for this machine: worker processes, by default one a core, and what simulates, by which
    the use of its GPUs is known; None where nothing does. Without `is_secure`, connections are open to everybody who
    reaches the port: for debugging only.
    """
    with dask.config.set(scheduler_settings(dashboard)), ExitStack() as stack:
        if site.scheduler == "mpi":
            yield FixedWorkers(Client.current(), can_return=False), []  # glassdask.cluster.pools.mpi_world
        elif site.is_batch:
            yield stack.enter_context(_batch_workers(site, folder, dashboard, is_secure))
        elif site.scheduler == "local":
            os.environ[MARGIN_VARIABLE] = f"{site.deadline_margin:g}"  # for its workers, in a batch job of one node
            os.environ[ARRAY_VARIABLE] = site.array
            on_gpus = stages_on_gpus(engine, site.array)
            gpus = [gpu for gpu in (local_gpus() if on_gpus else []) for _ in range(site.runs_per_gpu)]
            yield stack.enter_context(local_workers(n_workers, dashboard, is_secure, gpus, on_gpus))
        else:
            yield stack.enter_context(_running_scheduler(site, is_secure)), []


@contextmanager
def local_workers(
    n_workers: int | None = None,
    dashboard: bool = True,
    is_secure: bool = True,
    gpus: Sequence[str] = (),
    on_gpus: frozenset[str] = frozenset(),
) -> Iterator[tuple[FixedWorkers, list[str]]]:
    """A Dask cluster on this machine: one process a worker, one stage at a time in each; see `start_workers`.

    `gpus` names the GPU of each worker that has one, `on_gpus` the stages that such workers run.
    """
    with dask.config.set(scheduler_settings(dashboard)), ExitStack() as stack:
        token = secrets.token_urlsafe(18)
        count = n_workers or available_cores()
        options = worker_options(gpus, count) if gpus else {}
        with postponed():
            security = Security.temporary() if is_secure else None
            cluster = LocalCluster(
                n_workers=0 if gpus else count,
                threads_per_worker=1,
                processes=True,
                memory_limit=0,
                host="127.0.0.1",
                protocol="tls" if is_secure else "tcp",
                security=security,
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": dashboard, "http_prefix": token},
                worker_dashboard_address=None,
                silence_logs=50,
            )
            stack.callback(cluster.close, timeout=30)
            client = stack.enter_context(Client(cluster, security=security))
            _start_unlike(cluster, options)
        pages = _dashboard(cluster.scheduler, token, dashboard)
        if gpus:
            pools = LocalPools(client, cluster.scheduler, options, on_gpus)
            yield pools, [pools.summary(), *pages]
        else:
            yield FixedWorkers(client, scheduler=cluster.scheduler), pages


def _start_unlike(cluster: LocalCluster, options: dict[str, dict[str, Any]]) -> None:
    """Workers of these names that differ from the cluster's own in these options."""
    for name, own in options.items():
        (like,) = cluster.new_worker_spec().values()
        cluster.worker_spec[name] = {**like, "options": {**like["options"], **own}}
    if options:
        cluster.scale(len(options))


@contextmanager
def _batch_workers(
    site: Site, folder: Path, dashboard: bool, is_secure: bool
) -> Iterator[tuple[BatchWorkers, list[str]]]:
    """A scheduler in this process; workers come up in batch jobs as the campaign needs them."""
    with ExitStack() as stack:
        token = secrets.token_urlsafe(18)
        with postponed():
            keys = stack.enter_context(run_keys(folder.resolve())) if is_secure else None
            security = keys.security if keys else None
            options = {
                "protocol": "tls" if is_secure else "tcp",
                "security": security,
                "interface": site.interface,
                "dashboard_address": "127.0.0.1:0",
                "dashboard": dashboard,
                "http_prefix": token,
            }
            cluster = SpecCluster(scheduler={"cls": Scheduler, "options": options}, security=security, silence_logs=50)
            stack.callback(cluster.close, timeout=30)
            client = stack.enter_context(Client(cluster, security=security))
            workers = BatchWorkers(site, cluster, client, folder.resolve(), keys)
            workers.check()
        messages = workers.cancel_left_over()
        stack.callback(workers.close)
        yield workers, [*messages, *_dashboard(cluster.scheduler, token, dashboard)]


@contextmanager
def _running_scheduler(site: Site, is_secure: bool) -> Iterator[FixedWorkers]:
    """Somebody else's scheduler and workers, which need this package and see the campaign's folder."""
    address, tls = site.scheduler, {}
    if address.startswith("tls://"):
        tls = {"tls_ca_file": site.tls_ca_file, "tls_client_cert": site.tls_cert, "tls_client_key": site.tls_key}
    elif is_secure:
        raise InvalidInput(f"scheduler = {address!r} is not encrypted; use a tls:// scheduler, or type --insecure")
    try:
        client = Client(address, security=Security(**tls) if tls else None, timeout=_CONNECT_SECONDS)
    except (OSError, TimeoutError) as error:
        raise InvalidInput(
            f"no Dask scheduler answers at {address} ({error}); start one or mend the site file"
        ) from None
    with client:
        yield FixedWorkers(client)


def _dashboard(scheduler: Any, token: str, is_there: bool) -> list[str]:
    return dashboard_lines(scheduler.http_server.port, token) if is_there else []

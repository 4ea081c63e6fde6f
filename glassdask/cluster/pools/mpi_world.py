"""A Dask cluster in an MPI world: rank 0 is the scheduler, rank 1 the driver, the others are workers (dask-mpi).

MPI is needed for the first second only, to send the keys of the run and the scheduler's address to every rank. It is
finished then: its ports are closed, and a rank that dies later takes nobody with it unless its launcher does.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import traceback
from typing import Any

import dask
from distributed import Client, Scheduler
from distributed.diagnostics.plugin import SchedulerPlugin
from distributed.security import Security

from glassdask.cluster.pools.mpi_launcher import said_once
from glassdask.cluster.runtime.settings import NO_PAGES, SETTINGS
from glassdask.cluster.runtime.shared_gpus import RUNS_VARIABLE
from glassdask.cluster.schedulers.registry import schedulers
from glassdask.cluster.site.network_interface import interface_problem
from glassdask.cluster.site.site import Site
from glassdask.cluster.site.texts import ARRAY_VARIABLE
from glassdask.cluster.site.walltime import MARGIN_VARIABLE
from glassdask.errors import GlassdaskError, InvalidInput, MissingComponent
from glassdask.interruption import SIGNALS
from glassdask.postponement import postponed

_DRIVER_RANK = 1
#: How long the first worker may take after the scheduler is up. [s]
_WORKER_SECONDS = 120


class WorldFailed(GlassdaskError):
    """The ranks of an MPI world did not come together."""


def enter_world(site: Site, is_secure: bool = True) -> None:
    """Makes this process what its rank says; only rank 1 comes back, the others serve until it ends, however it ends.

    The keys of the run are made by rank 0 and sent by MPI; they are never kept on a disk. There is no dashboard, which
    dask-mpi cannot protect by a token. The driver's connection is Dask's current client from then on.

    Raises InvalidInput with fewer than three ranks, as without ``mpirun`` or with a launcher that does not know this
    MPI, or if a rank's node lacks the interface; WorldFailed if no worker arrives.
    """
    _prepare_environment(site)
    with said_once():
        world = _world()
        _refuse_small_world(world.size)
        _refuse_missing_interface(world, site)
    try:
        is_driver = _become(site, world, is_secure)
    except Exception:
        _release_others(world)
        raise
    if not is_driver:
        sys.exit(0)
    _connect()


def dask_setup(scheduler: Scheduler) -> None:
    """Called by Dask in rank 0, where this module is a preload: the world ends with its driver."""
    scheduler.add_plugin(_EndWithDriver(scheduler), name="end-with-driver")


class _EndWithDriver(SchedulerPlugin):
    """Closes the scheduler, and so the workers, when its only client has gone; SIGKILL of the driver counts, too."""

    def __init__(self, scheduler: Scheduler):
        self._scheduler: Any = scheduler

    def remove_client(self, scheduler: Scheduler, client: str) -> None:  # noqa: ARG002
        self._scheduler.loop.add_callback(self._scheduler.close, reason="the driver has gone")


class _Meeting:
    """What dask-mpi asks of a communicator. After its barrier it needs MPI no more, which ends there."""

    def __init__(self, world: Any):
        self._world = world
        self.Get_size, self.Get_rank, self.bcast = world.Get_size, world.Get_rank, world.bcast

    def Barrier(self) -> None:
        from mpi4py import MPI

        self._world.Barrier()
        MPI.Finalize()


def _prepare_environment(site: Site) -> None:
    """MPI's own ports on the site's interface only; deadline and GPUs of workers as in batch jobs."""
    if interface_problem(site.interface) is None:
        os.environ.setdefault("UCX_NET_DEVICES", str(site.interface))
    os.environ[MARGIN_VARIABLE] = f"{site.deadline_margin:g}"
    os.environ[ARRAY_VARIABLE] = site.array
    os.environ.setdefault(RUNS_VARIABLE, "1")


def _world() -> Any:
    try:
        import dask_mpi  # noqa: F401
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise MissingComponent(f"MPI is not there ({error}); pip install 'glassdask[mpi]'") from None
    return MPI.COMM_WORLD


def _refuse_small_world(size: int) -> None:
    if size < 3:
        launchers = (system.launch_hint for system in schedulers().values() if system.launch_hint)
        start = " or, ".join(["'mpirun -n 4 glassdask run …'", *launchers])
        raise InvalidInput(
            f"the MPI world has {size} rank{'s' * (size > 1)}; allowed: 3 or more (a scheduler, a driver, workers). "
            f"Start with {start}"
        )


def _refuse_missing_interface(world: Any, site: Site) -> None:
    """Asks every rank: one without the interface would keep the others waiting for ever."""
    problems = world.allgather(interface_problem(site.interface))
    for rank, problem in enumerate(problems):
        if problem:
            raise InvalidInput(f"interface = {site.interface!r} in the site file: {problem} (seen by rank {rank})")


def _become(site: Site, world: Any, is_secure: bool) -> bool:
    """Serves as scheduler or worker to the end; or returns True at once in the driver's rank."""
    import dask_mpi

    settings = SETTINGS | NO_PAGES | {"distributed.scheduler.preload": [__name__]}
    if is_secure:
        keys = Security.temporary().get_tls_config_for_role("worker") if world.rank == 0 else None
        settings |= _tls_settings(dict(world.bcast(keys, root=0)))
    dask.config.set(settings)
    for handler in logging.getLogger("distributed").handlers:
        handler.setLevel(logging.CRITICAL)
    if world.rank != _DRIVER_RANK:
        _leave_signals_to_driver()
    is_driver: bool = dask_mpi.initialize(
        interface=site.interface,
        nthreads=1,
        local_directory=site.local_directory,
        memory_limit=0,
        dashboard=False,
        dashboard_address="127.0.0.1:0",
        protocol="tls" if is_secure else "tcp",
        worker_options={"dashboard_address": "127.0.0.1:0", "dashboard": False},
        comm=_Meeting(world),
        exit=False,
    )
    return is_driver


def _release_others(world: Any) -> None:
    """Ends a world that waits for this rank in vain; once MPI is finished, nobody does."""
    from mpi4py import MPI

    if not MPI.Is_finalized():
        traceback.print_exc()
        world.Abort(1)


def _leave_signals_to_driver() -> None:
    """Launchers and batch systems signal every rank; the driver alone acts, and stages then stop in good order."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _connect() -> None:
    """The driver's connection, held to its end: the scheduler takes its loss for the end of the run."""
    with postponed():
        client = Client()
        try:
            client.wait_for_workers(1, timeout=_WORKER_SECONDS)
        except TimeoutError:
            raise WorldFailed(f"no worker has reached the scheduler within {_WORKER_SECONDS} s") from None


def _tls_settings(keys: dict[str, Any]) -> dict[str, Any]:
    """Dask takes PEM texts in place of file names."""
    settings = {"distributed.comm.tls.ca-file": keys["ca_file"], "distributed.comm.require-encryption": True}
    for role in ("client", "scheduler", "worker"):
        settings[f"distributed.comm.tls.{role}.cert"] = keys["cert"]
        settings[f"distributed.comm.tls.{role}.key"] = keys["key"]
    return settings

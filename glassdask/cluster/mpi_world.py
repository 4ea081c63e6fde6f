"""A Dask cluster in an MPI world: rank 0 is the scheduler, rank 1 the driver, the others are workers (dask-mpi)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dask
from distributed import Client
from distributed.security import Security

from glassdask.cluster.dask_settings import NO_PAGES, SETTINGS
from glassdask.cluster.site import Site
from glassdask.errors import InvalidInput, MissingComponent


def enter_world(site: Site, is_secure: bool = True) -> None:
    """Makes this process what its rank says; only rank 1 comes back, the others serve until it ends.

    The keys of the run are made by rank 0 and sent by MPI: they never lie on a disk. There is no dashboard, which
    dask-mpi cannot protect by a token.

    Raises
    ------
    MissingComponent
        If dask-mpi or mpi4py is not installed.
    InvalidInput
        If there are fewer than three ranks, as without ``mpirun``, or with an ``srun`` that does not know this MPI.
    """
    try:
        import dask_mpi
        from mpi4py import MPI
    except ImportError as error:
        raise MissingComponent(f"MPI is not there ({error}); pip install 'glassdask[mpi]'") from None
    world = MPI.COMM_WORLD
    if world.size < 3:
        raise InvalidInput(
            f"the MPI world has {world.size} rank(s); allowed: 3 or more (scheduler, driver, workers). "
            "Start with 'mpirun -n 4 glassdask run …' or, inside a SLURM allocation, 'srun --mpi=pmi2 -n 4 …'"
        )
    settings = SETTINGS | NO_PAGES
    if is_secure:
        settings |= _tls_settings(world.bcast(_new_keys() if world.rank == 0 else None, root=0))
    dask.config.set(settings)
    dask_mpi.initialize(
        interface=site.interface,
        nthreads=1,
        local_directory=site.local_directory,
        memory_limit=0,
        dashboard=False,
        dashboard_address="127.0.0.1:0",
        protocol="tls" if is_secure else "tcp",
        worker_options={"dashboard_address": "127.0.0.1:0", "dashboard": False},
    )


@contextmanager
def mpi_client() -> Iterator[Client]:
    """The driver's connection to the scheduler of its world; `enter_world` comes first."""
    with Client(security=Security()) as client:
        yield client


def _new_keys() -> dict[str, Any]:
    return Security.temporary().get_tls_config_for_role("worker")


def _tls_settings(keys: dict[str, Any]) -> dict[str, Any]:
    """Dask takes PEM texts in place of file names."""
    settings = {"distributed.comm.tls.ca-file": keys["ca_file"], "distributed.comm.require-encryption": True}
    for role in ("client", "scheduler", "worker"):
        settings[f"distributed.comm.tls.{role}.cert"] = keys["cert"]
        settings[f"distributed.comm.tls.{role}.key"] = keys["key"]
    return settings

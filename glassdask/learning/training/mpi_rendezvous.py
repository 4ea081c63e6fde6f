"""Ranks that an MPI launcher has started find each other: what torchrun sets, from MPI."""

from __future__ import annotations

import os
import socket
from contextlib import closing

from glassdask.errors import MissingComponent


def set_rendezvous() -> None:
    """Sets RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR and MASTER_PORT; every rank must call it.

    MPI is needed for this moment only and finished then: training is torch's, and a rank that dies is seen by it.
    """
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise MissingComponent(f"MPI is not there ({error}); pip install 'glassdask[mpi]'") from None
    world = MPI.COMM_WORLD
    local = world.Split_type(MPI.COMM_TYPE_SHARED)
    address = world.bcast(_free_address() if world.rank == 0 else None)
    variables = {
        "RANK": world.rank,
        "WORLD_SIZE": world.size,
        "LOCAL_RANK": local.rank,
        "LOCAL_WORLD_SIZE": local.size,
        "MASTER_ADDR": address[0],
        "MASTER_PORT": address[1],
    }
    os.environ.update({name: str(value) for name, value in variables.items()})
    MPI.Finalize()


def _free_address() -> tuple[str, int]:
    """This host's name as others resolve it, and a port that is free now; loopback where the name does not resolve."""
    host = socket.gethostname()
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        host = "127.0.0.1"
    with closing(socket.socket()) as probe:
        probe.bind(("", 0))
        return host, probe.getsockname()[1]

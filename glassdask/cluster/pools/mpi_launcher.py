"""What an MPI launcher tells a process before MPI is loaded: how many it has started, and which of them this is."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from glassdask.cluster.schedulers.registry import schedulers
from glassdask.errors import GlassdaskError

#: Rank and size as set by MPICH's launchers (PMI), and by Open MPI's; those of batch systems come after them.
_VARIABLES = (("PMI_RANK", "PMI_SIZE"), ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"))


def launched_as() -> tuple[int, int]:
    """Rank and number of processes of this launch; (0, 1) without a launcher."""
    for names in (*_VARIABLES, *(system.rank_variables for system in schedulers().values())):
        rank, size = (os.environ.get(name, "") for name in names)
        if rank.isdigit() and size.isdigit():
            return int(rank), int(size)
    return 0, 1


@contextmanager
def said_once() -> Iterator[None]:
    """For errors that every rank meets alike: the first says it, the others leave quietly with the same exit code."""
    try:
        yield
    except GlassdaskError as error:
        if launched_as()[0] > 0:
            sys.exit(error.exit_code)
        raise

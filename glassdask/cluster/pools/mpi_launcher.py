"""What an MPI launcher tells a process before MPI is loaded: how many it has started, and which of them this is."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from glassdask.errors import GlassdaskError

#: Rank and size as set by MPICH's launchers and srun --mpi=pmi2, by Open MPI's, and by any other srun.
_VARIABLES = (
    ("PMI_RANK", "PMI_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
)


def launched_as() -> tuple[int, int]:
    """Rank and number of processes of this launch; (0, 1) without a launcher."""
    for rank, size in _VARIABLES:
        told = os.environ.get(rank, ""), os.environ.get(size, "")
        if all(text.isdigit() for text in told):
            return int(told[0]), int(told[1])
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

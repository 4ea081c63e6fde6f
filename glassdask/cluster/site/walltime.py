"""When the batch job that this process runs in will be ended, and how long before that a simulation stops."""

from __future__ import annotations

import os
from functools import lru_cache

from glassdask.cluster.schedulers import jobs
from glassdask.cluster.schedulers.registry import current_job

#: Set in each batch job by its script: hundreds of workers that ask the batch system at once are no help to it.
MARGIN_VARIABLE, END_VARIABLE = "GLASSDASK_DEADLINE_MARGIN", "GLASSDASK_JOB_END"


def deadline_margin() -> float:
    """Seconds before the end of the batch job at which a simulation stops to write its last checkpoint."""
    return float(os.environ.get(MARGIN_VARIABLE, "30"))


@lru_cache(maxsize=1)
def job_end() -> float | None:
    """Unix time at which this batch job reaches its walltime; None outside of a job or where it has no limit.

    The script of a worker's job says it; in other jobs, as that of an MPI world, the batch system is asked.
    """
    end = os.environ.get(END_VARIABLE, "")
    if end.isdigit():
        return float(end)
    job = current_job()
    return jobs.job_end(*job) if job else None

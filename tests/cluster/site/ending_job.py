"""Makes a worker of this machine believe that it is in a batch job; light to import, as workers do."""

from __future__ import annotations

import os
import time

from glassdask.cluster.site.walltime import END_VARIABLE, deadline_margin, job_end


def end_job_in(seconds: float | None) -> None:
    """The worker's job has so many seconds left before stages must checkpoint; None for no job."""
    os.environ.pop(END_VARIABLE, None)
    if seconds is not None:
        os.environ[END_VARIABLE] = f"{time.time() + deadline_margin() + seconds:.0f}"
    job_end.cache_clear()

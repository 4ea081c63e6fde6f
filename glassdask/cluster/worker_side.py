"""What runs on a worker: a stage, with the end of the worker's own batch job as its deadline."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from distributed import get_worker

from glassdask.campaign.execution import execute
from glassdask.campaign.stages import StageJob
from glassdask.cluster.time_limit import job_end

#: A stage is not begun with less time than this left, beyond the margin for its last checkpoint. [s]
_LEAST_SECONDS = 5.0


def execute_here(job: StageJob) -> dict[str, Any]:
    """Runs a stage (`glassdask.campaign.execution.execute`) inside this worker's batch job.

    Returns
    -------
    dict
        The answer, with ``worker`` (this worker's address) and ``out_of_time``: whether the worker should be retired
        because its job ends soon.
    """
    end, margin = job_end(), job.execution["deadline_margin_seconds"]
    address = get_worker().address
    if end is not None and time.time() > end - margin - _LEAST_SECONDS:
        answer = {"state": job.state.identifier, "stage": job.stage, "outcome": "partial", "reason": "deadline"}
        return {**answer, "message": "no time left in this job", "worker": address, "out_of_time": True}
    answer = execute(replace(job, deadline=end))
    is_late = end is not None and time.time() > end - margin - _LEAST_SECONDS
    return {**answer, "worker": address, "out_of_time": is_late or answer.get("reason") == "deadline"}

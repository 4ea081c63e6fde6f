"""What runs on a worker: stages of a state, with the end of the worker's own batch job as their deadline."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace

import dask
from distributed import get_worker

from glassdask.campaign.work.execution import StageAnswer, execute, is_stopped, stop_stages
from glassdask.campaign.work.state_stages import StageJob
from glassdask.cluster.monitor.worker_reports import stage_reports
from glassdask.cluster.runtime.shared_gpus import choose_gpu
from glassdask.cluster.site.texts import ARRAY_VARIABLE
from glassdask.cluster.site.walltime import deadline_margin, job_end
from glassdask.outcome import Outcome, StopReason

#: A stage is not begun with less time than this left, beyond the margin for its last checkpoint. [s]
_LEAST_SECONDS = 5.0


def execute_on_worker(jobs: Sequence[StageJob]) -> list[StageAnswer]:
    """Runs stages of a state, one after the other, as long as each is done and neither the batch job nor the driver's run ends;
    returns what became of those that were begun.

    The driver would send the next stage to the worker that has become free: to do without its answer saves both of them
    most of what a short stage costs.
    """
    answers: list[StageAnswer] = []
    for job in jobs:
        if answers and is_stopped(job.run):
            break
        answers.append(_execute(job))
        if answers[-1].outcome is not Outcome.DONE or answers[-1].is_out_of_time:
            break
    return answers


def _execute(job: StageJob) -> StageAnswer:
    """Runs a stage (`glassdask.campaign.work.execution.execute`) inside this worker's batch job."""
    end = job_end()
    address = get_worker().address
    if is_late(end):
        late = StageAnswer(job.state.identifier, job.stage, Outcome.PARTIAL, reason=StopReason.DEADLINE)
        return replace(late, message="no time left in this batch job", worker=address, is_out_of_time=True)
    choose_gpu()
    # without this setting xarray asks the scheduler for a lock on every file that it writes, and a finished stage
    # fails where the scheduler has gone
    with dask.config.set(scheduler="threads"), stage_reports(get_worker(), job) as report_outcome:
        array = os.environ.get(ARRAY_VARIABLE, "auto")
        execution = replace(job.execution, array=array, deadline=end, deadline_margin=deadline_margin())
        answer = execute(replace(job, execution=execution))
        report_outcome(answer.outcome)
    return replace(answer, worker=address, is_out_of_time=is_late(end) or answer.reason == StopReason.DEADLINE)


async def stop_on_worker(runs: list[str]) -> None:
    """Stops this worker's stages of these runs; a coroutine, as Dask waits for the end of anything else."""
    for run in runs:
        stop_stages(run)


def is_late(end: float | None) -> bool:
    return end is not None and time.time() > end - deadline_margin() - _LEAST_SECONDS

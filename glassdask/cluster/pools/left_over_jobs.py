"""Batch jobs of a driver that was killed, which could only wait for it."""

from __future__ import annotations

from pathlib import Path

from glassdask.campaign.observe.job_history import JOBS, named_jobs, record_job
from glassdask.cluster.schedulers.jobs import BatchSystemError, cancel, queued_jobs
from glassdask.cluster.site.site import Site
from glassdask.files.atomic_write import write_json


def cancel_left_over(site: Site, folder: Path) -> list[str]:
    """Cancels those that still wait or run, as that driver has named them; for the holder of the campaign's driver
    lock.

    Returns identifiers of the jobs that were cancelled. Those of which it is not known, or all where the batch system
    does not answer, stay named.
    """
    named = named_jobs(folder)
    try:
        alive = list(queued_jobs(site.batch_system, named, site.command_timeout))
    except BatchSystemError as error:
        raise BatchSystemError(
            f"{error}. Jobs of a driver that has gone may still be there ({', '.join(named)}): run again when it answers"
        ) from None
    left = cancel(site.batch_system, alive, site.command_timeout)
    for identifier in named:
        if identifier not in left:
            record_job(folder, "ended", identifier, why="its driver had gone")
    write_json(folder / JOBS, {"jobs": left}, indent=None)
    return [identifier for identifier in alive if identifier not in left]

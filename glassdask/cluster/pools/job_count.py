"""How many batch jobs the simulations of a campaign take, and for how long: what a proposal for computing time asks for."""

from __future__ import annotations

import math
from collections.abc import Sequence

from glassdask.cluster.site.site import Pool, Site
from glassdask.counted import counted
from glassdask.stages.simulate import STAGE as SIMULATE


def job_lines(site: Site, hours: Sequence[float]) -> list[str]:
    """A line for each pool that simulates: jobs, and how long they take together if none waits in the queue.

    Parameters
    ----------
    site
        With pools.
    hours
        Of each state's simulation.
    """
    pools = {name: pool for name, pool in site.pool.items() if SIMULATE.name in site.stages_of(name)}
    workers = sum(pool.count * pool.workers_per_job for pool in pools.values())
    return [_line(name, pool, hours, workers) for name, pool in pools.items()]


def _line(name: str, pool: Pool, hours: Sequence[float], workers: int) -> str:
    """Each pool takes its share of the work; the longest state cannot be shared."""
    walltime = pool.walltime_seconds / 3600
    share = sum(hours) * pool.count * pool.workers_per_job / workers
    per_job = walltime * pool.workers_per_job
    job_hours = share / pool.workers_per_job
    device = f"{job_hours * pool.gpus:,.3g} GPU-hours" if pool.gpus else f"{job_hours * pool.cores:,.3g} core-hours"
    days = max(sum(hours) / workers, max(hours)) / 24
    return (
        f"pool {name}: {counted(math.ceil(share / per_job), 'job')} of {pool.walltime} with {counted(pool.workers_per_job, 'simulation')} each, "
        f"{device}; {days:,.3g} days if {pool.count} run at once and none waits"
    )

"""What a campaign will cost and what it would submit, before it runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.work.plan import CampaignPlan, plan_campaign
from glassdask.counted import counted, did_you_mean
from glassdask.errors import InvalidInput
from glassdask.operations.progress import tell_nothing
from glassdask.stages.simulate import STAGE as SIMULATE

if TYPE_CHECKING:
    import pandas as pd

    from glassdask.cluster.site.site import Pool


@dataclass(frozen=True)
class Plan:
    """Sizes and cost of a campaign.

    Parameters
    ----------
    sizes
        Of every state and of all: particles, steps, frames, bytes, core-hours of every stage; what the pilots measured.
    jobs
        Lines on the batch jobs of each pool of the site, where one was named.
    """

    sizes: CampaignPlan
    jobs: tuple[str, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """One row a state: ``n_particles``, ``time_step`` [tau_MD], ``n_steps``, ``n_frames``, ``disk_bytes``, ``core_hours``, and
        those of each stage, where a rate is known: ``simulate_core_hours``, ``reduce_core_hours``, …"""
        import pandas as pd

        rows = []
        for item in self.sizes.states:
            hours = {f"{stage}_core_hours": hours for stage, hours in item.stages.items()}
            rows.append({name: value for name, value in asdict(item).items() if name != "stages"} | hours)
        return pd.DataFrame(rows).set_index("state")


def plan(
    path: str | Path,
    site: str | Path | None = None,
    *,
    pilot: bool = True,
    steps_per_second: float | None = None,
    say: Callable[[str], None] = tell_nothing,
) -> Plan:
    """States, particles, steps, frames, disk and core-hours of a campaign, without running it.

    Parameters
    ----------
    path
        The campaign's TOML file or its folder.
    site
        A site file whose batch jobs are counted, too.
    pilot
        Measure the steps per second of one core of this machine: some seconds for each potential.
    steps_per_second
        Of each simulation, in place of a pilot.
    say
        Called with a line before each pilot.

    Returns
    -------
    Plan
        The sum, each state, the jobs.

    Raises
    ------
    InvalidInput
        If a file is wrong, or the jobs of a site can't be counted.

    Examples
    --------
    >>> glassdask.plan("campaign.toml", pilot=False).sizes.total.particles  # doctest: +SKIP
    3600
    """
    sizes = plan_campaign(load_campaign(path), pilot, say, steps_per_second)
    return Plan(sizes, () if site is None else tuple(_jobs(site, sizes)))


def _jobs(path: str | Path, sizes: CampaignPlan) -> list[str]:
    from glassdask.cluster.schedulers.registry import schedulers
    from glassdask.cluster.site.site import load_site

    site = load_site(path)
    hours = [state.stages[SIMULATE.name] for state in sizes.states if state.stages]
    if not site.is_batch or len(hours) < len(sizes.states):
        missing = "it has no pools of batch jobs" if not site.is_batch else "--no-pilot says no rate"
        raise InvalidInput(
            f"--on {path}: {missing}; give a site file for {' or '.join(schedulers())}, and a pilot or --steps-per-second"
        )
    pools = {name: pool for name, pool in site.pool.items() if SIMULATE.name in site.stages_of(name)}
    workers = sum(pool.count * pool.workers_per_job for pool in pools.values())
    return [_job_line(name, pool, hours, workers) for name, pool in pools.items()]


def _job_line(name: str, pool: Pool, hours: Sequence[float], workers: int) -> str:
    """Jobs of a pool, and how long they take together: it takes its share of the work, the longest state is not shared."""
    per_job = pool.walltime_seconds / 3600 * pool.workers_per_job
    share = sum(hours) * pool.count * pool.workers_per_job / workers
    job_hours = share / pool.workers_per_job
    device = f"{job_hours * pool.gpus:,.3g} GPU-hours" if pool.gpus else f"{job_hours * pool.cores:,.3g} core-hours"
    days = max(sum(hours) / workers, max(hours)) / 24
    return (
        f"pool {name}: {counted(math.ceil(share / per_job), 'job')} of {pool.walltime} with "
        f"{counted(pool.workers_per_job, 'simulation')} each, {device}; {days:,.3g} days if {pool.count} run at once and "
        "none waits"
    )


def job_scripts(path: str | Path, site: str | Path, *, pool: str | None = None) -> dict[str, str]:
    """The job script of every pool that a run on the site would submit; nothing is submitted or written.

    Parameters
    ----------
    path
        The campaign's TOML file or its folder.
    site
        A site file with a batch system.
    pool
        Only of this pool.

    Returns
    -------
    dict
        Text by the pool's name; placeholders stand for the driver's address and keys.

    Raises
    ------
    InvalidInput
        If the site has no job scripts, or no such pool.
    """
    from glassdask.cluster.schedulers.registry import schedulers
    from glassdask.cluster.site.site import load_site

    campaign, where = load_campaign(path), load_site(site)
    if not where.is_batch:
        raise InvalidInput(
            f"{site}: scheduler = {where.scheduler!r} has no job scripts; allowed: {', '.join(map(repr, schedulers()))}. "
            f"Such a campaign needs none: 'glassdask run {path} --on {site}' starts it"
        )
    if pool is not None and pool not in where.pool:
        hint = did_you_mean(pool, where.pool)
        raise InvalidInput(f"--pool {pool!r} is not in {site}: {hint}allowed: {', '.join(map(repr, where.pool))}")
    from glassdask.cluster.pools.job_scripts import job_scripts as scripts_of

    scripts = scripts_of(where, campaign.folder.resolve())
    return scripts if pool is None else {pool: scripts[pool]}

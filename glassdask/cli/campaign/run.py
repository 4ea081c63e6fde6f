"""``glassdask run``: runs a campaign or goes on with one, then builds the cube and the figures."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files.driver_lock import driver_lock
from glassdask.campaign.files.failed_states import forget_failures
from glassdask.campaign.files.folder import STATIC_PAGE
from glassdask.campaign.files.journal import record_event
from glassdask.campaign.files.status import campaign_status
from glassdask.campaign.work.changes import describe_changes, redo_changed
from glassdask.campaign.work.collection import collected_files, is_collected
from glassdask.campaign.work.requests import apply_pending_requests
from glassdask.campaign.work.versions import describe_versions
from glassdask.campaign.work.work_left import has_work
from glassdask.cluster.runtime.interruption import CHECKPOINTS, interruptible
from glassdask.counted import counted
from glassdask.errors import InvalidInput
from glassdask.files.atomic_write import remove_partial_files, require_room

if TYPE_CHECKING:
    from glassdask.cluster.driver.progress import Progress
    from glassdask.cluster.site.site import Site

#: Enough for the first records of a run. [bytes]
_LEAST_ROOM = 2**16


@click.command("run", short_help="Run a campaign, or go on with one.")
@click.argument("campaign", type=click.Path(exists=True))
@click.option("--on", "site", type=click.Path(exists=True, dir_okay=False), help="Site file: SLURM, PBS, MPI, …")
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes on this machine; by default one a core.")
@click.option("--retry-failed", is_flag=True, help="Try again the states that failed.")
@click.option("--redo-changed", is_flag=True, help="Make again what was made from other inputs than the file now asks.")
@click.option("--no-dashboard", is_flag=True, help="Do not serve Dask's dashboard on the loopback interface.")
@click.option("--insecure", is_flag=True, help="No encryption: whoever reaches the ports can run code as you.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@click.option("--json", "as_json", is_flag=True, help="The table at the end machine-readable, on standard output.")
def command(
    campaign: str,
    site: str | None,
    workers: int | None,
    retry_failed: bool,
    redo_changed: bool,
    no_dashboard: bool,
    insecure: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run what is missing of a campaign. CAMPAIGN is the campaign's TOML file or its folder.

    The process may be killed at any time: the same command goes on where it was, and nothing that is finished is done
    again. At the end observables.nc and figures/ lie in the campaign's folder.

    \b
    Example:
      glassdask run campaign.toml
      glassdask run campaign.toml --workers 8 --retry-failed
      glassdask run campaign.toml --on deploy/slurm.toml
      mpirun -n 4 glassdask run campaign.toml --on deploy/mpi.toml
    """
    where = _enter(site, workers, insecure)
    loaded = load_campaign(campaign)
    _refuse_unwritable(loaded.folder)
    again = f"glassdask run {campaign}" + f" --on {site}" * (site is not None)
    advice = f"Simulations keep a checkpoint: '{again}' goes on."
    lease_seconds = loaded.specification.execution.lease_seconds
    with interruptible(advice, CHECKPOINTS), driver_lock(loaded.folder, lease_seconds) as lock:
        for line in apply_pending_requests(loaded.folder, loaded.states):
            click.echo(line, err=True)
        _start(loaded, retry_failed, redo_changed)
        _run_states(loaded, where, quiet, lock.renew, n_workers=workers, dashboard=not no_dashboard)
        n_failed = _finish(loaded, as_json)
    sys.exit(1 if n_failed else 0)


@dataclass(frozen=True)
class _Where:
    """The site that a run was asked for, None for this machine, and whether its connections are encrypted."""

    path: str | None
    site: Site | None
    is_secure: bool


def _enter(path: str | None, workers: int | None, insecure: bool) -> _Where:
    """Reads the site file; in an MPI world, only the driver comes back from here."""
    from glassdask.cluster.pools.mpi_launcher import said_once

    with said_once():
        where = _where(path, workers, insecure)
    if where.site is not None and where.site.scheduler == "mpi":
        from glassdask.cluster.pools.mpi_world import enter_world

        enter_world(where.site, where.is_secure)
    return where


def _where(path: str | None, workers: int | None, insecure: bool) -> _Where:
    from glassdask.cluster.pools.mpi_launcher import launched_as
    from glassdask.cluster.site.network_interface import refuse_missing_interface
    from glassdask.cluster.site.site import load_site

    site = None if path is None else load_site(path)
    if path is not None and site is not None:
        refuse_missing_interface(site, path)
    if site is not None and workers is not None:
        raise InvalidInput(f"--workers {workers} is for this machine; with --on, the site file says how many")
    n_ranks = launched_as()[1]
    if n_ranks > 1 and (site is None or site.scheduler != "mpi"):
        raise InvalidInput(
            f"{n_ranks} copies of this command were started by an MPI launcher; allowed: one, or --on a site file with "
            "scheduler = 'mpi', such as deploy/mpi.toml"
        )
    return _Where(path, site, not insecure)


def _refuse_unwritable(folder: Path) -> None:
    """A folder that cannot be written, or has no room, is found now, not after hours."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        require_room(folder, _LEAST_ROOM)
    except OSError as error:
        raise InvalidInput(
            f"the campaign's folder {folder} cannot be written ({error.strerror}); "
            "set campaign.folder to another place, mend its permissions, or free some space"
        ) from error


def _start(campaign: Campaign, retry_failed: bool, redo: bool) -> None:
    remove_partial_files(campaign.folder)
    for told in (describe_changes(campaign), describe_versions(campaign)):
        if told:
            click.echo(told, err=True)
    campaign.write_record()
    if redo:
        click.echo(f"changed products of {counted(redo_changed(campaign), 'state')} are made again", err=True)
    if retry_failed:
        n_failed = sum(forget_failures(campaign.folder, campaign.states).values())
        click.echo(f"{counted(n_failed, 'failed stage')} tried again", err=True)


def _run_states(campaign: Campaign, where: _Where, quiet: bool, renew: Callable[[], None], **options: Any) -> None:
    from glassdask.cli.terminal.progress import progress_display
    from glassdask.cluster.driver.driver import Driver
    from glassdask.cluster.monitor.monitoring import start_monitoring
    from glassdask.cluster.pools.launch import start_workers
    from glassdask.cluster.site.site import Site
    from glassdask.simulation.run.engine_check import engine_here

    if not has_work(campaign):
        return
    site = where.site or Site(scheduler="local")
    if not site.is_batch:  # a missing one is found now, not state by state
        options["engine"] = engine_here(campaign.specification.execution.engine)
    record_event(campaign.folder, "driver", "started", site=where.path, is_secure=where.is_secure)
    if not where.is_secure:
        click.echo("--insecure: connections are not encrypted; whoever reaches the ports can run code as you", err=True)
    with start_workers(site, campaign.folder, is_secure=where.is_secure, **options) as (workers, lines):
        page = f"the campaign's page without a server, written every minute: {campaign.folder / STATIC_PAGE}"
        for line in [*lines, *[page] * (not quiet)]:
            click.echo(line, err=True)
        with start_monitoring(campaign, workers.scheduler), progress_display(campaign.folder, quiet) as show:

            def watch(progress: Progress) -> None:
                renew()
                show(progress)

            Driver(campaign, workers, watch).run()


def _finish(campaign: Campaign, as_json: bool) -> int:
    """Cube, figures and table of what there is; returns the number of failed states."""
    from glassdask.cli.states.status import status_json, status_text

    statuses = list(campaign_status(campaign.folder))
    if not is_collected(campaign, statuses):
        click.echo("collecting: the cube, critical temperatures (seconds for each run near one), figures", err=True)
    files = [str(path) for path in collected_files(campaign, statuses)]
    if as_json:
        click.echo(json.dumps({**status_json(statuses), "files": files}, indent=1))
    else:
        click.echo("\n".join([status_text(statuses), "", *files]))
        click.echo(f"'glassdask report {campaign.folder}' puts all of it on one page, with the data of every figure.")
    return sum(item.status == "failed" for item in statuses)

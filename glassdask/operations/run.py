"""Runs a campaign, or goes on with one, then builds the cube and the figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.definition.selection import selected_states
from glassdask.campaign.files.driver_lock import driver_lock, is_collecting
from glassdask.campaign.files.failed_states import forget_failures
from glassdask.campaign.files.folder import STATIC_PAGE
from glassdask.campaign.files.journal import record_event
from glassdask.campaign.files.status import StateStatus, campaign_status
from glassdask.campaign.work.changes import describe_changes, describe_versions, versions_used
from glassdask.campaign.work.changes import redo_changed as take_back_changed
from glassdask.campaign.work.preview import LEFT, StateWork, Work, check_starts, counts_of_work, work_of_states
from glassdask.campaign.work.requests import apply_pending_requests
from glassdask.campaign.work.state_stages import has_work
from glassdask.campaign.work.stock import Stock
from glassdask.counted import counted
from glassdask.errors import InvalidInput
from glassdask.files.atomic_write import remove_partial_files, require_room
from glassdask.interruption import CHECKPOINTS, interruptible
from glassdask.operations.collector import Collector
from glassdask.operations.notification.notifier import Notifier
from glassdask.operations.products import collected
from glassdask.operations.progress import progress_display, tell
from glassdask.operations.site import Where, checked_site, enter_world, refuse_launcher
from glassdask.operations.status import status_table
from glassdask.outcome import Status

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from glassdask.cluster.driver.progress import Progress
    from glassdask.state_point import StatePoint

#: Enough for the first records of a run. [bytes]
_LEAST_ROOM = 2**16


@dataclass(frozen=True)
class CampaignRun:
    """What a run leaves.

    Parameters
    ----------
    folder
        The campaign's.
    statuses
        Every state of the campaign with its status, in the order of the file.
    files
        The cube, critical temperatures and figures.
    """

    folder: Path
    statuses: tuple[StateStatus, ...]
    files: tuple[Path, ...]

    @property
    def failed(self) -> dict[str, str]:
        """States that have failed, with the reason."""
        return {item.state.identifier: item.message for item in self.statuses if item.status is Status.FAILED}

    @property
    def table(self) -> pd.DataFrame:
        """One row a state, as of `glassdask.status`."""
        return status_table(self.statuses)

    def cube(self) -> xr.Dataset:
        """The campaign's data, opened lazily, as of `glassdask.open_campaign`."""
        from glassdask.datasets.store import open_campaign

        return open_campaign(self.folder)


def run_campaign(
    path: str | Path,
    site: str | Path | None = None,
    *,
    states: Sequence[str] | None = None,
    workers: int | None = None,
    retry_failed: bool = False,
    redo_changed: bool = False,
    dashboard: bool = True,
    secure: bool = True,
    quiet: bool = False,
) -> CampaignRun:
    """Runs what is missing of a campaign, then builds its cube and figures; as ``glassdask run``.

    Nothing that is finished is done again, and the process may be killed at any time: the same call goes on. On Ctrl-C
    (in a notebook: the kernel's "interrupt") simulations write a checkpoint, workers and batch jobs are ended. It may be
    called from a thread, where 'glassdask cancel' or `glassdask.cancel` stops it.

    Parameters
    ----------
    path
        The campaign's TOML file, or the folder that a run has made from it.
    site
        A site file (SLURM, PBS, MPI, a running scheduler); None for this machine.
    states
        Names or words, as of ``glassdask ls``: only these are run. The cube is of all that there is.
    workers
        Worker processes on this machine; by default one a core.
    retry_failed
        Try again the states that failed.
    redo_changed
        Make again what was made from other inputs than the file now asks for.
    dashboard
        Serve Dask's dashboard on the loopback interface.
    secure
        Encrypt connections; without, whoever reaches the ports can run code as you.
    quiet
        No progress bar: messages only.

    Returns
    -------
    CampaignRun
        States with their status, files, the cube.

    Raises
    ------
    InvalidInput
        If a file, a value or a word is wrong; the message says what is allowed.
    CampaignLocked
        If another process drives the campaign.
    Interrupted
        After Ctrl-C or ``cancel``, a KeyboardInterrupt whose message says how to go on.

    Examples
    --------
    >>> done = glassdask.run_campaign("campaign.toml", workers=4)  # doctest: +SKIP
    >>> done.table["relaxation_time_A"], done.failed  # doctest: +SKIP
    >>> glassdask.run_campaign("campaign.toml", "deploy/slurm.toml", states=["lj", "T0.8"])  # doctest: +SKIP
    """
    where = _entered(site, workers, secure)
    campaign = load_campaign(path)
    chosen = selected_states(campaign.states, states or ())
    check_starts(campaign, chosen)
    _refuse_unwritable(campaign.folder)
    advice = f"Simulations keep a checkpoint: 'glassdask run {path}{where.option}' goes on."
    lease_seconds = campaign.specification.execution.lease_seconds
    with (
        interruptible(advice, CHECKPOINTS),
        driver_lock(campaign.folder, lease_seconds) as lock,
        _notifier(campaign, where) as notifier,
    ):
        for line in apply_pending_requests(campaign.folder, campaign.states):
            tell(line)
        stock = _start(campaign, chosen, retry_failed, redo_changed)
        _run_states(campaign, chosen, stock, where, quiet, lock.renew, notifier, n_workers=workers, dashboard=dashboard)
        statuses = list(campaign_status(campaign.folder))
        return CampaignRun(campaign.folder, tuple(statuses), collected(campaign, tell).files)


@dataclass(frozen=True)
class RunPreview:
    """What a run would do; nothing of it is done.

    Parameters
    ----------
    folder
        The campaign's.
    changes
        What is new in the file, and what becomes of finished states; empty where nothing has changed.
    states
        What would be done with each.
    """

    folder: Path
    changes: str
    states: tuple[StateWork, ...]

    @property
    def counts(self) -> dict[Work, int]:
        """States by what would become of them, those that there are."""
        return counts_of_work(self.states)


def preview_run(
    path: str | Path,
    *,
    states: Sequence[str] | None = None,
    redo_changed: bool = False,
    retry_failed: bool = False,
) -> RunPreview:
    """What `run_campaign` would do with each state: new, unfinished, longer, redone, kept, failed, done; as ``glassdask run
    --dry-run``. Nothing is run or written.

    Parameters
    ----------
    path, states, redo_changed, retry_failed
        As of `run_campaign`.

    Returns
    -------
    RunPreview
        ``states`` holds one entry a state, ``counts`` their number.

    Raises
    ------
    InvalidInput
        If the file, a value or a word is wrong.

    Examples
    --------
    >>> glassdask.preview_run("campaign.toml").counts  # doctest: +SKIP
    {'new': 4, 'longer': 8}
    """
    campaign = load_campaign(path)
    chosen = selected_states(campaign.states, states or ())
    check_starts(campaign, chosen)
    stock = Stock(campaign, is_reader=True)
    found = tuple(work_of_states(campaign, chosen, redo_changed, retry_failed, stock))
    return RunPreview(campaign.folder, describe_changes(campaign, stock.open), found)


def _entered(path: str | Path | None, workers: int | None, is_secure: bool) -> Where:
    """Reads the site file; in an MPI world, only the driver comes back from here."""
    from glassdask.cluster.pools.mpi_launcher import said_once

    with said_once():
        where = checked_site(path, is_secure)
        if path is not None and workers is not None:
            raise InvalidInput(f"--workers {workers} is for this machine; with --on, the site file says how many")
        if workers is not None and workers < 1:
            raise InvalidInput(f"workers = {workers}; allowed: 1 or more")
        refuse_launcher(where)
    enter_world(where)
    return where


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


def _start(campaign: Campaign, states: Sequence[StatePoint], retry_failed: bool, redo: bool) -> Stock:
    """Says what the run will do, and does what comes before it; returns what there was."""
    if not is_collecting(campaign.folder):  # another process, whose files these may be
        remove_partial_files(campaign.folder)
    stock = Stock(campaign)
    versions = stock.versions() + versions_used(campaign, stock.open)
    for text in (describe_changes(campaign, stock.open), describe_versions(versions)):
        if text:
            tell(text)
    found = counts_of_work(work_of_states(campaign, states, redo, retry_failed, stock))
    if not LEFT.issuperset(found) and set(found) != {Work.NEW}:
        tell(f"of {counted(len(states), 'state')}: " + ", ".join(f"{count} {work}" for work, count in found.items()))
    campaign.write_record()
    if redo:
        n_changed = take_back_changed(campaign, set(states).intersection(stock.open))
        tell(f"changed products of {counted(n_changed, 'state')} are made again")
    if retry_failed:
        n_failed = sum(forget_failures(campaign.folder, set(states).intersection(stock.open)).values())
        tell(f"{counted(n_failed, 'failed stage')} tried again")
    return stock


def _notifier(campaign: Campaign, where: Where) -> Notifier:
    """Who is told of the run: the campaign file says it, or else the site's."""
    of_file = campaign.specification.notify
    section = of_file if of_file.is_on else where.or_this_machine().notify
    return Notifier(section, campaign.folder, campaign.specification.campaign.name, tell)


def _run_states(
    campaign: Campaign,
    states: Sequence[StatePoint],
    stock: Stock,
    where: Where,
    quiet: bool,
    renew: Callable[[], None],
    notifier: Notifier,
    **options: Any,
) -> None:
    from glassdask.cluster.driver.driver import Driver
    from glassdask.cluster.monitor.monitoring import start_monitoring
    from glassdask.cluster.pools.launch import start_workers
    from glassdask.simulation.run.engine_check import engine_here

    states_left = [state for state in states if state not in stock.finished]
    if not any(map(stock.is_new, states_left)) and not has_work(campaign, states_left):
        return
    notifier.begin()
    site = where.or_this_machine()
    if not site.is_batch:  # a missing one is found now, not state by state
        options["engine"] = engine_here(campaign.specification.execution.engine, campaign.liquids.values())
    record_event(campaign.folder, "driver", "started", site=where.path, is_secure=where.is_secure)
    if not where.is_secure:
        tell("--insecure: connections are not encrypted; whoever reaches the ports can run code as you")
    with start_workers(site, campaign.folder, is_secure=where.is_secure, **options) as (workers, lines):
        page = f"the campaign's page without a server, written every minute: {campaign.folder / STATIC_PAGE}"
        for line in [*lines, *[page] * (not quiet)]:
            tell(line)
        with (
            start_monitoring(campaign, workers.scheduler, states) as monitor,
            progress_display(monitor.clock, quiet) as show,
            Collector(campaign.folder) as collector,
        ):

            def watch(progress: Progress) -> None:
                renew()
                monitor.hear(progress.facts)
                notifier.watch(progress)
                progress.messages += collector.look(sum(progress.counts.values()))
                show(progress)

            Driver(campaign, workers, watch, states_left, stock.is_new).run()

"""``glassdask cancel``: stops a campaign's driver, or single states, in good order and from any machine."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from glassdask.campaign.files.failed_states import CANCELLED
from glassdask.campaign.files.failure import read_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.lease import suspended
from glassdask.campaign.files.status import recorded_states, state_status
from glassdask.campaign.observe.job_history import named_jobs
from glassdask.campaign.work.requests import (
    CANCEL,
    STOP,
    Request,
    apply_to_files,
    chosen_states,
    driver_lock_or_none,
    live_driver,
    make_request,
    was_answered,
)
from glassdask.counted import counted
from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import campaign_folder
from glassdask.state_point import StatePoint

#: How long to wait for a running driver; simulations checkpoint meanwhile. [s]
_WAIT_SECONDS = 30.0


@click.command("cancel", short_help="Stop a campaign, or some of its states, in good order.")
@click.argument("campaign", type=click.Path(exists=True))
@click.argument("states", nargs=-1, metavar="[STATE]...")
@click.option("--on", "site", type=click.Path(exists=True, dir_okay=False), help="Site of a driver that has died.")
@click.option("--no-wait", is_flag=True, help="Ask, and do not wait until it has happened.")
def command(campaign: str, states: tuple[str, ...], site: str | None, no_wait: bool) -> None:
    """Stop the running driver, or the named states only. CAMPAIGN is the campaign's TOML file or its folder.

    Without states the driver ends as on Ctrl-C: simulations checkpoint, batch jobs are cancelled; 'glassdask run' goes
    on. A state that is named is stopped or never begun and counts as failed, with the reason "cancelled", until
    'glassdask retry' brings it back. STATE is a name, or a word such as lj, T0.8 (T = 0.8), rho1.2, r0; see 'glassdask ls
    --help'. What is finished stays. Any machine that sees the folder will do.

    Batch jobs that a dead driver has left are cancelled where --on names the site.

    \b
    Example:
      glassdask cancel campaign.toml
      glassdask cancel campaign.toml lj_rho1.2_T0.45_r0 lj_rho1.2_T0.45_r1
      glassdask cancel campaign.toml --on deploy/slurm.toml      # of a driver that was killed
    """
    folder = campaign_folder(campaign)
    if states:
        is_done = _cancel_states(folder, chosen_states(folder, states), no_wait)
    else:
        is_done = _stop_driver(folder, site, no_wait)
    sys.exit(0 if is_done else 1)


# --- states ---------------------------------------------------------------------------------------------------------


def _cancel_states(folder: Path, states: Sequence[StatePoint], no_wait: bool) -> bool:
    request = Request(CANCEL, tuple(state.identifier for state in states))
    left = [state for state in states if _is_open(folder, state)]
    if left:
        with driver_lock_or_none(folder) as lock:
            if lock:
                apply_to_files(folder, request, {state.identifier: state for state in states})
        if not lock:
            path = make_request(folder, request)
            if no_wait:
                click.echo(f"asked {_driver(folder)} to cancel {counted(len(left), 'state')}")
                return True
            was_answered(folder, path, lambda: not any(_is_open(folder, state) for state in left), _WAIT_SECONDS)
    for state in states:
        click.echo(f"{state.identifier}: {_fate(folder, state)}")
    return not any(_is_open(folder, state) for state in states)


def _is_open(folder: Path, state: StatePoint) -> bool:
    return state_status(folder, state).status in ("running", "waiting")


def _fate(folder: Path, state: StatePoint) -> str:
    """What has become of a state, in words."""
    status = state_status(folder, state)
    if status.status == "failed":
        failure = read_failure(state_folder(folder, state.identifier), status.stage) or {}
        if failure.get("reason") == CANCELLED:
            return f"cancelled before the end of {status.stage}"
        return f"has failed before ({status.message})"
    if status.stage:
        return f"{status.stage} still {status.status} after {_WAIT_SECONDS:g} s; the request stays"
    return f"nothing to cancel, {status.status}"


# --- the driver -----------------------------------------------------------------------------------------------------


def _stop_driver(folder: Path, site: str | None, no_wait: bool) -> bool:
    recorded_states(folder)
    driver = live_driver(folder)
    if driver is None:
        click.echo("no driver runs")
        return _cancel_left_over_jobs(folder, site)
    name = _driver(folder)
    path = make_request(folder, Request(STOP))
    click.echo(f"asked {name} to stop", err=True)
    if no_wait:
        return True

    def has_gone() -> bool:
        now = live_driver(folder)
        return now is None or now.token != driver.token

    if was_answered(folder, path, has_gone, _WAIT_SECONDS):
        click.echo(f"{name} has stopped; simulations keep a checkpoint, 'glassdask run' goes on")
        return True
    click.echo(f"{name} is still at work after {_WAIT_SECONDS:g} s; the request stays")
    return False


def _driver(folder: Path) -> str:
    lease = live_driver(folder)
    return f"the driver (process {lease.pid} on {lease.host}{suspended(lease)})" if lease else "the driver"


def _cancel_left_over_jobs(folder: Path, site: str | None) -> bool:
    """Batch jobs of a driver that was killed, which could only wait for it."""
    named = named_jobs(folder)
    if not named:
        return True
    if site is None:
        click.echo(f"it may have left batch jobs ({', '.join(named)}): --on SITE.toml cancels those that are left")
        return True
    from glassdask.cluster.pools.left_over_jobs import cancel_left_over
    from glassdask.cluster.schedulers.registry import schedulers
    from glassdask.cluster.site.site import load_site

    where = load_site(site)
    if not where.is_batch:
        raise InvalidInput(
            f"--on {site}: scheduler = {where.scheduler!r} has no batch jobs; allowed: {', '.join(schedulers())}"
        )
    with driver_lock_or_none(folder) as lock:
        if not lock:
            click.echo("another driver has just begun; it cancels them itself")
            return False
        alive = cancel_left_over(where, folder)
    click.echo(
        f"cancelled {counted(len(alive), 'batch job')} of a driver that has gone{': ' * bool(alive)}{', '.join(alive)}"
    )
    return True

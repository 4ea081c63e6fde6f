"""``glassdask cancel``: stops a campaign's driver, or single states, in good order and from any machine."""

from __future__ import annotations

import sys

import click

from glassdask.campaign.files.status import StateStatus
from glassdask.cli.terminal.state_words import states_argument
from glassdask.counted import counted
from glassdask.operations.steering import WAIT_SECONDS, Cancelled, cancel
from glassdask.outcome import FailureReason, Status


@click.command("cancel", short_help="Stop a campaign, or some of its states, in good order.")
@click.argument("campaign", type=click.Path(exists=True))
@states_argument()
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
      glassdask cancel campaign.toml lj_rho1.2_T0.8_r0 lj_rho1.2_T1.0_r0
      glassdask cancel campaign.toml --on deploy/slurm.toml      # of a driver that was killed
    """
    done = cancel(
        campaign,
        states,
        site=site,
        wait=not no_wait,
        on_asked=lambda name: click.echo(f"asked {name} to stop", err=True),
    )
    if states and done.driver and no_wait:
        click.echo(f"asked {done.driver} to cancel {counted(done.n_asked, 'state')}")
    elif states:
        for item in done.states:
            click.echo(f"{item.state.identifier}: {_fate(item)}")
    elif not done.driver:
        click.echo("\n".join(["no driver runs", *_left_over(done)]))
    elif done.is_done:
        click.echo(f"{done.driver} has stopped; simulations keep a checkpoint, 'glassdask run' goes on")
    elif not no_wait:
        click.echo(f"{done.driver} is still at work after {WAIT_SECONDS:g} s; the request stays")
    sys.exit(0 if done.is_done or (no_wait and done.driver) else 1)


def _fate(item: StateStatus) -> str:
    """What has become of a state, in words."""
    if item.status is Status.FAILED:
        is_cancelled = item.message.startswith(f"{FailureReason.CANCELLED}: ")
        return f"cancelled before the end of {item.stage}" if is_cancelled else f"has failed before ({item.message})"
    if item.stage:
        return f"{item.stage} still {item.status} after {WAIT_SECONDS:g} s; the request stays"
    return f"nothing to cancel, {item.status}"


def _left_over(done: Cancelled) -> list[str]:
    """Of the batch jobs of a driver that was killed."""
    if done.jobs is not None:
        named = f"{': ' * bool(done.jobs)}{', '.join(done.jobs)}"
        return [f"cancelled {counted(len(done.jobs), 'batch job')} of a driver that has gone{named}"]
    if not done.is_done:
        return ["another driver has just begun; it cancels them itself"]
    if done.lost_jobs:
        jobs = ", ".join(done.lost_jobs)
        return [f"it may have left batch jobs ({jobs}): --on SITE.toml cancels those that are left"]
    return []

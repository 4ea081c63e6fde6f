"""``glassdask retry``: failed states are made ready again, also while a driver runs. Loads neither Dask nor xarray."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from glassdask.campaign.failure import read_failure
from glassdask.campaign.folder import state_folder
from glassdask.campaign.requests import (
    RETRY,
    Request,
    apply_to_files,
    chosen_states,
    live_driver,
    make_request,
    undriven,
    was_answered,
)
from glassdask.campaign.status import state_status
from glassdask.errors import InvalidInput
from glassdask.folder_rule import campaign_folder
from glassdask.state_point import StatePoint

#: How long to wait for a running driver. [s]
_WAIT_SECONDS = 30.0


@click.command("retry", short_help="Make failed states ready again.")
@click.argument("campaign", type=click.Path(exists=True))
@click.argument("states", nargs=-1, metavar="[STATE]...")
@click.option("--reason", help="Only states that failed for this reason, such as diverged or cancelled.")
def command(campaign: str, states: tuple[str, ...], reason: str | None) -> None:
    """Make failed states ready again, all or those named. CAMPAIGN is the campaign's TOML file or its folder.

    A driver that runs, wherever that is, takes them up within seconds; without one the next 'glassdask run' does.
    Simulations go on from their last checkpoint.

    \b
    Example:
      glassdask retry campaign.toml
      glassdask retry campaign.toml lj_rho1.2_T0.45_r0
      glassdask retry campaign.toml --reason diverged
    """
    folder = campaign_folder(campaign)
    failed = _failed(folder, chosen_states(folder, states), bool(states), reason)
    if not failed:
        click.echo("no state has failed")
        return
    request = Request(RETRY, tuple(state.identifier for state in failed), reason)
    with undriven(folder) as is_free:
        if is_free:
            apply_to_files(folder, request, {state.identifier: state for state in failed})
    named = ", ".join(request.states[:5]) + ", …" * (len(failed) > 5)
    if is_free:
        click.echo(f"{len(failed)} ready again: {named}; 'glassdask run {campaign}' goes on with them")
        return
    _ask(folder, request, f"{len(failed)} ready again: {named}")


def _failed(folder: Path, states: Sequence[StatePoint], are_named: bool, reason: str | None) -> list[StatePoint]:
    """Those of the states that have failed, for this reason; says of named ones if they have not."""
    reasons: dict[StatePoint, str] = {}
    for state in states:
        status = state_status(folder, state)
        if status.status == "failed":
            failure = read_failure(state_folder(folder, state.identifier), status.stage) or {}
            reasons[state] = str(failure.get("reason", ""))
        elif are_named:
            click.echo(f"{state.identifier} has not failed: it is {status.status}", err=True)
    found = [state for state in reasons if reason in (None, reasons[state])]
    if reasons and not found:
        there = ", ".join(f"{name!r} ({count})" for name, count in Counter(reasons.values()).items())
        raise InvalidInput(f"--reason {reason!r}: no state has failed for it; allowed: {there}")
    return found


def _ask(folder: Path, request: Request, said: str) -> None:
    driver = live_driver(folder)
    path = make_request(folder, request)
    is_done = was_answered(folder, path, lambda: True, _WAIT_SECONDS)
    where = f"process {driver.pid} on {driver.host}" if driver else "the driver"
    if is_done:
        click.echo(f"{said}; {where} goes on with them")
    else:
        click.echo(f"{where} has not answered for {_WAIT_SECONDS:g} s: it takes the states up when it does")

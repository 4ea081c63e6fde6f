"""``glassdask retry``: failed states are made ready again, also while a driver runs. Loads neither Dask nor xarray."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from glassdask.campaign.files.failure import read_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.lease import suspended
from glassdask.campaign.files.status import StateStatus, state_status
from glassdask.campaign.work.requests import (
    RETRY,
    Request,
    apply_to_files,
    chosen_states,
    driver_lock_or_none,
    live_driver,
    make_request,
    was_answered,
)
from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import campaign_folder
from glassdask.state_point import StatePoint

#: How long to wait for a running driver. [s]
_WAIT_SECONDS = 30.0
#: States that are named one by one, at most.
_NAMED = 5


@click.command("retry", short_help="Make failed states ready again.")
@click.argument("campaign", type=click.Path(exists=True))
@click.argument("states", nargs=-1, metavar="[STATE]...")
@click.option("--reason", help="Only states that failed for this reason, such as diverged or cancelled.")
def command(campaign: str, states: tuple[str, ...], reason: str | None) -> None:
    """Make failed states ready again, all or those named. CAMPAIGN is the campaign's TOML file or its folder.

    STATE is a name, or a word such as lj, T0.8 (T = 0.8), rho1.2, r0; see 'glassdask ls --help'.

    A driver that runs, wherever that is, takes them up within seconds; without one the next 'glassdask run' does.
    Simulations go on from their last checkpoint.

    \b
    Example:
      glassdask retry campaign.toml
      glassdask retry campaign.toml lj_rho1.2_T0.45_r0
      glassdask retry campaign.toml lj T0.45
      glassdask retry campaign.toml --reason diverged
    """
    folder = campaign_folder(campaign)
    chosen = [state_status(folder, state) for state in chosen_states(folder, states)]
    failed = _failed(folder, chosen, reason)
    sound = [item for item in chosen if item.status != "failed"] if states else []
    if not failed:
        click.echo(_none_failed(sound))
        return
    for item in sound[:_NAMED]:
        click.echo(f"{item.state.identifier} has not failed: it is {item.status}", err=True)
    request = Request(RETRY, tuple(state.identifier for state in failed), reason)
    with driver_lock_or_none(folder) as lock:
        if lock:
            apply_to_files(folder, request, {state.identifier: state for state in failed})
    named = ", ".join(request.states[:_NAMED]) + ", …" * (len(failed) > _NAMED)
    if lock:
        click.echo(f"{len(failed)} ready again: {named}; 'glassdask run {campaign}' goes on with them")
        return
    _ask(folder, request, f"{len(failed)} ready again: {named}")


def _failed(folder: Path, chosen: Sequence[StateStatus], reason: str | None) -> list[StatePoint]:
    """Those of the states that have failed, for this reason."""
    reasons: dict[StatePoint, str] = {}
    for item in chosen:
        if item.status == "failed":
            failure = read_failure(state_folder(folder, item.state.identifier), item.stage) or {}
            reasons[item.state] = str(failure.get("reason", ""))
    found = [state for state in reasons if reason in (None, reasons[state])]
    if reasons and not found:
        there = ", ".join(f"{name!r} ({count})" for name, count in Counter(reasons.values()).items())
        raise InvalidInput(f"--reason {reason!r}: no state has failed for it; allowed: {there}")
    return found


def _none_failed(named: Sequence[StateStatus]) -> str:
    """What there is instead of failures."""
    if not named:
        return "no state has failed"
    if len(named) == 1:
        return f"{named[0].state.identifier} has not failed: it is {named[0].status}"
    found = Counter(item.status for item in named)
    return f"none of these {len(named)} states has failed: " + ", ".join(f"{n} {name}" for name, n in found.items())


def _ask(folder: Path, request: Request, said: str) -> None:
    driver = live_driver(folder)
    path = make_request(folder, request)
    is_done = was_answered(folder, path, lambda: True, _WAIT_SECONDS)
    where = f"process {driver.pid} on {driver.host}{suspended(driver)}" if driver else "the driver"
    if is_done:
        click.echo(f"{said}; {where} goes on with them")
    else:
        click.echo(f"{where} has not answered for {_WAIT_SECONDS:g} s: it takes the states up when it does")

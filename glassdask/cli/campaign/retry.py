"""``glassdask retry``: failed states are made ready again, also while a driver runs. Loads neither Dask nor xarray."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import click

from glassdask.cli.terminal.state_words import states_argument
from glassdask.operations.steering import WAIT_SECONDS, retry

#: States that are named one by one, at most.
_NAMED = 5


@click.command("retry", short_help="Make failed states ready again.")
@click.argument("campaign", type=click.Path(exists=True))
@states_argument()
@click.option("--reason", help="Only states that failed for this reason, such as diverged or cancelled.")
def command(campaign: str, states: tuple[str, ...], reason: str | None) -> None:
    """Make failed states ready again, all or those named. CAMPAIGN is the campaign's TOML file or its folder.

    STATE is a name, or a word such as lj, T0.8 (T = 0.8), rho1.2, r0; see 'glassdask ls --help'.

    A driver that runs, wherever that is, takes them up within seconds; without one the next 'glassdask run' does.
    Simulations go on from their last checkpoint.

    \b
    Example:
      glassdask retry campaign.toml
      glassdask retry campaign.toml lj_rho1.2_T0.8_r0
      glassdask retry campaign.toml lj T0.8
      glassdask retry campaign.toml --reason diverged
    """
    done = retry(campaign, states, reason=reason)
    if not done.states:
        click.echo(_none_failed(done.sound))
        return
    for name, status in list(done.sound.items())[:_NAMED]:
        click.echo(f"{name} has not failed: it is {status}", err=True)
    ready = f"{len(done.states)} ready again: {', '.join(done.states[:_NAMED])}" + ", …" * (len(done.states) > _NAMED)
    if done.driver is None:
        click.echo(f"{ready}; 'glassdask run {campaign}' goes on with them")
    elif done.is_answered:
        click.echo(f"{ready}; {done.driver} goes on with them")
    else:
        click.echo(f"{done.driver} has not answered for {WAIT_SECONDS:g} s: it takes the states up when it does")


def _none_failed(sound: Mapping[str, str]) -> str:
    """What there is instead of failures."""
    if not sound:
        return "no state has failed"
    if len(sound) == 1:
        ((name, status),) = sound.items()
        return f"{name} has not failed: it is {status}"
    found = Counter(sound.values())
    return f"none of these {len(sound)} states has failed: " + ", ".join(f"{n} {name}" for name, n in found.items())

"""``glassdask status``: counts and one line a state, once or again and again. Loads neither Dask nor xarray."""

from __future__ import annotations

import json

import click

from glassdask.campaign.files.driver_lock import live_driver
from glassdask.campaign.files.lease import suspended
from glassdask.campaign.files.overview import overview
from glassdask.campaign.files.status import StatusReader, counts, recorded_rows, states_of, status_marks
from glassdask.campaign.observe.clock import shown_clock
from glassdask.cli.states.status_table import overview_text, status_json, status_text
from glassdask.cli.terminal.changed_file import say_what_changed
from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import campaign_folder

#: Seconds between two looks where the user names none.
_WATCH_SECONDS = 2.0
#: States that are shown a line each; of more, each liquid and density has one.
MOST_LINES = 2000


class _Command(click.Command):
    """Takes ``--watch`` without a number, whatever comes after it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for i, arg in enumerate(args):
            if arg == "--watch" and not _is_number("".join(args[i + 1 : i + 2])):
                args[i] = f"--watch={_WATCH_SECONDS:g}"
        return super().parse_args(ctx, args)


@click.command("status", cls=_Command, short_help="Show how far a campaign is.")
@click.argument("campaign", type=click.Path(exists=True))
@click.option(
    "--watch", type=click.FloatRange(min=0.1), metavar="[SECONDS]", help="Look again and again; 2 s unless given."
)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on standard output.")
def command(campaign: str, watch: float | None, as_json: bool) -> None:
    """Show counts and one line a state, or, of more than 2,000 states, one a liquid and density. CAMPAIGN is the campaign's TOML file or its folder.

    Temperatures are in epsilon_AA/k_B, pressure in epsilon_AA/sigma_AA^3, energy and its drift over production in
    epsilon_AA a particle, k_p in 1/sigma_AA, relaxation times (F_s(k_p,t) = 1/e) in tau_MD.

    With --watch what fits the screen is drawn again and again, until Ctrl-C or until nothing is left to do; where
    standard output is no terminal, the counts are printed each time they change.

    While a driver is at work, the time left is the one that it reckons, on its terminal and page as here. It counts every
    stage by what it takes on this machine.

    \b
    Example:
      glassdask status campaign.toml
      glassdask status campaign.toml --watch
      glassdask status campaign --json | jq .counts
    """
    folder = campaign_folder(campaign)
    if watch is not None:
        if as_json:
            raise InvalidInput("--watch and --json exclude each other; allowed: one of them")
        from glassdask.cli.states.status_watch import watch_status  # rich is loaded only here

        watch_status(folder, watch)
        return
    say_what_changed(campaign)
    (rows, lengths), driver = recorded_rows(folder), live_driver(folder)
    if len(rows) > MOST_LINES and not as_json:
        found = overview(folder, rows, lengths)
        click.echo(overview_text(found, shown_clock(folder, driver, found.counts)))
    else:
        statuses = list(map(StatusReader(folder).status, states_of(rows, folder)))
        marks, clock = status_marks(folder, statuses), shown_clock(folder, driver, counts(statuses))
        if as_json:
            click.echo(json.dumps(status_json(statuses, marks, clock), indent=1))
            return
        click.echo(status_text(statuses, marks, clock))
    if driver is not None and suspended(driver):
        click.echo(f"the driver is process {driver.pid} on {driver.host}{suspended(driver)}", err=True)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

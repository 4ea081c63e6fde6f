"""``glassdask ls``: the states of a campaign that are asked for. Loads neither Dask nor xarray."""

from __future__ import annotations

import json
from typing import Any

import click

from glassdask.campaign.files.status import status_marks
from glassdask.cli.states.status_table import state_table
from glassdask.cli.terminal.changed_file import say_what_changed
from glassdask.cli.terminal.state_words import states_argument
from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import campaign_folder
from glassdask.operations.status import states_like


@click.command("ls", short_help="List the states of a campaign that are asked for.")
@click.argument("campaign", type=click.Path(exists=True))
@states_argument()
@click.option("--status", "statuses", multiple=True, help="Only states of this status; may be given again.")
@click.option("--potential", help="Only states of this potential.")
@click.option("--stage", help="Only states whose running, failed or next stage is this one.")
@click.option("--identifiers", is_flag=True, help="One identifier a line, for shells.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on standard output.")
def command(campaign: str, identifiers: bool, as_json: bool, **chosen: Any) -> None:
    """List states, all or those that every word and option allows. CAMPAIGN is the campaign's TOML file or its folder.

    STATE is a name, or a word: lj, rho1.2, T0.8 (T = 0.8 and no other, also T0.80), r0. Words of one kind are alternatives,
    those of different kinds must all fit; names, and parts of names as lj_T0.8, are alternatives.

    States of another length than the file asks for, or made by another version than most that are listed, are marked.

    \b
    Example:
      glassdask ls campaign.toml lj T0.8 T1
      glassdask ls campaign.toml --status failed
      glassdask ls campaign.toml --status waiting --stage reduce --potential lj
      glassdask ls campaign --status failed --identifiers | xargs glassdask retry campaign
      glassdask ls campaign --json | jq -r '.[] | select(.temperature < 0.5) | .state'
    """
    if identifiers and as_json:
        raise InvalidInput("--identifiers and --json exclude each other; allowed: one of them")
    say_what_changed(campaign)
    found = states_like(campaign, **chosen)
    marks = status_marks(campaign_folder(campaign), found)
    if as_json:
        marked = zip(found, marks.signs, strict=True)
        click.echo(json.dumps([{**item.as_dict(), "mark": sign} for item, sign in marked], indent=1))
    elif identifiers:
        for item in found:
            click.echo(item.state.identifier)
    else:
        click.echo(state_table(found, marks) if found else "no state is like this")

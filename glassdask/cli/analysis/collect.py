"""``glassdask collect``: one dataset of what a campaign has found so far, with critical temperatures and figures."""

from __future__ import annotations

import json

import click

from glassdask.cli.terminal.changed_file import say_what_changed


@click.command("collect", short_help="Gather what is done so far into one dataset and figures.")
@click.argument("campaign", type=click.Path(exists=True))
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on standard output.")
def command(campaign: str, as_json: bool) -> None:
    """Collect the states that are done, while the campaign runs or not. CAMPAIGN is the campaign's TOML file or its folder.

    Into the campaign's folder: observables.nc, critical_temperature.nc and figures/. A running 'glassdask run' does the same
    every few minutes, and at its end; 'glassdask report' and 'glassdask figures' do it first. Nothing is made again where no
    state has changed. The attribute "coverage" of the dataset, and each figure, say how much it is: 3 of 8 states.

    \b
    Example:
      glassdask collect campaign.toml
      glassdask collect campaign --json | jq -r .coverage
    """
    from glassdask.files.folder_rule import campaign_folder
    from glassdask.operations.products import brought_up_to_date

    say_what_changed(campaign)
    done = brought_up_to_date(campaign_folder(campaign), lambda line: click.echo(line, err=True))
    files = [str(path) for path in done.files]
    if as_json:
        click.echo(json.dumps({"coverage": done.coverage, "files": files}, indent=1))
    else:
        click.echo("\n".join([*files, done.coverage]))

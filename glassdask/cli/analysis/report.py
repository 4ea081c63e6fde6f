"""``glassdask report``: one page of what a campaign has found, with the data of every figure beside it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from glassdask.cli.terminal.changed_file import say_what_changed
from glassdask.counted import counted
from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import campaign_folder


@click.command("report", short_help="Write one HTML page of all results, with each figure's data.")
@click.argument("campaign", type=click.Path(exists=True))
@click.option(
    "--output", type=click.Path(dir_okay=False), help="The page.  [default: report/report.html in the folder]"
)
@click.option("--json", "as_json", is_flag=True, help="The files written machine-readable, on standard output.")
def command(campaign: str, output: str | None, as_json: bool) -> None:
    """Write the report of a campaign, finished or not. CAMPAIGN is the campaign's TOML file or its folder.

    One HTML file that loads nothing from elsewhere: every figure with its caption, the table of states, what was
    excluded and why, methods with the numbers that were used, versions, costs, citation. The data of each figure lie
    beside it in data/ as CSV and netCDF. Nothing of the campaign itself is touched.

    \b
    Example:
      glassdask report campaign.toml
      glassdask report campaign --output /tmp/report/index.html
    """
    from glassdask.campaign.definition.campaign import load_campaign
    from glassdask.campaign.files.status import recorded_states
    from glassdask.campaign.report.report import REPORT, write_report

    folder = campaign_folder(campaign)
    recorded_states(folder)  # says what to do where the campaign was not started
    say_what_changed(campaign)
    page = folder / REPORT if output is None else Path(output)
    if page.suffix.lower() not in (".html", ".htm"):
        raise InvalidInput(
            f"--output {output!r}; allowed: a name ending in .html; the data go into the folder data/ beside it"
        )
    files = write_report(load_campaign(folder), page, lambda line: click.echo(line, err=True))
    names = [str(path) for path in files]
    click.echo(
        json.dumps({"files": names}, indent=1)
        if as_json
        else f"{names[0]}\n{counted(len(names) - 1, 'file')} of data in {page.parent / 'data'}"
    )

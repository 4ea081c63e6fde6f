"""``glassdask report``: one page of what a campaign has found, with the data of every figure beside it."""

from __future__ import annotations

import json

import click

from glassdask.cli.terminal.changed_file import say_what_changed
from glassdask.counted import counted
from glassdask.operations.report import report


@click.command("report", short_help="Write one HTML page of all results, with each figure's data.")
@click.argument("campaign", type=click.Path(exists=True))
@click.option(
    "--output", type=click.Path(dir_okay=False), help="The page.  [default: report/report.html in the folder]"
)
@click.option("--force", is_flag=True, help="Write it even where nothing has changed since the last one.")
@click.option("--json", "as_json", is_flag=True, help="The files written machine-readable, on standard output.")
def command(campaign: str, output: str | None, force: bool, as_json: bool) -> None:
    """Write the report of a campaign, finished or not. CAMPAIGN is the campaign's TOML file or its folder.

    One HTML file that loads nothing from elsewhere: every figure with its caption, the table of states, what was
    excluded and why, methods with the numbers that were used, versions, costs, citation. The data of each figure lie
    beside it in data/ as CSV and netCDF. What is done is collected first; the page says at its head how much that is, such
    as 3 of 8 states. A report in the campaign's folder that
    shows what there is now is left as it is; 'glassdask verify' checks it.

    \b
    Example:
      glassdask report campaign.toml
      glassdask report campaign --output /tmp/report/index.html
    """
    say_what_changed(campaign)
    done = report(campaign, output, force=force, say=lambda line: click.echo(line, err=True))
    if as_json:
        click.echo(json.dumps({"files": [str(path) for path in (done.page, *done.data)]}, indent=1))
    else:
        click.echo(f"{done.page}\n{counted(len(done.data), 'file')} of data in {done.page.parent / 'data'}")

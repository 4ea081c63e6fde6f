"""``glassdask report``: one page of what a campaign has found, with the data of every figure beside it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from glassdask.cli.terminal.changed_file import say_what_changed
from glassdask.counted import counted
from glassdask.errors import InvalidInput
from glassdask.operations.report import report


@click.command("report", short_help="Write one HTML page of all results, with each figure's data.")
@click.argument("campaign", type=click.Path(exists=True))
@click.argument("other", type=click.Path(exists=True), required=False)
@click.option(
    "--output", type=click.Path(dir_okay=False), help="The page.  [default: report/report.html in the folder]"
)
@click.option("--pdf", is_flag=True, help="The page as PDF, too, beside it (pip install 'glassdask[pdf]').")
@click.option("--force", is_flag=True, help="Write it even where nothing has changed since the last one.")
@click.option("--json", "as_json", is_flag=True, help="The files written machine-readable, on standard output.")
def command(campaign: str, other: str | None, output: str | None, pdf: bool, force: bool, as_json: bool) -> None:
    """Write the report of a campaign, finished or not. CAMPAIGN is the campaign's TOML file or its folder.

    One HTML file that loads nothing from elsewhere: every figure with its caption, the table of states, what was
    excluded and why, methods with the numbers that were used, versions, costs, citation. The data of each figure lie
    beside it in data/ as CSV and netCDF. What is done is collected first; the page says at its head how much that is, such
    as 3 of 8 states. A report in the campaign's folder that shows what there is now is left as it is; 'glassdask verify' checks
    it.

    With OTHER, a campaign or a reference as of 'glassdask compare', it is a page of both: figures with both, differences in
    units of their errors; --output must name it.

    \b
    Example:
      glassdask report campaign.toml
      glassdask report campaign.toml --pdf
      glassdask report campaign --output page/index.html
      glassdask report campaign.toml reference.nc --output both.html
    """
    if other is not None:
        _page_of_both(campaign, other, output, pdf, as_json)
        return
    say_what_changed(campaign)
    done = report(campaign, output, pdf=pdf, force=force, say=lambda line: click.echo(line, err=True))
    pages = [done.page, *filter(None, [done.pdf if pdf else None])]
    if as_json:
        click.echo(json.dumps({"files": [str(path) for path in (*pages, *done.data)]}, indent=1))
    else:
        click.echo(
            "\n".join(map(str, pages)) + f"\n{counted(len(done.data), 'file')} of data in {done.page.parent / 'data'}"
        )


def _page_of_both(first: str, second: str, output: str | None, pdf: bool, as_json: bool) -> None:
    if output is None:
        raise InvalidInput(
            "--output is missing; a page of two campaigns belongs to neither: give its name, ending in .html"
        )
    from glassdask.operations.comparison.comparison import compare
    from glassdask.operations.comparison.page import write_page

    pages = [str(page) for page in write_page(compare(first, second), Path(output), pdf=pdf)]
    click.echo(json.dumps({"files": pages}, indent=1) if as_json else "\n".join(pages))

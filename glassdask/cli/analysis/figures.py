"""``glassdask figures``: the figures of a campaign for a paper, in vector formats too."""

from __future__ import annotations

import click

from glassdask.cli.terminal.changed_file import say_what_changed
from glassdask.operations.report import draw_figures


@click.command("figures", short_help="Draw a campaign's figures as PNG, PDF or SVG.")
@click.argument("campaign", type=click.Path(exists=True), required=False)
@click.option("--format", "file_format", type=click.Choice(["png", "pdf", "svg"]), default="pdf", show_default=True)
@click.option("--output", type=click.Path(file_okay=False), help="Folder.  [default: figures in the campaign's folder]")
@click.option("--only", multiple=True, metavar="NAME", help="Draw this figure only; may be given several times.")
@click.option("--sheet", "has_sheet", is_flag=True, help="All of them on one sheet besides, to look them over.")
@click.option("--list", "is_list", is_flag=True, help="Name the figures and what they show; draw nothing.")
def command(
    campaign: str | None, file_format: str, output: str | None, only: tuple[str, ...], has_sheet: bool, is_list: bool
) -> None:
    """Draw the figures of a campaign. CAMPAIGN is the campaign's TOML file or its folder.

    Of the states that are done: while others are missing, each figure says how many there are. The same figures as in the
    report. PDF and SVG keep text as text (TrueType fonts in the PDF) and hold no date: equal
    data give equal files. Those of networks need 'glassdask train' first.

    \b
    Example:
      glassdask figures campaign.toml --format pdf --output paper/figures
      glassdask figures campaign.toml --format svg --only memory --only transfer
      glassdask figures campaign.toml --format png --sheet
      glassdask figures --list
    """
    if is_list:
        click.echo(_list())
        return
    if campaign is None:
        raise click.UsageError("Missing argument 'CAMPAIGN'.")
    say_what_changed(campaign)
    done = draw_figures(
        campaign, output, only=only, file_format=file_format, has_sheet=has_sheet, on_drawn=click.echo, say=_say
    )
    for name, reason in done.missing.items():
        click.echo(f"{name}: {reason}", err=True)


def _say(line: str) -> None:
    click.echo(line, err=True)


def _list() -> str:
    from glassdask.cli.terminal.table import text_table
    from glassdask.figures.catalogue import FIGURES

    return text_table(
        ["name", "paper", "shows"], [[name, one.caption.paper, one.caption.title] for name, one in FIGURES.items()]
    )

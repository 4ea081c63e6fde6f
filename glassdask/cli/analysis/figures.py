"""``glassdask figures``: the figures of a campaign for a paper, in vector formats too."""

from __future__ import annotations

from pathlib import Path

import click

from glassdask.campaign.files.folder import FIGURES_FOLDER
from glassdask.cli.terminal.changed_file import say_what_changed
from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import campaign_folder


@click.command("figures", short_help="Draw a campaign's figures as PNG, PDF or SVG.")
@click.argument("campaign", type=click.Path(exists=True), required=False)
@click.option("--format", "file_format", type=click.Choice(["png", "pdf", "svg"]), default="pdf", show_default=True)
@click.option("--output", type=click.Path(file_okay=False), help="Folder.  [default: figures in the campaign's folder]")
@click.option("--only", multiple=True, metavar="NAME", help="Draw this figure only; may be given several times.")
@click.option("--list", "is_list", is_flag=True, help="Name the figures and what they show; draw nothing.")
def command(campaign: str | None, file_format: str, output: str | None, only: tuple[str, ...], is_list: bool) -> None:
    """Draw the figures of a campaign. CAMPAIGN is the campaign's TOML file or its folder.

    The same figures as in the report. PDF and SVG keep text as text (TrueType fonts in the PDF) and hold no date: equal
    data give equal files. Those of networks need 'glassdask train' first.

    \b
    Example:
      glassdask figures campaign.toml --format pdf --output paper/figures
      glassdask figures campaign.toml --format svg --only memory --only transfer
      glassdask figures --list
    """
    if is_list:
        click.echo(_list())
        return
    if campaign is None:
        raise click.UsageError("Missing argument 'CAMPAIGN'.")
    from glassdask.campaign.files.status import recorded_states
    from glassdask.figures.catalogue import FIGURES
    from glassdask.stages.report.run import checked_names, draw_figures, figure_sources

    folder = campaign_folder(campaign)
    recorded_states(folder)  # says what to do where the campaign was not started
    say_what_changed(campaign)
    names = checked_names(only)
    target = folder / FIGURES_FOLDER if output is None else Path(output)
    drawn = set()
    with figure_sources(folder) as sources:
        for name, path in draw_figures(sources, target, file_format, names):
            drawn.add(name)
            click.echo(path)
    missing = [name for name in names if name not in drawn]
    reasons = [
        f"{name}: {FIGURES[name].caption.missing} '{FIGURES[name].caption.command}' makes it." for name in missing
    ]
    if only and missing:
        raise InvalidInput("; ".join(reasons))
    for reason in reasons:
        click.echo(reason, err=True)


def _list() -> str:
    from glassdask.cli.terminal.table import text_table
    from glassdask.figures.catalogue import FIGURES

    return text_table(
        ["name", "paper", "shows"], [[name, one.caption.paper, one.caption.title] for name, one in FIGURES.items()]
    )

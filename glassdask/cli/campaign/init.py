"""``glassdask init``: a commented campaign file on standard output."""

from __future__ import annotations

from importlib import resources

import click

TEMPLATES = ("quickstart", "paper")


@click.command("init", short_help="Print a commented campaign file to start from.")
@click.argument("template", type=click.Choice(TEMPLATES), default="quickstart")
def command(template: str) -> None:
    """Print a commented campaign file: quickstart (minutes on a laptop) or paper (the 355 states of the paper).

    \b
    Example:
      glassdask init > campaign.toml
      glassdask init paper > paper.toml
    """
    text = (resources.files("glassdask.campaign.definition") / "templates" / f"{template}.toml").read_text(
        encoding="utf-8"
    )
    click.echo(text, nl=False)

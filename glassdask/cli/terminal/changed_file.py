"""What the verbs that show a campaign say where its file is not the one that was run."""

from __future__ import annotations

import click

from glassdask.campaign.work.source_file import file_difference


def say_what_changed(campaign: str) -> None:
    """A line on standard error where a campaign file differs from the record of its last run."""
    line = file_difference(campaign)
    if line:
        click.echo(line, err=True)

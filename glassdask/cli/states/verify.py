"""``glassdask verify``: checksums and inputs of every product."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import asdict

import click

from glassdask.campaign.work.verify import ProductCheck
from glassdask.cli.terminal.changed_file import say_what_changed
from glassdask.cli.terminal.table import text_table
from glassdask.counted import counted
from glassdask.operations.products import verify


@click.command("verify", short_help="Check every product's checksum and inputs.")
@click.argument("campaign", type=click.Path(exists=True))
@click.option("--repair", is_flag=True, help="Send damaged products back: the next run makes them again.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on standard output.")
def command(campaign: str, repair: bool, as_json: bool) -> None:
    """Read every product and compare its checksum and the hash of its inputs. Exit code 1 if one is damaged.

    Inputs are those that CAMPAIGN asks for: the TOML file as it is now, or the folder's record of the last run.

    \b
    Example:
      glassdask verify campaign.toml
      glassdask verify campaign --repair && glassdask run campaign
    """
    say_what_changed(campaign)
    checks = verify(campaign, repair=repair, say=lambda line: click.echo(line, err=True))
    damaged = [check for check in checks if check.verdict == "damaged"]
    totals = dict(Counter(check.verdict for check in checks))
    if as_json:
        click.echo(json.dumps({"counts": totals, "products": [asdict(check) for check in checks]}, indent=1))
    else:
        _print(checks, totals, bool(damaged) and not repair)
    sys.exit(1 if damaged and not repair else 0)


def _print(checks: list[ProductCheck], totals: dict[str, int], advise: bool) -> None:
    odd = [[check.state, check.stage, check.verdict, check.detail] for check in checks if check.verdict != "whole"]
    if odd:
        click.echo(text_table(["state", "stage", "verdict", "detail"], odd) + "\n")
    click.echo(
        f"{counted(len(checks), 'product')}: " + ", ".join(f"{count} {verdict}" for verdict, count in totals.items())
    )
    if advise:
        click.echo("'glassdask verify --repair' sends damaged products back, 'glassdask run' then makes them again.")

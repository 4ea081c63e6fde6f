"""``glassdask verify``: checksums and inputs of every product."""

from __future__ import annotations

import json
import sys
from collections import Counter

import click

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files.driver_lock import driver_lock
from glassdask.campaign.files.products import remove_product
from glassdask.campaign.work.verify import ALL_STATES, ProductCheck, send_back, verify_campaign
from glassdask.cli.terminal.changed_file import say_what_changed
from glassdask.cli.terminal.table import text_table
from glassdask.counted import counted


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
    loaded = load_campaign(campaign)
    say_what_changed(campaign)
    checks = list(verify_campaign(loaded))
    damaged = [check for check in checks if check.verdict == "damaged"]
    if repair and damaged:
        with driver_lock(loaded.folder, loaded.specification.execution.lease_seconds):
            _repair(loaded, damaged)
    totals = dict(Counter(check.verdict for check in checks))
    if as_json:
        click.echo(json.dumps({"counts": totals, "products": [check.as_dict() for check in checks]}, indent=1))
    else:
        _print(checks, totals, bool(damaged) and not repair)
    sys.exit(1 if damaged and not repair else 0)


def _repair(loaded: Campaign, damaged: list[ProductCheck]) -> None:
    states = {state.identifier: state for state in loaded.states}
    for check in damaged:
        if check.state == ALL_STATES:
            remove_product(loaded.folder, check.stage)
        else:
            send_back(loaded, states[check.state], check.stage, check.detail)
        click.echo(f"{check.state}: {check.stage} sent back", err=True)


def _print(checks: list[ProductCheck], totals: dict[str, int], advise: bool) -> None:
    odd = [[check.state, check.stage, check.verdict, check.detail] for check in checks if check.verdict != "whole"]
    if odd:
        click.echo(text_table(["state", "stage", "verdict", "detail"], odd) + "\n")
    click.echo(
        f"{counted(len(checks), 'product')}: " + ", ".join(f"{count} {verdict}" for verdict, count in totals.items())
    )
    if advise:
        click.echo("'glassdask verify --repair' sends damaged products back, 'glassdask run' then makes them again.")

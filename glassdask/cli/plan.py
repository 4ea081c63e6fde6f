"""``glassdask plan``: sizes and cost of a campaign, before it runs."""

from __future__ import annotations

import json

import click

from glassdask.campaign.campaign import load_campaign
from glassdask.campaign.plan import CampaignPlan, plan_campaign
from glassdask.cli.table import text_table


@click.command("plan", short_help="Say what a campaign will cost, from a short measured pilot.")
@click.argument("campaign", type=click.Path(exists=True))
@click.option("--no-pilot", is_flag=True, help="Sizes only; measure nothing.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on standard output.")
def command(campaign: str, no_pilot: bool, as_json: bool) -> None:
    """Print states, particles, steps, frames, disk and core-hours of a campaign without running it.

    A pilot of a few seconds for each potential measures the steps per second of one core of this machine.

    \b
    Example:
      glassdask plan campaign.toml
      glassdask plan paper.toml --no-pilot --json | jq .total
    """
    plan = plan_campaign(load_campaign(campaign), not no_pilot, lambda line: click.echo(line, err=True))
    click.echo(json.dumps(plan.as_dict(), indent=1) if as_json else _text(plan))


def _text(plan: CampaignPlan) -> str:
    header = ["state", "N", "dt/tau_MD", "steps", "frames", "disk", "core-hours"]
    rows = [
        [
            item.state,
            item.n_particles,
            f"{item.time_step:.4g}",
            f"{item.n_steps:,}",
            f"{item.n_frames:,}",
            _bytes(item.disk_bytes),
            _hours(item.core_hours),
        ]
        for item in plan.states
    ]
    total = plan.total
    rows.append(
        ["total", total["particles"], None, f"{total['steps']:,}", f"{total['frames']:,}",
         _bytes(total["disk_bytes"]), _hours(total["core_hours"])]
    )  # fmt: skip
    lines = [text_table(header, rows), "", f"{total['states']} states"]
    for potential, pilot in plan.pilots.items():
        lines.append(
            f"{potential}: {pilot['steps_per_second']:,.0f} steps/s at {pilot['state']} on one core or device "
            f"({pilot['engine']} {pilot['engine_version']}, {pilot['device']})"
        )
    if total["is_upper_bound"]:
        lines.append("Lengths in relaxation times are counted at their largest: this is an upper bound.")
    return "\n".join(lines)


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def _hours(hours: float | None) -> str | None:
    return None if hours is None else f"{hours:.3g}"

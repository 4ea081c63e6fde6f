"""``glassdask plan``: sizes and cost of a campaign, before it runs."""

from __future__ import annotations

import json
from typing import Any

import click

from glassdask.campaign.work.plan import CampaignPlan, PlanTotal
from glassdask.cli.terminal.table import text_table
from glassdask.counted import counted
from glassdask.operations.plan import plan


@click.command("plan", short_help="Say what a campaign will cost, from a short measured pilot.")
@click.argument("campaign", type=click.Path(exists=True))
@click.option("--no-pilot", is_flag=True, help="Sizes only; measure nothing.")
@click.option(
    "--steps-per-second", type=click.FloatRange(min=0, min_open=True), help="Of each simulation, instead of a pilot."
)
@click.option(
    "--on", "site", type=click.Path(exists=True, dir_okay=False), help="Site file: count its batch jobs, too."
)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on standard output.")
def command(campaign: str, no_pilot: bool, as_json: bool, **options: Any) -> None:
    """Print states, particles, steps, frames, disk and core-hours of a campaign without running it.

    A pilot of a few seconds for each potential measures the steps per second of one core of this machine. The other stages
    are counted by what they declare, in such steps, and the campaign's cube and figures, too. For other
    machines the rate can be given, as `glassdask doctor --runs-per-gpu` measures it (its column divided by the number of
    simulations).

    \b
    Example:
      glassdask plan campaign.toml
      glassdask plan paper.toml --no-pilot --json | jq .total
      glassdask plan paper.toml --on my-site.toml --steps-per-second 4000
    """
    planned = plan(campaign, pilot=not no_pilot, say=lambda line: click.echo(line, err=True), **options)
    if as_json:
        click.echo(json.dumps(planned.sizes.as_dict() | {"jobs": list(planned.jobs)}, indent=1))
    else:
        click.echo("\n".join([_text(planned.sizes), *planned.jobs]))


def _text(sizes: CampaignPlan) -> str:
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
        for item in sizes.states
    ]
    total = sizes.total
    rows.append(
        [
            "total",
            total.particles,
            None,
            f"{total.steps:,}",
            f"{total.frames:,}",
            _bytes(total.disk_bytes),
            _hours(total.core_hours),
        ]
    )
    lines = [text_table(header, rows), "", counted(total.states, "state")]
    for potential, pilot in sizes.pilots.items():
        lines.append(
            f"{potential}: {pilot.steps_per_second:,.0f} steps/s at {pilot.state} on one core or device "
            f"({pilot.engine} {pilot.engine_version}, {pilot.device})"
        )
    lines += _by_stage(total)
    if total.is_upper_bound:
        lines.append("Lengths in relaxation times are counted at their largest: this is an upper bound.")
    return "\n".join(lines)


def _by_stage(total: PlanTotal) -> list[str]:
    """Core-hours of every stage, where a rate is known."""
    if not total.stages:
        return []
    listed, asked = (
        ", ".join(f"{stage} {_hours(hours)}" for stage, hours in found.items())
        for found in (total.stages, total.on_request)
    )
    return [f"core-hours by stage: {listed}; on request, not counted above: {asked}"]


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def _hours(hours: float | None) -> str | None:
    return None if hours is None else f"{hours:.3g}"

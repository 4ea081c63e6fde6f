"""``glassdask run``: runs a campaign or goes on with one, then shows what there is."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from glassdask.campaign.files.overview import overview
from glassdask.campaign.files.status import recorded_lengths, status_marks
from glassdask.cli.states.status import MOST_LINES
from glassdask.cli.states.status_table import overview_text, status_json, status_text
from glassdask.stages.contract.registry import STATE_STAGES

if TYPE_CHECKING:
    from glassdask.operations.run import CampaignRun, RunPreview

#: States of a kind that a preview names, at most.
_NAMED = 4


@click.command("run", short_help="Run a campaign, or go on with one.")
@click.argument("campaign", type=click.Path(exists=True))
@click.option("--on", "site", type=click.Path(exists=True, dir_okay=False), help="Site file: SLURM, PBS, MPI, …")
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes on this machine; by default one a core.")
@click.option("--retry-failed", is_flag=True, help="Try again the states that failed.")
@click.option("--redo-changed", is_flag=True, help="Make again what was made from other inputs than the file now asks.")
@click.option("--dry-run", is_flag=True, help="Say what would be run: new, longer, redone …; run and write nothing.")
@click.option("--no-dashboard", is_flag=True, help="Do not serve Dask's dashboard on the loopback interface.")
@click.option("--insecure", is_flag=True, help="No encryption: whoever reaches the ports can run code as you.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@click.option("--json", "as_json", is_flag=True, help="The table at the end machine-readable, on standard output.")
def command(campaign: str, no_dashboard: bool, insecure: bool, dry_run: bool, as_json: bool, **options: Any) -> None:
    """Run what is missing of a campaign. CAMPAIGN is the campaign's TOML file or its folder.

    New states, replicas and liquids of the file are run; where it asks for longer production or equilibration, finished
    states go on from their last checkpoint. --dry-run shows all of that first.

    The process may be killed at any time: the same command goes on where it was, and nothing that is finished is done
    again. At the end observables.nc and figures/ lie in the campaign's folder.

    \b
    Example:
      glassdask run campaign.toml
      glassdask run campaign.toml --workers 8 --retry-failed
      glassdask run campaign.toml --dry-run
      glassdask run campaign.toml --on deploy/slurm.toml
      mpirun -n 4 glassdask run campaign.toml --on deploy/mpi.toml
    """
    if dry_run:
        _preview(campaign, options["redo_changed"], options["retry_failed"], as_json)
        return
    from glassdask.operations.run import run_campaign

    done = run_campaign(campaign, dashboard=not no_dashboard, secure=not insecure, **options)
    files = [str(path) for path in done.files]
    if as_json:
        marks = status_marks(done.folder, done.statuses)
        click.echo(json.dumps({**status_json(done.statuses, marks), "files": files}, indent=1))
    else:
        click.echo("\n".join([_table(done), "", *files]))
        click.echo(f"'glassdask report {done.folder}' puts all of it on one page, with the data of every figure.")
    sys.exit(1 if done.failed else 0)


def _table(done: CampaignRun) -> str:
    """As of ``glassdask status``: of each state, or of many by liquid and density."""
    if len(done.statuses) <= MOST_LINES:
        return status_text(done.statuses, status_marks(done.folder, done.statuses))
    rows = [(s.potential, s.temperature, s.density, s.replica) for s in (item.state for item in done.statuses)]
    return overview_text(overview(done.folder, rows, recorded_lengths(done.folder)))


def _preview(campaign: str, redo_changed: bool, retry_failed: bool, as_json: bool) -> None:
    from glassdask.operations.run import preview_run

    found = preview_run(campaign, redo_changed=redo_changed, retry_failed=retry_failed)
    if as_json:
        counts = {work.value: count for work, count in found.counts.items()}
        click.echo(json.dumps({"counts": counts, "states": [item.as_dict() for item in found.states]}, indent=1))
    else:
        click.echo(preview_text(found))


def preview_text(found: RunPreview) -> str:
    """What has changed, the states in groups of what becomes of them, and the stages that would be run."""
    lines = [found.changes] * bool(found.changes)
    for work, count in found.counts.items():
        of_kind = [item for item in found.states if item.work is work]
        named = ", ".join(item.state.identifier for item in of_kind[:_NAMED]) + ", …" * (count > _NAMED)
        details = sorted({item.detail for item in of_kind if item.detail})
        told = f" ({'; '.join(details[:2])}{'; …' * (len(details) > 2)})" if details else ""
        lines.append(f"{count:5d} {work}: {named}{told}")
    stages = Counter(stage for item in found.states for stage in item.stages)
    to_run = (
        ", ".join(f"{stages[stage.name]} {stage.name}" for stage in STATE_STAGES if stages[stage.name]) or "nothing"
    )
    return "\n".join([*lines, f"to run: {to_run}. Nothing was run or written."])

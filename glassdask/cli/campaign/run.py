"""``glassdask run``: runs a campaign or goes on with one, then shows what there is."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from glassdask.cli.states.status_table import status_json, status_text


@click.command("run", short_help="Run a campaign, or go on with one.")
@click.argument("campaign", type=click.Path(exists=True))
@click.option("--on", "site", type=click.Path(exists=True, dir_okay=False), help="Site file: SLURM, PBS, MPI, …")
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes on this machine; by default one a core.")
@click.option("--retry-failed", is_flag=True, help="Try again the states that failed.")
@click.option("--redo-changed", is_flag=True, help="Make again what was made from other inputs than the file now asks.")
@click.option("--no-dashboard", is_flag=True, help="Do not serve Dask's dashboard on the loopback interface.")
@click.option("--insecure", is_flag=True, help="No encryption: whoever reaches the ports can run code as you.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@click.option("--json", "as_json", is_flag=True, help="The table at the end machine-readable, on standard output.")
def command(campaign: str, no_dashboard: bool, insecure: bool, as_json: bool, **options: Any) -> None:
    """Run what is missing of a campaign. CAMPAIGN is the campaign's TOML file or its folder.

    The process may be killed at any time: the same command goes on where it was, and nothing that is finished is done
    again. At the end observables.nc and figures/ lie in the campaign's folder.

    \b
    Example:
      glassdask run campaign.toml
      glassdask run campaign.toml --workers 8 --retry-failed
      glassdask run campaign.toml --on deploy/slurm.toml
      mpirun -n 4 glassdask run campaign.toml --on deploy/mpi.toml
    """
    from glassdask.operations.run import run_campaign

    done = run_campaign(campaign, dashboard=not no_dashboard, secure=not insecure, **options)
    files = [str(path) for path in done.files]
    if as_json:
        click.echo(json.dumps({**status_json(done.statuses), "files": files}, indent=1))
    else:
        click.echo("\n".join([status_text(done.statuses), "", *files]))
        click.echo(f"'glassdask report {done.folder}' puts all of it on one page, with the data of every figure.")
    sys.exit(1 if done.failed else 0)

"""``glassdask doctor``: one tiny job per pool reports what a worker sees."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import glassdask
from glassdask.cli.terminal.table import text_table

if TYPE_CHECKING:
    from glassdask.operations.doctor import PoolCheck


@click.command("doctor", short_help="Ask one tiny job per pool what its workers see.")
@click.argument("campaign", type=click.Path(exists=True), required=False)
@click.option("--on", "site", type=click.Path(exists=True, dir_okay=False), required=True, help="Site file.")
@click.option("--folder", type=click.Path(exists=True, file_okay=False), help="Shared folder to try instead.")
@click.option("--timeout", type=click.FloatRange(min=1), default=600, show_default=True, help="Seconds to wait.")
@click.option(
    "--runs-per-gpu", is_flag=True, help="Time simulations that share a GPU; write the best number into the site file."
)
@click.option(
    "--most", type=click.IntRange(1, 64), default=16, show_default=True, help="Simulations tried on a GPU, at most."
)
@click.option(
    "--seconds", type=click.FloatRange(1, 600), default=8, show_default=True, help="Time of each number of them."
)
@click.option("--own-walltime", is_flag=True, help="Ask for each pool's own walltime, not for ten minutes.")
@click.option("--insecure", is_flag=True, help="No encryption: whoever reaches the ports can run code as you.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on standard output.")
def command(campaign: str | None, site: str, insecure: bool, as_json: bool, **options: Any) -> None:
    """Submit one tiny job per pool of a site file, and show what its worker sees: Python, package, engines, GPUs,
    scratch, time left, the shared folder. Without batch jobs (local, mpi, a running scheduler), each worker that is
    there is asked. How fast each engine is, one simulation of 1200 particles, is kept on that machine for engine = "auto".

    Keys and logs lie in a temporary folder inside CAMPAIGN's folder, --folder, or that of the site file; it is removed
    and every job cancelled at the end. The exit code is 1 if a pool does not answer or lacks what a campaign needs.

    With --runs-per-gpu, pools with GPUs time 1, 2, 3, 4, 6, 8, 12, … simulations of CAMPAIGN's typical state on one
    GPU, all at once, under MPS where the pool starts it; the smallest number with 95 % of the largest throughput is written
    into the site file. It takes some minutes and its job asks for the pool's own walltime.

    \b
    Example:
      glassdask doctor --on deploy/slurm.toml
      glassdask doctor campaign.toml --on deploy/slurm.toml --own-walltime
      glassdask doctor campaign.toml --on my-site.toml --runs-per-gpu
      glassdask doctor --on site.toml --folder "$SCRATCH" --json | jq '.pools[].troubles'
    """
    from glassdask.operations.doctor import check_site

    checks = check_site(site, campaign, secure=not insecure, **options)
    click.echo(json.dumps(doctor_json(site, checks), indent=1) if as_json else doctor_text(checks))
    sys.exit(1 if any(check.troubles for check in checks) else 0)


def doctor_json(site: str, checks: Sequence[PoolCheck]) -> dict[str, Any]:
    """Everything that was found, as plain data."""
    return {
        "site": site,
        "glassdask": glassdask.__version__,
        "is_ready": not any(check.troubles for check in checks),
        "pools": [asdict(check) for check in checks],
    }


def doctor_text(checks: Sequence[PoolCheck]) -> str:
    """A line for each pool, and under them what is wrong."""
    header = ["pool", "job", "host", "python", "glassdask", "engines", "GPUs", "scratch", "free", "time left", "folder"]
    lines = [text_table(header, [_row(check) for check in checks]), ""]
    for check in checks:
        lines += [f"{check.pool}: {text}" for text in check.troubles]
        lines += [f"{check.pool}: note: {text}" for text in check.remarks]
    lines += [line for check in checks if check.rates for line in _rates_text(check)]
    n_well = sum(not check.troubles for check in checks)
    return "\n".join([*lines, f"{n_well} of {len(checks)} can run a campaign"])


def _rates_text(check: PoolCheck) -> list[str]:
    """Throughput by the number of simulations on a GPU."""
    rates = check.rates or {}
    alone = rates.get("1")
    rows = [[n, f"{rate:,.0f}", f"{rate / alone:.2f}" if alone else None] for n, rate in rates.items()]
    table = text_table([f"{check.pool}: simulations a GPU", "steps/s of all", "of one alone"], rows)
    return [table, f"{check.pool}: best runs_per_gpu = {check.runs_per_gpu}", ""]


def _row(check: PoolCheck) -> list[str | None]:
    report = check.report
    if report is None:
        return [check.pool, check.job, *[None] * 9]
    engines = [_engine(name, found) for name, found in check.engines.items()]
    return [
        check.pool,
        check.job,
        report["host"],
        report["python"],
        report["glassdask"],
        ", ".join(engines) or "none",
        str(check.n_gpus) + (f" of {check.promised_gpus}" if check.promised_gpus is not None else ""),
        str(Path(report["scratch"]).parent),
        f"{report['scratch_free_bytes'] / 1e9:.0f} GB",
        _clock(report["seconds_left"]),
        "writable" if report["is_folder_writable"] else "read-only" if report["is_folder_visible"] else "not seen",
    ]


def _engine(name: str, found: dict[str, Any]) -> str:
    speed = (
        f", {found['steps_per_second']:,.0f} steps/s" if "steps_per_second" in found else ""
    )  # an older one has none
    return f"{name} {found['version']} ({found['device']}{speed})"


def _clock(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"

"""``glassdask doctor``: one tiny job per pool reports what a worker sees."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import glassdask
from glassdask.cli.terminal.table import text_table
from glassdask.cluster.runtime.interruption import interruptible
from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import campaign_folder

if TYPE_CHECKING:
    from glassdask.cluster.doctor.pool_check import PoolCheck
    from glassdask.cluster.site.site import Site

#: How long the folder may stay in use by jobs that were cancelled. [s]
_REMOVAL_SECONDS = 10


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
def command(
    campaign: str | None,
    site: str,
    folder: str | None,
    timeout: float,
    runs_per_gpu: bool,
    most: int,
    seconds: float,
    own_walltime: bool,
    insecure: bool,
    as_json: bool,
) -> None:
    """Submit one tiny job per pool of a site file, and show what its worker sees: Python, package, engines, GPUs,
    scratch, time left, the shared folder. Without batch jobs (local, mpi, a running scheduler), each worker that is
    there is asked.

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
      glassdask doctor --on site.toml --folder /scratch/me --json | jq .pools[].troubles
    """
    loaded = _enter(site, not insecure)
    jobs = "every job of the doctor is cancelled"
    with (
        interruptible("Every job of the doctor was cancelled.", jobs),
        _temporary_folder(site, campaign, folder) as home,
    ):
        from glassdask.cluster.doctor.check_pools import check_pools
        from glassdask.cluster.doctor.gpu_sharing import measurement, sharing

        asked = sharing(loaded) if runs_per_gpu else loaded
        timed = measurement(_timed_state(campaign), most, seconds) if runs_per_gpu else None
        checks = check_pools(asked, home, timeout, _say, own_walltime or runs_per_gpu, not insecure, timed)
    if runs_per_gpu:
        _write_runs_per_gpu(Path(site), checks)
    click.echo(json.dumps(doctor_json(site, checks), indent=1) if as_json else doctor_text(checks))
    sys.exit(1 if any(check.troubles for check in checks) else 0)


def _timed_state(campaign: str | None) -> dict[str, Any]:
    from glassdask.campaign.definition.campaign import load_campaign
    from glassdask.campaign.work.plan import timed_state

    return timed_state(None if campaign is None else load_campaign(campaign))


def _write_runs_per_gpu(site: Path, checks: Sequence[PoolCheck]) -> None:
    """What was measured, into the site file; pools whose number is right already are left alone."""
    from glassdask.cluster.doctor.gpu_sharing import write_runs_per_gpu
    from glassdask.cluster.site.site import load_site

    pools = load_site(site).pool
    for check in checks:
        best = check.runs_per_gpu
        if best is None:
            continue
        if pools[check.pool].runs_per_gpu == best:
            _say(f"pool {check.pool}: runs_per_gpu = {best} is the best and stays")
        else:
            write_runs_per_gpu(site, check.pool, best)
            _say(f"pool {check.pool}: runs_per_gpu = {best} written to {site}")
    if all(check.rates is None for check in checks):
        _say("no pool with GPUs that simulates could be timed")


def _say(line: str) -> None:
    click.echo(line, err=True)


def _enter(path: str, is_secure: bool) -> Site:
    """Reads the site file; in an MPI world, only the driver comes back from here."""
    from glassdask.cluster.site.network_interface import refuse_missing_interface
    from glassdask.cluster.site.site import load_site

    site = load_site(path)
    refuse_missing_interface(site, path)
    if site.scheduler == "mpi":
        from glassdask.cluster.pools.mpi_world import enter_world

        enter_world(site, is_secure)
    return site


@contextmanager
def _temporary_folder(site: str, campaign: str | None, folder: str | None) -> Iterator[Path]:
    """A folder of our own where a campaign's would be."""
    if campaign is not None and folder is not None:
        raise InvalidInput(f"CAMPAIGN {campaign!r} and --folder {folder!r}: give one of them")
    base = Path(folder) if folder else campaign_folder(campaign) if campaign else Path(site).parent
    base = next(path for path in (base.resolve(), *base.resolve().parents) if path.is_dir())
    try:
        home = Path(tempfile.mkdtemp(prefix="glassdask-doctor-", dir=base))
    except OSError as error:
        raise InvalidInput(f"{base} cannot be written ({error.strerror}); give another place with --folder") from None
    try:
        yield home
    finally:
        _remove(home)


def _remove(home: Path) -> None:
    """Cancelled jobs may hold their logs open for a moment, which a network file system shows as hidden files."""
    end = time.monotonic() + _REMOVAL_SECONDS
    while home.exists() and time.monotonic() < end:
        shutil.rmtree(home, ignore_errors=True)
        if home.exists():
            time.sleep(0.5)
    if home.exists():
        _say(f"{home} is still in use; remove it later")


def doctor_json(site: str, checks: Sequence[PoolCheck]) -> dict[str, Any]:
    """Everything that was found, as plain data."""
    return {
        "site": site,
        "glassdask": glassdask.__version__,
        "is_ready": not any(check.troubles for check in checks),
        "pools": [check.as_dict() for check in checks],
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
    from glassdask.cluster.doctor.diagnosis import gpu_count, working_engines

    report = check.report
    if report is None:
        return [check.pool, check.job, *[None] * 9]
    engines = [f"{name} {it['version']} ({it['device']})" for name, it in working_engines(report).items()]
    return [
        check.pool,
        check.job,
        report["host"],
        report["python"],
        report["glassdask"],
        ", ".join(engines) or "none",
        str(gpu_count(report)) + (f" of {check.promised_gpus}" if check.promised_gpus is not None else ""),
        str(Path(report["scratch"]).parent),
        f"{report['scratch_free_bytes'] / 1e9:.0f} GB",
        _clock(report["seconds_left"]),
        "writable" if report["is_folder_writable"] else "read-only" if report["is_folder_visible"] else "not seen",
    ]


def _clock(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"

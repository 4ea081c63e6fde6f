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
from glassdask.campaign.folder import campaign_folder
from glassdask.cli.table import text_table
from glassdask.cluster.interruption import interruptible
from glassdask.errors import InvalidInput

if TYPE_CHECKING:
    from glassdask.cluster.finding import Finding
    from glassdask.cluster.site import Site

#: How long the folder may stay in use by jobs that were cancelled. [s]
_REMOVAL_SECONDS = 10


@click.command("doctor", short_help="Ask one tiny job per pool what its workers see.")
@click.argument("campaign", type=click.Path(exists=True), required=False)
@click.option("--on", "site", type=click.Path(exists=True, dir_okay=False), required=True, help="Site file.")
@click.option("--folder", type=click.Path(exists=True, file_okay=False), help="Shared folder to try instead.")
@click.option("--timeout", type=click.FloatRange(min=1), default=600, show_default=True, help="Seconds to wait.")
@click.option("--own-walltime", is_flag=True, help="Ask for each pool's own walltime, not for ten minutes.")
@click.option("--insecure", is_flag=True, help="No encryption: whoever reaches the ports can run code as you.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on standard output.")
def command(
    campaign: str | None,
    site: str,
    folder: str | None,
    timeout: float,
    own_walltime: bool,
    insecure: bool,
    as_json: bool,
) -> None:
    """Submit one tiny job per pool of a site file, and show what its worker sees: Python, package, engines, GPUs,
    scratch, time left, the shared folder. Without batch jobs (local, mpi, a running scheduler), each worker that is
    there is asked.

    Keys and logs lie in a temporary folder inside CAMPAIGN's folder, --folder, or that of the site file; it is removed
    and every job cancelled at the end. The exit code is 1 if a pool does not answer or lacks what a campaign needs.

    \b
    Example:
      glassdask doctor --on deploy/slurm.toml
      glassdask doctor campaign.toml --on deploy/slurm.toml --own-walltime
      glassdask doctor --on site.toml --folder /scratch/me --json | jq .pools[].troubles
    """
    loaded = _enter(site, not insecure)
    with interruptible("Every job of the doctor was cancelled."), _temporary_folder(site, campaign, folder) as home:
        from glassdask.cluster.doctor import examine

        findings = examine(loaded, home, timeout, _say, own_walltime, not insecure)
    click.echo(json.dumps(doctor_json(site, findings), indent=1) if as_json else doctor_text(findings))
    sys.exit(1 if any(finding.troubles for finding in findings) else 0)


def _say(line: str) -> None:
    click.echo(line, err=True)


def _enter(path: str, is_secure: bool) -> Site:
    """Reads the site file; in an MPI world, only the driver comes back from here."""
    from glassdask.cluster.site import load_site

    site = load_site(path)
    if site.scheduler == "mpi":
        from glassdask.cluster.mpi_world import enter_world

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


def doctor_json(site: str, findings: Sequence[Finding]) -> dict[str, Any]:
    """Everything that was found, as plain data."""
    return {
        "site": site,
        "glassdask": glassdask.__version__,
        "is_ready": not any(finding.troubles for finding in findings),
        "pools": [finding.as_dict() for finding in findings],
    }


def doctor_text(findings: Sequence[Finding]) -> str:
    """A line for each pool, and under them what is wrong."""
    header = ["pool", "job", "host", "python", "glassdask", "engines", "GPUs", "scratch", "free", "time left", "folder"]
    lines = [text_table(header, [_row(finding) for finding in findings]), ""]
    for finding in findings:
        lines += [f"{finding.pool}: {text}" for text in finding.troubles]
        lines += [f"{finding.pool}: note: {text}" for text in finding.remarks]
    n_well = sum(not finding.troubles for finding in findings)
    return "\n".join([*lines, f"{n_well} of {len(findings)} can run a campaign"])


def _row(finding: Finding) -> list[str | None]:
    from glassdask.cluster.diagnosis import gpu_count, working_engines

    report = finding.report
    if report is None:
        return [finding.pool, finding.job, *[None] * 9]
    engines = [f"{name} {it['version']} ({it['device']})" for name, it in working_engines(report).items()]
    return [
        finding.pool,
        finding.job,
        report["host"],
        report["python"],
        report["glassdask"],
        ", ".join(engines) or "none",
        str(gpu_count(report)) + (f" of {finding.promised_gpus}" if finding.promised_gpus is not None else ""),
        str(Path(report["scratch"]).parent),
        f"{report['scratch_free_bytes'] / 1e9:.0f} GB",
        _clock(report["seconds_left"]),
        "writable" if report["is_folder_writable"] else "read-only" if report["is_folder_visible"] else "not seen",
    ]


def _clock(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"

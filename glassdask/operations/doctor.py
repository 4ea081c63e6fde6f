"""Asks one tiny job per pool of a site, or every worker that is there, what it sees."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import campaign_folder
from glassdask.interruption import interruptible
from glassdask.operations.progress import tell
from glassdask.operations.site import checked_site, enter_world

if TYPE_CHECKING:
    from glassdask.cluster.doctor.pool_check import PoolCheck
    from glassdask.simulation.run.throughput import TimedState

#: How long the folder may stay in use by jobs that were cancelled. [s]
_REMOVAL_SECONDS = 10


def check_site(
    site: str | Path,
    campaign: str | Path | None = None,
    *,
    folder: str | Path | None = None,
    timeout: float = 600,
    runs_per_gpu: bool = False,
    most: int = 16,
    seconds: float = 8,
    own_walltime: bool = False,
    secure: bool = True,
    say: Callable[[str], None] = tell,
) -> list[PoolCheck]:
    """Submits one tiny job per pool of a site file and asks its worker for Python, package, engines, GPUs, scratch, time left
    and the shared folder; without batch jobs, each worker that is there is asked.

    Parameters
    ----------
    site
        The site file.
    campaign, folder
        Where to put a temporary folder for keys and logs: into the campaign's, or into this one; beside the site file
        otherwise.
    timeout
        How long to wait for answers. [s]
    runs_per_gpu
        Time simulations of the campaign's typical state that share a GPU, and write the best number of them into the site
        file.
    most, seconds
        Simulations tried on a GPU at most, and how long each number of them is timed. [s]
    own_walltime
        Ask for each pool's own walltime, not for ten minutes.
    secure
        Encrypt connections.
    say
        Called with lines of progress.

    Returns
    -------
    list of PoolCheck
        What each pool or worker has said; with ``troubles`` that keep a campaign from running there.

    Raises
    ------
    InvalidInput
        If the site file is wrong, or the folder cannot be written.
    Interrupted
        After Ctrl-C; every job is cancelled.
    """
    where = checked_site(site, secure)
    enter_world(where)
    with (
        interruptible("Every job of the doctor was cancelled.", "every job of the doctor is cancelled"),
        _temporary_folder(site, campaign, folder, say) as home,
    ):
        from glassdask.cluster.doctor.check_pools import check_pools
        from glassdask.cluster.doctor.gpu_sharing import measurement, sharing

        loaded = where.or_this_machine()
        asked = sharing(loaded) if runs_per_gpu else loaded
        timed = measurement(asdict(_timed_state(campaign)), most, seconds) if runs_per_gpu else None
        checks = check_pools(asked, home, timeout, say, own_walltime or runs_per_gpu, secure, timed)
    if runs_per_gpu:
        _write_runs_per_gpu(Path(site), checks, say)
    return checks


def _timed_state(campaign: str | Path | None) -> TimedState:
    from glassdask.campaign.definition.campaign import load_campaign
    from glassdask.campaign.work.plan import timed_state

    return timed_state(None if campaign is None else load_campaign(campaign))


def _write_runs_per_gpu(site: Path, checks: Sequence[PoolCheck], say: Callable[[str], None]) -> None:
    """What was measured, into the site file; pools whose number is right already are left alone."""
    from glassdask.cluster.doctor.gpu_sharing import write_runs_per_gpu
    from glassdask.cluster.site.site import load_site

    pools = load_site(site).pool
    for check in checks:
        best = check.runs_per_gpu
        if best is None:
            continue
        if pools[check.pool].runs_per_gpu == best:
            say(f"pool {check.pool}: runs_per_gpu = {best} is the best and stays")
        else:
            write_runs_per_gpu(site, check.pool, best)
            say(f"pool {check.pool}: runs_per_gpu = {best} written to {site}")
    if all(check.rates is None for check in checks):
        say("no pool with GPUs that simulates could be timed")


@contextmanager
def _temporary_folder(
    site: str | Path, campaign: str | Path | None, folder: str | Path | None, say: Callable[[str], None]
) -> Iterator[Path]:
    """A folder of our own where a campaign's would be."""
    if campaign is not None and folder is not None:
        raise InvalidInput(f"CAMPAIGN {str(campaign)!r} and --folder {str(folder)!r}: give one of them")
    base = Path(folder) if folder else campaign_folder(campaign) if campaign else Path(site).parent
    base = next(path for path in (base.resolve(), *base.resolve().parents) if path.is_dir())
    try:
        home = Path(tempfile.mkdtemp(prefix="glassdask-doctor-", dir=base))
    except OSError as error:
        raise InvalidInput(f"{base} cannot be written ({error.strerror}); give another place with --folder") from None
    try:
        yield home
    finally:
        if not _is_removed(home):
            say(f"{home} is still in use; remove it later")


def _is_removed(home: Path) -> bool:
    """Cancelled jobs may hold their logs open for a moment, which a network file system shows as hidden files."""
    end = time.monotonic() + _REMOVAL_SECONDS
    while home.exists() and time.monotonic() < end:
        shutil.rmtree(home, ignore_errors=True)
        if home.exists():
            time.sleep(0.5)
    return not home.exists()

"""Jobs of a batch system that start Dask workers: their scripts, their submission, their state.

Scripts and commands are those of dask-jobqueue's job classes. What is added: several kinds of jobs on one scheduler,
quoted arguments, time limits on every command, and the state of all jobs in one query.
"""

from __future__ import annotations

import asyncio
import shlex
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassdask.cluster.dask_settings import settings_as_environment
from glassdask.cluster.keys import RunKeys
from glassdask.cluster.queue_state import PBS_ALIVE, SLURM_ALIVE
from glassdask.cluster.shared_gpus import sharing_lines
from glassdask.cluster.site import Pool, Site
from glassdask.cluster.site_texts import ARRAY_VARIABLE
from glassdask.cluster.time_limit import END_VARIABLE, MARGIN_VARIABLE
from glassdask.errors import GlassdaskError, InvalidInput, MissingComponent

_TAIL_CHARACTERS = 1500
_UNSAFE = set(" \t\n\"'`$\\;&|<>()*?[]#~!{}%")


class BatchSystemError(GlassdaskError):
    """A command of the batch system failed or hung; it may work again later."""


@dataclass(frozen=True)
class QueuedJob:
    """A job as the batch system sees it."""

    identifier: str
    is_running: bool


def job_class(site: Site) -> Any:
    """dask-jobqueue's class for the site's scheduler.

    Raises
    ------
    MissingComponent
        If dask-jobqueue is not installed.
    """
    try:
        from dask_jobqueue.pbs import PBSJob
        from dask_jobqueue.slurm import SLURMJob
    except ImportError as error:
        raise MissingComponent("batch systems need dask-jobqueue: pip install 'glassdask[cluster]'") from error
    return {"slurm": SLURMJob, "pbs": PBSJob}[site.scheduler]


def make_job(site: Site, pool_name: str, name: str, address: str, logs: Path, keys: RunKeys | None) -> Any:
    """One job of a pool, not yet submitted; ``job_script()`` gives its script.

    Parameters
    ----------
    site, pool_name
        What to ask for.
    name
        Name of its workers.
    address
        Of the Dask scheduler.
    logs
        Folder for the job's output; it must need no quoting.
    keys
        TLS files; None without encryption.
    """
    pool = site.pool[pool_name]
    refuse_unsafe_path(logs)
    return job_class(site)(
        scheduler=shlex.quote(address),
        name=name,
        queue=pool.queue,
        account=pool.account,
        cores=pool.workers_per_job,
        processes=pool.workers_per_job,
        memory=pool.memory,
        walltime=pool.walltime_clock,
        job_name=f"{site.job_name}-{pool_name}",
        interface=site.interface,
        death_timeout=int(site.worker_timeout),
        local_directory=site.local_directory,
        log_directory=str(logs),
        worker_extra_args=_worker_arguments(pool_name, keys),
        job_script_prologue=_prologue(site, pool),
        **_directives(site, pool),
    )


def _prologue(site: Site, pool: Pool) -> list[str]:
    """When the job ends, the site's own lines, what workers must know, and a look at the node before any of them."""
    end = f"export {END_VARIABLE}=$(($(date +%s) + {pool.walltime_seconds}))"
    margin = f"export {MARGIN_VARIABLE}={site.deadline_margin:g}"
    array = f"export {ARRAY_VARIABLE}={pool.array or site.array}"
    lines = [end, *pool.prologue, *settings_as_environment(), margin, array]
    if pool.gpus:
        lines += sharing_lines(pool.gpus, pool.runs_per_gpu, pool.mps)
        if pool.check_gpu:
            lines.append(f"{shlex.quote(sys.executable)} -m glassdask.cluster.node_check --gpus {pool.gpus} || exit 1")
    return lines


def _worker_arguments(pool_name: str, keys: RunKeys | None) -> list[str]:
    """One stage a worker at a time, its HTTP server on loopback only, and the keys of this run."""
    arguments = ["--resources", f"pool_{pool_name}=1", "--dashboard-address", "127.0.0.1:0", "--no-dashboard"]
    if keys is not None:
        files = (keys.certificate_authority, keys.worker_certificate, keys.worker_key)
        for option, path in zip(("--tls-ca-file", "--tls-cert", "--tls-key"), files, strict=True):
            arguments += [option, shlex.quote(str(path))]
        arguments += ["--protocol", "tls"]
    return arguments


def _directives(site: Site, pool: Pool) -> dict[str, Any]:
    extra = list(pool.directives)
    if site.scheduler == "slurm":
        # dask-jobqueue asks for one core a worker; a pool says itself how many cores a job has
        extra += [f"--gres=gpu:{pool.gpus}"] * bool(pool.gpus)
        return {"job_extra_directives": extra, "job_cpu": pool.cores}
    memory = pool.memory.replace(" ", "").replace("i", "").lower()
    gpus = f":ngpus={pool.gpus}" if pool.gpus else ""
    return {"job_extra_directives": extra, "resource_spec": f"select=1:ncpus={pool.cores}{gpus}:mem={memory}"}


def refuse_unsafe_path(path: Path) -> None:
    """Raises InvalidInput for a path that a directive or a shell would split or expand."""
    bad = sorted(set(str(path)) & _UNSAFE)
    if bad:
        raise InvalidInput(
            f"the campaign's folder {str(path)!r} holds {' '.join(map(repr, bad))}; allowed on a batch system: letters, "
            "digits and / . _ - @ + , = :. Move the campaign or set campaign.folder"
        )


async def submit(site: Site, job: Any) -> str:
    """Submits a job; returns its identifier.

    Raises
    ------
    BatchSystemError
        If the command fails or hangs; the message holds what it printed.
    """
    try:
        await asyncio.wait_for(job.start(), site.command_timeout)
    except TimeoutError:
        raise BatchSystemError(f"{job.submit_command} has not answered for {site.command_timeout:g} s") from None
    except (RuntimeError, ValueError, OSError) as error:
        raise BatchSystemError(f"{job.submit_command} failed: {_gist(str(error))}") from None
    return str(job.job_id)


async def queued_jobs(site: Site, identifiers: list[str]) -> dict[str, QueuedJob]:
    """Which of these jobs are waiting or running, in one query; what has ended is left out.

    Raises
    ------
    BatchSystemError
        If the query fails or hangs.
    """
    if not identifiers:
        return {}
    if site.scheduler == "slurm":
        # --me leaves out jobs of others and, unlike --jobs, does not fail when a job is already forgotten
        output = await _call(site, ["squeue", "--me", "--noheader", "--states=all", "--format=%A %T"])
        running = {"RUNNING", "COMPLETING"}
        rows = [line.split() for line in output.splitlines() if line.strip()]
        found = {row[0]: row[1] for row in rows if row[1] in SLURM_ALIVE}
        return {i: QueuedJob(i, found[i] in running) for i in identifiers if i in found}
    output = await _call(site, ["qstat"])
    rows = [line.split() for line in output.splitlines() if len(line.split()) >= 5]
    states = {row[0].split(".")[0]: row[4] for row in rows}
    letters = {i: states.get(i.split(".")[0], "") for i in identifiers}
    return {i: QueuedJob(i, letter in ("R", "E")) for i, letter in letters.items() if letter in PBS_ALIVE}


def log_tail(logs: Path, identifier: str) -> str:
    """The end of what a job has printed.

    Parameters
    ----------
    logs
        Folder of the jobs' output.
    identifier
        As the batch system calls the job; PBS adds its server's name behind a dot.
    """
    files = sorted(logs.glob(f"*{identifier.split('.', maxsplit=1)[0]}*"))
    text = "".join(path.read_text(encoding="utf-8", errors="replace")[-_TAIL_CHARACTERS:] for path in files)
    return text.strip() or f"(nothing in {logs})"


async def cancel(site: Site, identifiers: list[str]) -> None:
    """Cancels jobs; those that have ended are no error."""
    if identifiers:
        with suppress(BatchSystemError):
            await _call(site, [*shlex.split(job_class(site).cancel_command), *identifiers])


async def _call(site: Site, command: list[str]) -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
    except OSError as error:
        raise BatchSystemError(f"{command[0]}: {error.strerror}; is this a login node of the cluster?") from None
    try:
        output, errors = await asyncio.wait_for(process.communicate(), site.command_timeout)
    except TimeoutError:
        process.kill()
        raise BatchSystemError(f"{command[0]} has not answered for {site.command_timeout:g} s") from None
    if process.returncode:
        raise BatchSystemError(f"{command[0]} failed: {errors.decode(errors='replace').strip()[-500:]}")
    return output.decode(errors="replace")


def _gist(message: str) -> str:
    """What the command itself printed, out of dask-jobqueue's long message."""
    _, _, errors = message.partition("stderr:\n")
    return (errors.strip() or message.strip())[-500:]

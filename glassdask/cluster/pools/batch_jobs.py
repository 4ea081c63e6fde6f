"""Jobs of a batch system that start Dask workers: their scripts, their submission, their state.

Scripts and commands are those of dask-jobqueue's job classes. What is added: several kinds of jobs on one scheduler,
quoted arguments, time limits on every command, and the state of all jobs in one query.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassdask.cluster.runtime.keys import RunKeys
from glassdask.cluster.runtime.settings import settings_as_environment
from glassdask.cluster.runtime.shared_gpus import sharing_lines
from glassdask.cluster.schedulers.job_identifier import job_identifier
from glassdask.cluster.schedulers.queue_state import PBS_ALIVE, PBS_SUSPENDED, SLURM_ALIVE, SLURM_SUSPENDED
from glassdask.cluster.schedulers.refusal import Refusal, complaint, refusal
from glassdask.cluster.site.site import Pool, Site
from glassdask.cluster.site.texts import ARRAY_VARIABLE
from glassdask.cluster.site.walltime import END_VARIABLE, MARGIN_VARIABLE
from glassdask.errors import GlassdaskError, InvalidInput, MissingComponent
from glassdask.stages.simulate import STAGE as SIMULATE

_TAIL_CHARACTERS = 1500
#: What is told of a command's complaint.
_GIST_CHARACTERS = 500
#: Read by numerical libraries; PBS sets the first to the cores of the whole job.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_UNSAFE = set(" \t\n\"'`$\\;&|<>()*?[]#~!{}%")


class BatchSystemError(GlassdaskError):
    """A command of the batch system failed or hung.

    Parameters
    ----------
    message
        What it has said.
    refusal
        Whether another try may go better.
    """

    def __init__(self, message: str, refusal: Refusal = Refusal.UNKNOWN):
        super().__init__(message)
        self.refusal = refusal


@dataclass(frozen=True)
class QueuedJob:
    """A job as the batch system sees it."""

    identifier: str
    is_running: bool
    is_suspended: bool = False


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
        job_script_prologue=_prologue(site, pool_name),
        **_directives(site, pool),
    )


def _prologue(site: Site, pool_name: str) -> list[str]:
    """When the job ends, the site's own lines, what workers must know, and a look at the node before any of them."""
    pool = site.pool[pool_name]
    end = f"export {END_VARIABLE}=$(($(date +%s) + {pool.walltime_seconds}))"
    margin = f"export {MARGIN_VARIABLE}={site.deadline_margin:g}"
    array = f"export {ARRAY_VARIABLE}={pool.array or site.array}"
    threads = max(1, pool.cores // pool.workers_per_job)
    own_threads = [
        f"export {name}={threads}" for name in _THREAD_VARIABLES
    ]  # before the site's lines, which may differ
    lines = [end, *own_threads, *pool.prologue, *settings_as_environment(), margin, array]
    if pool.gpus:
        lines += sharing_lines(pool.gpus, pool.runs_per_gpu, pool.mps)
        if pool.check_gpu:
            simulates = " --simulates" if SIMULATE.name in site.stages_of(pool_name) else ""
            check = (
                f"{shlex.quote(sys.executable)} -m glassdask.cluster.doctor.node_check --gpus {pool.gpus}{simulates}"
            )
            lines.append(f"{check} || exit 1")
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
    further = f":{pool.resources}" if pool.resources else ""
    if not any(line.startswith("-k") for line in extra):
        extra.append("-k doe")  # output is written where it belongs while the job runs, not at its end
    chunk = f"select=1:ncpus={pool.cores}{gpus}:mem={memory}{further}"
    return {"job_extra_directives": extra, "resource_spec": chunk}


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
    command = shlex.split(job.submit_command) + ["--parsable"] * (site.scheduler == "slurm")
    with job.job_file() as path:
        printed = await _call(site, [*command, path])
    identifier = job_identifier(printed)
    if identifier is None:
        raise BatchSystemError(
            f"{command[0]} has printed no line that is a job's identifier, but {_gist(printed)!r}", Refusal.FINAL
        )
    job.job_id = identifier
    return identifier


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
        rows = [line.split() for line in output.splitlines()]
        found = {row[0]: row[1] for row in rows if len(row) == 2 and row[1] in SLURM_ALIVE}
        return {i: QueuedJob(i, found[i] in running, found[i] in SLURM_SUSPENDED) for i in identifiers if i in found}
    output = await _call(site, ["qstat"])
    rows = [line.split() for line in output.splitlines() if len(line.split()) >= 5]
    states = {row[0].split(".")[0]: row[4] for row in rows}
    letters = {i: states.get(i.split(".")[0], "") for i in identifiers}
    alive = {i: letter for i, letter in letters.items() if letter in PBS_ALIVE}
    return {i: QueuedJob(i, letter in ("R", "E"), letter in PBS_SUSPENDED) for i, letter in alive.items()}


def log_tail(logs: Path, identifier: str) -> str:
    """The end of what a job has printed.

    Parameters
    ----------
    logs
        Folder of the jobs' output.
    identifier
        As the batch system calls the job; PBS adds its server's name behind a dot.
    """
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in log_files(logs, identifier))
    return "".join(text[-_TAIL_CHARACTERS:] for text in texts).strip() or f"(nothing in {logs})"


def log_files(logs: Path, identifier: str) -> list[Path]:
    """Files of what a job has printed: ``name-7.out`` of SLURM, ``7.server.OU`` and ``name.o7`` of PBS."""
    number = re.escape(identifier.split(".", maxsplit=1)[0])
    named = re.compile(rf"{number}\..*|.*-{number}\.(out|err)|.*\.[oe]{number}")
    return sorted(path for path in logs.glob("*") if named.fullmatch(path.name))


async def cancel(site: Site, identifiers: list[str]) -> list[str]:
    """Cancels jobs; those that have ended are no error.

    Returns
    -------
    list of str
        Jobs of which it is not known that they were cancelled or have ended: the batch system does not answer.
    """
    if not identifiers:
        return []
    command = shlex.split(job_class(site).cancel_command)
    try:
        await _call(site, [*command, *identifiers])
    except BatchSystemError:
        try:
            alive = list(await queued_jobs(site, identifiers))
        except BatchSystemError:
            return identifiers
        # one that has ended makes the command fail, and some commands then leave out the others
        return [one for one in alive if not await _succeeds(site, [*command, one])]
    return []


async def _succeeds(site: Site, command: list[str]) -> bool:
    try:
        await _call(site, command)
    except BatchSystemError:
        return False
    return True


async def _call(site: Site, command: list[str]) -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
    except OSError as error:
        raise BatchSystemError(
            f"{command[0]} cannot be started ({error.strerror}); allowed: a login node of the cluster, with the commands of "
            "its batch system on PATH",
            Refusal.FINAL,
        ) from None
    try:
        output, errors = await asyncio.wait_for(process.communicate(), site.command_timeout)
    except TimeoutError:
        process.kill()
        raise BatchSystemError(
            f"{command[0]} has not answered for {site.command_timeout:g} s", Refusal.PASSING
        ) from None
    if process.returncode:
        said = errors.decode(errors="replace").strip() or output.decode(errors="replace")
        raise BatchSystemError(f"{command[0]} failed: {_gist(said)}", refusal(said))
    return output.decode(errors="replace")


def _gist(said: str) -> str:
    return complaint(said)[-_GIST_CHARACTERS:] or "it has said nothing"

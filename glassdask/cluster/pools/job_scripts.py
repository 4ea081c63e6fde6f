"""Scripts of batch jobs that start Dask workers: made for a run, or printed by ``glassdask script``.

Scripts are those of dask-jobqueue's job classes. What is added: several kinds of jobs on one scheduler, quoted arguments,
and what workers must know of their job.
"""

from __future__ import annotations

import shlex
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from distributed.security import Security

from glassdask.cluster.runtime.keys import KEYS, RunKeys
from glassdask.cluster.runtime.settings import settings_as_environment
from glassdask.cluster.runtime.shared_gpus import sharing_lines
from glassdask.cluster.schedulers.protocol import Scheduler
from glassdask.cluster.site.site import Site
from glassdask.cluster.site.texts import ARRAY_VARIABLE
from glassdask.cluster.site.walltime import END_VARIABLE, MARGIN_VARIABLE
from glassdask.errors import InvalidInput, MissingComponent
from glassdask.stages.simulate import STAGE as SIMULATE

#: Folder of the jobs' output, in that of the campaign.
LOGS = "logs"
#: Read by numerical libraries; some batch systems set the first to the cores of the whole job.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_UNSAFE = set(" \t\n\"'`$\\;&|<>()*?[]#~!{}%")
#: Stands for the scheduler's address, which each run makes anew.
PLACEHOLDER_ADDRESS = "tls://PLACEHOLDER-DRIVER-HOST:1"
_PLACEHOLDER_RUN = "PLACEHOLDER-RUN"
_NOTICE = (
    "# Printed by 'glassdask script'; 'glassdask run' submits up to {count} of these at once as it needs them.\n"
    f"# {PLACEHOLDER_ADDRESS} and {_PLACEHOLDER_RUN} stand for what each run makes anew: its driver's address and keys."
)


def make_job(site: Site, pool_name: str, name: str, address: str, logs: Path, keys: RunKeys | None) -> Any:
    """One job of a pool, not yet submitted; ``job_script()`` gives its script.

    `name` is that of its workers, `logs` the folder of its output, which must need no quoting; `keys` are None without
    encryption.
    """
    pool = site.pool[pool_name]
    refuse_unsafe_path(logs)
    return _job_class(site.batch_system)(
        scheduler=shlex.quote(address),
        name=name,
        cores=pool.workers_per_job,
        processes=pool.workers_per_job,
        memory=pool.memory,
        job_name=f"{site.job_name}-{pool_name}",
        interface=site.interface,
        death_timeout=int(site.worker_timeout),
        local_directory=site.local_directory,
        log_directory=str(logs),
        worker_extra_args=_worker_arguments(pool_name, keys),
        job_script_prologue=_prologue(site, pool_name),
        **site.batch_system.job_options(pool),
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


def _job_class(system: Scheduler) -> Any:
    try:
        module, name = system.job_class
        return getattr(import_module(module), name)
    except ImportError as error:
        raise MissingComponent("batch systems need dask-jobqueue: pip install 'glassdask[cluster]'") from error


def refuse_unsafe_path(path: Path) -> None:
    """Raises InvalidInput for a path that a directive or a shell would split or expand."""
    bad = sorted(set(str(path)) & _UNSAFE)
    if bad:
        raise InvalidInput(
            f"the campaign's folder {str(path)!r} holds {' '.join(map(repr, bad))}; allowed on a batch system: letters, "
            "digits and / . _ - @ + , = :. Move the campaign or set campaign.folder"
        )


def job_scripts(site: Site, folder: Path) -> dict[str, str]:
    """The script of the first job of each pool, with placeholders for what only a run knows; the campaign's folder need
    not exist and is not made."""
    refuse_unsafe_path(folder)
    return {name: _script(site, name, folder) for name in site.pool}


def _script(site: Site, name: str, folder: Path) -> str:
    own = folder / KEYS / _PLACEHOLDER_RUN
    files = (own / f"{part}.pem" for part in ("authority", "worker-certificate", "worker-key"))
    keys = RunKeys(Security(), *files)
    # dask-jobqueue makes the folder of the logs, so it is given one that is there, and then the text the true one
    with tempfile.TemporaryDirectory(prefix="glassdask-logs-") as logs:
        text = make_job(site, name, f"{name}-1", PLACEHOLDER_ADDRESS, Path(logs), keys).job_script()
    shebang, rest = text.replace(logs, str(folder / LOGS)).split("\n", 1)
    # the first line must stay the first: it names the shell
    return "\n".join([shebang, _NOTICE.format(count=site.pool[name].count), rest.rstrip(), ""])

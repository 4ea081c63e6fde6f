"""The job script of every pool as text, without submitting or writing anything: ``glassdask script``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from distributed.security import Security

from glassdask.cluster.pools.batch_jobs import make_job, refuse_unsafe_path
from glassdask.cluster.pools.batch_workers import LOGS
from glassdask.cluster.runtime.keys import KEYS, RunKeys
from glassdask.cluster.site.site import Site

#: Stands for the scheduler's address, which each run makes anew.
PLACEHOLDER_ADDRESS = "tls://PLACEHOLDER-DRIVER-HOST:1"
_PLACEHOLDER_RUN = "PLACEHOLDER-RUN"
_NOTICE = (
    "# Printed by 'glassdask script'; 'glassdask run' submits up to {count} of these at once as it needs them.\n"
    f"# {PLACEHOLDER_ADDRESS} and {_PLACEHOLDER_RUN} stand for what each run makes anew: its driver's address and keys."
)


def job_scripts(site: Site, folder: Path) -> dict[str, str]:
    """The script of the first job of each pool, with placeholders for what only a run knows.

    Parameters
    ----------
    site
        A site with a batch system.
    folder
        The campaign's folder; it need not exist and is not made.
    """
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
    # the first line must stay the first: sbatch asks for it
    return "\n".join([shebang, _NOTICE.format(count=site.pool[name].count), rest.rstrip(), ""])

"""What a worker sees of its node, as plain data: the worker's side of ``glassdask doctor``."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import distributed
from distributed import get_worker

import glassdask
from glassdask.cluster.schedulers.registry import current_job
from glassdask.cluster.site.walltime import job_end
from glassdask.processes.parent import ChildFailed, ask_child

#: Written by the driver into the folder that it asks about; the worker looks for it.
MARK = "seen-by-the-driver"
#: Engines start cold from a shared disk. [s]
_SECONDS = 300
_TRY_CUPY = "import json; from glassdask.arrays import cupy_trouble; print(json.dumps(cupy_trouble()))"
_COUNT_GPUS = "from glassdask.gpus import visible_gpus; print(visible_gpus())"


def node_report(folder: Path, mark: str) -> dict[str, Any]:
    """What this worker sees, and whether it finds `mark` in the folder that the driver has made. To be run by Dask."""
    worker = get_worker()
    scratch = Path(worker.local_directory)
    job, end = current_job(), job_end()
    # in children: CUDA's driver, once loaded, would stay in this worker, which may go on to other work
    gpus = _ask_child(["-c", _COUNT_GPUS])
    return {
        "worker": str(worker.name),
        "host": platform.node(),
        "job": job[1] if job else None,
        "python": platform.python_version(),
        "executable": sys.executable,
        "glassdask": glassdask.__version__,
        "distributed": distributed.__version__,
        "cores": len(os.sched_getaffinity(0)),
        "engines": _ask_child(["-m", "glassdask.simulation.run.engine_check"]),
        "gpus": gpus,
        "cupy_trouble": _ask_child(["-c", _TRY_CUPY]) if gpus else None,
        "cuda_visible_devices": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "scratch": str(scratch),
        "scratch_free_bytes": shutil.disk_usage(scratch).free,
        "seconds_left": None if end is None else round(end - time.time()),
        "is_folder_visible": _is_visible(folder, mark),
        "is_folder_writable": _is_writable(folder),
    }


def _ask_child(arguments: list[str]) -> Any:
    """What a Python process answers; or ``error``."""
    try:
        return ask_child(arguments, _SECONDS)
    except ChildFailed as error:
        return {"error": str(error)}


def _is_visible(folder: Path, mark: str) -> bool:
    try:
        return (folder / MARK).read_text(encoding="utf-8") == mark
    except OSError:
        return False


def _is_writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"0" * 4096)
            return True
    except OSError:
        return False

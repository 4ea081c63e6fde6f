"""When the batch job that this process runs in will be ended, asked of the environment and of the batch system."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from datetime import datetime
from functools import lru_cache

#: Set in each batch job by its script: hundreds of workers that ask the batch system at once are no help to it.
MARGIN_VARIABLE, END_VARIABLE = "GLASSDASK_DEADLINE_MARGIN", "GLASSDASK_JOB_END"
#: How often the batch system is asked where it does not answer, and the pause between.
_TRIES, _PAUSE = 3, 2.0


def deadline_margin() -> float:
    """Seconds before the end of the batch job at which a simulation stops to write its last checkpoint."""
    return float(os.environ.get(MARGIN_VARIABLE, "30"))


@lru_cache(maxsize=1)
def job_end() -> float | None:
    """Unix time at which this batch job reaches its walltime; None outside of a job or where it has no limit.

    The script of a worker's job says it; in other jobs, as that of an MPI world, the batch system is asked.
    """
    told = os.environ.get(END_VARIABLE, "")
    if told.isdigit():
        return float(told)
    return _slurm_end() if "SLURM_JOB_ID" in os.environ else _pbs_end() if "PBS_JOBID" in os.environ else None


def _slurm_end() -> float | None:
    """``SLURM_JOB_END_TIME`` where SLURM sets it (from 22.05 on in batch steps), else squeue."""
    told = os.environ.get("SLURM_JOB_END_TIME", "")
    if told.isdigit():
        return float(told)
    answer = _answer(["squeue", "--noheader", "--jobs", os.environ["SLURM_JOB_ID"], "--format", "%e"])
    for line in reversed(answer.splitlines()):  # wrappers may print others
        with suppress(ValueError):
            return datetime.strptime(line.strip(), "%Y-%m-%dT%H:%M:%S").astimezone().timestamp()
    return None


def _pbs_end() -> float | None:
    """Remaining walltime from ``qstat -f``: Resource_List.walltime less resources_used.walltime."""
    asked = used = None
    for line in _answer(["qstat", "-f", os.environ["PBS_JOBID"]]).splitlines():
        key, _, value = line.strip().partition(" = ")
        if key == "Resource_List.walltime":
            asked = clock_seconds(value)
        elif key == "resources_used.walltime":
            used = clock_seconds(value)
    return None if asked is None else time.time() + asked - (used or 0)


def clock_seconds(text: str) -> int:
    """Seconds of ``hours:minutes:seconds``.

    >>> clock_seconds("01:30:05")
    5405
    """
    seconds = 0
    for part in text.split(":"):
        seconds = seconds * 60 + int(part)
    return seconds


def _answer(command: list[str]) -> str:
    for _ in range(_TRIES):
        try:
            return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
        except (OSError, subprocess.SubprocessError):
            time.sleep(_PAUSE)
    return ""

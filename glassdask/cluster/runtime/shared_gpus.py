"""GPUs that worker processes share: lines of a job's script that let them, and the choice of a GPU by each worker."""

from __future__ import annotations

import os

from distributed import get_worker

#: Set in each job with GPUs: how many it asked for, and worker processes on each of them.
GPUS_VARIABLE, RUNS_VARIABLE = "GLASSDASK_GPUS", "GLASSDASK_RUNS_PER_GPU"


def sharing_lines(gpus: int, runs_per_gpu: int, has_mps: bool) -> list[str]:
    """Shell lines before the workers of a job with GPUs start.

    NVIDIA's Multi-Process Service lets the kernels of several processes run at once, where without it processes take
    turns. Its daemon numbers the GPUs that it was given from 0, for its clients, too. It is stopped with the job; one
    that the site runs itself is used and left alone.
    """
    variables = [f"export {GPUS_VARIABLE}={gpus}", f"export {RUNS_VARIABLE}={runs_per_gpu}"]
    if runs_per_gpu == 1 or not has_mps:
        return variables
    numbers = ",".join(map(str, range(gpus)))
    return [
        *variables,
        'if [ -n "${CUDA_MPS_PIPE_DIRECTORY:-}" ]; then',
        '  echo "glassdask: GPUs are shared by the MPS of this site" >&2',
        "else",
        '  glassdask_mps=$(mktemp -d "${TMPDIR:-/tmp}/glassdask-mps-XXXXXX")',
        '  export CUDA_MPS_PIPE_DIRECTORY="$glassdask_mps" CUDA_MPS_LOG_DIRECTORY="$glassdask_mps"',
        "  if nvidia-cuda-mps-control -d; then",
        "    trap 'echo quit | nvidia-cuda-mps-control; rm -rf \"$glassdask_mps\"' EXIT",
        f"    export CUDA_VISIBLE_DEVICES={numbers}",
        '    echo "glassdask: GPUs are shared by MPS" >&2',
        "  else",
        '    rm -rf "$glassdask_mps"',
        "    unset CUDA_MPS_PIPE_DIRECTORY CUDA_MPS_LOG_DIRECTORY",
        '    echo "glassdask: MPS did not start: processes take turns on their GPU" >&2',
        "  fi",
        "fi",
    ]


def runs_per_gpu_of_job() -> int:
    """Worker processes on each GPU of this job; 0 outside of jobs with GPUs."""
    return int(os.environ.get(RUNS_VARIABLE, "0"))


def choose_gpu() -> None:
    """Gives this worker process one of its job's GPUs, by the number at the end of its name; no library of CUDA has
    been loaded yet, and the child processes inherit it.

    A batch system that does not say which GPUs are the job's leaves CUDA_VISIBLE_DEVICES unset: they are taken to be the
    first ones, as many as the job asked for.
    """
    runs_per_gpu = runs_per_gpu_of_job()
    if not runs_per_gpu:
        return
    first = ",".join(map(str, range(int(os.environ.get(GPUS_VARIABLE, "0")))))
    devices = os.environ.get("CUDA_VISIBLE_DEVICES", first).split(",")
    if len(devices) > 1:
        number = int(str(get_worker().name).rpartition("-")[2])
        devices = [devices[number // runs_per_gpu % len(devices)]]
    if devices != [""]:
        os.environ["CUDA_VISIBLE_DEVICES"] = devices[0]

"""What runs on a worker while a network is trained: where the worker sits, one rank as a child process, and its end."""

from __future__ import annotations

import json
import os
import socket
import tempfile
import threading
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from distributed import get_worker
from distributed.comm import get_address_host
from distributed.utils import get_ip_interface

from glassdask.cluster.driver.worker_side import is_late
from glassdask.cluster.runtime.shared_gpus import choose_gpu, runs_per_gpu_of_job
from glassdask.cluster.schedulers.registry import current_job
from glassdask.cluster.site.walltime import deadline_margin, job_end
from glassdask.outcome import Outcome, StopReason
from glassdask.processes.parent import Child

_CHILD = "glassdask.learning.training.rank"
#: The child of each attempt of a gang, and the signals that the driver has sent to it or wanted to send.
_children: dict[str, Child] = {}
_signals: defaultdict[str, set[int]] = defaultdict(set)
_lock = threading.Lock()


@dataclass(frozen=True)
class WorkerPlace:
    """Where a worker is, as far as it matters to ranks.

    ``gpu`` is the only one that it sees, where ``runs_per_gpu`` workers may share it; "" elsewhere. ``job`` is ""
    outside of a batch job, ``port`` free a moment ago at its address; it ``is_late`` where its batch job is about to
    end.
    """

    address: str
    pool: str
    host: str
    job: str = ""
    gpu: str = ""
    runs_per_gpu: int = 1
    port: int = 0
    is_late: bool = False

    def shares_gpu_with(self, other: WorkerPlace) -> bool:
        """Whether two ranks would meet on one GPU, which NCCL refuses."""
        return bool(self.gpu) and (self.host, self.job, self.gpu) == (other.host, other.job, other.gpu)


@dataclass(frozen=True)
class RankJob:
    """One rank of a gang, counted as torchrun does: plain data, sent through Dask.

    ``attempt`` names this try of the gang, by which its children can be told to stop; ``request`` is what
    :mod:`glassdask.learning.training.rank` is told, and the end of the job and the parent are filled in here.
    """

    attempt: str
    rank: int
    n_ranks: int
    local_rank: int
    n_local_ranks: int
    main_host: str
    main_port: int
    request: dict[str, Any]


@dataclass(frozen=True)
class RankAnswer:
    """How one rank of an attempt ended, sent through Dask: done, partial (a checkpoint was written), failed, or lost
    (its process died without a word, as when it `was_stopped` by `signal_rank`; its worker has gone).

    `is_out_of_time` says whether the `worker` at that address should be retired because its job ends soon.
    """

    rank: int
    outcome: Outcome
    reason: str
    message: str
    was_stopped: bool = False
    worker: str = ""
    is_out_of_time: bool = False


def worker_place(pool: str) -> WorkerPlace:
    """Where this worker of a pool is."""
    choose_gpu()
    worker, job = get_worker(), current_job()
    runs_per_gpu = runs_per_gpu_of_job()
    return WorkerPlace(
        address=worker.address,
        pool=pool,
        host=socket.gethostname(),
        job=job[1] if job else "",
        gpu=os.environ.get("CUDA_VISIBLE_DEVICES", "") if runs_per_gpu else "",
        runs_per_gpu=max(1, runs_per_gpu),
        port=_free_port(get_address_host(worker.address)),
        is_late=is_late(job_end()),
    )


def run_rank(job: RankJob) -> RankAnswer:
    """Runs one rank in a child process of this worker until it ends, whatever ends it."""
    end, address = job_end(), get_worker().address
    if is_late(end):
        late = RankAnswer(job.rank, Outcome.PARTIAL, StopReason.DEADLINE, "no time left in this batch job")
        return replace(late, worker=address, is_out_of_time=True)
    choose_gpu()
    stop_at = None if end is None else end - deadline_margin()
    answer = _run_child(job, {**job.request, "stop_at": stop_at, "parent_pid": os.getpid()})
    return replace(answer, worker=address, is_out_of_time=is_late(end))


async def signal_rank(attempt: str, number: int) -> None:
    """Sends a signal to this worker's rank of an attempt; one that has not begun never does. A coroutine, as Dask waits
    for the end of anything else."""
    with _lock:
        _signals[attempt].add(number)
        child = _children.get(attempt)
        if child is not None:
            child.send_signal(number)


def _run_child(job: RankJob, request: dict[str, Any]) -> RankAnswer:
    """Starts the process and waits for it; the folder of its request is readable by nobody else."""
    with tempfile.TemporaryDirectory(prefix="rank-", dir=get_worker().local_directory) as folder:
        with _lock:
            if _signals[job.attempt]:
                return RankAnswer(job.rank, Outcome.LOST, StopReason.STOPPED, "stopped before it began", True)
            child = _children[job.attempt] = Child(_CHILD, Path(folder), json.dumps(request), _environment(job))
        with child:
            try:
                child.wait()
            finally:
                with _lock:
                    del _children[job.attempt]
            answer = child.answer(f"the process of rank {job.rank}", crash="process")
    was_stopped = answer.reason in {f"signal {int(number)}" for number in _signals[job.attempt]}
    return RankAnswer(job.rank, answer.outcome, answer.reason, answer.message, was_stopped)


def _environment(job: RankJob) -> dict[str, str]:
    """torchrun's variables, and sockets on the interface that carries this worker's address."""
    interface = _interface_of(get_address_host(get_worker().address))
    names = ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME") if interface else ()
    return {
        **dict.fromkeys(names, interface or ""),
        "RANK": str(job.rank),
        "WORLD_SIZE": str(job.n_ranks),
        "LOCAL_RANK": str(job.local_rank),
        "LOCAL_WORLD_SIZE": str(job.n_local_ranks),
        "MASTER_ADDR": job.main_host,
        "MASTER_PORT": str(job.main_port),
        "OMP_NUM_THREADS": str(job.request.get("threads", 1)),
    }


def _interface_of(host: str) -> str | None:
    """The network interface with this address; gloo and NCCL would listen on one of their own choice."""
    for _, name in socket.if_nameindex():
        with suppress(ValueError):  # one without an address
            if get_ip_interface(name) == host:
                return name
    return None


def _free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])

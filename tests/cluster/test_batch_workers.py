"""Pools of workers in batch jobs of a real SLURM: as many as are needed, replaced when lost, each with its own GPU."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import get_worker

from glassdask.campaign.job_history import JobHistory
from glassdask.cluster.batch_workers import BatchWorkers, PoolBroken
from glassdask.cluster.launch import start_workers
from glassdask.cluster.shared_gpus import choose_gpu
from glassdask.cluster.site import Pool, Site
from glassdask.cluster.workers import Workers
from tests.cluster.real_slurm import RealSlurm
from tests.waiting import HANGS, wait_until

pytestmark = pytest.mark.slurm

POOLS = {
    "gpu": Pool(
        queue="gpu", gpus=2, cores=2, runs_per_gpu=2, memory="2GB", count=1, check_gpu=False, stages=["simulate"]
    ),
    "cpu": Pool(queue="cpu", memory="1GB", count=2, stages=["reduce"]),
}


@pytest.fixture
def workers(slurm: RealSlurm, tmp_path: Path) -> Iterator[BatchWorkers]:
    site = Site(scheduler="slurm", interface="lo", pool=POOLS, worker_timeout=20, deadline_margin=5)
    with start_workers(site, tmp_path, dashboard=False) as (started, lines):
        assert lines == []
        assert isinstance(started, BatchWorkers)
        yield started
    wait_until(lambda: not queue(slurm))


def tended(workers: BatchWorkers, needed: dict[str, int], is_true: Callable[[], Any]) -> None:
    """Does what a driver does until something is true."""

    def look() -> bool:
        assert workers.tend(Counter(needed)) == []
        return bool(is_true())

    wait_until(look)


def queue(slurm: RealSlurm) -> list[str]:
    return sorted(slurm.run("squeue", "--noheader", "--format=%j", "--states=pending,running").split())


def gpu_of_this_worker() -> tuple[str, str]:
    choose_gpu()
    return str(get_worker().name), os.environ.get("CUDA_VISIBLE_DEVICES", "")


def test_runs_share_the_gpus_of_a_job_evenly(workers: BatchWorkers) -> None:
    """Two GPUs, two runs on each: four workers, each takes stages of its pool only and sees one GPU."""
    tended(workers, {"simulate": 9}, lambda: workers.pool_with_room("simulate", Counter(gpu=3)) == "gpu")
    assert len(workers.client.ncores()) == 4
    assert workers.pool_with_room("simulate", Counter()) == "gpu"
    assert workers.pool_with_room("simulate", Counter(gpu=4)) is None
    assert workers.pool_with_room("reduce", Counter()) is None
    client = workers.client
    seen = [client.submit(gpu_of_this_worker, workers=[one], pure=False).result(HANGS) for one in client.ncores()]
    assert sorted(name for name, _ in seen) == ["gpu-1-0", "gpu-1-1", "gpu-1-2", "gpu-1-3"]
    if os.geteuid() == 0:  # only root can make the device files from which SLURM numbers GPUs
        assert Counter(device for _, device in seen) == {"0": 2, "1": 2}


def test_pools_follow_what_is_needed_and_lost_jobs_are_replaced(
    workers: BatchWorkers, slurm: RealSlurm, tmp_path: Path
) -> None:
    began = time.time()
    tended(workers, {"reduce": 1}, lambda: len(workers.client.ncores()) == 1)
    assert queue(slurm) == ["glassdask-cpu"]
    tended(workers, {"reduce": 7}, lambda: len(workers.client.ncores()) == 2)
    assert queue(slurm) == ["glassdask-cpu"] * 2
    first = set(slurm.run("squeue", "--noheader", "--format=%A").split())
    slurm.run("scancel", min(first))
    wait_until(lambda: len(workers.client.ncores()) == 1)
    tended(workers, {"reduce": 7}, lambda: len(workers.client.ncores()) == 2)
    tended(workers, {"reduce": 1}, lambda: len(queue(slurm)) == 1)
    tended(workers, {}, lambda: not queue(slurm))
    history = JobHistory(tmp_path)
    history.look()
    whys = [job.why for job in history.jobs.values()]
    assert history.counts == {"pending": 0, "running": 0, "ended": 3}
    assert all(job.wait is not None and 0 <= job.wait <= time.time() - began for job in history.jobs.values())
    assert sum("CANCELLED" in why for why in whys) == 1
    assert sum("no longer needed" in why for why in whys) == 2


def test_a_retired_worker_gets_nothing_more_and_its_job_ends(workers: BatchWorkers, slurm: RealSlurm) -> None:
    tended(workers, {"reduce": 1}, lambda: len(workers.client.ncores()) == 1)
    (address,) = workers.client.ncores()
    workers.retire(address)
    assert workers.pool_with_room("reduce", Counter()) is None
    wait_until(lambda: not queue(slurm))


def test_a_pool_that_cannot_be_submitted_is_left_alone_and_the_other_goes_on(slurm: RealSlurm, tmp_path: Path) -> None:
    """Fault 18: it stops the driver only once nothing else is left to do."""
    pools = POOLS | {"gpu": POOLS["gpu"].model_copy(update={"queue": "nowhere"})}
    site = Site(scheduler="slurm", interface="lo", pool=pools, worker_timeout=20, deadline_margin=5)
    with start_workers(site, tmp_path, dashboard=False) as (workers, _):
        said = workers.tend(Counter(simulate=1, reduce=1))
        assert any("no job of the pool 'gpu' can be submitted" in line for line in said)
        wait_until(lambda: workers.pool_with_room("reduce", Counter()) == "cpu")
        assert queue(slurm) == ["glassdask-cpu"]
        wait_until(lambda: is_broken(workers, Counter(simulate=1)))
    wait_until(lambda: not queue(slurm))


def is_broken(workers: Workers, needed: Counter[str]) -> bool:
    try:
        workers.tend(needed)
    except PoolBroken as error:
        return "nowhere" in str(error) or "invalid partition" in str(error)
    return False

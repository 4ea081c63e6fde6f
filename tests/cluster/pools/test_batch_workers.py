"""Pools of workers in batch jobs of a real SLURM: as many as are needed, replaced when lost, each with its own GPU."""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import get_worker

from glassdask.campaign.files.journal import JOURNAL
from glassdask.campaign.observe.job_history import JobHistory, named_jobs
from glassdask.cluster.pools import batch_workers, pool_state
from glassdask.cluster.pools.batch_workers import BatchWorkers, PoolBroken
from glassdask.cluster.pools.launch import start_workers
from glassdask.cluster.pools.left_over_jobs import cancel_left_over
from glassdask.cluster.runtime import settings as dask_settings
from glassdask.cluster.runtime.shared_gpus import choose_gpu
from glassdask.cluster.runtime.workers import Workers
from glassdask.cluster.site.site import Pool, Site
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
        assert workers.scale_pools(Counter(needed)) == []
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


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"queue": "nowhere"}, "nvalid partition"),
        ({"memory": "900GB"}, "Requested node configuration is not available"),
        ({"directives": ["--gres=flux:1"], "gpus": 0}, "Invalid generic resource"),
        ({"directives": ["--flux"]}, "unrecognized option"),
    ],
)
def test_a_pool_that_cannot_be_submitted_is_left_alone_and_the_other_goes_on(
    change: dict[str, Any], word: str, slurm: RealSlurm, tmp_path: Path
) -> None:
    """Fault 18: it stops the driver only once nothing else is left to do."""
    pools = POOLS | {"gpu": POOLS["gpu"].model_copy(update={**change})}
    held = {"cpu": POOLS["cpu"].model_copy(update={"directives": ["--hold"]})}
    site = Site(scheduler="slurm", interface="lo", pool=pools | held, worker_timeout=20, deadline_margin=5)
    with start_workers(site, tmp_path, dashboard=False) as (workers, _):
        (said,) = workers.scale_pools(Counter(simulate=1, reduce=1))
        assert "no job of the pool 'gpu' can be submitted" in said
        assert word in said
        assert "\n" not in said
        assert queue(slurm) == ["glassdask-cpu"]
        wait_until(lambda: is_broken(workers, Counter(simulate=1), word))
    wait_until(lambda: not queue(slurm))


def is_broken(workers: Workers, needed: Counter[str], word: str) -> bool:
    try:
        workers.scale_pools(needed)
    except PoolBroken as error:
        return word in str(error)
    return False


# --- queues with limits, and jobs that others suspend and delete ---------------------------------------------------------


@pytest.fixture
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions and pauses that no cluster would like."""
    monkeypatch.setattr(batch_workers, "_QUERY_SECONDS", 0.3)
    monkeypatch.setattr(pool_state, "LONGEST_PAUSE", 0.3)
    monkeypatch.setitem(dask_settings.SETTINGS, "distributed.scheduler.worker-ttl", "1s")


def wrap(folder: Path, program: str, before: str) -> None:
    """Puts a wrapper that prints and may refuse before a program of SLURM, in a folder for PATH."""
    folder.mkdir(exist_ok=True)
    (folder / program).write_text(f'#!/bin/sh\n{before}\nexec {shutil.which(program)} "$@"\n')
    (folder / program).chmod(0o755)


def pool_of(**changes: Any) -> Site:
    """A site with the pool of cores alone."""
    pools = {"cpu": POOLS["cpu"].model_copy(update={"stages": None, **changes})}
    return Site(scheduler="slurm", interface="lo", pool=pools, worker_timeout=20, deadline_margin=5)


def tend_until(workers: Workers, needed: int, is_true: Callable[[], Any]) -> list[str]:
    """Does what a driver does, until something is true; what was said."""
    said: list[str] = []

    def look() -> bool:
        said.extend(workers.scale_pools(Counter(reduce=needed)))
        return bool(is_true())

    wait_until(look)
    return said


#: What slurmctld answers to one job too many, where accounting keeps limits (slurmdbd); behind a site's own banner.
ONE_JOB_PER_USER = """
echo "*** 3 of 120 nodes are down until 18:00 ***"
echo 2026
if [ -n "$({squeue} --me --noheader --states=pending,running,suspended)" ]; then
  echo "sbatch: error: QOSMaxSubmitJobPerUserLimit" >&2
  echo "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size \
and/or time limits)" >&2
  exit 1
fi"""


@pytest.mark.usefixtures("in_a_hurry")
def test_where_one_job_is_allowed_the_pool_goes_on_with_one(
    slurm: RealSlurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two are wanted. The one there is is not touched; lost, it is replaced; the user hears of the limit once."""
    wrap(tmp_path / "bin", "sbatch", ONE_JOB_PER_USER.format(squeue=shutil.which("squeue")))
    wrap(tmp_path / "bin", "squeue", "echo Welcome; echo 'two words'")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    with start_workers(pool_of(), tmp_path, dashboard=False) as (workers, _):
        said = tend_until(workers, 2, lambda: workers.pool_with_room("reduce", Counter()))
        first = named_jobs(tmp_path)
        assert len(first) == 1
        slurm.run("scancel", *first)
        said += tend_until(workers, 2, lambda: named_jobs(tmp_path) and named_jobs(tmp_path) != first)
    assert [line for line in said if "next try" in line] == []
    (limit,) = [line for line in said if "no more jobs are allowed" in line]
    assert "QOSMaxSubmitJobPerUserLimit" in limit
    assert "it goes on with 1 job, and asks again now and then" in limit
    events = [json.loads(line) for line in (tmp_path / JOURNAL).read_text().splitlines()]
    assert [event["jobs"] for event in events if event["event"] == "limited"] == [1]
    monkeypatch.undo()  # no wrapper prints any more
    wait_until(lambda: not queue(slurm))


@pytest.mark.usefixtures("in_a_hurry")
def test_jobs_that_are_cancelled_while_they_wait_are_submitted_again(slurm: RealSlurm, tmp_path: Path) -> None:
    """Fault 36: more of them than jobs that die at once may be."""
    with start_workers(pool_of(directives=["--hold"]), tmp_path, dashboard=False) as (workers, _):
        for _ in range(2):
            tend_until(workers, 2, lambda: len(named_jobs(tmp_path)) == 2)
            gone = set(named_jobs(tmp_path))
            slurm.run("scancel", *gone)
            said = tend_until(workers, 2, lambda gone=gone: not gone & set(named_jobs(tmp_path)))  # type: ignore[misc]
            assert sum("ended before its workers came up (CANCELLED" in line for line in said) == 2
        tend_until(workers, 2, lambda: len(queue(slurm)) == 2)
    wait_until(lambda: not queue(slurm))


@pytest.mark.usefixtures("in_a_hurry")
def test_a_suspended_job_is_not_lost_and_gets_nothing(slurm: RealSlurm, tmp_path: Path) -> None:
    """Fault 34: for longer than Dask waits for a worker. What it has begun is its own when it goes on."""
    with start_workers(pool_of(count=1), tmp_path, dashboard=False) as (workers, _):
        tend_until(workers, 1, lambda: workers.pool_with_room("reduce", Counter()))
        (job,) = named_jobs(tmp_path)
        (address,) = workers.client.ncores()
        begun = workers.client.submit(wait_for, tmp_path / "go-on", key="begun", resources={"pool_cpu": 1})
        wait_until((tmp_path / "begun").exists)
        slurm.run("scontrol", "suspend", job)
        said = tend_until(workers, 1, workers.suspended_runs)
        assert said == [f"pool cpu: the batch system has suspended job {job}; its stages stand still until it goes on"]
        assert workers.suspended_runs() == {"begun"}
        assert workers.pool_with_room("reduce", Counter()) == "cpu", "it has a seat, which is taken:"
        assert workers.pool_with_room("reduce", Counter(cpu=1)) is None
        (tmp_path / "go-on").touch()
        end = time.monotonic() + 8.0  # a worker may be silent for 5 s
        assert tend_until(workers, 1, lambda: time.monotonic() > end) == []
        assert not begun.done()
        slurm.run("scontrol", "resume", job)
        said = tend_until(workers, 1, lambda: begun.done() and '"resumed"' in (tmp_path / JOURNAL).read_text())
        assert (said, begun.result()) == (
            [f"pool cpu: the batch system has resumed job {job}; its stages go on"],
            address,
        )
    wait_until(lambda: not queue(slurm))


def wait_for(path: Path) -> str:
    (path.parent / "begun").touch()
    while not path.exists():
        time.sleep(0.1)
    return str(get_worker().address)


@pytest.mark.usefixtures("in_a_hurry")
def test_a_batch_system_that_is_down_at_the_end_leaves_jobs_named(
    slurm: RealSlurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Fault 38: nothing is said to have been cancelled that may still run; the next driver does it."""
    down = f"if [ -e {tmp_path}/down ]; then echo 'Unable to contact slurm controller' >&2; exit 1; fi"
    for program in ("scancel", "squeue"):
        wrap(tmp_path / "bin", program, down)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    site = pool_of(count=1, directives=["--hold"])
    with caplog.at_level(logging.WARNING), start_workers(site, tmp_path, dashboard=False) as (workers, _):
        tend_until(workers, 1, lambda: queue(slurm))
        (job,) = named_jobs(tmp_path)
        (tmp_path / "down").touch()
    assert f"does not say that it has cancelled the jobs {job}:" in caplog.text
    assert named_jobs(tmp_path) == [job]
    assert state_in_history(tmp_path, job) == "pending"
    (tmp_path / "down").unlink()
    assert queue(slurm) == ["glassdask-cpu"]
    assert cancel_left_over(site, tmp_path) == [job]
    assert named_jobs(tmp_path) == []
    assert state_in_history(tmp_path, job) == "ended"
    wait_until(lambda: not queue(slurm))


def state_in_history(folder: Path, job: str) -> str:
    history = JobHistory(folder)
    history.look()
    return history.jobs[job].state

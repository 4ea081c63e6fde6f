"""DDP on Dask workers: ranks, workers and jobs die, and the weights are those of an undisturbed run."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")

from glassdask.cluster.pools.launch import local_workers, start_workers
from glassdask.cluster.ranks import training_gang as gang
from glassdask.cluster.ranks.placement import Placement, place_ranks
from glassdask.cluster.ranks.rank_side import WorkerPlace
from glassdask.cluster.ranks.training_gang import Gang, GangLost, RankFailed
from glassdask.cluster.runtime.workers import FixedWorkers, OutOfTime
from glassdask.cluster.site.site import Pool, Site
from glassdask.errors import InvalidInput
from glassdask.learning.training.recipe import Recipe
from glassdask.learning.training.study import Training, load_trained, run_study
from tests.cluster.real_slurm import RealSlurm
from tests.cluster.site.ending_job import end_job_in
from tests.learning.synthetic import make_samples
from tests.waiting import HANGS, wait_until

#: In double precision ranks and one process, which add in another order, end at the same weights.
RECIPE = Recipe("small", options={"layers": (8,)}, epochs=200, batch_size=120, validation=0.0, precision="float64")
ENDLESS = 1_000_000
CHECKPOINT = "training.pt"


@pytest.fixture(scope="module")
def workers() -> Iterator[FixedWorkers]:
    with local_workers(2, dashboard=False) as (started, _):
        yield started


def training(epochs: int) -> Training:
    recipe = Recipe.from_plain(RECIPE.plain() | {"epochs": epochs})
    return Training("network", tuple(range(12)), recipe, seed=3)


def write_request(folder: Path, epochs: int = RECIPE.epochs, samples: str = "samples.npz") -> Path:
    """A request for one training, in a folder of its own."""
    folder.mkdir(exist_ok=True)
    make_samples().write(folder / "samples.npz")
    trainings = [training(epochs).plain()]
    told = {"samples": str(folder / samples), "folder": str(folder), "trainings": trainings, "checkpoint_seconds": 0.05}
    (folder / "request.json").write_text(json.dumps(told))
    return folder / "request.json"


def weights(folder: Path) -> dict[str, Any]:
    trained = load_trained(folder / "network.pt")
    assert trained is not None
    assert len(trained.history) == RECIPE.epochs
    return trained.weights


@pytest.fixture(scope="module")
def undisturbed(workers: FixedWorkers, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Weights of two ranks that nothing happens to."""
    folder = tmp_path_factory.mktemp("undisturbed")
    Gang(workers, 2).run(write_request(folder))
    assert not ranks(folder)
    assert not (folder / CHECKPOINT).exists()
    return weights(folder)


def assert_equal(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Bit by bit."""
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name].equal(values), name


def ranks(folder: Path) -> dict[int, psutil.Process]:
    """Processes that train in this folder, by rank."""
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError, ValueError):
            command = process.cmdline()
            if "glassdask.learning.training.rank" in command and process.status() != psutil.STATUS_ZOMBIE:
                told = json.loads(Path(command[-1]).read_text())
                if told["folder"] == str(folder):
                    found[int(process.environ()["RANK"])] = process
    return found


class Once(threading.Thread):
    """Does something to the ranks of a folder within milliseconds of their first checkpoint, by itself."""

    def __init__(self, folder: Path, act: Callable[[dict[int, psutil.Process]], None], n_ranks: int = 2):
        super().__init__(daemon=True)
        self.folder, self.act, self.n_ranks, self.is_done = folder, act, n_ranks, False
        self.start()

    def run(self) -> None:
        wait_until(lambda: len(ranks(self.folder)) == self.n_ranks, pause=0.1)
        found = ranks(self.folder)
        wait_until((self.folder / CHECKPOINT).exists, pause=0.005)
        self.act(found)
        self.is_done = True


def seconds_to_a_checkpoint() -> float:
    """What ranks may take here and now from their start to their first checkpoint: most of it is for imports."""
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", "import torch._dynamo, glassdask.learning.training.rank"], check=True)
    return 4.0 + 3.0 * (time.monotonic() - begun)


def stand_still(found: dict[int, psutil.Process]) -> None:
    """Ranks that have a checkpoint need no processor until the time at which their job is to end."""
    stop_at = json.loads(Path(found[0].cmdline()[-1]).read_text())["stop_at"]
    for process in found.values():
        process.suspend()
    time.sleep(max(0.0, stop_at - time.time()))
    for process in found.values():
        process.resume()


def test_ranks_and_one_process_end_at_the_same_weights(undisturbed: dict[str, Any], tmp_path: Path) -> None:
    """Each batch is shared, gradients are averaged; what is left is rounding."""
    assert run_study(make_samples(), [training(RECIPE.epochs)], tmp_path)
    for name, values in weights(tmp_path).items():
        assert (undisturbed[name] - values).norm() <= 1e-6 * values.norm(), name


def test_after_kills_training_goes_on_to_the_same_weights(
    workers: FixedWorkers, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    """Fault 25: of a rank, and then of another's worker; the other rank does not hang, and the checkpoint is taken up."""
    said: list[str] = []
    begun: list[int] = []

    counted: set[tuple[str, ...]] = set()

    def kill_both(found: dict[int, psutil.Process]) -> None:
        names = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE")
        counted.update(tuple(process.environ()[name] for name in names) for process in found.values())
        kept = (tmp_path / CHECKPOINT).stat().st_ino
        found[1].kill()
        found[0].wait(HANGS)
        wait_until(lambda: len(ranks(tmp_path)) == 2, pause=0.1)
        again = ranks(tmp_path)
        wait_until(lambda: (tmp_path / CHECKPOINT).stat().st_ino != kept, pause=0.005)
        again[0].parent().kill()

    def watch() -> None:
        with suppress(OSError, ValueError):
            begun.append(json.loads((tmp_path / "progress.json").read_text())["epoch"])

    act = Once(tmp_path, kill_both)
    Gang(workers, 2, said.append).run(write_request(tmp_path), watch)
    assert act.is_done
    assert counted == {("0", "0", "2", "2"), ("1", "1", "2", "2")}, "as torchrun counts them"
    assert len(said) == 2, said
    assert "rank 1 was ended by SIGKILL" in said[0]
    assert re.search(r"the worker of rank 0 at tls://\S+ has gone", said[1])
    assert begun == sorted(begun), "it went on from the checkpoint, not from the beginning"
    assert_equal(weights(tmp_path), undisturbed)
    wait_until(lambda: not ranks(tmp_path))
    assert not list(tmp_path.glob(".*"))


def test_an_interrupt_leaves_a_checkpoint_and_no_process(workers: FixedWorkers, tmp_path: Path) -> None:
    def interrupt_once_there_is_a_checkpoint() -> None:
        if (tmp_path / CHECKPOINT).exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Gang(workers, 2).run(write_request(tmp_path, ENDLESS), interrupt_once_there_is_a_checkpoint)
    assert not ranks(tmp_path)
    assert (tmp_path / CHECKPOINT).exists()


def test_what_fails_is_tried_twice_and_said(workers: FixedWorkers, tmp_path: Path) -> None:
    request = write_request(tmp_path, samples="nowhere.npz")
    with pytest.raises(
        RankFailed, match=r"failed 2 times at the same point: rank 0: .*nowhere\.npz.*FileNotFoundError"
    ):
        Gang(workers, 1).run(request)
    assert not ranks(tmp_path)


def test_ranks_that_are_lost_again_and_again_are_given_up(
    workers: FixedWorkers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before any checkpoint: whatever kills them would do so for ever."""
    monkeypatch.setattr(gang, "MOST_LOSSES", 1)

    def kill_all() -> None:
        for process in ranks(tmp_path).values():
            process.kill()

    said: list[str] = []
    with pytest.raises(GangLost, match=r"lost 2 times in a row without a new checkpoint; last: .*ended by SIGKILL"):
        Gang(workers, 2, said.append).run(write_request(tmp_path), kill_all)
    assert len(said) == 1


def test_at_the_end_of_the_job_there_is_a_checkpoint(workers: FixedWorkers, tmp_path: Path) -> None:
    """The driver shares its job with these workers, so it ends with them; after its first checkpoint on any machine."""
    workers.client.run(end_job_in, seconds_to_a_checkpoint())
    Once(tmp_path, stand_still, n_ranks=1)
    try:
        with pytest.raises(OutOfTime):
            Gang(workers, 1).run(write_request(tmp_path, ENDLESS))
        assert not ranks(tmp_path)
        assert (tmp_path / CHECKPOINT).exists()
    finally:
        workers.client.run(end_job_in, None)


def test_more_ranks_than_the_pools_can_hold_are_refused() -> None:
    with local_workers(1, dashboard=False, is_secure=False) as (one, _), pytest.raises(InvalidInput, match="1 or more"):
        Gang(one, 0)


def place(name: str, host: str, job: str, gpu: str = "") -> WorkerPlace:
    return WorkerPlace(name, "gpu", host, job, gpu)


def test_ranks_sit_on_distinct_hosts_and_jobs_and_never_two_on_a_gpu() -> None:
    spread = [place("a", "h1", "1"), place("b", "h1", "1"), place("c", "h1", "2"), place("d", "h2", "3")]
    assert [one.address for one in place_ranks(spread, 3)] == ["a", "d", "c"]
    assert place_ranks(spread, 5) == []
    shared = [place("a", "h1", "1", "0"), place("b", "h1", "1", "0"), place("c", "h1", "1", "1")]
    assert [one.address for one in place_ranks(shared, 2)] == ["a", "c"]
    assert place_ranks(shared, 3) == []


def site(pool: Pool, deadline_margin: float = 5.0) -> Site:
    """SLURM with one pool for everything; its queue must be empty before the next test."""
    return Site(
        scheduler="slurm", interface="lo", pool={"all": pool}, worker_timeout=20, deadline_margin=deadline_margin
    )


def wait_for_an_empty_queue(slurm: RealSlurm) -> None:
    wait_until(lambda: not slurm.run("squeue", "--noheader", "--states=pending,running").split())


@pytest.mark.slurm
def test_ranks_in_two_jobs_outlive_the_job_of_rank_0(
    slurm: RealSlurm, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    """Fault 25, and 6: a job is cancelled in mid-training, another one takes its place."""
    said: list[str] = []
    jobs: list[set[str]] = []

    def cancel(found: dict[int, psutil.Process]) -> None:
        jobs.append({process.environ()["SLURM_JOB_ID"] for process in found.values()})
        slurm.run("scancel", found[0].environ()["SLURM_JOB_ID"])

    act = Once(tmp_path, cancel)
    with start_workers(site(Pool(queue="cpu", memory="1GB", count=2)), tmp_path, dashboard=False) as (workers, _):
        Gang(workers, 2, said.append).run(write_request(tmp_path))
    assert act.is_done
    assert len(jobs[0]) == 2, "one rank a job"
    assert len(said) >= 1
    assert_equal(weights(tmp_path), undisturbed)
    wait_until(lambda: not ranks(tmp_path))
    wait_for_an_empty_queue(slurm)


@pytest.mark.slurm
def test_ranks_get_gpus_of_their_own_where_runs_share_them(slurm: RealSlurm, tmp_path: Path) -> None:
    """Two simulations share the GPU of a job, two ranks do not: a second job is asked for."""
    if os.geteuid() != 0:
        pytest.skip("only root can make the device files from which SLURM numbers GPUs")
    pool = Pool(queue="gpu", gpus=1, runs_per_gpu=2, cores=2, memory="1GB", count=2, check_gpu=False)
    with start_workers(site(pool), tmp_path, dashboard=False) as (workers, _):
        with pytest.raises(InvalidInput, match="n_ranks is 3; allowed: 1 to 2"):
            Gang(workers, 3)
        found = Placement(workers, 2, lambda _: None).find(lambda: None)
    assert len({one.job for one in found}) == 2
    assert {one.runs_per_gpu for one in found} == {2}
    wait_for_an_empty_queue(slurm)


class TwoShifts(Exception):
    """Ranks have trained in one pair of jobs, and then in another."""


@pytest.mark.slurm
@pytest.mark.slow
def test_training_that_needs_more_than_its_walltime_takes_several_jobs(slurm: RealSlurm, tmp_path: Path) -> None:
    """Jobs of one minute, or more on a slow machine, which end 30 s after the time to begin; ranks are at work from the start
    to the first checkpoint, and again when time is up."""
    shifts: dict[str, int] = {}
    Once(tmp_path, stand_still)

    def watch() -> None:
        found = ranks(tmp_path)
        with suppress(OSError, ValueError, KeyError, psutil.Error):
            epoch = json.loads((tmp_path / "progress.json").read_text())["epoch"]
            shifts[found[0].environ()["SLURM_JOB_ID"]] = epoch
        if len(shifts) > 1:
            first, second = list(shifts.values())[:2]
            if second > first:
                raise TwoShifts

    said: list[str] = []
    minutes = math.ceil((seconds_to_a_checkpoint() + 40.0) / 60.0)
    pool = Pool(queue="cpu", memory="1GB", count=2, walltime=f"00:{minutes:02}:00")
    with start_workers(site(pool, deadline_margin=30), tmp_path, dashboard=False) as (workers, _):
        with pytest.raises(TwoShifts):
            Gang(workers, 2, said.append).run(write_request(tmp_path, ENDLESS), watch)
        assert not ranks(tmp_path)
    assert said == ["training: stopped with a checkpoint; it goes on from its last checkpoint"]
    wait_for_an_empty_queue(slurm)

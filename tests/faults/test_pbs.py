"""Campaigns on a real PBS server, where one is at hand: queues with limits, jobs that others suspend and delete."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import psutil
import pytest

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.files.journal import JOURNAL
from glassdask.campaign.files.status import campaign_status
from glassdask.campaign.observe.job_history import JobHistory
from glassdask.campaign.work.verify import verify_campaign
from glassdask.outcome import Status
from tests.command_line import REPOSITORY, glassdask
from tests.faults.campaigns import LONG, RunningDriver, checkpointed_step, events, home, simulations, write_campaign
from tests.faults.real_pbs import jobs_of, manage, network_interface, pbs, queue, require_pbs, state_of
from tests.faults.standing_still import standing_still
from tests.waiting import HANGS, wait_until

pytestmark = [pytest.mark.pbs, pytest.mark.usefixtures("a_pbs_server")]

SITE = """\
scheduler = "pbs"
interface = "{interface}"
deadline_margin = 12
[pool.cpu]
memory = "1GB"
walltime = "00:05:00"
"""
OTHER = "wca_rho1.2_T2.5_r0"
#: A driver that asks twice a second, pauses for up to 4 s only, and takes a silent worker for lost after 5 s.
HURRIED = (
    "from glassdask.cluster.pools import batch_workers, pool_state; from glassdask.cluster.runtime import settings; "
    "batch_workers._QUERY_SECONDS = 0.5; pool_state.LONGEST_PAUSE = 4.0; "
    "settings.SETTINGS['distributed.scheduler.worker-ttl'] = '1s'; "
    "from glassdask.__main__ import main; main()"
)


@pytest.fixture
def a_pbs_server() -> None:
    require_pbs()


def write_site(folder: Path, *lines: str) -> Path:
    """The site file, with further keys of its pool; jobs, to which PBS hands down no environment, see PYTHONPATH."""
    path = f"prologue = ['export PYTHONPATH={os.environ.get('PYTHONPATH', '')}']"
    (folder / "site.toml").write_text(SITE.format(interface=network_interface()) + "\n".join([path, *lines]))
    return folder / "site.toml"


def driver_on(file: Path, site: Path) -> RunningDriver:
    return RunningDriver(file, "--on", str(site), command=HURRIED)


def history(file: Path) -> JobHistory:
    found = JobHistory(file.with_suffix(""))
    found.look()
    return found


def journal(file: Path, event: str) -> list[dict]:
    lines = (file.with_suffix("") / JOURNAL).read_text().splitlines()
    return [entry for entry in map(json.loads, lines) if entry["event"] == event]


def assert_whole(file: Path) -> None:
    assert {check.verdict for check in verify_campaign(load_campaign(file))} == {"whole"}


def test_a_campaign_whose_job_is_deleted_in_mid_run_goes_on(tmp_path: Path) -> None:
    """As on SLURM: no retry is consumed, and all products are whole."""
    file = write_campaign(tmp_path, **LONG, execution={"checkpoint_seconds": 0.3, "retries": 0})
    with RunningDriver(file, "--on", str(write_site(tmp_path))) as driver:
        driver.wait_until(lambda: checkpointed_step(home(file)) > 10_000)
        subprocess.run(["qdel", *jobs_of(file)], check=True)
        assert driver.wait(600) == 0, driver.output()
    found = events(file, "simulate")
    assert found.count("started") == 2
    assert "failed" not in found
    assert_whole(file)


def test_a_queue_with_one_job_per_user_does_a_campaign_of_four_states(tmp_path: Path) -> None:
    """Four jobs are wanted, one is allowed: it does all of them, and the user hears of it once."""
    file = write_campaign(tmp_path, [{"potential": "wca", "density": 1.2, "temperature": [2.0, 2.5, 3.0, 3.5]}])
    with queue("max_queued=[u:PBS_GENERIC=1]") as name:
        site = write_site(tmp_path, f'queue = "{name}"', "count = 4")
        with driver_on(file, site) as driver:
            assert driver.wait(600) == 0, driver.output()
        said = driver.output()
    assert said.count("no more jobs are allowed for now (qsub failed: qsub: would exceed queue") == 1, said
    assert "it goes on with 1 job," in said
    assert [(entry["pool"], entry["jobs"]) for entry in journal(file, "limited")] == [("cpu", 1)]
    assert [job.why for job in history(file).jobs.values()] == ["cancelled: the driver has ended"], "one job did it all"
    assert {status.status for status in campaign_status(file.with_suffix(""))} == {"done"}
    assert_whole(file)


def test_a_suspended_job_stands_still_and_goes_on(tmp_path: Path) -> None:
    """The simulation, too, though it is a process of its own. It is neither lost nor waiting meanwhile, for longer than
    Dask waits for a worker and a lease for its owner; and nothing else is given to its worker."""
    two = [{"potential": "wca", "density": 1.2, "temperature": [2.0, 2.5]}]
    file = write_campaign(tmp_path, two, execution={"lease_seconds": 4.0, "retries": 0})
    with standing_still(tmp_path) as hold, driver_on(file, write_site(tmp_path)) as driver:
        driver.wait_until(lambda: simulations(file) and jobs_of(file))
        ((process,), (job,)) = (simulations(file), jobs_of(file))
        driver.wait_until(lambda: checkpointed_step(home(file)) > 0 or checkpointed_step(home(file, OTHER)) > 0)
        subprocess.run(["qsig", "-s", "suspend", job], check=True)
        driver.wait_until(lambda: process.status() == psutil.STATUS_STOPPED)
        driver.wait_until(lambda: f"has suspended job {job}" in driver.output())
        hold.end()
        began = time.monotonic()
        driver.wait_until(lambda: time.monotonic() - began > 12.0)
        assert process.status() == psutil.STATUS_STOPPED
        assert [status.status for status in campaign_status(file.with_suffix(""))].count(Status.RUNNING) == 1
        subprocess.run(["qsig", "-s", "resume", job], check=True)
        assert driver.wait(600) == 0, driver.output()
        said = driver.output()
    assert f"has resumed job {job}" in said
    assert "lost" not in said
    for status in campaign_status(file.with_suffix("")):
        assert events(file, "simulate", status.state.identifier) == ["started", "done"]
    assert len(history(file).jobs) == 1
    assert_whole(file)


def are_forgotten(file: Path, jobs: list[str]) -> bool:
    return not set(jobs) & set(jobs_of(file))


def test_queued_jobs_that_are_deleted_are_submitted_again(tmp_path: Path) -> None:
    """Three at once, twice: jobs that never ran say nothing about the pool."""
    file = write_campaign(tmp_path, [{"potential": "wca", "density": 1.2, "temperature": [2.0, 2.5, 3.0]}])
    with queue("started=false") as name:
        with driver_on(file, write_site(tmp_path, f'queue = "{name}"', "count = 3")) as driver:
            for _ in range(2):
                driver.wait_until(lambda: len(jobs_of(file)) == 3)
                gone = jobs_of(file)
                subprocess.run(["qdel", *gone], check=True)
                driver.wait_until(partial(are_forgotten, file, gone))
            manage(f"set queue {name} started=true")
            assert driver.wait(600) == 0, driver.output()
        assert driver.output().count("ended before its workers came up") == 6
    assert_whole(file)


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        (['queue = "nowhere"'], "Unknown queue"),
        (['resources = "nothing=1"'], "Unknown resource"),
        (['resources = "vnode=a:mpiprocs=x"'], "Illegal attribute or resource value"),
        (['directives = ["-W depend=x"]'], "illegal -W value"),
    ],
    ids=["queue", "resource", "value", "directive"],
)
def test_what_can_never_be_had_ends_at_once(keys: list[str], word: str, tmp_path: Path) -> None:
    assert_is_refused_at_once(tmp_path, word, *keys)


@pytest.mark.parametrize(
    ("setting", "word"),
    [
        ("resources_max.walltime=00:01:00", "Job violates queue and/or server resource limits"),
        ("acl_user_enable=true", "Unauthorized Request"),
    ],
)
def test_a_queue_that_is_not_for_this_job_or_user_ends_at_once(setting: str, word: str, tmp_path: Path) -> None:
    with queue(setting) as name:
        assert_is_refused_at_once(tmp_path, word, f'queue = "{name}"')


def assert_is_refused_at_once(folder: Path, word: str, *keys: str) -> None:
    file = write_campaign(folder)
    with RunningDriver(file, "--on", str(write_site(folder, *keys))) as driver:
        assert driver.wait() == 1
        said = driver.output()
    assert f"glassdask: no job of the pool 'cpu' can be submitted: qsub failed: qsub: {word}" in said.splitlines()[-1]
    assert "next try" not in said
    assert "Traceback" not in said


def test_a_queue_that_is_closed_for_now_is_waited_for(tmp_path: Path) -> None:
    file = write_campaign(tmp_path)
    with (
        queue("enabled=false") as name,
        driver_on(file, write_site(tmp_path, f'queue = "{name}"')) as driver,
    ):
        driver.wait_until(lambda: "qsub: Queue is not enabled; next try in 2 s" in driver.output())
        manage(f"set queue {name} enabled=true")
        assert driver.wait(600) == 0, driver.output()
    assert_whole(file)


def wrapped(folder: Path, program: str, before: str, after: str = "") -> Path:
    """A folder for PATH with a program of PBS that a site has wrapped in lines of its own."""
    folder.mkdir(exist_ok=True)
    (folder / program).write_text(
        f'#!/bin/bash\n{before}\n{shutil.which(program)} "$@"\ncode=$?\n{after}\nexit $code\n'
    )
    (folder / program).chmod(0o755)
    return folder


def test_commands_behind_wrappers_that_print_and_chunks_with_more_resources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    banner = "echo '*** 3 of 120 nodes are down until 18:00 ***'; echo 2026; echo 'quota 80% used' >&2"
    wrapped(tmp_path / "bin", "qsub", banner, "echo 'Remaining: 4711.5 hours'")
    wrapped(tmp_path / "bin", "qstat", banner)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    file = write_campaign(tmp_path)
    with standing_still(tmp_path) as hold, driver_on(file, write_site(tmp_path, 'resources = "arch=linux"')) as driver:
        driver.wait_until(lambda: checkpointed_step(home(file)) > 0)
        (job,) = jobs_of(file)
        shown = pbs("qstat", "-f", job)
        logs = [path for path in (tmp_path / "run" / "logs").iterdir() if path.name.startswith(f"{job}.")]
        assert any("Start worker at" in path.read_text() for path in logs), "output is there while the job runs"
        hold.end()
        assert driver.wait(600) == 0, driver.output()
    assert "Resource_List.select = 1:ncpus=1:mem=1gb:arch=linux" in shown
    assert "Job_Name = glassdask-cpu" in shown
    assert_whole(file)


def test_workers_do_not_take_the_cores_of_the_whole_job(tmp_path: Path) -> None:
    """PBS sets OMP_NUM_THREADS to ncpus in every job: two workers of two cores have one thread each."""
    file = write_campaign(tmp_path)
    with standing_still(tmp_path) as hold, driver_on(file, write_site(tmp_path, "cores = 2")) as driver:
        driver.wait_until(lambda: simulations(file))
        worker = simulations(file)[0].parent()
        assert worker is not None
        script = next(process for process in worker.parents() if "PBS_JOBID" in process.environ())
        assert script.environ()["OMP_NUM_THREADS"] == "1"
        assert worker.environ()["OMP_NUM_THREADS"] == "1"
        hold.end()
        assert driver.wait(600) == 0, driver.output()


def test_a_server_that_is_down_at_the_end_is_not_said_to_have_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job stays named, and the next driver, with the server back, cancels it."""
    down = f"if [ -e {tmp_path}/down ]; then echo 'cannot connect to server pbs (errno=111)' >&2; exit 255; fi"
    for program in ("qdel", "qstat", "qsub"):
        wrapped(tmp_path / "bin", program, down)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    file = write_campaign(tmp_path)
    with standing_still(tmp_path) as hold:
        site = write_site(tmp_path)
        with driver_on(file, site) as first:
            first.wait_until(lambda: checkpointed_step(home(file)) > 0)
            (job,) = jobs_of(file)
            (tmp_path / "down").touch()
            first.process.send_signal(signal.SIGTERM)
            assert first.wait() == 130
            assert f"does not say that it has cancelled the jobs {job}:" in first.output()
        assert jobs_of(file) == [job]
        assert history(file).jobs[job].state == "running"
        with driver_on(file, site) as second:
            assert second.wait() == 1
            assert f"(errno=111). Jobs of a driver that has gone may still be there ({job}): run" in second.output()
        assert jobs_of(file) == [job]
        (tmp_path / "down").unlink()
        with driver_on(file, site) as third:
            third.wait_until(lambda: job not in jobs_of(file))
            wait_until(lambda: state_of(job) in ("", "E"))
            hold.end()
            assert third.wait(600) == 0, third.output()
    assert history(file).jobs[job].state == "ended"
    assert_whole(file)


def test_a_driver_whose_own_job_is_deleted_ends_in_good_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 39: `qdel` of the job of deploy/driver-pbs.sh. PBS signals all of its processes, and kills 10 s later."""
    file = write_campaign(tmp_path)
    (tmp_path / "bin").mkdir()
    for name, words in (("python", ""), ("glassdask", "-m glassdask")):
        (tmp_path / "bin" / name).write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n')
        (tmp_path / "bin" / name).chmod(0o755)
    path = f"{tmp_path}/bin:{os.environ['PATH']}"
    script = (REPOSITORY / "deploy" / "driver-pbs.sh").read_text().replace("mem=4gb", "mem=1gb")
    (tmp_path / "driver.sh").write_text(
        script.replace("# module load python", f"export PATH={path} PYTHONPATH={tmp_path}/python:{REPOSITORY}")
    )
    monkeypatch.chdir(tmp_path)
    names = "CAMPAIGN=run.toml,SITE=site.toml,SCRIPT=driver.sh"
    with standing_still(tmp_path):
        write_site(tmp_path)
        job = pbs("qsub", "-k", "doe", "-v", names, "driver.sh").strip()
        wait_until(lambda: checkpointed_step(home(file)) > 0)
        (worker_job,) = jobs_of(file)
        began = time.monotonic()
        subprocess.run(["qdel", job], check=True)
        wait_until(lambda: jobs_of(file) == [], pause=0.1)
        seconds = time.monotonic() - began
        wait_until(lambda: not state_of(job) and not state_of(worker_job), pause=0.5)
    (log,) = tmp_path.glob("glassdask-driver.o*")
    assert "stopped by SIGTERM. Simulations keep a checkpoint" in log.read_text()
    assert "stopped by hand: not submitted again" in log.read_text()
    assert events(file, "simulate") == ["started", "partial"]
    assert history(file).jobs[worker_job].why == "cancelled: the driver has ended"
    assert seconds < 10.0, "later, PBS would have killed it"


def test_the_doctor_says_which_pool_is_refused_and_examines_the_other(tmp_path: Path) -> None:
    """One job per user is enough for it, too: its pools take turns."""
    with queue("max_queued=[u:PBS_GENERIC=1]") as name:
        pool = '\n[pool.{}]\nqueue = "{}"\nmemory = "1GB"'
        site = write_site(
            tmp_path, f'queue = "{name}"', *(pool.format(*row) for row in (("twin", name), ("lost", "nowhere")))
        )
        done = glassdask(
            "doctor", "--on", site, "--folder", tmp_path, "--timeout", str(HANGS), "--json", timeout=2 * HANGS
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    found = {pool["pool"]: pool for pool in json.loads(done.stdout)["pools"]}
    assert list(found) == ["cpu", "twin", "lost"]
    assert not found["cpu"]["troubles"]
    assert not found["twin"]["troubles"]
    assert re.search("no job of the pool 'lost' can be submitted: .*Unknown queue", found["lost"]["troubles"][0])

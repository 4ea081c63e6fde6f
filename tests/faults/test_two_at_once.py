"""Faults 7 and 8: one state in two hands at once, two drivers of one campaign."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from glassdask.campaign.files.driver_lock import DRIVER
from tests.command_line import environment
from tests.faults.campaigns import RunningDriver, checkpointed_step, events, home, run, write_campaign
from tests.faults.standing_still import standing_still
from tests.waiting import HANGS, wait_until

#: A stage as a worker runs it, without Dask; again and again while another process holds the state.
EXECUTE = """
import json, sys, time
from dataclasses import asdict
from pathlib import Path
from glassdask.campaign.work.execution import execute
from tests.faults.campaigns import job_of

answer = execute(job_of(Path(sys.argv[1])))
while answer.outcome == "busy" and "wait" in sys.argv:
    time.sleep(0.1)
    answer = execute(job_of(Path(sys.argv[1])))
print(json.dumps(asdict(answer)))
"""


def start_stage(file: Path, *arguments: str) -> subprocess.Popen:
    """A process that runs the first stage of the first state."""
    command = [sys.executable, "-c", EXECUTE, str(file), *arguments]
    return subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)


def answer_of(process: subprocess.Popen) -> dict[str, Any]:
    output, _ = process.communicate(timeout=HANGS)
    return json.loads(output)


def trajectory_checksum(file: Path) -> str:
    return hashlib.sha256((home(file) / "trajectory.gsd").read_bytes()).hexdigest()


def test_a_state_started_twice_at_once_is_run_once_with_the_result_of_a_single_run(tmp_path):
    twice, once = write_campaign(tmp_path / "twice"), write_campaign(tmp_path / "once")
    answers = [answer_of(process) for process in [start_stage(twice), start_stage(twice)]]
    made = [answer for answer in answers if answer["outcome"] == "done" and answer["is_new"]]
    other = next(answer for answer in answers if answer not in made)
    assert len(made) == 1
    # busy, or done if the process came so late that all was over
    assert other["outcome"] == "busy" or not other["is_new"]
    assert events(twice, "simulate") == ["started", "done"]
    assert answer_of(start_stage(once))["summary"] == made[0]["summary"]
    assert trajectory_checksum(twice) == trajectory_checksum(once)


@pytest.mark.parametrize("comes_back", ["while the other runs", "when the other is done"])
def test_a_holder_that_was_asleep_and_replaced_cannot_commit(tmp_path, comes_back):
    """A laptop's lid, a stopped virtual machine: the process stands still, its simulation may even go on and end."""
    file = write_campaign(tmp_path, execution={"lease_seconds": 2})
    with standing_still(tmp_path) as hold:
        sleeper = start_stage(file)
        wait_until(lambda: checkpointed_step(home(file)) > 0)
        os.kill(sleeper.pid, signal.SIGSTOP)
        try:
            other = start_stage(file, "wait")
            wait_until(lambda: events(file, "simulate") == ["started", "started"])
            if comes_back == "when the other is done":
                hold.end()
                answer_of(other)
                taken = trajectory_checksum(file)
        finally:
            os.kill(sleeper.pid, signal.SIGCONT)
        late = answer_of(sleeper)
    assert late["outcome"] == "fenced"
    assert "taken over" in late["message"]
    if comes_back == "while the other runs":
        assert answer_of(other)["outcome"] == "done"
    else:
        assert trajectory_checksum(file) == taken
    assert json.loads((home(file) / "simulate.json").read_text())["provenance"]["attempt"] == 2
    assert events(file, "simulate") == ["started", "started", "done"]


def test_a_second_driver_is_told_who_holds_the_campaign(tmp_path):
    file = write_campaign(tmp_path)
    with standing_still(tmp_path), RunningDriver(file, "--workers", "1") as driver:
        driver.wait_until(lambda: (file.with_suffix("") / DRIVER).exists())
        since = json.loads((file.with_suffix("") / DRIVER).read_text())["since"]
        refused = run(file)
        assert refused.returncode == 1
        assert f"held by process {driver.process.pid} on {socket.gethostname()} since {since}" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert psutil.pid_exists(driver.process.pid)
        driver.process.send_signal(signal.SIGTERM)
        assert driver.wait() == 130
    assert not (file.with_suffix("") / DRIVER).exists()


def test_the_lock_of_a_driver_elsewhere_counts_until_its_term_is_over(finished_copy):
    """A driver on another host can only be judged by its heartbeat; one of this host by its process, too."""
    lock = finished_copy.with_suffix("") / DRIVER
    record = {
        "token": "other",
        "host": "elsewhere",
        "pid": 1,
        "process_started": "1",
        "since": "2026-01-01T00:00:00+00:00",
        "term_seconds": 120.0,
        "purpose": "driver",
        "attempt": 1,
    }
    lock.write_text(json.dumps(record))
    refused = run(finished_copy)
    assert refused.returncode == 1
    assert "held by process 1 on elsewhere since 2026-01-01T00:00:00+00:00" in refused.stderr
    os.utime(lock, (time.time() - 121,) * 2)
    assert run(finished_copy).returncode == 0
    lock.write_text(json.dumps(record | {"host": socket.gethostname()}))
    assert run(finished_copy).returncode == 0
    assert not lock.exists()


#: A driver whose cluster starts empty: workers come from outside, as batch jobs do.
DRIVE = """
import sys
import dask
from distributed import Client, LocalCluster
from glassdask.campaign.definition.campaign import load_campaign
from glassdask.cluster.runtime.settings import SETTINGS
from glassdask.cluster.driver.driver import Driver
from glassdask.cluster.runtime.workers import FixedWorkers

def show(progress):
    while progress.messages:
        print(progress.messages.pop(0), flush=True)

if __name__ == "__main__":
    with dask.config.set(SETTINGS), LocalCluster(
        n_workers=0, host="127.0.0.1", protocol="tcp", dashboard_address=None
    ) as cluster, Client(cluster) as client:
        print(cluster.scheduler_address, flush=True)
        print(dict(Driver(load_campaign(sys.argv[1]), FixedWorkers(client), show).run().counts), flush=True)
"""


def start_worker(address: str, *prefix: str) -> subprocess.Popen:
    """A Dask worker with its nanny, as a batch job starts them."""
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard"]
    return subprocess.Popen(
        [*prefix, *worker, "--memory-limit", "0"], env=environment(), stderr=subprocess.DEVNULL, start_new_session=True
    )


@pytest.fixture
def other_host() -> list[str]:
    """A command that runs another one under another host name."""
    command = ["unshare", "--uts", "sh", "-c", 'hostname node2; exec "$@"', "sh"]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("another host name needs unshare and root")
    return command


def is_refused_fresh(lease: Path, said: Path) -> bool:
    """Whether the driver has said that a state is held; its lease begins anew."""
    os.utime(lease)
    return "busy" in said.read_text()


def test_when_worker_and_nanny_of_another_host_die_the_state_is_taken_again_after_its_lease(tmp_path, other_host):
    """Nobody here can see whether their processes live, so the lease's term has to pass.

    Only after a first refusal, however late it comes: until then the lease is kept fresh, as by a host that has just died.
    """
    file = write_campaign(tmp_path, execution={"lease_seconds": 6})
    said = tmp_path / "driver.txt"
    with standing_still(tmp_path) as hold, said.open("w") as stream:
        driver = subprocess.Popen([sys.executable, "-c", DRIVE, str(file)], env=environment(), stdout=stream)
        started = [driver]
        try:
            address = wait_until(lambda: said.read_text().partition("\n")[0])
            started.append(start_worker(address, *other_host))
            wait_until(lambda: checkpointed_step(home(file)) > 0)
            lease = home(file) / "lease.json"
            assert json.loads(lease.read_text())["host"] == "node2"
            started.append(start_worker(address))
            os.killpg(started[1].pid, signal.SIGKILL)
            hold.end()
            wait_until(lambda: is_refused_fresh(lease, said))
            driver.wait(HANGS)
        finally:
            for process in started:
                if process.poll() is None:
                    os.kill(process.pid, signal.SIGKILL)
                    process.wait()
    output = said.read_text()
    assert "{'done': 1}" in output or "{'not_equilibrated': 1}" in output
    assert output.count("busy") == 1
    assert "on node2 since" in output
    assert events(file, "simulate") == ["started", "started", "done"]

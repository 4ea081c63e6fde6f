"""A campaign on a real SLURM whose jobs, commands and driver fail: nothing finished is lost, nothing is done twice."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.files import journal
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.work.verify import verify_campaign
from tests.cluster.real_slurm import RealSlurm
from tests.faults.campaigns import STATE, RunningDriver, checkpointed_step, home, simulations, write_campaign
from tests.faults.standing_still import standing_still
from tests.waiting import wait_until

pytestmark = pytest.mark.slurm

SITE = """\
scheduler = "slurm"
interface = "lo"
worker_timeout = 15
deadline_margin = 12
command_timeout = 5
[pool.gpu]
queue = "gpu"
gpus = 1
memory = "1GB"
walltime = "00:05:00"
count = 2
check_gpu = false  # of the nodes' GPUs only the names exist
stages = ["simulate"]
[pool.cpu]
queue = "cpu"
memory = "1GB"
walltime = "00:05:00"
stages = ["reduce", "solve_mct"]
"""
TWO = [{"potential": "wca", "density": 1.2, "temperature": [2.0, 2.5]}]


def write_site(folder: Path, *changes: tuple[str, str]) -> Path:
    text = SITE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "site.toml").write_text(text)
    return folder / "site.toml"


#: A driver that asks SLURM ten times as often as a cluster would like, and whose pauses grow up to 4 s only.
HURRIED = (
    "from glassdask.cluster.pools import batch_workers, pool_state; "
    "batch_workers._QUERY_SECONDS = 0.5; pool_state.LONGEST_PAUSE = 4.0; "
    "from glassdask.__main__ import main; main()"
)


def driver_on(file: Path, site: Path) -> RunningDriver:
    """That of a campaign on a site, in a hurry."""
    return RunningDriver(file, "--on", str(site), command=HURRIED)


def jobs(slurm: RealSlurm, *arguments: str) -> list[str]:
    """Identifiers of jobs in the queue."""
    return slurm.run("squeue", "--noheader", "--format=%A", *arguments).split()


def events(file: Path, stage: str) -> dict[str, list[str]]:
    """What happened to a stage of each state."""
    campaign = load_campaign(file)
    folders = {state.identifier: state_folder(campaign.folder, state.identifier) for state in campaign.states}
    return {name: [event["event"] for event in journal.events(folder, stage)] for name, folder in folders.items()}


def assert_whole(file: Path) -> None:
    checks = list(verify_campaign(load_campaign(file)))
    assert checks
    assert {check.verdict for check in checks} == {"whole"}


@pytest.fixture
def an_empty_queue_at_the_end(slurm: RealSlurm):
    """No job of one test lives on in the next."""
    yield
    wait_until(lambda: not jobs(slurm))


@pytest.mark.usefixtures("an_empty_queue_at_the_end")
def test_two_pools_run_a_campaign_and_nothing_listens_outside(slurm: RealSlurm, tmp_path: Path) -> None:
    """Sockets of the driver, of all workers and of their simulations are bound to loopback, as the site asks."""
    file = write_campaign(tmp_path, TWO)
    seen: set[str] = set()
    with standing_still(tmp_path) as hold, RunningDriver(file, "--on", str(write_site(tmp_path))) as driver:
        driver.wait_until(lambda: checkpointed_step(home(file)) > 0)
        keys = home(file).parent.parent / ".keys"
        assert stat.S_IMODE(keys.stat().st_mode) == 0o700
        files = [path for path in keys.rglob("*") if path.is_file()]
        assert len(files) == 3
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        for process in family(driver.process.pid, file):
            seen |= {c.laddr.ip for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN}
        for port in {c.laddr.port for c in driver_sockets(driver.process.pid)}:
            assert is_refused(port), "a stranger without the certificate or the token got an answer"
        names = slurm.run("squeue", "--noheader", "--format=%j %P %T").splitlines()
        assert "glassdask-gpu gpu RUNNING" in names
        hold.end()
        assert driver.wait() == 0, driver.output()
        assert not any(path.is_file() for path in keys.rglob("*")), "the keys go with the run"
    assert seen == {"127.0.0.1"}
    assert set(map(tuple, events(file, "simulate").values())) == {("started", "done")}
    assert_whole(file)
    finished = (slurm.root / "jobcomp.txt").read_text()
    assert "Name=glassdask-cpu" in finished.replace("Partition=cpu", "")


def driver_sockets(pid: int) -> list[Any]:
    return [c for c in psutil.Process(pid).net_connections("inet") if c.status == psutil.CONN_LISTEN]


def is_refused(port: int) -> bool:
    """Fault 16: whether a port tells a stranger nothing, who speaks first HTTP, then Dask's protocol over plain TCP."""
    request = b"GET /status HTTP/1.0\r\n\r\n"
    for word in (request, (8).to_bytes(8, "little") + request):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as stream:
            try:
                stream.sendall(word)
                answer = stream.recv(100)
            except OSError:
                continue
        if answer.startswith(b"HTTP/1.1 4") or not answer or answer[:1] == b"\x15":  # a page not found; a TLS alert
            continue
        return False
    return True


def family(pid: int, file: Path) -> list[psutil.Process]:
    """The driver and every process that a job of it has started."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        words = " ".join(process.info["cmdline"] or [])
        if process.pid == pid or str(file.with_suffix("")) in words or "distributed.cli.dask_worker" in words:
            found += [process, *process.children(recursive=True)]
    assert len(found) > 3
    return [process for process in found if process.is_running()]


@pytest.mark.usefixtures("an_empty_queue_at_the_end")
def test_cancelled_jobs_are_replaced_and_their_states_go_on(slurm: RealSlurm, tmp_path: Path) -> None:
    """Fault 6: a job that is cancelled in mid-run costs no retry, and the run goes on from its checkpoint."""
    file = write_campaign(tmp_path, execution={"retries": 0})
    with standing_still(tmp_path) as hold, driver_on(file, write_site(tmp_path)) as driver:
        driver.wait_until(lambda: checkpointed_step(home(file)) > 0)
        slurm.run("scancel", *jobs(slurm, "--partition=gpu"))
        driver.wait_until(lambda: not simulations(file))
        hold.end()
        assert driver.wait() == 0, driver.output()
    (found,) = events(file, "simulate").values()
    assert found.count("started") == 2
    assert "failed" not in found
    assert found[-1] == "done"
    assert_whole(file)


@pytest.mark.slow
@pytest.mark.usefixtures("slurm", "an_empty_queue_at_the_end")
def test_a_state_that_needs_more_than_its_walltime_takes_several_jobs(tmp_path: Path) -> None:
    """Jobs of one minute, of which 30 s are left for a run; in the first one it stands still, whatever the machine."""
    file = write_campaign(tmp_path, execution={"checkpoint_seconds": 10.0, "retries": 0})
    site = write_site(tmp_path, ("00:05:00", "00:01:00"), ("deadline_margin = 12", "deadline_margin = 30"))
    with standing_still(tmp_path) as hold, driver_on(file, site) as driver:
        driver.wait_until(lambda: "partial" in events(file, "simulate")[STATE])
        hold.end()
        assert driver.wait() == 0, driver.output()
    (found,) = events(file, "simulate").values()
    assert found[:2] == ["started", "partial"]
    assert set(found[:-1]) == {"started", "partial"}
    assert found[-1] == "done"
    assert_whole(file)


def test_a_partition_that_does_not_exist_ends_at_once(slurm: RealSlurm, tmp_path: Path) -> None:  # noqa: ARG001
    """Fault 18, as SLURM says it: no other submission can go better."""
    file = write_campaign(tmp_path)
    with RunningDriver(file, "--on", str(write_site(tmp_path, ('queue = "gpu"', 'queue = "gpus"')))) as driver:
        assert driver.wait() == 1
        said = driver.output()
    assert "no job of the pool 'gpu' can be submitted" in said
    assert "invalid partition" in said
    assert "Traceback" not in said


@pytest.mark.usefixtures("an_empty_queue_at_the_end")
def test_jobs_that_die_at_once_open_the_circuit(slurm: RealSlurm, tmp_path: Path) -> None:
    """Fault 18: three jobs are enough to know; the user sees what the last one has said."""
    file = write_campaign(tmp_path)
    dies = write_site(tmp_path, ("check_gpu", "prologue = ['echo module cuda/13 is unknown >&2', 'exit 3']\ncheck_gpu"))
    before = (slurm.root / "jobcomp.txt").read_text().count("Name=glassdask-gpu")
    with driver_on(file, dies) as driver:
        assert driver.wait() == 1
        said = driver.output()
    assert "3 jobs of the pool 'gpu' in a row ended before a worker came up" in said
    assert "module cuda/13 is unknown" in said
    wait_until(lambda: not jobs(slurm))
    assert (slurm.root / "jobcomp.txt").read_text().count("Name=glassdask-gpu") - before == 3


def failing(folder: Path, program: str, times: int, how: str) -> Path:
    """A folder for PATH in which a program of SLURM fails so often, and then works."""
    folder.mkdir()
    (folder / "count").write_text("0")
    real = subprocess.run(["which", program], capture_output=True, text=True, check=True).stdout.strip()
    (folder / program).write_text(
        f"#!/bin/sh\nn=$(cat {folder}/count); echo $((n + 1)) > {folder}/count\n"
        f'if [ "$n" -lt {times} ]; then {how}; fi\nexec {real} "$@"\n'
    )
    (folder / program).chmod(0o755)
    return folder


@pytest.mark.usefixtures("an_empty_queue_at_the_end")
@pytest.mark.parametrize(
    ("program", "times", "how"),
    [
        ("sbatch", 5, "echo 'Socket timed out on send/recv operation' >&2; exit 1"),
        ("sbatch", 1, "sleep 100"),
        ("squeue", 2, "echo 'Unable to contact slurm controller' >&2; exit 1"),
    ],
    ids=["sbatch fails five times", "sbatch hangs", "squeue is unavailable"],
)
def test_commands_that_fail_for_a_while_cost_no_job(
    slurm: RealSlurm,  # noqa: ARG001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    times: int,
    how: str,
) -> None:
    """Fault 17: the driver waits longer and longer; no state is started twice.

    The run stands still until all failures are over, so that they fall into its time.
    """
    folder = failing(tmp_path / "bin", program, times, how)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    file = write_campaign(tmp_path)
    one_pool = write_site(tmp_path, ('stages = ["simulate"]', ""), ('stages = ["reduce", "solve_mct"]', ""))
    with standing_still(tmp_path) as hold, driver_on(file, one_pool) as driver:
        driver.wait_until(lambda: driver.output().count("next ") == times)
        hold.end()
        assert driver.wait() == 0, driver.output()
        said = driver.output()
    assert said.count("next ") == times, said
    if program == "sbatch":
        assert re.findall(r"next try in (\d+) s", said) == ["1", "2", "4", "4", "4"][:times]
    assert set(map(tuple, events(file, "simulate").values())) == {("started", "done")}


@pytest.mark.usefixtures("an_empty_queue_at_the_end")
def test_a_killed_driver_is_continued_and_its_jobs_do_not_stay(slurm: RealSlurm, tmp_path: Path) -> None:
    """Fault 5, and 8: while it lives, a second driver is refused; after SIGKILL the next one clears up and goes on."""
    file = write_campaign(tmp_path, execution={"retries": 0})
    site = write_site(tmp_path)
    with standing_still(tmp_path) as hold, driver_on(file, site) as first:
        first.wait_until(lambda: checkpointed_step(home(file)) > 0)
        with driver_on(file, site) as second:
            assert second.wait() == 1
            assert f"process {first.process.pid}" in second.output()
        old = set(jobs(slurm))
        slurm.run(
            "scancel", "--signal=STOP", "--full", *old
        )  # or it might miss its driver, and go, before the next comes
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait()
        with driver_on(file, site) as third:
            third.wait_until(lambda: "cancelled" in third.output())
            wait_until(lambda: not old & set(jobs(slurm, "--states=running,pending")))
            hold.end()
            assert third.wait() == 0, third.output()
    (found,) = events(file, "simulate").values()
    assert found.count("started") == 2, found
    assert "failed" not in found
    assert_whole(file)


def test_a_key_folder_that_others_can_read_is_refused(slurm: RealSlurm, tmp_path: Path) -> None:
    """Fault 15."""
    file = write_campaign(tmp_path)
    (tmp_path / "run" / ".keys").mkdir(parents=True)
    (tmp_path / "run" / ".keys").chmod(0o750)
    with RunningDriver(file, "--on", str(write_site(tmp_path))) as driver:
        assert driver.wait() == 2
        assert "mode 0750; allowed: 0700" in driver.output()
    assert not jobs(slurm)

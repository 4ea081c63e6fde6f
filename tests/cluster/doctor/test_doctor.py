"""``glassdask doctor`` on a real SLURM with one pool that works and three that cannot, and on this machine."""

from __future__ import annotations

import json
import platform
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import distributed
import pytest
from click.testing import CliRunner

import glassdask as package
import glassdask.cli.campaign.doctor as doctor_verb
import glassdask.cluster.doctor.check_pools as doctor_module
from glassdask.cluster.doctor.gpu_sharing import best_count, measurement, write_runs_per_gpu
from glassdask.cluster.doctor.node_report import MARK
from glassdask.cluster.doctor.pool_check import PoolCheck, ask, note_answer, pool_troubles, remarks
from glassdask.cluster.pools.launch import local_workers
from glassdask.cluster.site.site import load_site
from glassdask.errors import InvalidInput
from glassdask.operations.doctor import check_site
from glassdask.physics.liquids.kob_andersen import lennard_jones
from tests.cluster.real_slurm import RealSlurm
from tests.command_line import environment, glassdask
from tests.waiting import HANGS, wait_until

#: The nodes' GPUs are names only, so a job that asks for them and looks does not start its workers.
SITE = """\
scheduler = "slurm"
interface = "lo"
worker_timeout = 20
[pool.good]
queue = "cpu"
cores = 2
memory = "1GB"
[pool.dark]
queue = "gpu"
gpus = 1
memory = "1GB"
[pool.unchecked]
queue = "gpu"
gpus = 2
memory = "1GB"
check_gpu = false
[pool.nowhere]
queue = "nowhere"
"""
HELD = """\
scheduler = "slurm"
interface = "lo"
[pool.held]
queue = "cpu"
memory = "1GB"
directives = ["--hold"]
"""


class Examined:
    """What one call of the doctor found in all pools."""

    def __init__(self, folder: Path, slurm: RealSlurm, site: str = SITE, timeout: float = HANGS):
        self.folder = folder
        (folder / "site.toml").write_text(site)
        self.process = glassdask(
            "doctor", "--on", folder / "site.toml", "--timeout", str(timeout), "--json", timeout=2 * HANGS
        )
        self.queue = slurm.run("squeue", "--me", "--noheader", "--states=PENDING,RUNNING")
        self.data: dict[str, Any] = json.loads(self.process.stdout)

    def pool(self, name: str) -> dict[str, Any]:
        return next(pool for pool in self.data["pools"] if pool["pool"] == name)


@pytest.fixture(scope="module")
def examined(slurm: RealSlurm, tmp_path_factory: pytest.TempPathFactory) -> Examined:
    return Examined(tmp_path_factory.mktemp("doctor"), slurm)


def trouble(examined: Examined, name: str) -> str:
    """The only trouble of a pool."""
    (text,) = examined.pool(name)["troubles"]
    return text


@pytest.mark.slurm
class TestOnSlurm:
    def test_a_good_pool_says_what_its_worker_sees(self, examined: Examined) -> None:
        found = examined.pool("good")
        report = found["report"]
        assert (found["troubles"], found["remarks"]) == ([], [])
        assert report["host"] == platform.node()
        assert (report["python"], report["glassdask"]) == (platform.python_version(), package.__version__)
        assert report["executable"] == sys.executable
        assert report["job"] == found["job"]
        assert report["engines"]["lammps"]["device"] == "cpu"
        assert report["gpus"] == 0
        assert report["scratch_free_bytes"] > 1e6
        assert 0 < report["seconds_left"] <= 600, "ten minutes, not the pool's twelve hours"
        assert report["is_folder_visible"]
        assert report["is_folder_writable"]

    def test_a_node_without_its_gpu_is_named_with_the_jobs_own_words(self, examined: Examined) -> None:
        assert examined.pool("dark")["report"] is None
        text = trouble(examined, "dark")
        assert re.search(r"the job ended before a worker answered; job \d+: FAILED \(NonZeroExitCode\)", text)
        assert f"glassdask: node {platform.node()} shows 0 of 1 GPUs" in text

    def test_a_pool_that_does_not_look_for_its_gpus_is_found_out(self, examined: Examined) -> None:
        text = trouble(examined, "unchecked")
        assert text.startswith(f"node {platform.node()} shows 0 of 2 GPUs promised (CUDA_VISIBLE_DEVICES = ")
        assert examined.pool("unchecked")["report"]["engines"]

    def test_a_partition_that_does_not_exist_is_named(self, examined: Examined) -> None:
        assert examined.pool("nowhere")["job"] is None
        assert "invalid partition specified: nowhere" in trouble(examined, "nowhere")

    def test_a_job_that_does_not_start_says_why_and_is_cancelled(self, slurm: RealSlurm, tmp_path: Path) -> None:
        held = Examined(tmp_path, slurm, HELD, timeout=1)
        assert re.match(r"no answer within 1 s; job \d+: PENDING \(JobHeldUser\)", trouble(held, "held"))
        assert held.queue == ""

    def test_the_exit_code_says_so_and_nothing_stays(self, examined: Examined) -> None:
        """No job, no file; and one submission per pool, whatever became of it."""
        assert examined.process.returncode == 1
        assert examined.data["is_ready"] is False
        assert examined.queue == ""
        assert [path.name for path in examined.folder.iterdir()] == ["site.toml"]
        submitted = re.findall(r"^pool (\w+): job \d+ submitted$", examined.process.stderr, re.MULTILINE)
        assert sorted(submitted) == ["dark", "good", "unchecked"]

    def test_progress_is_told(self, examined: Examined) -> None:
        job = examined.pool("good")["job"]
        assert f"pool good: job {job}: RUNNING" in examined.process.stderr
        assert f"pool good: {platform.node()} answers" in examined.process.stderr

    def test_a_doctor_that_is_stopped_cancels_its_jobs(self, slurm: RealSlurm, tmp_path: Path) -> None:
        (tmp_path / "site.toml").write_text(HELD)
        (tmp_path / "shared").mkdir()
        command = [sys.executable, "-c", "from glassdask.__main__ import main; main()", "doctor"]
        options = ["--on", str(tmp_path / "site.toml"), "--folder", str(tmp_path / "shared")]
        process = subprocess.Popen([*command, *options], env=environment(), stderr=subprocess.PIPE, text=True)
        try:
            assert process.stderr is not None
            assert process.stderr.readline().startswith("pool held: job ")
            assert slurm.run("squeue", "--me", "--noheader", "--states=PENDING")
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=HANGS)
        finally:
            process.kill()
        assert process.returncode == 130
        assert "stopped by SIGTERM. Every job of the doctor was cancelled." in errors
        assert slurm.run("squeue", "--me", "--noheader", "--states=PENDING,RUNNING") == ""
        assert not list((tmp_path / "shared").iterdir())


def test_a_worker_of_this_machine_is_asked(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text('scheduler = "local"\n')
    done = glassdask("doctor", "--on", tmp_path / "site.toml")
    assert done.returncode == 0, done.stdout + done.stderr
    header, row, *_, last = done.stdout.splitlines()
    assert header.split()[:5] == ["pool", "job", "host", "python", "glassdask"]
    assert "lammps" in row
    assert row.endswith("writable")
    assert last == "1 of 1 can run a campaign"
    assert [path.name for path in tmp_path.iterdir()] == ["site.toml"]


def test_a_scheduler_without_workers_is_no_place_for_a_campaign(tmp_path: Path) -> None:
    """A running scheduler that nobody has given a worker: said after the time that the user allows."""
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    options = ["--no-dashboard", "--dashboard-address", "127.0.0.1:0", "--scheduler-file", str(tmp_path / "s.json")]
    scheduler = subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: (tmp_path / "s.json").exists() and (tmp_path / "s.json").read_text().endswith("}"))
        address = json.loads((tmp_path / "s.json").read_text())["address"]
        (tmp_path / "site.toml").write_text(f'scheduler = "{address}"\n')
        refused = glassdask("doctor", "--on", tmp_path / "site.toml")
        assert (refused.returncode, "type --insecure" in refused.stderr) == (2, True)
        done = glassdask("doctor", "--on", tmp_path / "site.toml", "--insecure", "--timeout", "1")
    finally:
        scheduler.terminate()
        scheduler.wait(HANGS)
    assert done.returncode == 1
    assert "all: the scheduler has had no worker for 1 s: start some" in done.stdout


def test_a_worker_that_sees_another_folder_or_cannot_answer(tmp_path: Path) -> None:
    """The same path, but not the driver's mark in it; and an error on the worker in place of its report."""
    (tmp_path / MARK).write_text("of another machine")
    elsewhere, silent = PoolCheck("elsewhere"), PoolCheck("silent")
    with local_workers(1, dashboard=False) as (workers, _):
        (address,) = workers.client.scheduler_info(n_workers=-1)["workers"]
        asked = ask(workers.client, address, tmp_path, "of the driver")
        failing = workers.client.submit(int, "glass")
        wait_until(lambda: asked.done() and failing.done())
        note_answer(elsewhere, asked)
        note_answer(silent, failing)
    assert elsewhere.report is not None
    assert elsewhere.report["is_folder_writable"]
    assert not elsewhere.report["is_folder_visible"]
    assert silent.report is None
    assert silent.troubles[0].startswith("the worker could not answer: ValueError: invalid literal")


def test_a_campaign_and_a_folder_cannot_both_say_where(tmp_path: Path) -> None:
    for name in ("site.toml", "c.toml"):
        (tmp_path / name).write_text('scheduler = "local"\n')
    done = glassdask("doctor", tmp_path / "c.toml", "--on", tmp_path / "site.toml", "--folder", tmp_path)
    assert done.returncode == 2
    assert "give one of them" in done.stderr


REPORT: dict[str, Any] = {
    "host": "n1",
    "python": platform.python_version(),
    "glassdask": package.__version__,
    "distributed": distributed.__version__,
    "engines": {"hoomd": {"error": "not installed"}, "lammps": {"version": "1", "device": "cpu"}},
    "gpus": 0,
    "cupy_trouble": None,
    "cuda_visible_devices": None,
    "is_folder_visible": True,
    "is_folder_writable": True,
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"is_folder_visible": False, "is_folder_writable": False}, "node n1 does not see the folder"),
        ({"is_folder_writable": False}, "node n1 cannot write into the folder"),
        ({"engines": {"lammps": {"error": "libmpi.so.12"}}}, "no engine of molecular dynamics runs on node n1: lammps: "),
        ({"engines": {"error": "No module named glassdask"}}, "runs on node n1: No module named glassdask"),
        ({"gpus": {"error": "x"}, "cuda_visible_devices": "0"}, "shows 0 of 1 GPUs promised (CUDA_VISIBLE_DEVICES = 0)"),
    ],
)  # fmt: skip
def test_what_keeps_a_campaign_from_running(change: dict[str, Any], words: str) -> None:
    (text,) = pool_troubles({**REPORT, "gpus": 1, **change}, 1, is_simulating=True)
    assert words in text


def test_a_pool_without_molecular_dynamics_needs_no_engine() -> None:
    assert pool_troubles({**REPORT, "engines": {}}, 0, is_simulating=False) == []


def test_gpus_that_may_be_those_of_other_jobs_are_told() -> None:
    """Where the batch system confines no job, two of them on one node meet on device 0."""
    four = {**REPORT, "gpus": 4, "engines": {}}
    (told,) = remarks(four, 2)
    assert "node n1 shows 4 GPUs to a job that has 2 (CUDA_VISIBLE_DEVICES = (not set))" in told
    assert remarks(four, 4) == []
    assert remarks(four) == [], "nobody has said how many"


NO_QSUB = """\
scheduler = "pbs"
interface = "lo"
[pool.gpu]
gpus = 1
stages = ["simulate"]
[pool.cpu]
stages = ["reduce"]
"""


def test_where_there_is_no_batch_system_every_pool_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "site.toml").write_text(NO_QSUB)
    done = CliRunner().invoke(doctor_verb.command, ["--on", str(tmp_path / "site.toml"), "--json"])
    assert done.exit_code == 1, done.output
    pools = json.loads(done.stdout)["pools"]
    assert [pool["pool"] for pool in pools] == ["gpu", "cpu"]
    for pool in pools:
        (trouble,) = pool["troubles"]
        assert f"no job of the pool '{pool['pool']}' can be submitted: qsub cannot be started" in trouble
        assert "allowed: a login node of the cluster, with the commands of its batch system on PATH. Mend" in trouble


def test_what_differs_from_the_driver_is_told() -> None:
    assert remarks(REPORT) == []
    assert remarks({**REPORT, "glassdask": "0.0.1"}) == [f"glassdask is 0.0.1 on n1, and {package.__version__} here"]
    assert remarks({**REPORT, "gpus": 1})[0].startswith("no engine on n1 uses its GPUs")
    told = remarks({**REPORT, "gpus": 1, "cupy_trouble": "CuPy is not installed (No module named 'cupy')"})
    assert told[1].startswith("reductions and memory fits on n1 use cores, not its GPUs: CuPy is not installed")
    assert remarks({**REPORT, "gpus": 1, "cupy_trouble": ""})[1:] == []


SHARED = """\
# my cluster
scheduler = "slurm"
interface = "lo"
worker_timeout = 20
[pool.gpu]
queue = "gpu"      # two nodes
gpus = 1
cores = 2
runs_per_gpu = 3   # a guess
memory = "1GB"
check_gpu = false
stages = ["simulate"]
[pool.cpu]
queue = "cpu"
stages = ["reduce"]
"""


@pytest.mark.slurm
@pytest.mark.usefixtures("slurm")
def test_the_best_number_of_simulations_a_gpu_is_measured_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real simulations in a real job, which outlive the time for which a pool is waited for: an hour of the doctor's clock
    is over once they begin. The node has no real GPU, so they share cores, which is said twice."""
    site = tmp_path / "site.toml"
    site.write_text(SHARED)
    said: list[str] = []
    begun = re.compile("pool gpu: times 1, 2 simulations on one GPU")
    late = SimpleNamespace(sleep=time.sleep, monotonic=lambda: time.monotonic() + 3600 * any(map(begun.match, said)))
    monkeypatch.setattr(doctor_module, "time", late)
    checks = check_site(site, runs_per_gpu=True, most=2, seconds=2, timeout=600, say=said.append)
    found = json.loads(json.dumps(doctor_verb.doctor_json(str(site), checks)))
    assert not found["is_ready"], said
    gpu, cpu = found["pools"]
    assert any(map(begun.match, said))
    assert list(gpu["rates"]) == ["1", "2"]
    assert all(rate > 0 for rate in gpu["rates"].values())
    assert gpu["runs_per_gpu"] == best_count(gpu["rates"])
    assert cpu["rates"] is None
    assert ["shows 0 of 1 GPUs" in text for text in gpu["troubles"]] == [True]
    assert any("on cores" in remark for remark in gpu["remarks"])
    assert f"pool gpu: runs_per_gpu = {gpu['runs_per_gpu']} written to {site}" in said
    best = gpu["runs_per_gpu"]
    assert site.read_text() == SHARED.replace("runs_per_gpu = 3   # a guess", f"runs_per_gpu = {best}   # a guess")
    assert load_site(site).pool["gpu"].runs_per_gpu == best


def test_fewer_simulations_that_do_as_well_are_better() -> None:
    assert best_count({"1": 100.0, "2": 190.0, "4": 240.0, "8": 250.0}) == 4
    assert best_count({"1": 100.0, "2": 101.0}) == 1
    assert best_count({}) is None
    assert measurement({}, 7, 1.0)["counts"] == [1, 2, 3, 4, 6]


def test_a_site_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text('scheduler = "local"\n')
    with pytest.raises(InvalidInput, match=r"runs_per_gpu = 3 of pool.gpu cannot be written .*; set it yourself"):
        write_runs_per_gpu(site, "gpu", 3)
    assert site.read_text() == 'scheduler = "local"\n'


def test_simulations_that_cannot_start_are_said_with_what_was_measured_before() -> None:
    state = {
        "liquid": lennard_jones.LIQUID.record(),
        "temperature": 1.0,
        "density": 1.2,
        "box_length": 7.0,
        "time_step": 0.004,
        "engine": "x",
    }
    request = json.dumps({"state": state, "counts": [1, 2], "seconds": 1})
    done = subprocess.run(
        [sys.executable, "-m", "glassdask.simulation.run.throughput"],
        input=request,
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert answer["steps_per_second"] == {}
    assert "1 at a time" in answer["error"]
    assert "engine is 'x'" in answer["error"]

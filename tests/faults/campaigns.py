"""Small real campaigns, their drivers as processes, and ways to watch them: every fault is made with real signals."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np
import psutil

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.files import journal
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.work.state_stages import StageJob, stage_job
from glassdask.physics.motion.lag_times import frame_steps
from glassdask.simulation.records.trajectory import Trajectory
from glassdask.stages.contract.registry import STAGES
from tests.command_line import environment
from tests.same_process import glassdask_here
from tests.waiting import HANGS, wait_until

#: 330 particles of a hot WCA liquid, some 40,000 steps a second.
GRID: list[dict[str, Any]] = [{"potential": "wca", "density": 1.2, "temperature": 2.0}]
TABLES: dict[str, dict[str, Any]] = {
    "system": {"box_length": 6.5},
    "time_step": {"base_step": 0.008},
    "equilibration": {"length": 8.0},
    "production": {"length": 32.0},
    "frames": {"block_length": 512, "per_octave": 1},
    "wavenumbers": {"structure_frames": 10, "count": 32},
    "mode_coupling": {"end_time": 100.0, "n_half": 8},
    "memory": {"dynamics": ["newtonian"], "n_exp": [1], "generations": 5, "bootstrap": 0},
    "execution": {"checkpoint_seconds": 0.3},
}
#: A production run of 100,000 steps, some three seconds of one core: time enough to be interrupted.
LONG: dict[str, Any] = {"production": {"length": 800.0}, "frames": {"block_length": 2048, "per_octave": 1}}
STATE = "wca_rho1.2_T2.0_r0"


def write_campaign(folder: Path, grid: list[dict[str, Any]] = GRID, **tables: Any) -> Path:
    """A campaign file in `folder`; keys of `tables` go over those of `TABLES`. Its own folder will be ``run``."""
    merged = {name: {**TABLES.get(name, {}), **tables.get(name, {})} for name in {**TABLES, **tables}}
    lines = []
    for header, table in [*(("[[grid]]", block) for block in grid), *((f"[{n}]", t) for n, t in merged.items())]:
        lines += [header, *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.toml").write_text("\n".join(lines))
    return folder / "run.toml"


def home(file: Path, state: str = STATE) -> Path:
    """Folder of a state."""
    return state_folder(file.with_suffix(""), state)


def job_of(file: Path, stage: str = "simulate") -> StageJob:
    """The job of a stage of the first state, as a driver sends it to a worker."""
    campaign = load_campaign(file)
    return stage_job(campaign, campaign.states[0], STAGES[stage])


class RunningDriver:
    """``glassdask run`` in a process group of its own, as a shell starts it; ended for good when the block ends.

    Parameters
    ----------
    file, arguments
        The campaign's file, and options.
    command
        What Python runs.
    launcher
        Words before Python, as of ``mpirun``.
    """

    def __init__(
        self,
        file: Path,
        *arguments: str,
        command: str = "from glassdask.__main__ import main; main()",
        launcher: tuple[str, ...] = (),
    ):
        self.file = file
        self.log = file.with_name(f"driver-{time.monotonic_ns()}.txt")
        with self.log.open("w") as stream:
            self.process = subprocess.Popen(
                [*launcher, sys.executable, "-c", command, "run", str(file), "--quiet", "--no-dashboard", *arguments],
                env=environment(),
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        left = [*processes_of(self.process.pid), *simulations(self.file)]
        self.process.kill()
        self.process.wait()
        for process in left:
            kill(process)

    def workers(self) -> list[psutil.Process]:
        """Processes of Dask workers, oldest first."""
        found = [process for process in processes_of(self.process.pid) if "spawn_main" in " ".join(command_of(process))]
        return sorted(found, key=lambda process: process.create_time())

    def wait(self, seconds: float = HANGS) -> int:
        """Exit code, once it ends by itself."""
        return self.process.wait(seconds)

    def output(self) -> str:
        """All that it has printed."""
        return self.log.read_text()

    def wait_until(self, is_true: Callable[[], Any], seconds: float = HANGS) -> None:
        """Waits for something that must happen while the driver is at work."""

        def look() -> bool:
            found = bool(is_true())
            assert found or self.process.poll() is None, f"the driver has ended: {self.output()}"
            return found

        wait_until(look, seconds)


def run(file: Path, *arguments: str) -> subprocess.CompletedProcess:
    """``glassdask run`` to its end in this process, with one worker in another."""
    return glassdask_here("run", file, "--quiet", "--no-dashboard", "--workers", "1", *arguments)


def processes_of(pid: int) -> list[psutil.Process]:
    """All descendants of a process."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def simulations(file: Path) -> list[psutil.Process]:
    """The processes that simulate a state of a campaign, whoever started them."""
    commands = {process: command_of(process) for process in psutil.process_iter()}
    simulating = {process: words for process, words in commands.items() if "glassdask.simulation.run.child" in words}
    folder = str(file.with_suffix("").resolve())
    return [process for process, words in simulating.items() if words[-1].startswith(folder)]


def command_of(process: psutil.Process) -> list[str]:
    """Its command line; empty if it has gone."""
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []


def kill(process: psutil.Process) -> None:
    """SIGKILL, unless it has gone."""
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def is_running(process: psutil.Process) -> bool:
    """Whether it still runs; a zombie does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def step_of(folder: Path) -> int:
    """The step of production that the latest attempt at a state has reported; 0 before."""
    reports = [json.loads(path.read_text()) for path in folder.glob("work/simulate/*/*/progress.json")]
    newest: dict[str, Any] = max(reports, key=lambda report: report["updated"], default={"phase": ""})
    return newest["step"] if newest["phase"] == "production" else 0


def checkpointed_step(folder: Path) -> int:
    """The step of production of the newest checkpoint of any attempt; 0 before."""
    entries = [
        entry
        for path in folder.glob("work/simulate/*/*/checkpoints.json")
        for entry in json.loads(path.read_text())["generations"]
    ]
    return max((entry["step"] for entry in entries if entry["phase"] == "production"), default=0)


def newest_log(folder: Path) -> str:
    """What the latest attempt at a state has logged."""
    logs = sorted(folder.glob("work/simulate/*/*/log.txt"), key=lambda path: path.stat().st_ctime)
    return logs[-1].read_text() if logs else ""


def events(file: Path, stage: str, state: str = STATE) -> list[str]:
    """What happened to a stage, in words."""
    return [event["event"] for event in journal.events(home(file, state), stage)]


def times_of_change(folder: Path) -> dict[str, int]:
    """When each product and record of a finished state was written, in nanoseconds."""
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("[!.]*") if path.suffix != ".jsonl"}


def assert_whole(file: Path) -> None:
    """Every product is there with its checksum; every trajectory holds the frames of its schedule, each once."""
    verdict = glassdask_here("verify", file)
    assert verdict.returncode == 0, verdict.stdout
    assert "absent" not in verdict.stdout, verdict.stdout
    assert not list(file.with_suffix("").rglob(".*partial*"))
    frames = load_campaign(file).specification.frames
    for folder in file.with_suffix("").glob("states/*"):
        found = json.loads((folder / "simulate.json").read_text())["provenance"]["simulation"]
        n_blocks = found["n_steps"] // (found["divisor"] * frames.block_length)
        expected = found["divisor"] * frame_steps(n_blocks, frames.block_length, frames.per_octave)
        with Trajectory(folder / "trajectory.gsd") as trajectory:
            np.testing.assert_array_equal(trajectory.steps, expected)

"""Requests that take a second or two, and ways to start and watch their processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from glassdask.outcome import StopReason
from glassdask.physics.motion.lag_times import frame_steps
from glassdask.processes.parent import child_environment
from glassdask.simulation.records.request import Equilibration, Production, SimulationRequest
from glassdask.simulation.records.trajectory import Trajectory
from glassdask.simulation.run.molecular_dynamics import MolecularDynamics
from glassdask.simulation.run.run_control import RunControl, Stopped
from glassdask.simulation.run.run_results import RunResults

DIVISOR = 2


def small_request(folder: Path, n_blocks: int = 4, block_length: int = 1024, **changes) -> SimulationRequest:
    """A WCA liquid of 77 particles: 50,000 steps a second, where the default asks for 12,000."""
    request = SimulationRequest(
        liquid="wca",
        temperature=1.0,
        density=1.2,
        box_length=4.0,
        base_step=0.03,
        divisor=DIVISOR,
        seed=12345678901,
        equilibration=Equilibration(1000),
        production=Production(n_blocks, block_length),
        work_folder=str(folder),
        engine="lammps",
    )
    return replace(request, **changes)


def long_request(folder: Path, **changes) -> SimulationRequest:
    """As `small_request`, three to seven seconds of production: time enough to be interrupted."""
    return replace(small_request(folder, n_blocks=20, block_length=8192), **changes)


def endless_request(folder: Path, **changes) -> SimulationRequest:
    """As `small_request`, half an hour of production: for runs that are ended and not gone on with."""
    return small_request(folder, n_blocks=4000, block_length=8192, **changes)


def expected_steps(request: SimulationRequest) -> np.ndarray:
    """The steps that the finished trajectory must hold, each once."""
    plan = request.production
    return request.divisor * frame_steps(plan.n_blocks, plan.block_length, plan.per_octave)


def trajectory_steps(folder: Path) -> np.ndarray:
    """The steps that the finished trajectory does hold."""
    with Trajectory(folder / "trajectory.gsd") as trajectory:
        return trajectory.steps


def start_run(request: SimulationRequest) -> MolecularDynamics:
    """A run in this process, new or continued."""
    folder = Path(request.work_folder)
    folder.mkdir(exist_ok=True)
    return MolecularDynamics(request, RunControl(folder, request.checkpoint_seconds))


def stop_after(run: MolecularDynamics, looks: int, phase: str = "") -> None:
    """Has the run stopped, as by SIGTERM, after so many looks at its control, in one phase if named."""
    countdown = iter(range(looks))
    look = run.control.look

    def look_or_stop(n_steps: int, n_buffered: int) -> bool:
        if phase in ("", run.phase) and next(countdown, None) is None:
            raise Stopped(StopReason.TERMINATED)
        return look(n_steps, n_buffered)

    run.control.look = look_or_stop  # type: ignore[method-assign]


def run_with_stops(request: SimulationRequest, looks: int) -> tuple[MolecularDynamics, RunResults, int]:
    """A run that is stopped every so many looks and gone on with by a new one, its results, and how often it was."""
    stops = 0
    while True:
        run = start_run(request)
        stop_after(run, looks)
        run.control.chunk = 700
        try:
            return run, run.run(), stops
        except Stopped:
            run.checkpoint()
            run.engine.close()
            stops += 1


def start_child(request: SimulationRequest) -> subprocess.Popen:
    """Start the request's process and do not wait for it."""
    folder = Path(request.work_folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "request.json"
    path.write_text(replace(request, parent_pid=os.getpid()).to_json())
    command = [sys.executable, "-m", "glassdask.simulation.run.child", str(path)]
    return subprocess.Popen(command, env=child_environment(), stdout=subprocess.DEVNULL, start_new_session=True)


def progress(folder: Path) -> dict:
    """What the child has reported last; empty before its first report."""
    try:
        return json.loads((folder / "progress.json").read_text())
    except FileNotFoundError:
        return {}

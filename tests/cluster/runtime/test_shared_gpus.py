"""Lines of a job's script that let processes share its GPUs, run by a real bash.

NVIDIA's daemon needs a GPU; a program of its name that notes how it is called stands in for it.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from glassdask.cluster.runtime import shared_gpus
from glassdask.cluster.runtime.shared_gpus import sharing_lines

DAEMON = """\
#!/bin/bash
if [ "$1" = -d ]; then
  echo "start $CUDA_VISIBLE_DEVICES $CUDA_MPS_PIPE_DIRECTORY" >> "$NOTES"
  exit ${MPS_STATUS:-0}
fi
echo "told $(cat)" >> "$NOTES"
"""
#: What a worker of the job sees.
WORKER = 'echo "worker $CUDA_VISIBLE_DEVICES $GLASSDASK_RUNS_PER_GPU ${CUDA_MPS_PIPE_DIRECTORY:-none}" >> "$NOTES"'


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the daemon and the worker say what they see; the daemon is the first on the path."""
    daemon = tmp_path / "bin" / "nvidia-cuda-mps-control"
    daemon.parent.mkdir()
    daemon.write_text(DAEMON)
    daemon.chmod(0o755)
    monkeypatch.setenv("PATH", f"{daemon.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    monkeypatch.delenv("CUDA_MPS_PIPE_DIRECTORY", raising=False)
    (tmp_path / "scratch").mkdir()
    return tmp_path / "notes"


def job(*lines: str) -> str:
    """Runs a script of these lines and a worker; what it said on standard error."""
    done = subprocess.run(["bash", "-u"], input="\n".join([*lines, WORKER]), text=True, capture_output=True, check=True)
    return done.stderr


def test_the_service_is_started_before_the_workers_and_stopped_after_them(notes: Path, tmp_path: Path) -> None:
    assert "shared by MPS" in job(*sharing_lines(2, 3, has_mps=True))
    start, worker, end = (line.split(" ") for line in notes.read_text().splitlines())
    pipe = start[2]
    assert start == ["start", "3,5", pipe]
    assert Path(pipe).parent == tmp_path / "scratch"
    assert worker == ["worker", "0,1", "3", pipe], "its clients count the GPUs that it was given from 0"
    assert end == ["told", "quit"]
    assert not list((tmp_path / "scratch").iterdir())


def test_a_worker_that_fails_leaves_no_service_behind(notes: Path) -> None:
    job(*sharing_lines(2, 3, has_mps=True), "(exit 7) || true", "test 1 = 1")
    assert notes.read_text().splitlines()[-1] == "told quit"
    with pytest.raises(subprocess.CalledProcessError):
        job(*sharing_lines(2, 3, has_mps=True), "exit 7")
    assert notes.read_text().splitlines()[-1] == "told quit"


def test_without_the_service_processes_take_turns(notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPS_STATUS", "1")
    assert "take turns" in job(*sharing_lines(2, 3, has_mps=True))
    assert notes.read_text().splitlines()[1:] == ["worker 3,5 3 none"]
    assert not list((tmp_path / "scratch").iterdir())


def test_the_sites_own_service_is_used_and_left_alone(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_MPS_PIPE_DIRECTORY", "/run/mps")
    assert "MPS of this site" in job(*sharing_lines(2, 3, has_mps=True))
    assert notes.read_text().splitlines() == ["worker 3,5 3 /run/mps"]


@pytest.mark.parametrize(("runs_per_gpu", "has_mps"), [(1, True), (4, False)])
def test_one_run_a_gpu_or_a_site_that_forbids_it_needs_no_service(
    notes: Path, runs_per_gpu: int, has_mps: bool
) -> None:
    job(*sharing_lines(2, runs_per_gpu, has_mps))
    assert notes.read_text().splitlines() == [f"worker 3,5 {runs_per_gpu} none"]


@pytest.mark.parametrize(
    ("variables", "seen"),
    [
        ({"GLASSDASK_GPUS": "2", "GLASSDASK_RUNS_PER_GPU": "2"}, ["0", "0", "1", "1"]),
        ({"GLASSDASK_GPUS": "4", "GLASSDASK_RUNS_PER_GPU": "1"}, ["0", "1", "2", "3"]),
        ({"GLASSDASK_GPUS": "1", "GLASSDASK_RUNS_PER_GPU": "4"}, ["0", "0", "0", "0"]),
        (
            {"GLASSDASK_GPUS": "2", "GLASSDASK_RUNS_PER_GPU": "2", "CUDA_VISIBLE_DEVICES": "GPU-a,GPU-b"},
            ["GPU-a", "GPU-a", "GPU-b", "GPU-b"],
        ),
        ({"GLASSDASK_GPUS": "2", "GLASSDASK_RUNS_PER_GPU": "2", "CUDA_VISIBLE_DEVICES": "5"}, ["5", "5", "5", "5"]),
        ({"GLASSDASK_GPUS": "1", "GLASSDASK_RUNS_PER_GPU": "4", "CUDA_VISIBLE_DEVICES": ""}, ["", "", "", ""]),
        ({}, [None, None, None, None]),
    ],
)
def test_each_worker_of_a_job_takes_one_of_its_gpus(
    variables: dict[str, str], seen: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """PBS with a plain ngpus sets no CUDA_VISIBLE_DEVICES: the job's GPUs are then numbered here."""
    for number, device in enumerate(seen):
        for name in ("GLASSDASK_GPUS", "GLASSDASK_RUNS_PER_GPU", "CUDA_VISIBLE_DEVICES"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(shared_gpus, "get_worker", lambda number=number: SimpleNamespace(name=f"gpu-7-{number}"))
        for _ in range(2):  # each stage chooses, and the choice stays
            shared_gpus.choose_gpu()
            assert os.environ.get("CUDA_VISIBLE_DEVICES") == device

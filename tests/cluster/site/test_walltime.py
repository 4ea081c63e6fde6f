"""When does this job end? From its script, or asked of a real SLURM, or read from what PBS prints."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from glassdask.cluster.schedulers import jobs
from glassdask.cluster.site import walltime as time_limit
from tests.cluster.real_slurm import RealSlurm
from tests.command_line import REPOSITORY

ASK = "from glassdask.cluster.site.walltime import job_end; print(job_end())"
_VARIABLES = ("GLASSDASK_JOB_END", "SLURM_JOB_ID", "SLURM_JOB_END_TIME", "PBS_JOBID", "LSB_JOBID")


@pytest.fixture(autouse=True)
def outside_of_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(jobs, "_PAUSE", 0.0)
    time_limit.job_end.cache_clear()


def test_outside_of_a_job_there_is_no_end() -> None:
    assert time_limit.job_end() is None


def test_a_workers_job_knows_it_from_its_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    monkeypatch.setenv("GLASSDASK_JOB_END", "1764000000")
    assert time_limit.job_end() == 1764000000.0


@pytest.mark.slurm
def test_in_another_job_slurm_is_asked(slurm: RealSlurm) -> None:
    """A job of ten minutes ends ten minutes after its start."""
    environment = slurm.environment | {"PYTHONPATH": str(REPOSITORY)}
    started = time.time()
    answer = slurm.run(
        "srun", "--partition=cpu", "--time=10", f"--export=ALL,PYTHONPATH={environment['PYTHONPATH']}",
        sys.executable, "-c", ASK,
    )  # fmt: skip
    assert started + 590 < float(answer) < time.time() + 610


def test_pbs_tells_what_was_asked_and_what_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The form of ``qstat -f``, as the OpenPBS reference guide shows it."""
    job = "Job Id: 7.server\n    Job_Name = x\n    resources_used.walltime = 00:20:05\n    Resource_List.walltime = 01:30:00\n"
    (tmp_path / "qstat").write_text(f"#!/bin/sh\ncat <<'END'\n{job}END\n")
    (tmp_path / "qstat").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("PBS_JOBID", "7.server")
    assert time_limit.job_end() == pytest.approx(time.time() + 4195, abs=5)


def test_a_wrapper_s_lines_are_no_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "squeue").write_text("#!/bin/sh\necho 'Welcome: 3 nodes are down'\necho 2026-11-30T12:00:00\n")
    (tmp_path / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    assert time_limit.job_end() == time.mktime((2026, 11, 30, 12, 0, 0, 0, 0, -1))


@pytest.mark.parametrize(
    ("printed", "left"),
    [("2:10 L", 2 * 3600 + 9 * 60), ("0:00 L", 0), ("1:00 X", 59 * 60), ("1:00 E", None), ("-", None)],
)
def test_lsf_tells_what_is_left(
    printed: str, left: int | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In whole minutes; an estimate is no limit."""
    (tmp_path / "bjobs").write_text(f"#!/bin/sh\necho Welcome\necho '{printed}'\n")
    (tmp_path / "bjobs").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("LSB_JOBID", "7")
    assert time_limit.job_end() == (None if left is None else pytest.approx(time.time() + left, abs=5))


def test_a_batch_system_that_does_not_answer_knows_no_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is asked three times."""
    (tmp_path / "bjobs").write_text(f"#!/bin/sh\necho >> {tmp_path}/asked\nexit 255\n")
    (tmp_path / "bjobs").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("LSB_JOBID", "7")
    assert time_limit.job_end() is None
    assert (tmp_path / "asked").read_text() == "\n" * 3

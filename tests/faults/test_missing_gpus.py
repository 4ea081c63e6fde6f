"""Fault 19: no GPU where one was promised. The pool says so before it takes a state."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.files import journal
from glassdask.campaign.files.folder import state_folder
from tests.cluster.real_slurm import RealSlurm
from tests.command_line import glassdask
from tests.faults.campaigns import write_campaign

SITE = """\
scheduler = "slurm"
interface = "lo"
worker_timeout = 20
[pool.gpu]
queue = "gpu"
gpus = 1
memory = "1GB"
walltime = "00:05:00"
count = 3
"""
#: As many states as jobs, so that all jobs are submitted at once.
GRID = [{"potential": "wca", "density": 1.2, "temperature": [2.0, 2.2, 2.4]}]


@pytest.mark.slurm
def test_jobs_without_their_gpu_end_the_run_before_any_state_is_taken(slurm: RealSlurm, tmp_path: Path) -> None:
    """The nodes' GPUs are names only: SLURM grants them, CUDA does not show them."""
    file = write_campaign(tmp_path, GRID)
    (tmp_path / "site.toml").write_text(SITE)
    done = glassdask("run", file, "--on", tmp_path / "site.toml", "--quiet", "--no-dashboard")
    assert done.returncode == 1
    assert "3 jobs of the pool 'gpu' in a row ended before a worker came up" in done.stderr
    assert f"glassdask: node {platform.node()} shows 0 of 1 GPUs" in done.stderr
    assert "set check_gpu = false" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(list((tmp_path / "run" / "logs").glob("*.err"))) == 3, "no storm of submissions"
    assert slurm.run("squeue", "--me", "--noheader", "--states=PENDING,RUNNING") == ""
    campaign = load_campaign(file)
    for state in campaign.states:
        assert journal.events(state_folder(campaign.folder, state.identifier), "simulate") == []

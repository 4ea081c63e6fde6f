"""A real PBS server, where one is at hand: who uses it may be its manager, who can make queues for a test."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from glassdask.campaign.observe.job_history import named_jobs


def require_pbs() -> None:
    """Skips a test where there is none."""
    if shutil.which("qsub") is None:
        pytest.skip("there is no PBS here (qsub)")


def pbs(*command: str) -> str:
    """Output of one of its commands."""
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def network_interface() -> str:
    """The interface of the default route, or loopback."""
    fields = [line.split() for line in Path("/proc/net/route").read_text().splitlines()[1:]]
    return next((row[0] for row in fields if row[1] == "00000000"), "lo")


@contextmanager
def queue(*settings: str) -> Iterator[str]:
    """A queue of this test's own, enabled and started, with some attributes besides."""
    name = f"gd{secrets.token_hex(4)}"
    made = [f"create queue {name} queue_type=execution,enabled=true,started=true"]
    made += [f"set queue {name} {setting}" for setting in settings]
    for line in made:
        done = subprocess.run(["qmgr", "-c", line], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"the test makes a queue, which needs a manager of the PBS server: {done.stderr.strip()}")
    try:
        yield name
    finally:
        left = pbs("qselect", "-q", name).split()
        if left:
            subprocess.run(["qdel", "-W", "force", *left], check=False)
        subprocess.run(["qmgr", "-c", f"delete queue {name}"], check=True)


def manage(line: str) -> None:
    """An order of the server's manager."""
    pbs("qmgr", "-c", line)


def jobs_of(file: Path) -> list[str]:
    """Jobs that the driver of a campaign has in the queue; no other's."""
    return named_jobs(file.with_suffix(""))


def state_of(job: str) -> str:
    """The letter of a job's state; empty once it has gone."""
    done = subprocess.run(["qstat", "-f", job], capture_output=True, text=True, check=False)
    lines = [line.split() for line in done.stdout.splitlines()]
    return next((line[2] for line in lines if line[:1] == ["job_state"]), "")

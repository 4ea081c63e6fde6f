"""One finished campaign, made once, that tests copy and damage."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.campaigns import run, write_campaign


@pytest.fixture(autouse=True, scope="session")
def _interrupts_are_heeded() -> None:
    """A shell's background job starts with SIGINT ignored, and what it starts inherits that: not so these drivers."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _an_engine_is_there(an_engine: str) -> None:
    """Every fault is made in a real campaign."""


@pytest.fixture(scope="session")
def finished(an_engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """The file of a finished campaign of three states, to be copied."""
    grid = [{"potential": "wca", "density": 1.2, "temperature": [2.0, 2.5, 3.0]}]
    file = write_campaign(tmp_path_factory.mktemp("finished"), grid)
    done = run(file)
    assert done.returncode == 0, done.stderr
    return file


@pytest.fixture
def finished_copy(finished: Path, tmp_path: Path) -> Path:
    """The file of a finished campaign that a test may damage."""
    shutil.copytree(finished.parent, tmp_path / "copy")
    return tmp_path / "copy" / finished.name


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB: the page of a campaign takes 1.3 MB of it, and twice that while it is replaced."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("mounting a small tmpfs needs root and the right to mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)

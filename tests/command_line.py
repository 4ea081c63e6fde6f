"""The command line as a user calls it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
_MAIN = "from glassdask.__main__ import main; main()"


def environment() -> dict[str, str]:
    """This process's environment with the package importable."""
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])}


def glassdask(*arguments: str | Path, cwd: Path | None = None, timeout: float = 300) -> subprocess.CompletedProcess:
    """Calls ``glassdask`` with arguments; standard output and error are text."""
    command = [sys.executable, "-c", _MAIN, *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=timeout, check=False
    )


def python(code: str, *arguments: str | Path, cwd: Path | None = None, timeout: float = 300) -> str:
    """Runs Python code in a fresh interpreter; returns what it prints, and fails with its error output."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

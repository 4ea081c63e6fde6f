"""A Python that lacks some packages, as one does in which an extra was not installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.command_line import environment
from tests.waiting import HANGS

_SITE = """
import importlib.machinery, importlib.metadata, os

missing = set(os.environ["MISSING_MODULES"].split(","))
find_spec = importlib.machinery.PathFinder.find_spec

def find_the_others(name, path=None, target=None):
    return None if name.partition(".")[0] in missing else find_spec(name, path, target)

importlib.machinery.PathFinder.find_spec = find_the_others
"""


def glassdask_without(
    modules: str, *arguments: str | Path, cwd: Path, timeout: float = HANGS
) -> subprocess.CompletedProcess:
    """Calls ``glassdask`` where modules (names separated by commas) are not installed; `cwd` gets a sitecustomize.py."""
    folder = cwd / "python"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(_SITE)
    plain = environment()
    variables = plain | {
        "PYTHONPATH": os.pathsep.join([str(folder), plain["PYTHONPATH"]]),
        "MISSING_MODULES": modules,
    }
    command = [sys.executable, "-c", "from glassdask.__main__ import main; main()", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, timeout=timeout, check=False)

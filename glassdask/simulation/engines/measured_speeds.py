"""How fast the engines were on machines of this kind: measured by ``glassdask doctor``, kept in a file of the user's.

A home folder is often shared by nodes of several kinds, so what was measured is kept by the name of the processor, or of the
GPU, and holds only for the versions that were measured. The file may be removed at any time.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path

import glassdask
from glassdask.files.atomic_write import write_json


def measured_speeds(machine: str, names: Iterable[str]) -> dict[str, float]:
    """Time steps a second of those engines that were measured on such a machine in the version that is installed.

    Parameters
    ----------
    machine
        Name of its processor (`processor_name`) or GPU.
    names
        Of engines.

    Returns
    -------
    dict
        By name; empty where there is no record, or none that can be read.
    """
    try:
        of_machine = json.loads(record_path().read_text(encoding="utf-8"))[machine]
        found = {name: of_machine[name] for name in names if name in of_machine}
        return {
            name: float(speed["steps_per_second"])
            for name, speed in found.items()
            if speed["version"] == _version(name) and float(speed["steps_per_second"]) > 0.0
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def keep_speeds(machine: str, speeds: Mapping[str, float]) -> None:
    """Keeps what was measured on this machine, by the engines' names, beside what is known; a folder that cannot be written
    keeps nothing."""
    path = record_path()
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    if not isinstance(known, dict):
        known = {}
    of_machine = known.get(machine)
    new = {name: {"version": _version(name), "steps_per_second": speed} for name, speed in speeds.items()}
    known[machine] = {**of_machine, **new} if isinstance(of_machine, dict) else new
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, known, durable=False)
    except OSError:
        return


def record_path() -> Path:
    """Where the record lies: ``glassdask/engines.json`` in ``$XDG_CACHE_HOME``, by default ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "glassdask" / "engines.json"


def processor_name() -> str:
    """The processor as it calls itself, or its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def _version(name: str) -> str:
    """Of the package of this name; an engine of no package of its own is of this one's version."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return glassdask.__version__

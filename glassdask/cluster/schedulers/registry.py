"""The batch systems that are known: one file of this folder each, found by looking at it."""

from __future__ import annotations

import os
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from glassdask.cluster.schedulers.protocol import Scheduler


@lru_cache(maxsize=1)
def schedulers() -> dict[str, Scheduler]:
    """All of them, by the name that site files give them, which is that of their file.

    Names descend: a system that also sets another's variables in its jobs, for old scripts, comes first.
    """
    names = sorted((path.stem for path in Path(__file__).parent.glob("[a-z]*.py")), reverse=True)
    modules = {name: import_module(f"{__package__}.{name}") for name in names}
    return {name: module.SCHEDULER for name, module in modules.items() if hasattr(module, "SCHEDULER")}


def current_job() -> tuple[Scheduler, str] | None:
    """The batch system of the job that this process runs in, and the job's identifier; None outside of one."""
    found = ((system, os.environ.get(system.job_variable, "")) for system in schedulers().values())
    return next(((system, identifier) for system, identifier in found if identifier), None)

"""Dask's settings for stages that hold a worker for hours, and for a cluster that keeps to itself."""

from __future__ import annotations

import getpass
import socket
from typing import Any

import dask
import distributed  # noqa: F401  its default settings

from glassdask.cluster.monitor.page_token import PAGE_TOKEN

#: What workers begin with. Dask has them give freed memory back at once (MALLOC_TRIM_THRESHOLD_ of 64 kB), which in glibc also
#: has every array of 128 kB or more mapped anew: that took more than half of the time of `reduce` and `correlate`. With these
#: numbers, those that glibc comes to by itself at most, a worker keeps up to 64 MiB of what it has freed.
_ENVIRONMENT = {"MALLOC_TRIM_THRESHOLD_": 64 * 2**20, "MALLOC_MMAP_THRESHOLD_": 32 * 2**20}
_BEGIN_WITH = "distributed.nanny.pre-spawn-environ"
#: A stage may hold a core for hours; Dask must not take that for a dead worker, nor spread its data.
SETTINGS: dict[str, Any] = {
    "distributed.scheduler.worker-ttl": "10 minutes",
    "distributed.scheduler.allowed-failures": 0,  # the driver counts losses, and knows when to give up
    "distributed.scheduler.work-stealing": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.comm.timeouts.connect": "30s",
    "distributed.worker.http.routes": [],  # workers have no pages
    "distributed.nanny.http.routes": [],
    **{f"{_BEGIN_WITH}.{name}": value for name, value in _ENVIRONMENT.items()},
}
#: Dask's scheduler always answers HTTP; without these it has nothing to say.
NO_PAGES: dict[str, Any] = {"distributed.scheduler.http.routes": []}


#: Dask finds our pages in this module.
_PAGES = "glassdask.cluster.monitor.dashboard"


def scheduler_settings(has_pages: bool) -> dict[str, Any]:
    """Settings of a scheduler, with Dask's own pages and ours, or with none."""
    if not has_pages:
        return SETTINGS | NO_PAGES
    routes = [name for name in dask.config.get("distributed.scheduler.http.routes") if name != _PAGES]
    return SETTINGS | {"distributed.scheduler.http.routes": [*routes, _PAGES]}


def settings_as_environment() -> list[str]:
    """Lines of shell that give a worker in a batch job the same settings."""
    lines = [f'export {name}="{value}"' for name, value in _ENVIRONMENT.items()]  # of settings Dask reads small letters
    for key, value in SETTINGS.items():
        name = "DASK_" + key.upper().replace(".", "__").replace("-", "_")
        if not key.startswith(_BEGIN_WITH):
            lines.append(f'export {name}="{value}"')
    return lines


def dashboard_lines(port: int, token: str) -> list[str]:
    """Where the dashboard is, and how to reach it from elsewhere. Whoever knows the token may look at it."""
    tunnel = f"ssh -L {port}:127.0.0.1:{port} {getpass.getuser()}@{socket.getfqdn()}"
    base = f"http://127.0.0.1:{port}/{token}"
    return [
        f"campaign: {base}/glassdask",
        f"  its buttons, retry and cancel, want the token that lies in {PAGE_TOKEN} of the campaign's folder",
        f"Dask dashboard: {base}/status",
        f"  from your own computer first: {tunnel}",
    ]

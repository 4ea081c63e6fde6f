"""How many simulations should share a GPU: measured on a worker of each pool, chosen, and written into the site file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tomlkit

from glassdask.cluster.runtime.shared_gpus import choose_gpu
from glassdask.cluster.site.site import Site
from glassdask.errors import InvalidInput
from glassdask.files.atomic_write import write_text
from glassdask.processes.parent import ChildFailed, ask_child

#: Numbers that are tried.
COUNTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
#: The smallest number that reaches this share of the largest throughput is chosen: fewer simulations end sooner.
ENOUGH = 0.95
#: The whole of a measurement, starts from a cold disk included. [s]
_LONGEST = 3600


def sharing(site: Site) -> Site:
    """The site as it is measured: at least two workers on each GPU, so that jobs start MPS if their pool does."""
    pools = {
        name: pool.model_copy(update={"runs_per_gpu": max(2, pool.runs_per_gpu)}) if pool.gpus else pool
        for name, pool in site.pool.items()
    }
    return site.model_copy(update={"pool": pools})


def measurement(state: dict[str, Any], most: int, seconds: float) -> dict[str, Any]:
    """The request of a measurement: `state` (`glassdask.campaign.work.plan.timed_state`) is simulated by up to `most`
    processes at once, each number of them for some seconds."""
    return {"state": state, "counts": [count for count in COUNTS if count <= most], "seconds": seconds}


def measure_throughput(request: dict[str, Any]) -> dict[str, Any]:
    """Runs `glassdask.simulation.run.throughput` beside this worker, on its GPU; its answer, or ``error``."""
    choose_gpu()
    try:
        return dict(ask_child(["-m", "glassdask.simulation.run.throughput"], _LONGEST, json.dumps(request)))
    except ChildFailed as error:
        return {"steps_per_second": {}, "error": str(error)}


def best_count(rates: dict[str, float]) -> int | None:
    """The smallest number of simulations whose steps per second together are 95 % of the most; None without any.

    >>> best_count({"1": 100.0, "2": 190.0, "4": 240.0, "8": 250.0})
    4
    """
    enough = ENOUGH * max(rates.values(), default=0.0)
    return min((int(count) for count, rate in rates.items() if rate >= enough), default=None)


def write_runs_per_gpu(path: Path, pool: str, count: int) -> None:
    """Sets ``runs_per_gpu`` of a pool in the site file; comments and everything else stay as they are."""
    try:
        document: Any = tomlkit.parse(path.read_text(encoding="utf-8"))
        document["pool"][pool]["runs_per_gpu"] = count
        write_text(path, tomlkit.dumps(document))
    except (OSError, KeyError, tomlkit.exceptions.TOMLKitError) as error:
        raise InvalidInput(
            f"{path}: runs_per_gpu = {count} of pool.{pool} cannot be written ({error}); set it yourself"
        ) from None

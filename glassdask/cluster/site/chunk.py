"""What a job of PBS asks for in one chunk: a pool's own keys make it, and nothing else may."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: Resources that have keys of their own, and those keys.
_KEYS = {"ncpus": "cores", "ngpus": "gpus", "mem": "memory", "select": "resources", "walltime": "walltime"}


def check_chunk(name: str, scheduler: str, resources: str | None, directives: Sequence[str]) -> None:
    """Refuses what PBS would drop without a word (of two ``-l select`` it keeps the first), or does not know.

    Parameters
    ----------
    name
        Of the pool.
    scheduler
        ``pbs`` or ``slurm``.
    resources, directives
        Of the pool.

    Raises
    ------
    ValueError
        With the key, its value and what is allowed.
    """
    if scheduler != "pbs":
        if resources is not None:
            raise ValueError(
                f"pool.{name}.resources = {resources!r} has no meaning with scheduler = {scheduler!r}; allowed: no such "
                "key, and directives such as ['--constraint=a100']"
            )
        return
    for resource in re.findall(r"(?:^|:)(\w+)=", resources or ""):
        if resource in _KEYS:
            raise ValueError(
                f"pool.{name}.resources = {resources!r} sets {resource} again; allowed: any other resource, and "
                f"{_KEYS[resource]} for this one"
            )
    for line in directives:
        _check_directive(name, line)


def _check_directive(name: str, line: str) -> None:
    listed = re.match(r"-l\s*(.*)", line)
    for resource in re.findall(r"(?:^|,)\s*(\w+)\s*=", listed.group(1)) if listed else ():
        if resource == "nodes":
            raise ValueError(
                f"pool.{name}.directives holds {line!r}, as Torque writes it; allowed: OpenPBS and PBS Professional, "
                "whose chunk is made of cores, gpus, memory and resources. Torque is not supported"
            )
        if resource in _KEYS:
            raise ValueError(
                f"pool.{name}.directives holds {line!r}, which PBS drops or refuses beside the chunk that is made of the "
                f"pool's keys; allowed: {_KEYS[resource]} for it, as in resources = 'model=a100'"
            )

"""``python -m glassdask.simulation.run.engine_check``: does each installed engine really run here, and on what device?
With ``--choose NAME``: which one would simulate here?

That a package can be found says little on a compute node, where a driver's or an MPI library may be missing: each
engine does a few steps of a small system, in a process of its own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from glassdask.errors import InvalidInput, MissingComponent
from glassdask.gpus import gpu_name, has_driver
from glassdask.physics.liquids.liquid import Liquid
from glassdask.processes.child import leave
from glassdask.processes.parent import ChildFailed, ask_child
from glassdask.simulation.engines.engine_choice import ENGINES, available_engines, choose_engine, engines_for_gpus
from glassdask.simulation.engines.measured_speeds import keep_speeds, processor_name

_MODULE = "glassdask.simulation.run.engine_check"
#: HOOMD-blue on a GPU takes some ten seconds from a cold file system.
_SECONDS = 120


def engine_reports() -> dict[str, dict[str, Any]]:
    """Of every engine: ``version``, ``device``, ``precision`` and ``steps_per_second`` after a short run, or ``error``.

    The speeds are kept for `choose_engine`, where the engines are on a core or on a GPU alike.
    """
    installed = available_engines()
    found: dict[str, dict[str, Any]] = {
        name: _report(name) if name in installed else {"error": "not installed"} for name in ENGINES
    }
    for device, machine in (("cpu", processor_name()), ("gpu", gpu_name() if has_driver() else "")):
        speeds = {name: it["steps_per_second"] for name, it in found.items() if it.get("device") == device}
        if machine and speeds:
            keep_speeds(machine, speeds)
    return found


def engine_here(name: str, liquids: Iterable[Liquid] = ()) -> str:
    """As `choose_engine`, of simulations of these liquids on this machine; where that has to look at a GPU, in a child.

    Raises
    ------
    InvalidInput
        If there is no engine of this name, or it does not simulate one of the liquids.
    MissingComponent
        As `choose_engine`.
    """
    wanted = [engine for engine in available_engines() if name in ("auto", engine)]
    for_gpus = [kind.title for kind in engines_for_gpus() if kind.name in wanted]
    if not has_driver() or not for_gpus:
        for liquid in liquids:
            kind = ENGINES[choose_engine(name, liquid)]
            if kind.refusal and (why := kind.refusal(liquid, None)):
                raise InvalidInput(why)
        return choose_engine(name)
    try:
        answer = ask_child(["-m", _MODULE, "--choose", name], _SECONDS)
    except ChildFailed as error:
        raise MissingComponent(
            f"{for_gpus[0]} cannot be tried here ({error}); engine = 'lammps' does without it"
        ) from None
    if "error" in answer:
        raise MissingComponent(answer["error"])
    return answer["engine"]


def _chosen(name: str) -> dict[str, str]:
    try:
        return {"engine": choose_engine(name)}
    except MissingComponent as error:
        return {"error": str(error)}


def _report(name: str) -> dict[str, Any]:
    try:
        return ask_child(["-m", _MODULE, name], _SECONDS)
    except ChildFailed as error:
        return {"error": str(error)}


def short_run(name: str) -> dict[str, Any]:
    """Runs a small liquid for a few steps; returns the engine's capabilities, and its speed (`steps_per_second`)."""
    import numpy as np

    from glassdask.simulation.engines.engine_choice import create_engine
    from glassdask.simulation.particles.initial_configuration import random_particles
    from glassdask.simulation.run.engine_speed import steps_per_second

    particles = random_particles("wca", 1.0, 1.0, 4.0, np.random.default_rng(1))
    engine = create_engine(name, "wca", particles, 1e-4, seed=1)
    engine.minimise(100)
    engine.run(10)
    found = asdict(engine.capabilities())
    engine.close()
    return found | {"steps_per_second": steps_per_second(name)}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--choose"]:
        answer: dict = _chosen(sys.argv[2])
    else:
        answer = short_run(sys.argv[1]) if sys.argv[1:] else engine_reports()
    print(json.dumps(answer), flush=True)
    leave()

"""``python -m glassdask.simulation.run.throughput``: how fast simulations are when several share a GPU or the cores.

The request, as JSON on standard input, names a state, the numbers of simulations to try and for how long; the answer, as
JSON on standard output, is the steps per second of all of them together. Each simulation is a process of its own, as in a
campaign; they start stepping at the same moment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

from glassdask.processes.child import leave
from glassdask.processes.parent import child_environment, last_words

#: Engines start cold from a shared disk, and a GPU's library compiles for a new device. [s]
_START_SECONDS = 180
#: Wall-clock time of a chunk of steps. [s]
_CHUNK_SECONDS = 0.2


@dataclass(frozen=True)
class TimedState:
    """What is simulated to see how fast that is.

    Parameters
    ----------
    liquid
        Its record.
    temperature, density, box_length
        The state. [epsilon_AA/k_B, sigma_AA^-3, sigma_AA]
    time_step
        [tau_LJ]
    engine
        ``auto``, ``hoomd`` or ``lammps``.
    """

    liquid: dict[str, Any]
    temperature: float
    density: float
    box_length: float
    time_step: float
    engine: str


def throughputs(request: dict[str, Any]) -> dict[str, Any]:
    """Measures every number of simulations in turn.

    Parameters
    ----------
    request
        ``state``: fields of a `TimedState`; ``counts``: numbers of simulations; ``seconds`` of each measurement.

    Returns
    -------
    dict
        ``steps_per_second`` of all simulations together, by their number as a text; ``engine`` and ``device``; or
        ``error``, what the first simulation that failed said, with what was measured before.
    """
    found: dict[str, Any] = {"steps_per_second": {}}
    for count in request["counts"]:
        try:
            answers = _together(count, TimedState(**request["state"]), request["seconds"])
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            return {**found, "error": f"{count} at a time: {error}"}
        found["steps_per_second"][str(count)] = sum(answer["steps_per_second"] for answer in answers)
        found |= {name: answers[0][name] for name in ("engine", "device")}
    return found


def _together(count: int, state: TimedState, seconds: float) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "glassdask.simulation.run.throughput", json.dumps(asdict(state)), str(seconds)]
    children = [_started(command) for _ in range(count)]
    try:
        # none steps before all are ready: a start takes the cores that others would be measured on
        for child in children:
            assert child.stdout is not None
            if child.stdout.readline().strip() != "ready":
                raise ValueError(_complaint(child))
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        answers = []
        for child in children:
            output, errors = child.communicate(timeout=_START_SECONDS + 10 * seconds)
            if child.returncode:
                raise ValueError(last_words(errors, child.returncode))
            answers.append(json.loads(output.splitlines()[-1]))
        return answers
    finally:
        for child in children:
            child.kill()
            child.wait()


def _started(command: list[str]) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, env=child_environment(), stdin=pipe, stdout=pipe, stderr=pipe, encoding="utf-8", errors="replace"
    )


def _complaint(child: subprocess.Popen[str]) -> str:
    _, errors = child.communicate(timeout=_START_SECONDS)
    return last_words(errors, child.returncode)


def _one(state: TimedState, seconds: float) -> dict[str, Any]:
    """One simulation: brought to its temperature, then timed from the word "go" on."""
    import numpy as np

    from glassdask.physics.liquids.liquid import Liquid
    from glassdask.simulation.engines.engine_choice import create_engine
    from glassdask.simulation.particles.initial_configuration import random_particles

    liquid, random = Liquid.from_record(state.liquid), np.random.default_rng(os.getpid())
    particles = random_particles(liquid, state.temperature, state.density, state.box_length, random)
    engine = create_engine(state.engine, liquid, particles, state.time_step, seed=1)
    engine.minimise(300)
    engine.set_thermostat(state.temperature)
    chunk = _chunk(engine)
    print("ready", flush=True)
    sys.stdin.readline()
    begin, n_steps = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - begin) < seconds:
        engine.run(chunk)
        n_steps += chunk
    found = engine.capabilities()
    return {"steps_per_second": n_steps / elapsed, "engine": found.engine, "device": found.device}


def _chunk(engine: Any) -> int:
    """Steps that take about the time of a chunk, once the liquid has melted."""
    steps, begin = 64, time.perf_counter()
    engine.run(steps)
    while (elapsed := time.perf_counter() - begin) < _CHUNK_SECONDS:
        engine.run(steps)
        steps *= 2
    return max(1, int(steps * _CHUNK_SECONDS / elapsed))


def main() -> None:
    """A measurement of all, asked on standard input; or, with arguments, one of its simulations."""
    if sys.argv[1:]:
        answer = _one(TimedState(**json.loads(sys.argv[1])), float(sys.argv[2]))
    else:
        answer = throughputs(json.load(sys.stdin))
    print(json.dumps(answer), flush=True)
    leave()


if __name__ == "__main__":
    main()

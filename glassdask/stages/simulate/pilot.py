"""A short measured run of a state, to know how fast this machine is before a campaign is paid for."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from glassdask.errors import SimulationFailed
from glassdask.outcome import Outcome
from glassdask.physics.liquids.liquid import TAU_MD, Liquid
from glassdask.simulation.records.request import Equilibration, Production, SimulationRequest
from glassdask.simulation.run.child_process import run_in_child
from glassdask.stages.contract.run_size import state_divisor
from glassdask.stages.contract.sections import TimeStepSection
from glassdask.state_point import StatePoint

#: Base steps of the pilot: about two seconds of one core at N = 1200.
_EQUILIBRATION, _BLOCK = 1000, 2048


def timed_state(
    state: StatePoint, liquid: Liquid, box_length: float, time_step: TimeStepSection, engine: str
) -> dict[str, Any]:
    """A state as :mod:`glassdask.simulation.run.throughput` wants it; parameters as of `pilot_rate`."""
    return {
        "liquid": liquid.record(),
        "temperature": state.temperature,
        "density": state.density,
        "box_length": box_length,
        "time_step": time_step.base_step * TAU_MD / state_divisor(state, liquid, time_step),
        "engine": engine,
    }


def pilot_rate(
    state: StatePoint, liquid: Liquid, box_length: float, time_step: TimeStepSection, engine: str
) -> dict[str, Any]:
    """Steps per second of a state on this machine, measured on a run that is thrown away.

    Parameters
    ----------
    state
        Which state.
    liquid
        Of which liquid.
    box_length
        L. [sigma_AA]
    time_step
        The table of that name of the campaign file.
    engine
        ``auto``, ``hoomd`` or ``lammps``.

    Returns
    -------
    dict
        ``steps_per_second``, ``engine``, ``engine_version``, ``device``.

    Raises
    ------
    SimulationFailed
        If the pilot does not come to its end.
    """
    divisor = state_divisor(state, liquid, time_step)
    with tempfile.TemporaryDirectory(prefix="glassdask-pilot-") as folder:
        request = SimulationRequest(
            liquid=liquid,
            temperature=state.temperature,
            density=state.density,
            box_length=box_length,
            base_step=time_step.base_step,
            divisor=divisor,
            seed=1,
            equilibration=Equilibration(max(1, _EQUILIBRATION // divisor)),
            production=Production(1, max(64, _BLOCK // 2 ** (divisor.bit_length() - 1))),
            work_folder=str(Path(folder) / "pilot"),
            engine=engine,
        )
        answer = run_in_child(request, poll_seconds=0.2)
    if answer.outcome != Outcome.DONE:
        raise SimulationFailed(answer.reason or "engine", f"the pilot of {state.identifier} failed: {answer.message}")
    return {name: answer.results[name] for name in ("steps_per_second", "engine", "engine_version", "device")}

"""A short measured run of a state, to know how fast this machine is before a campaign is paid for."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from glassdask.errors import SimulationFailed
from glassdask.outcome import FailureReason, Outcome
from glassdask.physics.liquids.liquid import TAU_MD, Liquid
from glassdask.simulation.records.request import Equilibration, Production, SimulationRequest
from glassdask.simulation.run.child_process import run_in_child
from glassdask.simulation.run.run_results import RunResults
from glassdask.simulation.run.throughput import TimedState
from glassdask.stages.contract.run_size import state_divisor
from glassdask.stages.contract.sections import TimeStepSection
from glassdask.state_point import StatePoint

#: Base steps of the pilot: about two seconds of one core at N = 1200.
_EQUILIBRATION, _BLOCK = 1000, 2048


@dataclass(frozen=True)
class Pilot:
    """How fast a state was simulated on this machine, and by what."""

    state: str
    steps_per_second: float
    engine: str
    engine_version: str
    device: str


def timed_state(
    state: StatePoint, liquid: Liquid, box_length: float, time_step: TimeStepSection, engine: str
) -> TimedState:
    """A state to be timed among others on one device; parameters as of `pilot_rate`."""
    step = time_step.base_step * TAU_MD / state_divisor(state, liquid, time_step)
    return TimedState(liquid.record(), state.temperature, state.density, box_length, step, engine)


def pilot_rate(state: StatePoint, liquid: Liquid, box_length: float, time_step: TimeStepSection, engine: str) -> Pilot:
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
    Pilot
        What was measured.

    Raises
    ------
    SimulationFailed
        If the pilot does not come to its end, or measures no steps.
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
        raise SimulationFailed(FailureReason.ENGINE, f"the pilot of {state.identifier} failed: {answer.message}")
    found = RunResults(**answer.results)
    if not found.steps_per_second > 0:
        raise SimulationFailed(FailureReason.ENGINE, f"the pilot of {state.identifier} measured no steps")
    return Pilot(state.identifier, found.steps_per_second, found.engine, found.engine_version, found.device)

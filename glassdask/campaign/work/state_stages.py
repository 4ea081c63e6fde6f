"""The stages of a state: what each needs, what it is made from, and how much work it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import whole_record
from glassdask.files.checksum import json_sha256
from glassdask.stages.contract.run_size import pair_work, run_size
from glassdask.state_point import StatePoint


@dataclass(frozen=True)
class Stage:
    """One step of the study.

    Parameters
    ----------
    name
        Also the name of its record, its module in ``glassdask.stages`` and its group on the Dask dashboard.
    needs
        Stages of the same state whose products it reads.
    sections
        Tables of the campaign file that its product depends on.
    revision
        Raised when the stage's code changes its numbers: older products are then made again.
    """

    name: str
    needs: tuple[str, ...]
    sections: tuple[str, ...]
    revision: int


SIMULATE = Stage("simulate", (), ("system", "time_step", "equilibration", "production", "frames"), 1)
REDUCE = Stage("reduce", ("simulate",), ("time_step", "frames", "wavenumbers", "quality"), 3)
SOLVE_MCT = Stage("solve_mct", ("reduce",), ("system", "wavenumbers", "mode_coupling"), 2)
FIT_MEMORY = Stage("fit_memory", ("reduce", "solve_mct"), ("mode_coupling", "memory"), 2)
#: Stages of each state, in the order of work.
STATE_STAGES = (SIMULATE, REDUCE, SOLVE_MCT, FIT_MEMORY)
#: The structure factor of a frame takes about as long as this many time steps.
_STEPS_A_FRAME = 50
#: Mode-coupling theory on 100 wavenumbers takes a second or two, whatever the state: as this many steps of 1200 LJ particles.
_STEPS_OF_THEORY = 2000
#: A memory fit of one equation and one number of modes, both species; errors from resampled data come on top.
_STEPS_OF_A_FIT = 500
_PAIR_WORK = pair_work(StatePoint("lj", 1.0, 1.2), 10.0)


@dataclass(frozen=True)
class StageJob:
    """Everything that a worker must know to run one stage of one state: plain data, sent through Dask.

    Parameters
    ----------
    parameters
        The tables of the campaign file that count, the state, its seed: what the product depends on.
    inputs
        Hash of the parameters and of the products that are read.
    execution
        Engine, checkpoint interval, retries, lease term: what changes no number.
    deadline
        Unix time at which the worker's job ends, or None.
    deadline_margin
        Seconds before that at which a simulation stops.
    run
        Name of the driver's run, by which it can tell its stages to stop.
    """

    stage: str
    state: StatePoint
    folder: Path
    parameters: dict[str, Any]
    inputs: str
    execution: dict[str, Any]
    campaign: str
    deadline: float | None = None
    deadline_margin: float = 30.0
    run: str = ""


def stage_named(name: str) -> Stage:
    """The stage of a state with this name."""
    return next(stage for stage in STATE_STAGES if stage.name == name)


def stage_parameters(campaign: Campaign, state: StatePoint, stage: Stage) -> dict[str, Any]:
    """What a stage's product depends on, of the campaign file."""
    parameters: dict[str, Any] = {name: campaign.tables[name] for name in stage.sections}
    parameters["stage"] = {"name": stage.name, "revision": stage.revision}
    parameters["state"] = [state.potential, state.temperature, state.density, state.replica]
    if stage in (SIMULATE, FIT_MEMORY):
        parameters["seed"] = campaign.seed_of(state)
    return parameters


def expected_inputs(campaign: Campaign, state: StatePoint, stage: Stage) -> str:
    """Hash of the inputs that the campaign file asks for, those of the stages before it included."""
    return _inputs_up_to(campaign, state, stage)[stage.name]


def _inputs_up_to(campaign: Campaign, state: StatePoint, last: Stage) -> dict[str, str]:
    """The hashes of a stage and of all before it, each made once."""
    hashes: dict[str, str] = {}
    for stage in STATE_STAGES[: STATE_STAGES.index(last) + 1]:
        parameters = stage_parameters(campaign, state, stage)
        parameters["needs"] = [hashes[name] for name in stage.needs]
        hashes[stage.name] = json_sha256(parameters)
    return hashes


def stage_job(campaign: Campaign, state: StatePoint, stage: Stage) -> StageJob:
    """The job that makes a stage's product for a state."""
    return StageJob(
        stage=stage.name,
        state=state,
        folder=state_folder(campaign.folder, state.identifier).resolve(),
        parameters=stage_parameters(campaign, state, stage),
        inputs=expected_inputs(campaign, state, stage),
        execution=_execution(campaign),
        campaign=campaign.identity,
    )


def _execution(campaign: Campaign) -> dict[str, Any]:
    """How a stage is run; a simulation that takes S(k) while it runs must know its bins, which change no trajectory."""
    return {**campaign.tables["execution"], "wavenumbers": campaign.tables["wavenumbers"]}


def next_stage(campaign: Campaign, state: StatePoint, after: Stage | None = None) -> Stage | None:
    """The first stage of a state, or the first after one that was just done, without a whole product; None where all is done.

    A product made from other inputs counts as done here: it is shown by `changed_products` and made again on request.
    """
    folder = state_folder(campaign.folder, state.identifier)
    left = STATE_STAGES[STATE_STAGES.index(after) + 1 :] if after else STATE_STAGES
    return next((stage for stage in left if whole_record(folder, stage.name) is None), None)


def changed_products(campaign: Campaign, state: StatePoint) -> list[Stage]:
    """Stages of a state whose product was made from other inputs than the campaign file now asks for."""
    folder = state_folder(campaign.folder, state.identifier)
    expected = _inputs_up_to(campaign, state, STATE_STAGES[-1])
    changed = []
    for stage in STATE_STAGES:
        record = whole_record(folder, stage.name)
        if record is not None and record.inputs != expected[stage.name]:
            changed.append(stage)
    return changed


def relative_cost(campaign: Campaign, state: StatePoint, stage: Stage) -> float:
    """Work of a stage in arbitrary units, for the order of work and for progress."""
    tables = campaign.tables
    if stage is SOLVE_MCT:
        return _STEPS_OF_THEORY * (tables["wavenumbers"]["count"] / 100) ** 2 * _PAIR_WORK
    if stage is FIT_MEMORY:
        memory = tables["memory"]
        return _STEPS_OF_A_FIT * len(memory["dynamics"]) * len(memory["n_exp"]) * _PAIR_WORK
    if stage is SIMULATE:
        n_steps = run_size(state, tables).n_steps
    else:
        n_steps = _STEPS_A_FRAME * tables["wavenumbers"]["structure_frames"]
    return n_steps * pair_work(state, tables["system"]["box_length"])

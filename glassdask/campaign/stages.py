"""The stages of a state: what each needs, what it is made from, and how much work it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassdask.campaign.campaign import Campaign
from glassdask.campaign.folder import state_folder
from glassdask.campaign.products import inputs_hash, whole_record
from glassdask.physics.mixture import n_particles
from glassdask.state_point import StatePoint
from glassdask.tasks.grids import block_bounds


@dataclass(frozen=True)
class Stage:
    """One step of the study.

    Parameters
    ----------
    name
        Also the name of its record, its module in ``glassdask.tasks`` and its group on the Dask dashboard.
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
REDUCE = Stage("reduce", ("simulate",), ("time_step", "frames", "wavenumbers", "quality"), 1)
#: Stages of each state, in the order of work.
STATE_STAGES = (SIMULATE, REDUCE)


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
    """

    stage: str
    state: StatePoint
    folder: Path
    parameters: dict[str, Any]
    inputs: str
    execution: dict[str, Any]
    campaign: str
    deadline: float | None = None


def stage_named(name: str) -> Stage:
    """The stage of a state with this name."""
    return next(stage for stage in STATE_STAGES if stage.name == name)


def stage_parameters(campaign: Campaign, state: StatePoint, stage: Stage) -> dict[str, Any]:
    """What a stage's product depends on, of the campaign file."""
    specification = campaign.specification
    parameters: dict[str, Any] = {name: getattr(specification, name).model_dump(mode="json") for name in stage.sections}
    parameters["stage"] = {"name": stage.name, "revision": stage.revision}
    parameters["state"] = [state.potential, state.temperature, state.density, state.replica]
    if stage is SIMULATE:
        parameters["seed"] = campaign.seed_of(state)
    return parameters


def expected_inputs(campaign: Campaign, state: StatePoint, stage: Stage) -> str:
    """Hash of the inputs that the campaign file asks for, those of the stages before it included."""
    parameters = stage_parameters(campaign, state, stage)
    parameters["needs"] = [expected_inputs(campaign, state, stage_named(name)) for name in stage.needs]
    return inputs_hash(parameters)


def stage_job(campaign: Campaign, state: StatePoint, stage: Stage) -> StageJob:
    """The job that makes a stage's product for a state."""
    return StageJob(
        stage=stage.name,
        state=state,
        folder=state_folder(campaign.folder, state.identifier).resolve(),
        parameters=stage_parameters(campaign, state, stage),
        inputs=expected_inputs(campaign, state, stage),
        execution=campaign.specification.execution.model_dump(mode="json"),
        campaign=campaign.identity,
    )


def next_stage(campaign: Campaign, state: StatePoint) -> Stage | None:
    """The first stage of a state without a whole product; None where all is done.

    A product made from other inputs counts as done here: it is shown by `changed_products` and made again on request.
    """
    folder = state_folder(campaign.folder, state.identifier)
    return next((stage for stage in STATE_STAGES if whole_record(folder, stage.name) is None), None)


def changed_products(campaign: Campaign, state: StatePoint) -> list[Stage]:
    """Stages of a state whose product was made from other inputs than the campaign file now asks for."""
    folder = state_folder(campaign.folder, state.identifier)
    changed = []
    for stage in STATE_STAGES:
        record = whole_record(folder, stage.name)
        if record is not None and record.inputs != expected_inputs(campaign, state, stage):
            changed.append(stage)
    return changed


def relative_cost(campaign: Campaign, state: StatePoint, stage: Stage) -> float:
    """Work of a stage in arbitrary units, for the order of work and for progress."""
    specification = campaign.specification
    work = pair_work(state, specification.system.box_length)
    if stage is SIMULATE:
        blocks = block_bounds(specification.model_dump(mode="json"))[1]
        return work * blocks * specification.frames.block_length
    return work * 50.0 * specification.wavenumbers.structure_frames


def pair_work(state: StatePoint, box_length: float) -> float:
    """Work of one time step in arbitrary units: N (5 + neighbours within the cut-off and a skin).

    The number of neighbours is rho times half of the mean sphere of interaction of the mixture; the 5 stands for all
    that is done once a particle. It reproduces the ratio of LJ to WCA, 3.5, within 20 % (LAMMPS, N = 1200).
    """
    sphere = {"lj": 30.0, "wca": 4.0}[state.potential]
    return n_particles(state.density, box_length) * (5.0 + state.density * sphere)

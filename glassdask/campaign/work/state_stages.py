"""What is to be done for a state: its next stage, the job that does it, and how much work it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.failure import read_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import whole_record
from glassdask.campaign.work.growth import growth
from glassdask.campaign.work.stage_inputs import inputs_up_to
from glassdask.outcome import FailureReason
from glassdask.stages.contract.context import Execution
from glassdask.stages.contract.registry import STATE_STAGES
from glassdask.stages.contract.sections import Sections
from glassdask.stages.contract.stage import Stage
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.state_point import StatePoint


@dataclass(frozen=True)
class StageJob:
    """Everything that a worker must know to run one stage of one state, sent through Dask.

    ``sections`` are the tables of the campaign file that the stage declares; ``inputs`` the hash of these, of the seed
    and of the products that are read; ``execution`` what changes no number. ``run`` names the driver's run, by which it
    can tell its stages to stop. ``grows`` names the phase that the product that is there is to be longer in, if any.
    """

    stage: str
    state: StatePoint
    folder: Path
    sections: Sections
    seed: int
    inputs: str
    execution: Execution
    run: str = ""
    grows: str = ""


def stage_job(campaign: Campaign, state: StatePoint, stage: Stage) -> StageJob:
    """The job that makes a stage's product for a state."""
    return stage_jobs(campaign, state, [stage])[0]


def stage_jobs(campaign: Campaign, state: StatePoint, stages: Sequence[Stage], run: str = "") -> list[StageJob]:
    """The jobs of several stages of a state, in the order of work, for the driver's run of this name."""
    folder = state_folder(campaign.folder, state.identifier).resolve()
    longer = growth(campaign, state, whole_record(folder, SIMULATE.name)) if SIMULATE in stages else None
    inputs, execution, seed = inputs_up_to(campaign, state, stages[-1]), _execution(campaign), campaign.seed_of(state)
    return [
        StageJob(
            stage=stage.name,
            state=state,
            folder=folder,
            sections=campaign.specification.only(stage.sections),
            seed=seed,
            inputs=inputs[stage.name],
            execution=execution,
            run=run,
            grows=longer.phase if longer and stage is SIMULATE else "",
        )
        for stage in stages
    ]


def _execution(campaign: Campaign) -> Execution:
    """How a stage is run; a simulation that takes S(k) while it runs must know its bins, which change no trajectory."""
    specification = campaign.specification
    in_situ = specification.wavenumbers if specification.execution.reduce == "in situ" else None
    return Execution(specification.execution, in_situ, campaign.identity)


def next_stage(campaign: Campaign, state: StatePoint, after: Stage | None = None) -> Stage | None:
    """The first stage of a state, or the first after one that was just done, without a whole product; None where all is done.

    A product made from other inputs counts as done here: it is shown by `changed_products` and made again on request. Only a
    simulation that is to be longer goes on by itself.
    """
    left = STATE_STAGES[STATE_STAGES.index(after) + 1 :] if after else STATE_STAGES
    return next((stage for stage in left if _is_due(campaign, state, stage)), None)


def _is_due(campaign: Campaign, state: StatePoint, stage: Stage) -> bool:
    record = whole_record(state_folder(campaign.folder, state.identifier), stage.name)
    if record is None:
        return True
    longer = growth(campaign, state, record) if stage is SIMULATE else None
    return longer is not None and not longer.trouble


def changed_products(campaign: Campaign, state: StatePoint) -> list[Stage]:
    """Stages of a state whose product was made from other inputs than the campaign file now asks for."""
    folder = state_folder(campaign.folder, state.identifier)
    expected = inputs_up_to(campaign, state, STATE_STAGES[-1])
    changed = []
    for stage in STATE_STAGES:
        record = whole_record(folder, stage.name)
        if record is not None and record.inputs != expected[stage.name]:
            changed.append(stage)
    return changed


def relative_cost(campaign: Campaign, state: StatePoint, stage: Stage) -> float:
    """Work of a stage of states in arbitrary units, for the order of work and for progress."""
    assert stage.cost is not None
    return stage.cost(state, campaign.specification)


def campaign_cost(stage: Stage, n_states: int) -> float:
    """Work of a stage of the campaign in the same units."""
    assert stage.campaign_cost is not None
    return stage.campaign_cost(n_states)


def has_failed(campaign: Campaign, state: StatePoint, stage: Stage) -> bool:
    """Whether the state has spent its tries. A full disk is the user's to mend: running again means that it was."""
    failure = read_failure(state_folder(campaign.folder, state.identifier), stage.name)
    return failure is not None and failure.get("reason") != FailureReason.DISK


def has_work(campaign: Campaign, states: Iterable[StatePoint] | None = None) -> bool:
    """Whether any of these states, or of all, has a stage that is neither done nor failed."""
    for state in campaign.states if states is None else states:
        stage = next_stage(campaign, state)
        if stage is not None and not has_failed(campaign, state, stage):
            return True
    return False

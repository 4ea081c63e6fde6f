"""What a product of a state is made from, as a hash: equal hashes, equal numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import glassdask
from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import read_record
from glassdask.files.checksum import json_sha256
from glassdask.stages.contract.registry import STATE_STAGES
from glassdask.stages.contract.stage import Stage
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.stages.simulate import START
from glassdask.stages.simulate.imported import ImportedTrajectory, read_import
from glassdask.state_point import StatePoint


def expected_inputs(
    campaign: Campaign, state: StatePoint, stage: Stage, instead: Mapping[str, Any] | None = None
) -> str:
    """Hash of the inputs that the campaign file asks for, those of the stages before it included.

    `instead`: tables, by name, that are put in the place of the file's.
    """
    return inputs_up_to(campaign, state, stage, instead)[stage.name]


def inputs_up_to(
    campaign: Campaign, state: StatePoint, last: Stage, instead: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """The hashes of a stage and of all before it, each made once."""
    hashes: dict[str, str] = {}
    tables = campaign.tables | dict(instead or {})
    tables["system"] = {key: value for key, value in tables["system"].items() if key != "start"}  # its bytes count
    imported = _import_of(campaign, state)
    for stage in STATE_STAGES[: STATE_STAGES.index(last) + 1]:
        made_from = stage.inputs(tables, state, campaign.seed_of(state))
        if imported is not None and not stage.needs:  # in the place of a simulation, whose tables say nothing of it
            made_from = {name: made_from[name] for name in ("stage", "state")} | {"import": imported.inputs()}
        elif not stage.needs and campaign.specification.system.start is not None:
            made_from["start"] = _start(campaign, state)
        if state.potential in campaign.liquid_records:
            made_from["liquid"] = campaign.liquid_records[state.potential]
        made_from["needs"] = [hashes[name] for name in stage.needs]
        hashes[stage.name] = json_sha256(made_from)
    return hashes


def basis_of_inputs(campaign: Campaign) -> str:
    """Hash of all that the inputs of every state's products follow from, besides the state itself and what lies in its folder;
    empty where there is more, as a file for each state to start from."""
    if campaign.specification.system.start is not None:
        return ""
    stages = [[stage.name, stage.revision, stage.sections] for stage in STATE_STAGES]
    return json_sha256([glassdask.__version__, campaign.tables, campaign.liquid_records, stages])


def _import_of(campaign: Campaign, state: StatePoint) -> ImportedTrajectory | None:
    """Looked for once a state: nothing is imported into a campaign while it is driven."""
    if state not in campaign.imports:
        campaign.imports[state] = read_import(state_folder(campaign.folder, state.identifier))
    found: ImportedTrajectory | None = campaign.imports[state]
    return found


def _start(campaign: Campaign, state: StatePoint) -> str | None:
    """Checksum of the configuration that a state starts from; where the file has gone, of the one that it has started from."""
    from glassdask.stages.simulate.given_start import start_path, start_sha256

    template = campaign.specification.system.start
    assert template is not None
    found = start_sha256(start_path(template, state))
    if found is None:
        record = read_record(state_folder(campaign.folder, state.identifier), SIMULATE.name)
        return record.provenance.get(START, {}).get("sha256") if record is not None else None
    return found

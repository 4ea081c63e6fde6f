"""Every product of a campaign against its checksum and its inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files import journal
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import damaged_files, read_record, record_path, remove_product
from glassdask.campaign.files.status import campaign_status
from glassdask.campaign.work.campaign_product import campaign_inputs
from glassdask.campaign.work.stage_inputs import expected_inputs
from glassdask.errors import InvalidInput
from glassdask.stages.collect import STAGE as COLLECT
from glassdask.stages.contract.registry import CAMPAIGN_STAGES, STAGES, STATE_STAGES
from glassdask.stages.contract.stage import Stage
from glassdask.state_point import StatePoint

#: Stands for the state of a product that is made from all of them.
ALL_STATES = "all"


@dataclass(frozen=True)
class ProductCheck:
    """One product of one state: ``whole``, ``damaged``, ``changed`` (made from other inputs) or ``absent``."""

    state: str
    stage: str
    verdict: str
    detail: str = ""


def verify_campaign(campaign: Campaign) -> Iterator[ProductCheck]:
    """Checks every product of every state, the cube and its figures, networks and report if any: each file is read whole."""
    for state in campaign.states:
        for stage in STATE_STAGES:
            yield check_product(campaign, state, stage.name)
    for stage in CAMPAIGN_STAGES:
        if stage is COLLECT or record_path(campaign.folder, stage.name).exists():
            yield check_campaign_product(campaign, stage)


def check_product(campaign: Campaign, state: StatePoint, stage_name: str) -> ProductCheck:
    """Compares one product with its record's checksums and with the inputs that the campaign asks for."""
    inputs = expected_inputs(campaign, state, STAGES[stage_name])
    verdict = _verdict(state_folder(campaign.folder, state.identifier), stage_name, inputs, campaign)
    return ProductCheck(state.identifier, stage_name, *verdict)


def check_campaign_product(campaign: Campaign, stage: Stage) -> ProductCheck:
    """Compares the cube and its figures, networks, or the report with their checksums and with the states that they are to show."""
    record = read_record(campaign.folder, stage.name)
    options = record.provenance.get("options") if record else None
    try:
        inputs = campaign_inputs(campaign, stage, list(campaign_status(campaign.folder)), options)
    except InvalidInput:  # no run has left a record that can be read
        inputs = ""
    return ProductCheck(ALL_STATES, stage.name, *_verdict(campaign.folder, stage.name, inputs, campaign))


def _verdict(folder: Path, name: str, inputs: str, campaign: Campaign) -> tuple[str, str]:
    record = read_record(folder, name)
    if record is None:
        path = record_path(folder, name)
        return ("damaged", f"{path.name} cannot be trusted") if path.exists() else ("absent", "")
    damaged = damaged_files(folder, record)
    if damaged:
        details = [f"{file} {'differs' if (folder / file).is_file() else 'is missing'}" for file in damaged]
        return "damaged", ", ".join(details)
    if record.inputs != inputs:
        asks = "the record of the last run" if campaign.source is None else str(campaign.source.name)
        return "changed", f"made from other inputs than {asks} and the states now give"
    return "whole", ""


def send_back(campaign: Campaign, state: StatePoint, stage_name: str, why: str) -> None:
    """Takes back a product and what was made from it; the next run makes them again."""
    folder = state_folder(campaign.folder, state.identifier)
    names = [stage.name for stage in STATE_STAGES]
    for name in reversed(names[names.index(stage_name) :]):
        remove_product(folder, name)
        journal.record_event(folder, name, "sent_back", message=why)

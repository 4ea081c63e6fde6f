"""Every product of a campaign against its checksum and its inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from glassdask.campaign import journal
from glassdask.campaign.campaign import Campaign
from glassdask.campaign.folder import state_folder
from glassdask.campaign.products import damaged_files, read_record, record_path, remove_product
from glassdask.campaign.stages import STATE_STAGES, expected_inputs
from glassdask.state_point import StatePoint


@dataclass(frozen=True)
class ProductCheck:
    """One product of one state: ``whole``, ``damaged``, ``changed`` (made from other inputs) or ``absent``."""

    state: str
    stage: str
    verdict: str
    detail: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        return asdict(self)


def verify_campaign(campaign: Campaign) -> Iterator[ProductCheck]:
    """Checks every product of every state: each file is read whole."""
    for state in campaign.states:
        for stage in STATE_STAGES:
            yield check_product(campaign, state, stage.name)


def check_product(campaign: Campaign, state: StatePoint, stage_name: str) -> ProductCheck:
    """Compares one product with its record's checksums and with the inputs that the campaign file asks for."""
    stage = next(stage for stage in STATE_STAGES if stage.name == stage_name)
    folder = state_folder(campaign.folder, state.identifier)
    record = read_record(folder, stage.name)
    if record is None:
        is_damaged = record_path(folder, stage.name).exists()
        detail = f"{record_path(folder, stage.name).name} cannot be trusted" if is_damaged else ""
        return ProductCheck(state.identifier, stage.name, "damaged" if is_damaged else "absent", detail)
    damaged = damaged_files(folder, record)
    if damaged:
        details = [f"{name} {'differs' if (folder / name).is_file() else 'is missing'}" for name in damaged]
        return ProductCheck(state.identifier, stage.name, "damaged", ", ".join(details))
    if record.inputs != expected_inputs(campaign, state, stage):
        return ProductCheck(state.identifier, stage.name, "changed", "made from other inputs than the file asks for")
    return ProductCheck(state.identifier, stage.name, "whole")


def send_back(campaign: Campaign, state: StatePoint, stage_name: str, why: str) -> None:
    """Takes back a product and what was made from it; the next run makes them again."""
    folder = state_folder(campaign.folder, state.identifier)
    names = [stage.name for stage in STATE_STAGES]
    for name in reversed(names[names.index(stage_name) :]):
        remove_product(folder, name)
        journal.record_event(folder, name, "sent_back", message=why)

"""What a driver would still do."""

from __future__ import annotations

from collections.abc import Iterable

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.failure import read_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.work.state_stages import next_stage
from glassdask.stages.contract.stage import Stage
from glassdask.state_point import StatePoint


def has_failed(campaign: Campaign, state: StatePoint, stage: Stage) -> bool:
    """Whether the state has spent its tries. A full disk is the user's to mend: running again means that it was."""
    failure = read_failure(state_folder(campaign.folder, state.identifier), stage.name)
    return failure is not None and failure.get("reason") != "disk"


def has_work(campaign: Campaign, states: Iterable[StatePoint] | None = None) -> bool:
    """Whether any of these states, or of all, has a stage that is neither done nor failed."""
    for state in campaign.states if states is None else states:
        stage = next_stage(campaign, state)
        if stage is not None and not has_failed(campaign, state, stage):
            return True
    return False

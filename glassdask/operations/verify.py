"""Checks every product of a campaign: checksums and inputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files.driver_lock import driver_lock
from glassdask.campaign.files.products import remove_product
from glassdask.campaign.work.verify import ALL_STATES, ProductCheck, send_back, verify_campaign
from glassdask.operations.progress import tell_nothing


def verify(path: str | Path, *, repair: bool = False, say: Callable[[str], None] = tell_nothing) -> list[ProductCheck]:
    """Reads every product and compares its checksum and the hash of its inputs.

    Parameters
    ----------
    path
        The campaign's TOML file, whose inputs are asked for as it is now, or its folder with those of the last run.
    repair
        Send damaged products back: the next run makes them again.
    say
        Called with a line for each product that is sent back.

    Returns
    -------
    list of ProductCheck
        State, stage, verdict (whole, damaged, changed or absent) and details.

    Raises
    ------
    InvalidInput
        If the file or folder is no campaign.
    CampaignLocked
        If something is to be repaired and a driver is at work.
    """
    campaign = load_campaign(path)
    checks = list(verify_campaign(campaign))
    damaged = [check for check in checks if check.verdict == "damaged"]
    if repair and damaged:
        with driver_lock(campaign.folder, campaign.specification.execution.lease_seconds):
            for check in damaged:
                _send_back(campaign, check)
                say(f"{check.state}: {check.stage} sent back")
    return checks


def _send_back(campaign: Campaign, check: ProductCheck) -> None:
    if check.state == ALL_STATES:
        remove_product(campaign.folder, check.stage)
    else:
        state = next(state for state in campaign.states if state.identifier == check.state)
        send_back(campaign, state, check.stage, check.detail)

"""Products of a campaign: gathered into one dataset, with critical temperatures and figures beside it; and checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files.driver_lock import driver_lock
from glassdask.campaign.files.products import remove_product
from glassdask.campaign.files.status import StateStatus, campaign_status
from glassdask.campaign.work.campaign_product import current_product, is_current
from glassdask.campaign.work.verify import ALL_STATES, ProductCheck, send_back, verify_campaign
from glassdask.operations.progress import tell, tell_nothing
from glassdask.stages.collect import STAGE

if TYPE_CHECKING:
    import xarray as xr


def collect(path: str | Path) -> xr.Dataset:
    """The data of a campaign as they are now, collected anew where a state has changed since the last time.

    Parameters
    ----------
    path
        The campaign's TOML file or its folder.

    Returns
    -------
    xarray.Dataset
        The cube (potential, T, rho, pair, species, k, k_fine, t), opened lazily: see `glassdask.open_campaign`.

    Raises
    ------
    InvalidInput
        If the campaign was not started.
    CampaignLocked
        If a driver is at work and states have changed: it collects at its end. Until then `glassdask.open_campaign`
        gives what was collected last.

    Examples
    --------
    >>> with glassdask.collect("campaign.toml") as cube:  # doctest: +SKIP
    ...     cube.structure_factor.sel(potential="lj", pair="AA")
    """
    from glassdask.datasets.store import open_campaign

    campaign = load_campaign(path)
    statuses = list(campaign_status(campaign.folder))
    if not is_current(campaign, STAGE, statuses):
        with driver_lock(campaign.folder, campaign.specification.execution.lease_seconds):
            collected(campaign, list(campaign_status(campaign.folder)), tell)
    return open_campaign(campaign.folder)


def collected(campaign: Campaign, statuses: Sequence[StateStatus], say: Callable[[str], None]) -> tuple[Path, ...]:
    """Cube, critical temperatures and figures of what there is; for the holder of the campaign's lock."""
    if not is_current(campaign, STAGE, statuses):
        say("collecting: the cube, critical temperatures (seconds for each run near one), figures")
    return tuple(campaign.folder / name for name in current_product(campaign, STAGE, statuses).files)


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

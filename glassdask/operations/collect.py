"""The cube of a campaign: all states, finished or not, in one dataset, with critical temperatures and figures beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files.driver_lock import driver_lock
from glassdask.campaign.files.status import StateStatus, campaign_status
from glassdask.campaign.work.campaign_product import collected_files, is_collected
from glassdask.operations.progress import tell

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
    if not is_collected(campaign, statuses):
        with driver_lock(campaign.folder, campaign.specification.execution.lease_seconds):
            collected(campaign, list(campaign_status(campaign.folder)), tell)
    return open_campaign(campaign.folder)


def collected(campaign: Campaign, statuses: Sequence[StateStatus], say: Callable[[str], None]) -> tuple[Path, ...]:
    """Cube, critical temperatures and figures of what there is; for the holder of the campaign's lock."""
    if not is_collected(campaign, statuses):
        say("collecting: the cube, critical temperatures (seconds for each run near one), figures")
    return tuple(collected_files(campaign, statuses))

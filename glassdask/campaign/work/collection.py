"""The campaign's cube, its critical temperatures, and the figures drawn from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import FIGURES_FOLDER
from glassdask.campaign.files.status import StateStatus
from glassdask.campaign.work.campaign_product import campaign_inputs, campaign_record, commit_product
from glassdask.stages.collect import STAGE as COLLECT


def collected_files(campaign: Campaign, statuses: Sequence[StateStatus]) -> list[Path]:
    """The cube and the figures of what there is; made again only where a state has changed or a file is not whole.

    Parameters
    ----------
    campaign
        What was run.
    statuses
        Every state with its status.
    """
    inputs = campaign_inputs(campaign, COLLECT, statuses)
    record = campaign_record(campaign, COLLECT, inputs)
    if record is None:
        record = commit_product(campaign, COLLECT, inputs, lambda: _collect(campaign, statuses))
    return [campaign.folder / name for name in record.files]


def is_collected(campaign: Campaign, statuses: Sequence[StateStatus]) -> bool:
    """Whether cube, critical temperatures and figures are those of what there is now."""
    return campaign_record(campaign, COLLECT, campaign_inputs(campaign, COLLECT, statuses)) is not None


def _collect(campaign: Campaign, statuses: Sequence[StateStatus]) -> list[Path]:
    from glassdask.stages.collect.critical_temperatures import critical_temperatures, write_critical_temperatures
    from glassdask.stages.collect.run import collect
    from glassdask.stages.report.run import report

    folder, tables = campaign.folder, campaign.specification
    cube = collect(folder, statuses, tables, campaign.identity)
    critical = write_critical_temperatures(critical_temperatures(folder, statuses, tables), folder, campaign.identity)
    return [cube, critical, *report(cube, critical, folder / FIGURES_FOLDER)]

"""Stage collect: what all states have found becomes one cube, with critical temperatures and figures beside it."""

from __future__ import annotations

from glassdask.stages.collect import FIGURES_FOLDER
from glassdask.stages.collect.campaign_cube import write_cube
from glassdask.stages.collect.campaign_figures import draw_campaign_figures
from glassdask.stages.collect.critical_temperatures import critical_temperatures, write_critical_temperatures
from glassdask.stages.contract.context import CampaignContext, StageResult


def collect(context: CampaignContext) -> StageResult:
    """Writes the cube of a campaign, its critical temperatures, and the figures of both.

    Returns
    -------
    StageResult
        Product: ``observables.nc``, ``critical_temperature.nc`` and what can be drawn of them.
    """
    folder, statuses, sections = context.folder, context.statuses, context.sections
    cube = write_cube(folder, statuses, sections, context.campaign)
    found = critical_temperatures(folder, statuses, sections)
    critical = write_critical_temperatures(found, folder, context.campaign)
    return context.done([cube, critical, *draw_campaign_figures(cube, critical, folder / FIGURES_FOLDER)])

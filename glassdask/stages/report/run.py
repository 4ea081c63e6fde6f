"""Stage report: one page of what a campaign has found, with the data of every figure beside it."""

from __future__ import annotations

from glassdask.stages.contract.context import CampaignContext, StageResult
from glassdask.stages.report import DRAWING, PAGE
from glassdask.stages.report.page import ReportParts, pdf_beside, write_page


def report(context: CampaignContext) -> StageResult:
    """Writes the report of what there is; `given` are `ReportParts`.

    Returns
    -------
    StageResult
        Product: ``report/report.html``, ``report/report.pdf`` if it is wanted, then ``report/data/states.csv`` and the data of
        the figures.

    Raises
    ------
    InvalidInput
        If there is no cube yet.
    """
    parts: ReportParts = context.given
    page = context.folder / PAGE
    context.say(DRAWING)
    pdf_beside(page).unlink(missing_ok=True)  # of an earlier page
    return context.done(write_page(context.folder, page, context.sections, parts))

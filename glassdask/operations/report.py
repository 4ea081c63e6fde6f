"""The report of a campaign and its figures, from what there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from glassdask.campaign.files.products import read_record
from glassdask.campaign.files.status import campaign_status
from glassdask.errors import InvalidInput
from glassdask.figures.pages.page_pdf import pdf_writer
from glassdask.files.folder_rule import campaign_folder
from glassdask.operations.progress import tell_nothing
from glassdask.stages.collect import FIGURES_FOLDER
from glassdask.stages.report import PAGE, PDF, STAGE

#: What the sheet of all figures is called.
SHEET = "contact_sheet"


@dataclass(frozen=True)
class Report:
    """One HTML page that loads nothing from elsewhere, the data of its figures as CSV and netCDF, and the page as PDF where that
    was asked for."""

    page: Path
    data: tuple[Path, ...]
    pdf: Path | None = None


@dataclass(frozen=True)
class Figures:
    """Files of the figures that were drawn, by name; and why others could not be."""

    files: dict[str, Path]
    missing: dict[str, str]


def report(
    path: str | Path,
    output: str | Path | None = None,
    *,
    pdf: bool = False,
    force: bool = False,
    say: Callable[[str], None] = tell_nothing,
) -> Report:
    """Writes the report of a campaign, finished or not, also while it runs: its data are collected first. In its folder, only
    where something has changed since the last.

    Parameters
    ----------
    path
        The campaign's TOML file or its folder.
    output
        The page, a name ending in .html; ``report/report.html`` in the campaign's folder if None.
    pdf
        Write the page as PDF, too, under the same name with the ending .pdf. Without it, a PDF of an earlier page in the
        campaign's folder goes when the page is written again.
    force
        Write it in any case, and draw every figure anew.
    say
        Called with lines of progress.

    Returns
    -------
    Report
        The page, the files of data in ``data/`` beside it, and the PDF.

    Raises
    ------
    InvalidInput
        If the campaign was not started, none of its states is done, or the page has another ending.
    MissingComponent
        If a PDF is wanted and WeasyPrint is not installed.

    Examples
    --------
    >>> glassdask.report("campaign.toml").page  # doctest: +SKIP
    """
    folder = campaign_folder(path)
    page = folder / PAGE if output is None else Path(output)
    checked_page(page)
    if pdf:
        pdf_writer()
    from glassdask.campaign.definition.campaign import load_campaign
    from glassdask.campaign.report.report import report_parts, write_report
    from glassdask.campaign.work.campaign_product import current_product
    from glassdask.operations.products import brought_up_to_date

    brought_up_to_date(folder, say)
    campaign = load_campaign(folder)
    if page.resolve() != (folder / PAGE).resolve():
        return _report_of(write_report(campaign, page, say, is_redrawn=force, pdf=pdf))
    last = read_record(folder, STAGE.name)
    has_pdf = last is not None and PDF in last.files
    given = partial(report_parts, campaign, say, is_redrawn=force, pdf=pdf)
    record = current_product(campaign, STAGE, list(campaign_status(folder)), given, say, force or pdf > has_pdf)
    return _report_of([folder / name for name in record.files])


def _report_of(files: Sequence[Path]) -> Report:
    """Its files, the page first."""
    page, *rest = files
    data = tuple(path for path in rest if path.suffix != ".pdf")
    return Report(page, data, next((path for path in rest if path.suffix == ".pdf"), None))


def checked_page(page: Path) -> None:
    """InvalidInput if a page has another ending than those of HTML."""
    if page.suffix.lower() not in (".html", ".htm"):
        raise InvalidInput(
            f"--output {str(page)!r}; allowed: a name ending in .html; data go into the folder data/ beside it, and with --pdf "
            "a PDF of the same name"
        )


def draw_figures(
    path: str | Path,
    output: str | Path | None = None,
    *,
    only: Sequence[str] = (),
    file_format: str = "pdf",
    has_sheet: bool = False,
    on_drawn: Callable[[Path], None] = lambda _: None,
    say: Callable[[str], None] = tell_nothing,
) -> Figures:
    """Draws the figures of a campaign for a paper: PNG, PDF or SVG without a date, so that equal data give equal files.

    Its data are collected first. While states are missing, each figure says how many there are ("3 of 8 states").

    Parameters
    ----------
    path
        The campaign's TOML file or its folder.
    output
        Folder; ``figures`` in the campaign's folder if None.
    only
        Names of figures, as ``glassdask figures --list`` gives them; all without one.
    file_format
        ``png``, ``pdf`` or ``svg``.
    has_sheet
        Whether all of them are put on one sheet besides, ``contact_sheet``.
    on_drawn
        Called with each file.
    say
        Called with lines of progress.

    Returns
    -------
    Figures
        What was drawn, and why the rest was not.

    Raises
    ------
    InvalidInput
        If the campaign was not started, none of its states is done, a figure does not exist, or one that was named cannot be drawn yet.
    """
    from glassdask.figures.catalogue import FIGURES, checked_names, draw_sheet
    from glassdask.figures.catalogue import draw_figures as drawn_figures
    from glassdask.operations.products import brought_up_to_date
    from glassdask.stages.report.figure_sources import figure_sources

    folder = campaign_folder(path)
    names = checked_names(only)
    brought_up_to_date(folder, say)
    target = folder / FIGURES_FOLDER if output is None else Path(output)
    files: dict[str, Path] = {}
    with figure_sources(folder) as sources:
        for name, file in drawn_figures(sources, target, file_format, names):
            files[name] = file
            on_drawn(file)
        if has_sheet and files:
            files[SHEET] = draw_sheet(sources, list(files), target / f"{SHEET}.{file_format}")
            on_drawn(files[SHEET])
    captions = {name: FIGURES[name].caption for name in names if name not in files}
    missing = {name: f"{caption.missing} '{caption.command}' makes it." for name, caption in captions.items()}
    if only and missing:
        raise InvalidInput("; ".join(f"{name}: {reason}" for name, reason in missing.items()))
    return Figures(files, missing)

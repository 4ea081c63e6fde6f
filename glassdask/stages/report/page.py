"""The report of a campaign: one page with its figures inside, and the data of each figure beside it."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import xarray as xr

import glassdask
from glassdask.figures.catalogue import FIGURES
from glassdask.figures.drawing.campaign_figure import CRITICAL, CUBE
from glassdask.figures.pages.page_pdf import write_pdf
from glassdask.figures.pages.report_page import render_page, shown_picture
from glassdask.files.atomic_write import remove_partial_files, write_text
from glassdask.stages.contract.sections import Sections
from glassdask.stages.report.citation import paper_citation, software_citation
from glassdask.stages.report.figure_data import write_figure_data
from glassdask.stages.report.figure_sources import figure_sources
from glassdask.stages.report.methods import MethodsText, Run, methods

#: Folder of the figures' data, beside the page.
DATA_FOLDER = "data"
_METHODS_FILES = ("methods.txt", "methods.md", "methods.bib")


@dataclass(frozen=True)
class ReportParts:
    """What a campaign's records and journals say: of states, costs and versions as the page's template names it, every state
    as CSV; for the methods what each finished simulation recorded, which stages have products, how networks were trained; and
    figures that were drawn of the same data before (PNG), by name. Whether the page is wanted as PDF, too; and which
    versions of the package made the products, of libraries the page (``made_by`` and ``versions`` of `methods`).
    """

    content: Mapping[str, Any]
    table: str
    runs: Sequence[Run]
    stages: Collection[str]
    training: Mapping[str, Any] | None
    pictures: Mapping[str, Path] = field(default_factory=dict)
    is_pdf_wanted: bool = False
    software: Mapping[str, Any] = field(default_factory=dict)


def write_page(campaign: Path, page: Path, sections: Sections, parts: ReportParts) -> list[Path]:
    """Writes a report: data first, the page last and whole, so that a page never misses its data.

    Parameters
    ----------
    campaign
        The campaign's folder.
    page
        The HTML file; ``data`` lies beside it.
    sections
        Tables of the campaign file.
    parts
        What stands on the page besides figures.

    Returns
    -------
    list of pathlib.Path
        The page, its PDF if one is wanted, the table of states, then the files of the figures' data.

    Raises
    ------
    InvalidInput
        If there is no cube yet.
    """
    with figure_sources(campaign) as sources:
        folder = page.parent / DATA_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        page.unlink(missing_ok=True)
        _remove_old_data(folder)
        table = folder / "states.csv"
        write_text(table, parts.table)
        entries, files = _figures(sources, folder, parts.pictures)
        critical = sources.get(CRITICAL)
        said = methods(
            sections,
            parts.runs,
            parts.stages,
            sources[CUBE],
            parts.training,
            has_critical=critical is not None and bool(critical["critical_temperature"].notnull().any()),
            **parts.software,
        )
        files += _write_methods(said, folder)
        about = {
            "version": glassdask.__version__,
            "figures": entries,
            "methods": [asdict(part) for part in said.numbered()],
            "methods_text": said.plain(),
            "methods_files": [file_link(folder / name) for name in _METHODS_FILES],
            "references": [asdict(one) for one in said.references.values()],
            "states": {**parts.content["states"], "file": file_link(table)},
            "citations": [paper_citation(), software_citation()],
        }
        content = {**parts.content, **about}
        write_text(page, render_page({**content, "is_pdf": False}))
    made_pdf = [pdf_beside(page)] if parts.is_pdf_wanted else []
    for path in made_pdf:
        write_pdf(render_page({**content, "is_pdf": True}), path)
    return [page, *made_pdf, table, *files]


def _write_methods(said: MethodsText, folder: Path) -> list[Path]:
    """As text, as Markdown, and what they cite."""
    texts = (said.plain(), said.markdown(), said.bibtex())
    for name, text in zip(_METHODS_FILES, texts, strict=True):
        write_text(folder / name, text)
    return [folder / name for name in _METHODS_FILES]


def pdf_beside(page: Path) -> Path:
    """The file of a page as PDF."""
    return page.with_suffix(".pdf")


def file_link(path: Path) -> dict[str, str]:
    """Name, address from the page and size of a file of data."""
    return {"name": path.name, "href": f"{DATA_FOLDER}/{path.name}", "size": size_in_words(path.stat().st_size)}


def size_in_words(n_bytes: float) -> str:
    """A size with its unit.

    >>> size_in_words(1234567)
    '1.2 MB'
    """
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}" if unit == "B" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} TB"


def _figures(
    sources: Mapping[str, xr.Dataset], folder: Path, drawn: Mapping[str, Path]
) -> tuple[list[dict[str, Any]], list[Path]]:
    """What the page says of each figure, and the files of data that were written."""
    entries, files = [], []
    with tempfile.TemporaryDirectory(prefix="glassdask-report-") as pictures:
        for name, figure in FIGURES.items():
            data = figure.data(sources)
            shown: dict[str, Any] = {**asdict(figure.caption), "picture": "", "files": []}
            if data is not None:
                picture = drawn[name] if name in drawn else figure.save(data, Path(pictures) / f"{name}.png")
                written, left_out = write_figure_data(data, name, folder)
                files += written
                shown = {**asdict(figure.caption_of(data)), **_shown(picture, written, left_out)}
            entries.append({"name": name, **shown})
    return entries, files


def _shown(picture: Path, files: list[Path], left_out: str) -> dict[str, Any]:
    return {**shown_picture(picture), "files": [file_link(path) for path in files], "left_out": left_out}


def _remove_old_data(folder: Path) -> None:
    """Files of an earlier report whose figure may not be drawn any more; what else lies there is left alone."""
    remove_partial_files(folder)
    for path in folder.iterdir():
        if path.suffix in (".csv", ".nc") and any(_belongs(path.stem, name) for name in FIGURES):
            path.unlink()


def _belongs(stem: str, name: str) -> bool:
    return stem == name or stem.startswith(f"{name}_")

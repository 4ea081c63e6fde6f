"""The report of a campaign: one page with its figures inside, and the data of each figure beside it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import xarray as xr

import glassdask
from glassdask.figures.catalogue import FIGURES
from glassdask.figures.drawing.campaign_figure import CUBE
from glassdask.figures.pages.report_page import data_uri, picture_size, render_page
from glassdask.files.atomic_write import remove_partial_files, write_text
from glassdask.stages.report.citation import paper_citation, software_citation
from glassdask.stages.report.figure_data import write_figure_data
from glassdask.stages.report.methods import methods
from glassdask.stages.report.run import figure_sources

#: Folder of the figures' data, beside the page.
DATA_FOLDER = "data"


def write_page(campaign: Path, page: Path, content: Mapping[str, Any], made_of: Mapping[str, Any]) -> list[Path]:
    """Writes a report: data, into ``data`` beside the page, first, the page last and whole, so that a page never misses
    its data. Returns the page, then the files of data. InvalidInput if there is no cube yet.

    ``content`` is what the page says of states, costs and versions, as its template names it; ``made_of`` is for
    `glassdask.stages.report.methods.methods`: ``sections``, ``runs``, ``stages`` and ``training``.
    """
    with figure_sources(campaign) as sources:
        folder = page.parent / DATA_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        page.unlink(missing_ok=True)
        _remove_old_data(folder)
        entries, files = _figures(sources, folder)
        made = [asdict(part) for part in methods(cube=sources[CUBE], **made_of)]
        about = {
            "version": glassdask.__version__,
            "figures": entries,
            "methods": made,
            "citations": [paper_citation(), software_citation()],
        }
        write_text(page, render_page({**content, **about}))
    return [page, *files]


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


def _figures(sources: Mapping[str, xr.Dataset], folder: Path) -> tuple[list[dict[str, Any]], list[Path]]:
    """What the page says of each figure, and the files of data that were written."""
    entries, files = [], []
    with tempfile.TemporaryDirectory(prefix="glassdask-report-") as pictures:
        for name, figure in FIGURES.items():
            data = figure.data(sources)
            shown: dict[str, Any] = {**asdict(figure.caption), "image": "", "files": []}
            if data is not None:
                picture = figure.save(data, Path(pictures) / f"{name}.png")
                written, left_out = write_figure_data(data, name, folder)
                files += written
                shown = {**asdict(figure.caption_of(data)), **_shown(picture, written, left_out)}
            entries.append({"name": name, **shown})
    return entries, files


def _shown(picture: Path, files: list[Path], left_out: str) -> dict[str, Any]:
    """As the page shows it: five of eight pixels wide, so that it is sharp on screens with many of them."""
    width, height = picture_size(picture)
    links = [file_link(path) for path in files]
    return {
        "image": data_uri(picture),
        "width": width * 5 // 8,
        "height": height * 5 // 8,
        "files": links,
        "left_out": left_out,
    }


def _remove_old_data(folder: Path) -> None:
    """Files of an earlier report whose figure may not be drawn any more; what else lies there is left alone."""
    remove_partial_files(folder)
    for path in folder.iterdir():
        if path.suffix in (".csv", ".nc") and any(_belongs(path.stem, name) for name in FIGURES):
            path.unlink()


def _belongs(stem: str, name: str) -> bool:
    return stem == name or stem.startswith(f"{name}_")

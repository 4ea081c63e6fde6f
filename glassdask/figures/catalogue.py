"""Every figure of a campaign: each file of this room that has a ``FIGURE`` declares one, and nothing else names it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import xarray as xr

from glassdask import figures
from glassdask.datasets.coverage import COVERAGE
from glassdask.datasets.netcdf import ONE_AT_A_TIME
from glassdask.errors import InvalidInput
from glassdask.figures.drawing.campaign_figure import CampaignFigure
from glassdask.figures.drawing.contact_sheet import draw_contact_sheet
from glassdask.figures.drawing.style import FORMATS

#: Sub-rooms without figures of their own.
_NO_FIGURES = ("comparison", "drawing", "pages")


def all_figures() -> dict[str, CampaignFigure]:
    """By the names of their files, in the order of their places."""
    found: dict[str, CampaignFigure] = {}
    for room in pkgutil.iter_modules(figures.__path__, f"{figures.__name__}."):
        if room.ispkg and not room.name.endswith(_NO_FIGURES):
            folder = importlib.import_module(room.name)
            for module in pkgutil.iter_modules(folder.__path__):
                figure = getattr(importlib.import_module(f"{room.name}.{module.name}"), "FIGURE", None)
                found |= {module.name: figure} if figure is not None else {}
    return dict(sorted(found.items(), key=lambda item: (item[1].place, item[0])))


FIGURES = all_figures()


def draw_all(sources: Mapping[str, xr.Dataset], folder: Path) -> list[Path]:
    """Draws every figure that comes from these files alone and for which they have values; as `draw_figures`."""
    return [path for _, path in draw_figures(sources, folder)]


def draw_figures(
    sources: Mapping[str, xr.Dataset], folder: Path, file_format: str = "png", names: Sequence[str] = ()
) -> Iterator[tuple[str, Path]]:
    """Draws figures (all without a name), one after the other, as ``png``, ``pdf`` or ``svg``; yields name and file of each
    for which there are data.

    ``sources`` are opened files by their names (``glassdask.figures.drawing.campaign_figure``); those that are missing leave
    figures out. InvalidInput if a name or the format is unknown.
    """
    if file_format not in FORMATS:
        raise InvalidInput(f"the format {file_format!r} is unknown; allowed: {', '.join(FORMATS)}")
    for name in checked_names(names):
        with ONE_AT_A_TIME:  # not while drawing: a driver's other threads read states for those who watch
            data = FIGURES[name].data(sources)
        if data is not None:
            yield name, FIGURES[name].save(data, folder / f"{name}.{file_format}")


def draw_sheet(sources: Mapping[str, xr.Dataset], names: Sequence[str], path: Path) -> Path:
    """Draws these figures onto one sheet, each under its title and name; the file's ending says the format."""
    with TemporaryDirectory() as folder:
        drawn = draw_figures(sources, Path(folder), names=names)
        pictures = {f"{FIGURES[name].caption.title} ({name})": picture for name, picture in drawn}
        attributes = next(iter(sources.values())).attrs
        heading = [str(attributes[name]) for name in ("title", COVERAGE) if name in attributes]
        return draw_contact_sheet(pictures, ", ".join(heading), path)


def checked_names(names: Sequence[str]) -> list[str]:
    """The names in the order of the catalogue, each once; all of them if none is given."""
    for name in names:
        if name not in FIGURES:
            raise InvalidInput(f"there is no figure {name!r}; allowed: {', '.join(FIGURES)}")
    return [name for name in FIGURES if not names or name in names]

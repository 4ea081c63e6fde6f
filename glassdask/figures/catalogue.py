"""Every figure of a campaign: each file of this room that has a ``FIGURE`` declares one, and nothing else names it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path

import xarray as xr

from glassdask import figures
from glassdask.figures.drawing.campaign_figure import CampaignFigure

#: Sub-rooms without figures of their own.
_NO_FIGURES = ("drawing", "pages")


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
    """Draws every figure that comes from these files alone and for which they have values.

    Parameters
    ----------
    sources
        Opened files by their names (``glassdask.figures.drawing.campaign_figure``).
    folder
        Where the figures go.
    """
    data = {name: figure.data(sources) for name, figure in FIGURES.items()}
    return [FIGURES[name].save(found, folder / f"{name}.png") for name, found in data.items() if found is not None]

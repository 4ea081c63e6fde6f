"""The files of a campaign that figures are drawn from."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import xarray as xr

from glassdask.datasets import CUBE as CUBE_FILE
from glassdask.figures.drawing.campaign_figure import CRITICAL, CUBE, EXAMINATIONS, PREDICTIONS
from glassdask.stages.collect import CRITICAL_TEMPERATURE
from glassdask.stages.collect.campaign_figures import opened
from glassdask.stages.train import STAGE as TRAIN


def figure_sources(folder: Path) -> AbstractContextManager[dict[str, xr.Dataset]]:
    """Opens them lazily; those that are not there are left out. InvalidInput if there is no cube yet."""
    files = (CUBE_FILE, CRITICAL_TEMPERATURE, *TRAIN.products)
    names = (CUBE, CRITICAL, PREDICTIONS, EXAMINATIONS)
    return opened({name: folder / file for name, file in zip(names, files, strict=True)})

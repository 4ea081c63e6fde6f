"""The figures of a campaign's cube and critical temperatures, and the table of its memories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import xarray as xr

from glassdask.datasets.netcdf import ONE_AT_A_TIME
from glassdask.datasets.store import open_campaign
from glassdask.figures.catalogue import draw_all
from glassdask.figures.drawing.campaign_figure import CRITICAL, CUBE
from glassdask.stages.fit_memory.memory_verdict import write_memory_verdict


def draw_campaign_figures(cube_path: Path, critical_path: Path, folder: Path) -> list[Path]:
    """Draws every figure of a cube and of critical temperatures for which there are data, and the table of memories
    if there are any; returns the files."""
    with opened({CUBE: cube_path, CRITICAL: critical_path}) as sources:
        drawn = draw_all(sources, folder)
        cube = sources[CUBE]
        with ONE_AT_A_TIME:
            memories = cube[[name for name in cube.data_vars if _is_of_memory(cube[name])]].load()
        if "memory_bic" in memories and np.isfinite(memories["memory_bic"].values).any():
            drawn.append(write_memory_verdict(memories, folder / "memory.md"))
    return drawn


def _is_of_memory(variable: xr.DataArray) -> bool:
    """What fits have found, without the curves that they are drawn by, nearly all of the numbers."""
    return str(variable.name).startswith("memory_") and "t" not in variable.dims


@contextmanager
def opened(paths: Mapping[str, Path]) -> Iterator[dict[str, xr.Dataset]]:
    """Files that figures are drawn from, opened lazily; those that are not there are left out. InvalidInput without a cube."""
    sources: dict[str, xr.Dataset] = {}
    try:
        with ONE_AT_A_TIME:
            sources[CUBE] = open_campaign(paths[CUBE])
            for name, path in paths.items():
                if name != CUBE and path.is_file():
                    sources[name] = xr.open_dataset(path, engine="netcdf4")
        yield sources
    finally:
        with ONE_AT_A_TIME:
            for data in sources.values():
                data.close()

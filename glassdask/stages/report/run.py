"""Stage report: the figures of a campaign, each from the variables that it draws and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import xarray as xr

from glassdask.datasets import CUBE as CUBE_FILE
from glassdask.datasets.netcdf import ONE_AT_A_TIME
from glassdask.datasets.store import open_campaign
from glassdask.errors import InvalidInput
from glassdask.figures.catalogue import FIGURES
from glassdask.figures.drawing.campaign_figure import CRITICAL, CUBE, EXAMINATIONS, PREDICTIONS
from glassdask.figures.drawing.style import FORMATS
from glassdask.stages.collect import CRITICAL_TEMPERATURE
from glassdask.stages.fit_memory.memory_verdict import write_memory_verdict
from glassdask.stages.train import STAGE as TRAIN

_PREDICTIONS, _EXAMINATIONS = TRAIN.products
#: Where the files lie that figures are drawn from, in a campaign's folder.
SOURCE_FILES = {
    CUBE: Path(CUBE_FILE),
    CRITICAL: Path(CRITICAL_TEMPERATURE),
    PREDICTIONS: Path(_PREDICTIONS),
    EXAMINATIONS: Path(_EXAMINATIONS),
}


def report(cube_path: Path, critical_path: Path, folder: Path) -> list[Path]:
    """Draws every figure of a cube (``observables.nc``) and of critical temperatures for which there are data, and the
    table of memories. Returns the files; none where no state has been reduced."""
    with _opened({CUBE: cube_path, CRITICAL: critical_path}) as sources:
        drawn = [path for _, path in draw_figures(sources, folder)]
        cube = sources[CUBE]
        with ONE_AT_A_TIME:
            memories = cube[[name for name in cube.data_vars if str(name).startswith("memory_")]].load()
        if "memory_bic" in memories and np.isfinite(memories["memory_bic"].values).any():
            drawn.append(write_memory_verdict(memories, folder / "memory.md"))
    return drawn


def draw_figures(
    sources: Mapping[str, xr.Dataset], folder: Path, file_format: str = "png", names: Sequence[str] = ()
) -> Iterator[tuple[str, Path]]:
    """Draws figures (`glassdask.figures.catalogue.FIGURES`; all without a name), one after the other, as ``png``,
    ``pdf`` or ``svg``; yields name and file of each for which there are data.

    ``sources`` are opened files by their names in `SOURCE_FILES`; those that are missing leave figures out.
    InvalidInput if a name or the format is unknown.
    """
    if file_format not in FORMATS:
        raise InvalidInput(f"the format {file_format!r} is unknown; allowed: {', '.join(FORMATS)}")
    for name in checked_names(names):
        with ONE_AT_A_TIME:  # not while drawing: a driver's other threads read states for those who watch
            data = FIGURES[name].data(sources)
        if data is not None:
            yield name, FIGURES[name].save(data, folder / f"{name}.{file_format}")


def checked_names(names: Sequence[str]) -> list[str]:
    """The names in the order of the catalogue, each once; all of them if none is given."""
    for name in names:
        if name not in FIGURES:
            raise InvalidInput(f"there is no figure {name!r}; allowed: {', '.join(FIGURES)}")
    return [name for name in FIGURES if not names or name in names]


@contextmanager
def figure_sources(folder: Path) -> Iterator[dict[str, xr.Dataset]]:
    """The files of a campaign that figures are drawn from, opened lazily; those that are not there are left out.
    InvalidInput if there is no cube yet."""
    with _opened({name: folder / path for name, path in SOURCE_FILES.items()}) as sources:
        yield sources


@contextmanager
def _opened(paths: Mapping[str, Path]) -> Iterator[dict[str, xr.Dataset]]:
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

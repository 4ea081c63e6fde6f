"""Stage report: the figures of a campaign."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from glassdask.datasets.netcdf import read_netcdf
from glassdask.datasets.store import open_campaign
from glassdask.figures import (
    critical_temperature,
    memory,
    memory_modes,
    mode_coupling,
    nonergodicity,
    quality,
    relaxation_time,
    scattering,
    second_mode,
    structure_factor,
)
from glassdask.tasks.memory_verdict import write_memory_verdict

_FIGURES = {
    "structure_factor.png": structure_factor,
    "scattering.png": scattering,
    "relaxation_time.png": relaxation_time,
    "quality.png": quality,
}
_FIGURES_OF_CRITICAL_POINTS = {"nonergodicity.png": nonergodicity, "critical_temperature.png": critical_temperature}


def report(cube_path: Path, critical_path: Path, folder: Path) -> list[Path]:
    """Draws every figure for which there are data.

    Parameters
    ----------
    cube_path
        ``observables.nc`` of a campaign.
    critical_path
        Its ``critical_temperature.nc``.
    folder
        Where the figures go.

    Returns
    -------
    list of pathlib.Path
        The files written; none where no state has been reduced.
    """
    drawn: list[Path] = []
    with open_campaign(cube_path) as cube:
        if (cube["n_replicas"] > 0).any():
            drawn += [module.draw(cube, folder / name) for name, module in _FIGURES.items()]
        if np.isfinite(cube["mct_peak_scattering"].values).any():
            drawn.append(mode_coupling.draw(cube, folder / "mode_coupling.png"))
        critical = read_netcdf(critical_path)
        if np.isfinite(cube["memory_bic"].values).any():
            drawn += _of_memories(cube, critical, folder)
    if np.isfinite(critical["critical_temperature"].values).any():
        drawn += [module.draw(critical, folder / name) for name, module in _FIGURES_OF_CRITICAL_POINTS.items()]
    return drawn


def _of_memories(cube: xr.Dataset, critical: xr.Dataset, folder: Path) -> list[Path]:
    """Figures 6 and 7 of the paper, the weight of the second mode where there is one, and the table of all fits."""
    drawn = [memory.draw(cube, folder / "memory.png"), memory_modes.draw(cube, folder / "memory_modes.png")]
    if 2 in cube["n_exp"].values:
        drawn.append(second_mode.draw(cube, critical, folder / "second_mode.png"))
    return [*drawn, write_memory_verdict(cube, folder / "memory.md")]

"""Stage report: the figures of a campaign."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from glassdask.datasets.netcdf import read_netcdf
from glassdask.datasets.store import open_campaign
from glassdask.figures import (
    critical_temperature,
    mode_coupling,
    nonergodicity,
    quality,
    relaxation_time,
    scattering,
    structure_factor,
)

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
    if np.isfinite(critical["critical_temperature"].values).any():
        drawn += [module.draw(critical, folder / name) for name, module in _FIGURES_OF_CRITICAL_POINTS.items()]
    return drawn

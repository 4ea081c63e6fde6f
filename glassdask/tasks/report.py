"""Stage report: the figures of a campaign's cube."""

from __future__ import annotations

from pathlib import Path

from glassdask.datasets.store import open_campaign
from glassdask.figures import quality, relaxation_time, scattering, structure_factor

_FIGURES = {
    "structure_factor.png": structure_factor,
    "scattering.png": scattering,
    "relaxation_time.png": relaxation_time,
    "quality.png": quality,
}


def report(cube_path: Path, folder: Path) -> list[Path]:
    """Draws every figure for which the cube has data.

    Parameters
    ----------
    cube_path
        ``observables.nc`` of a campaign.
    folder
        Where the figures go.

    Returns
    -------
    list of pathlib.Path
        The files written; none where no state has been reduced.
    """
    with open_campaign(cube_path) as cube:
        if not (cube["n_replicas"] > 0).any():
            return []
        return [module.draw(cube, folder / name) for name, module in _FIGURES.items()]

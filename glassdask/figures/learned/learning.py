"""The figures of what networks have learned: the paper's Figs. 2 to 5, and whether error bars hold what they say."""

from __future__ import annotations

from pathlib import Path

from glassdask.datasets.netcdf import read_netcdf
from glassdask.figures.learned import calibration, predicted_scattering, transfer


def draw_learning(scores: Path, predictions: Path, folder: Path) -> list[Path]:
    """Draws them into a folder.

    Parameters
    ----------
    scores, predictions
        ``examinations.nc`` and ``predictions.nc`` of a study.
    folder
        Where the figures go.
    """
    examinations, predicted = read_netcdf(scores), read_netcdf(predictions)
    return [
        predicted_scattering.draw(predicted, folder / "predicted_scattering.png"),
        transfer.draw(examinations, folder / "transfer.png"),
        calibration.draw(examinations, folder / "calibration.png"),
    ]

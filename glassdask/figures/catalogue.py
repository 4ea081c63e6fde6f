"""Every figure of a campaign, declared once: what it draws, from which files, and what its caption says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from glassdask.figures.drawing import captions
from glassdask.figures.drawing.captions import Caption
from glassdask.figures.learned import calibration, predicted_scattering, transfer
from glassdask.figures.measured import quality, relaxation_time, scattering, structure_factor
from glassdask.figures.memory import memory, memory_modes, second_mode
from glassdask.figures.theory import critical_temperature, mode_coupling, nonergodicity

#: Files of a campaign that figures are drawn from: the cube, critical temperatures, what networks predict, and how well.
CUBE, CRITICAL, PREDICTIONS, EXAMINATIONS = "cube", "critical", "predictions", "examinations"
_MEMORY_MODES = ("memory_weight", "memory_weight_error")


@dataclass(frozen=True)
class CampaignFigure:
    """A figure of a campaign.

    Parameters
    ----------
    draw
        Given a dataset for each source and a path.
    sources
        Names of the files that it is drawn from.
    variables
        What it draws of them, and nothing else.
    shows
        The variable without whose values there is no figure.
    caption
        What stands under it.
    selection
        Labels of dimensions that it draws a part of.
    narrowed
        What else of the data it leaves out.
    """

    draw: Callable[..., Path]
    sources: tuple[str, ...]
    variables: tuple[str, ...]
    shows: str
    caption: Caption
    selection: Mapping[str, list] | None = None
    narrowed: Callable[[xr.Dataset], xr.Dataset] = lambda data: data

    def data(self, sources: Mapping[str, xr.Dataset]) -> xr.Dataset | None:
        """What the figure draws, in memory; None where a file or the values are not there.

        Parameters
        ----------
        sources
            The files that there are, opened.
        """
        opened = [sources[name] for name in self.sources if name in sources]
        if len(opened) < len(self.sources) or self.shows not in opened[0]:
            return None
        parts = [part[[name for name in self.variables if name in part]] for part in opened]
        data = xr.merge(parts, join="outer", combine_attrs="drop_conflicts") if len(parts) > 1 else parts[0]
        for dimension, labels in (self.selection or {}).items():
            if not np.isin(labels, data[dimension].values).all():
                return None
            data = data.sel({dimension: labels})
        data = self.narrowed(data).load().assign_attrs(opened[0].attrs)
        return data if np.isfinite(data[self.shows].values.astype(float)).any() else None

    def save(self, data: xr.Dataset, path: Path) -> Path:
        """Draws its own data into a file, in the format that the ending names."""
        return self.draw(*[data] * len(self.sources), path)


#: In the order of the report: what was measured, what theory and networks make of it, memories, and whether to trust it.
FIGURES: dict[str, CampaignFigure] = {
    "structure_factor": CampaignFigure(
        structure_factor.draw,
        (CUBE,),
        (
            "structure_factor_fine",
            "structure_factor_fine_error",
            "mean_wavenumber_fine",
            "peak_wavenumber",
            "peak_structure_factor",
        ),
        "structure_factor_fine",
        captions.STRUCTURE_FACTOR,
        {"pair": ["AA"], "species": ["A"]},
    ),
    "scattering": CampaignFigure(
        scattering.draw,
        (CUBE,),
        ("peak_scattering", "peak_scattering_error"),
        "peak_scattering",
        captions.SCATTERING,
    ),
    "relaxation_time": CampaignFigure(
        relaxation_time.draw,
        (CUBE,),
        ("relaxation_time", "relaxation_time_error", "status"),
        "relaxation_time",
        captions.RELAXATION_TIME,
        {"species": ["A"]},
    ),
    "mode_coupling": CampaignFigure(
        mode_coupling.draw,
        (CUBE,),
        ("peak_scattering", "peak_scattering_error", "mct_peak_scattering"),
        "mct_peak_scattering",
        captions.MODE_COUPLING,
        {"species": ["A"]},
    ),
    "predicted_scattering": CampaignFigure(
        predicted_scattering.draw,
        (PREDICTIONS,),
        (
            "predicted_scattering",
            "predicted_scattering_error",
            "peak_scattering",
            "peak_scattering_error",
            "mct_peak_scattering",
            "reduced_temperature",
        ),
        "predicted_scattering",
        captions.PREDICTED_SCATTERING,
        {"species": ["A"]},
    ),
    "transfer": CampaignFigure(
        transfer.draw,
        (EXAMINATIONS,),
        (
            "r2_by_state",
            "state_potential",
            "state_density",
            "state_temperature",
            "reduced_temperature",
            "threshold",
            "best_baseline",
        ),
        "r2_by_state",
        captions.TRANSFER,
    ),
    "calibration": CampaignFigure(calibration.draw, (EXAMINATIONS,), ("coverage",), "coverage", captions.CALIBRATION),
    "memory": CampaignFigure(
        memory.draw,
        (CUBE,),
        (
            *_MEMORY_MODES,
            "memory_time",
            "memory_stretch",
            "memory_baseline",
            "memory_bic",
            "memory_scattering",
            "peak_scattering",
            "peak_scattering_error",
            "peak_wavenumber",
            "mct_self_memory",
        ),
        "memory_bic",
        captions.MEMORY,
        {"species": ["A"]},
        memory.narrowed,
    ),
    "memory_modes": CampaignFigure(
        memory_modes.draw, (CUBE,), ("memory_r2_complement", "memory_bic"), "memory_bic", captions.MEMORY_MODES
    ),
    "second_mode": CampaignFigure(
        second_mode.draw,
        (CUBE, CRITICAL),
        (*_MEMORY_MODES, "critical_temperature"),
        "memory_weight",
        captions.SECOND_MODE,
        {"species": ["A"], "n_exp": [2]},
    ),
    "critical_temperature": CampaignFigure(
        critical_temperature.draw,
        (CRITICAL,),
        ("critical_temperature", "critical_temperature_error"),
        "critical_temperature",
        captions.CRITICAL_TEMPERATURE,
    ),
    "nonergodicity": CampaignFigure(
        nonergodicity.draw,
        (CRITICAL,),
        ("critical_nonergodicity", "critical_self_nonergodicity", "critical_temperature"),
        "critical_temperature",
        captions.NONERGODICITY,
        {"pair": ["AA"], "species": ["A"]},
    ),
    "quality": CampaignFigure(
        quality.draw,
        (CUBE,),
        ("energy_drift", "measured_temperature", "measured_temperature_error"),
        "energy_drift",
        captions.QUALITY,
    ),
}

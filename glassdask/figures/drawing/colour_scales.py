"""Colours that stand for numbers: one temperature has one colour in all panels and figures of a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, LogNorm

#: Attribute of a figure's data: the lowest and highest temperature of the campaign, whatever of it the figure draws.
TEMPERATURE_RANGE = "temperature_range"
#: Share of a colour map that is seen on white paper.
_DARK_ENOUGH = 0.88
#: Of what has no number.
_UNKNOWN = (0.45, 0.45, 0.45, 1.0)


@dataclass(frozen=True)
class ColourScale:
    """Colours of numbers above 0, by their logarithm: low dark, high light, told apart in print and without colour.

    Parameters
    ----------
    low, high
        The range; beyond it colours are those of its ends.
    colormap
        Of Matplotlib.
    label
        What the numbers are, with their unit.
    """

    low: float
    high: float
    colormap: str = "viridis"
    label: str = "T [ε$_{AA}$/k$_B$]"

    def colour(self, value: float) -> Any:
        """Of a number; grey of one that is not above 0, which stands for what nobody has told."""
        if not value > 0:
            return _UNKNOWN
        span = np.log(self.high / self.low)
        share = np.clip(np.log(value / self.low) / span, 0.0, 1.0) if span > 0 else 0.0
        return mpl.colormaps[self.colormap](_DARK_ENOUGH * float(share))

    def mappable(self) -> ScalarMappable:
        """For a colour bar; of a range that has an extent."""
        colours = mpl.colormaps[self.colormap](np.linspace(0.0, _DARK_ENOUGH, 256))
        return ScalarMappable(LogNorm(self.low, self.high), ListedColormap(colours))


def temperature_scale(data: xr.Dataset) -> ColourScale:
    """Of a campaign's temperatures: the range that its figures' data name, else that of the data.

    >>> scale = temperature_scale(xr.Dataset(coords={"T": [0.5, 1.0, 2.0]}))
    >>> scale.low, scale.high
    (0.5, 2.0)
    """
    if TEMPERATURE_RANGE in data.attrs:
        low, high = map(float, data.attrs[TEMPERATURE_RANGE])
        return ColourScale(low, high)
    return ColourScale(*temperature_range(data))


def temperature_range(data: xr.Dataset) -> tuple[float, float]:
    """The lowest and highest temperature that was told; (1, 1) where none was."""
    T = np.asarray(data["T"].values, dtype=float)
    known = T[T > 0]
    return (float(known.min()), float(known.max())) if known.size else (1.0, 1.0)


def lag_scale(times: np.ndarray) -> ColourScale:
    """Of lag times, in other colours than temperatures have."""
    return ColourScale(float(times.min()), float(times.max()), "plasma", "lag time t")


def density_colours(densities: Sequence[float] | np.ndarray) -> list[Any]:
    """A colour for each density, dilute light and dense dark."""
    shares = np.linspace(1.0, 0.15, len(densities))[::-1]  # of one alone the darkest
    return [mpl.colormaps["cividis_r"](share) for share in shares]

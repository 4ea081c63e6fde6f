"""A correlation function that was measured, and that of mode-coupling theory from the same S(k): what two figures are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from glassdask.figures.drawing.style import lag_time_label
from glassdask.figures.drawing.temperature_curves import draw_temperature_curves, time_curve


@dataclass(frozen=True)
class Compared:
    """Names of the two variables, labels of what is drawn of them, and of their axis; each is divided by its first value."""

    measured: str
    theory: str
    labels: Mapping[str, Any]
    axis: str


def draw_beside_theory(
    cube: xr.Dataset, path: Path, panels_of: str, compared: Compared, ylim: tuple[float, float]
) -> Path:
    """Draws molecular dynamics solid with a band of two standard errors, and theory dotted, against log t.

    Parameters
    ----------
    cube
        With the variable that was measured; theory is drawn where it is there.
    path
        The file; its ending says the format.
    panels_of
        The variable of which there are panels.
    compared
        What is drawn.
    ylim
        Of all panels.
    """
    has_theory = compared.theory in cube

    def draw_state(on: Axes, state: xr.Dataset, colour: Any) -> None:
        state = state.sel({name: label for name, label in compared.labels.items() if name in state.dims})
        time_curve(on, state, compared.measured, colour, scale=1.0 / _start(state[compared.measured].values))
        if has_theory:
            t, F = state["t_mct"].values, state[compared.theory].values
            shown = (t > 0) & np.isfinite(F)
            on.plot(t[shown], F[shown] / _start(F), ":", color=colour)

    lines: dict[str, dict[str, Any]] = {"molecular dynamics": {"ls": "-"}}
    lines |= {"mode-coupling theory of the same S(k)": {"ls": ":"}} if has_theory else {}
    axes = {"xscale": "log", "ylim": ylim, "xlabel": lag_time_label(cube), "ylabel": compared.axis}
    return draw_temperature_curves(cube, path, panels_of, draw_state, axes, lines)


def _start(F: np.ndarray) -> float:
    """The value at t = 0; 1 where nothing is known."""
    return float(F[0]) if F.size and np.isfinite(F[0]) and F[0] else 1.0

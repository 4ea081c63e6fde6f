"""Figure: F_s(k_p,t) that a model gives of one S(k), with its error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from glassdask.figures.drawing.keys import key_beside, named_level
from glassdask.figures.drawing.style import LINES, NAMED, curve_with_band, save, styled
from glassdask.physics.liquids.liquid import SPECIES


def draw(lag_time: np.ndarray, F: np.ndarray, error: np.ndarray, title: str, path: Path) -> Path:
    """Draws F_s of every species against log t with bands of two standard errors.

    Parameters
    ----------
    lag_time
        t, shape (n_t,). [tau_MD]
    F, error
        Shape (n_t, n_species).
    title, path
        Above the figure, and the file.
    """
    with styled():
        figure = Figure(figsize=(4.0, 3.2), layout="constrained")
        axes = figure.subplots()
        named_level(axes, np.exp(-1), "1/e")
        for a, (species, line) in enumerate(zip(SPECIES[: F.shape[1]], LINES.values(), strict=False)):
            curve_with_band(axes, lag_time, F[:, a], error[:, a], NAMED[a], line, label=species)
        axes.set(xscale="log", ylim=(-0.05, 1.05), xlabel="lag time t [τ$_{MD}$]", ylabel="F$_s$(k$_p$,t)", title=title)
        key_beside(figure, *axes.get_legend_handles_labels())
        return save(figure, path)

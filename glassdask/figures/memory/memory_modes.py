"""Figure: how many modes a memory needs: 1 − R² and BIC against N_exp (paper, Fig. 7)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.panels import evenly
from glassdask.figures.drawing.style import named_look, save, styled

#: A difference of BIC by this much is strong evidence (Kass and Raftery, J. Am. Stat. Assoc. 90, 773 (1995)).
_STRONG = 6.0
#: States that are drawn one by one; of more, some are chosen evenly. Medians are those of all.
MOST_STATES = 300


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws, for each equation a column, 1 − R² (log axis) and BIC − min BIC against N_exp: up to `MOST_STATES` states, thin,
    and the median of each species over all, thick. R² itself saturates: its complement tells a good fit from a perfect one."""
    dynamics = cube["dynamics"].values
    with styled():
        figure = Figure(figsize=(1.2 + 3.4 * len(dynamics), 5.2), layout="constrained")
        grid = figure.subplots(2, len(dynamics), squeeze=False, sharex=True, sharey="row")
        for column, name in enumerate(dynamics):
            data = cube.isel(dynamics=column)
            for number, species in enumerate(cube["species"].values):
                look = {"label": f"median, species {species}", **named_look(number)}
                of_species = data.sel(species=species)
                complement, bic = (_by_state(of_species[name]) for name in ("memory_r2_complement", "memory_bic"))
                _curves(grid[0, column], cube["n_exp"].values, complement, look)
                _curves(grid[1, column], cube["n_exp"].values, bic - bic.min(axis=-1, keepdims=True) + 1.0, look)
            grid[0, column].set(title=f"{name} equation", yscale="log")
            grid[1, column].set(yscale="log", xlabel="number of stretched exponentials N$_{exp}$")
            grid[1, column].axhline(1.0 + _STRONG, color="0.4", lw=0.8, ls=":")
            grid[1, column].xaxis.set_major_locator(FixedLocator(cube["n_exp"].values.tolist()))
        grid[0, 0].set_ylabel("1 − R²")
        grid[1, 0].set_ylabel("1 + BIC − lowest BIC\n(dotted: strong evidence)")
        grid[0, 0].legend(loc="upper right")
        return save(figure, path)


def _by_state(values: xr.DataArray) -> np.ndarray:
    """Shape (states, n_exp); states that were not fitted, and those without the species, are left out."""
    stacked = values.stack(state=("potential", "T", "rho")).transpose("state", "n_exp").values
    return stacked[np.isfinite(stacked).all(axis=1)]


def _curves(axes, n_exp: np.ndarray, of_species: np.ndarray, look: dict[str, Any]) -> None:
    if len(of_species):
        thin = evenly(of_species, MOST_STATES)
        axes.plot(n_exp, thin.T, color=look["color"], alpha=max(0.08, 0.5 / np.sqrt(len(thin))), lw=0.8)
        axes.plot(n_exp, np.median(of_species, axis=0), lw=2.0, ms=5, **look)


FIGURE = CampaignFigure(
    place=90,
    draw=draw,
    sources=(CUBE,),
    variables=("memory_r2_complement", "memory_bic"),
    shows="memory_bic",
    caption=Caption(
        title="How many modes a memory needs",
        paper="Fig. 7",
        text=(
            "Above: 1 − R² of the fits against the number of stretched exponentials N_exp (without unit; smaller is better). "
            "Below: 1 + BIC − lowest BIC; above the dotted line the evidence against that number is strong. Thin: every "
            "state, of many some evenly chosen; thick: the median of a species. A column an equation."
        ),
        alt="Quality of the memory fits against the number of stretched exponentials, one to three",
        missing="No memory has been fitted.",
    ),
)

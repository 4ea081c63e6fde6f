"""Figure: how many modes a memory needs: 1 − R² and BIC against N_exp (paper, Fig. 7)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.keys import key_below, named_level
from glassdask.figures.drawing.panels import evenly, width_of
from glassdask.figures.drawing.style import named_look, save, styled

#: A difference of BIC by this much is strong evidence (Kass and Raftery, J. Am. Stat. Assoc. 90, 773 (1995)).
_STRONG = 6.0
#: States that are drawn one by one; of more, some are chosen evenly. Medians are those of all.
MOST_STATES = 300
#: The share of states that are most.
_MOST = 0.5


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws, for each equation a column, 1 − R² (log axis) and BIC − min BIC against N_exp: up to `MOST_STATES` states, thin,
    and the median of each species over all, thick, hollow where in most states a mode is not determined. R² itself
    saturates: its complement tells a good fit from a perfect one."""
    dynamics = cube["dynamics"].values
    with styled():
        figure = Figure(figsize=(width_of(min(len(dynamics), 3)), 4.8), layout="constrained")
        grid = figure.subplots(2, len(dynamics), squeeze=False, sharex=True, sharey="row")
        for column, name in enumerate(dynamics):
            data = cube.isel(dynamics=column)
            for number, species in enumerate(cube["species"].values):
                _of_species(grid[:, column], data.sel(species=species), named_look(number))
            grid[0, column].set(title=f"{name} equation", yscale="log")
            grid[1, column].set(yscale="log", xlabel="number of stretched exponentials N$_{exp}$")
            named_level(grid[1, column], 1.0 + _STRONG, "strong\nevidence")
            grid[1, column].xaxis.set_major_locator(FixedLocator(cube["n_exp"].values.tolist()))
        grid[0, 0].set_ylabel("1 − R²")
        grid[1, 0].set_ylabel("1 + BIC − lowest BIC")
        key_below(figure, _looks(cube))
        return save(figure, path)


def _looks(cube: xr.Dataset) -> dict[str, dict[str, Any]]:
    """What is drawn how."""
    medians = {f"median, species {name}": {"ls": "-", "lw": 2.0, "ms": 5, **named_look(i)}
               for i, name in enumerate(cube["species"].values)}  # fmt: skip
    hollow = {"marker": "o", "ms": 5, "mfc": "white"}
    return {**medians, "a state": {"ls": "-", "lw": 0.8, "alpha": 0.5}, "hollow: mostly not determined": hollow}


def _of_species(column: np.ndarray, data: xr.Dataset, look: dict[str, Any]) -> None:
    """1 − R² above and BIC below of one species."""
    bic = _by_state(data["memory_bic"])
    n_exp, is_fitted = data["n_exp"].values, np.isfinite(bic).all(axis=1)
    complement = _by_state(data["memory_r2_complement"])[is_fitted]
    is_open = np.zeros(len(n_exp), dtype=bool)
    if "memory_is_degenerate" in data and is_fitted.any():
        is_open = _by_state(data["memory_is_degenerate"])[is_fitted].mean(axis=0) > _MOST
    _curves(column[0], n_exp, complement[np.isfinite(complement).all(axis=1)], is_open, look)
    bic = bic[is_fitted]
    _curves(column[1], n_exp, bic - bic.min(axis=-1, keepdims=True) + 1.0, is_open, look)


def _by_state(values: xr.DataArray) -> np.ndarray:
    """Shape (states, n_exp), all states of the cube."""
    return values.stack(state=("potential", "T", "rho")).transpose("state", "n_exp").values


def _curves(axes, n_exp: np.ndarray, of_species: np.ndarray, is_open: np.ndarray, look: dict[str, Any]) -> None:
    if len(of_species):
        thin, median = evenly(of_species, MOST_STATES), np.median(of_species, axis=0)
        axes.plot(n_exp, thin.T, color=look["color"], alpha=max(0.08, 0.5 / np.sqrt(len(thin))), lw=0.8)
        axes.plot(n_exp, median, lw=2.0, ms=5, **look)
        axes.plot(n_exp[is_open], median[is_open], ls="none", ms=5, mfc="white", **look)


FIGURE = CampaignFigure(
    place=90,
    draw=draw,
    sources=(CUBE,),
    variables=("memory_r2_complement", "memory_bic", "memory_is_degenerate"),
    shows="memory_bic",
    caption=Caption(
        title="How many modes a memory needs",
        paper="Fig. 7",
        text=(
            "Above: 1 − R² of the fits against the number of stretched exponentials N_exp (without unit; smaller is better). "
            "Below: 1 + BIC − lowest BIC; above the line the evidence against that number is strong. Thin: every "
            "state, of many some evenly chosen; thick: the median of a species, hollow where in most states the error of a "
            "mode's weight, time or stretch is as large as itself. A column an equation."
        ),
        alt="Quality of the memory fits against the number of stretched exponentials, one to three",
        missing="No memory has been fitted.",
    ),
)

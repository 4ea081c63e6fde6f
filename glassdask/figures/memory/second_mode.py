"""Figure: weight of the second, slow mode of the memory against temperature (paper, supplementary information)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from glassdask.datasets.liquids import titles_of
from glassdask.figures.drawing.campaign_figure import CRITICAL, CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.colour_scales import density_colours
from glassdask.figures.drawing.keys import UNDETERMINED, key_beside
from glassdask.figures.drawing.panels import MOST_ASIDE, drawn_places, is_measured, panel_title, width_of
from glassdask.figures.drawing.style import named_look, save, styled


def draw(cube: xr.Dataset, critical: xr.Dataset, path: Path) -> Path:
    """Draws w_2/(w_1 + w_2) of A at N_exp = 2 with its standard error, a column an equation, against T/T_mct, or against T
    over its lowest where T_mct is not known. A colour a density and a marker a potential, of more than two potentials the
    other way round. What the data do not determine is hollow and grey."""
    dynamics = cube["dynamics"].values
    with styled():
        figure = Figure(figsize=(width_of(min(len(dynamics), 3)), 3.2), layout="constrained")
        axes_row = figure.subplots(1, len(dynamics), squeeze=False, sharey=True)[0]
        titles = list(titles_of(cube).values())
        places = sorted(drawn_places(is_measured(cube["memory_weight"], "potential", "rho")))
        looks = _looks(cube, places)
        for column, (axes, name) in enumerate(zip(axes_row, dynamics, strict=True)):
            for (p, r), look in zip(places, looks, strict=True):
                data = cube.isel(dynamics=column, potential=p, rho=r).sel(species="A")
                here = {"potential": data["potential"], "rho": data["rho"]}
                T_mct = float(critical["critical_temperature"].sel(here))
                _points(axes, data, T_mct, panel_title(titles[p], float(data["rho"])), look)
            axes.set(title=f"{name} equation", xlabel="T / T$_{mct}$", ylim=(-0.02, 1.02))
        axes_row[0].set_ylabel("weight of the slow mode w$_2$/(w$_1$+w$_2$)")
        _key(figure, axes_row.tolist())
        return save(figure, path)


def _looks(cube: xr.Dataset, places: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    """Of each (potential, density)."""
    rows = sorted({r for _, r in places})
    of_density = dict(zip(rows, density_colours(rows), strict=True))
    is_many = cube.sizes["potential"] > MOST_ASIDE
    found = []
    for p, r in places:
        look = {"marker": named_look(rows.index(r) if is_many else p)["marker"], "color": of_density[r]}
        found.append({**look, "color": named_look(p)["color"]} if is_many or cube.sizes["rho"] == 1 else look)
    return found


def _key(figure: Figure, axes_row: list[Axes]) -> None:
    found = {
        label: handle for axes in axes_row for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    grey = Line2D([], [], ls="none", ms=4, marker="o", **UNDETERMINED)
    key_beside(figure, [*found.values(), grey], [*found, "hollow: not determined"])


def second_weight(data: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """w_2/(w_1 + w_2) and its standard error, errors of both weights taken as independent, shape (…,) of the data."""
    w, error = (
        data["memory_weight"].transpose(..., "mode").values,
        data["memory_weight_error"].transpose(..., "mode").values,
    )
    first, second = w[..., 0], w[..., 1]
    total = first + second
    return second / total, np.sqrt((first * error[..., 1]) ** 2 + (second * error[..., 0]) ** 2) / total**2


def is_determined(data: xr.Dataset) -> np.ndarray:
    """Where the data tell a second mode from none: two modes have a lower BIC than one, where one was fitted, and the share
    of the second is more than two standard errors from 0 and from 1; shape (…,) of the data."""
    share, error = second_weight(data.sel(n_exp=2))
    is_told = (share - 2 * error > 0) & (share + 2 * error < 1)
    if "memory_bic" not in data or 1 not in data["n_exp"].values:
        return is_told
    return is_told & (data["memory_bic"].sel(n_exp=2) < data["memory_bic"].sel(n_exp=1)).values


def _points(axes: Axes, data: xr.Dataset, T_mct: float, label: str, look: dict[str, Any]) -> None:
    share, error = second_weight(data.sel(n_exp=2))
    shown, told = np.isfinite(share), is_determined(data)
    if not shown.any():
        return
    T = data["T"].values
    is_known = np.isfinite(T_mct)
    x = T / (T_mct if is_known else T[shown].min())
    error = np.clip(np.nan_to_num(error, nan=1.0), 0.0, 1.0)
    label = label if is_known else f"{label}, T / lowest T"
    open_ = shown & ~told
    grey = {"ls": "none", "ms": 4, "elinewidth": 0.5, "marker": look["marker"], "zorder": 1, **UNDETERMINED}
    axes.errorbar(x[open_], share[open_], error[open_], **grey)
    axes.plot([], [], ls="-", lw=0.7, label=label, **look)
    told = told & shown
    axes.errorbar(x[told], share[told], error[told], ls="-", lw=0.7, ms=5, capsize=2.0, **look)


def _first_two(cube: xr.Dataset) -> xr.Dataset:
    """Fits with one and two modes; nothing where there is none with two."""
    n_exp = cube["n_exp"].values
    return cube.sel(n_exp=[n for n in (1, 2) if n in n_exp] if 2 in n_exp else [])


FIGURE = CampaignFigure(
    place=100,
    draw=draw,
    sources=(CUBE, CRITICAL),
    variables=("memory_weight", "memory_weight_error", "memory_bic", "critical_temperature"),
    shows="memory_weight",
    caption=Caption(
        title="Weight of the slow mode",
        paper="supplementary information",
        text=(
            "Share of the second, slow mode in M(0) of A at N_exp = 2, w₂/(w₁ + w₂), without unit, against T/T_mct, or against "
            "T over its lowest where T_mct is not known. Error bars: one standard error. Hollow and grey: the data do not "
            "determine it, because it is less than two errors from 0 or 1, or one mode has the lower BIC."
        ),
        alt="Weight of the slow mode between 0 and 1 against the reduced temperature, for each potential and density",
        missing="No memory has been fitted with two modes: memory.n_exp of the campaign file has to hold 2.",
    ),
    selection={"species": ["A"]},
    narrowed=_first_two,
)

"""Figure: weight of the second, slow mode of the memory against temperature (paper, supplementary information)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from glassdask.datasets.liquids import titles_of
from glassdask.figures.drawing.campaign_figure import CRITICAL, CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.panels import MOST_ASIDE, drawn_places, is_measured, panel_title
from glassdask.figures.drawing.style import density_colours, legend_of_many, named_look, save, styled


def draw(cube: xr.Dataset, critical: xr.Dataset, path: Path) -> Path:
    """Draws w_2/(w_1 + w_2) of A at N_exp = 2 with its standard error, a column an equation, against T/T_mct; a (potential,
    density) whose T_mct is not known is drawn against T over its lowest temperature, hollow. A colour a density and a
    marker a potential, of more than two potentials the other way round. Errors that the data do not
    determine span the whole axis."""
    dynamics = cube["dynamics"].values
    with styled():
        figure = Figure(figsize=(1.2 + 3.6 * len(dynamics), 3.5), layout="constrained")
        axes_row = figure.subplots(1, len(dynamics), squeeze=False, sharey=True)[0]
        titles = list(titles_of(cube).values())
        drawn = sorted(drawn_places(is_measured(cube["memory_weight"], "potential", "rho")))
        rows = sorted({r for _, r in drawn})
        colours = density_colours(rows)
        is_many = cube.sizes["potential"] > MOST_ASIDE
        for column, (axes, name) in enumerate(zip(axes_row, dynamics, strict=True)):
            for p, r in drawn:
                data = cube.isel(dynamics=column, potential=p, rho=r).sel(species="A", n_exp=2)
                here = {"potential": data["potential"], "rho": data["rho"]}
                T_mct = float(critical["critical_temperature"].sel(here))
                row = rows.index(r)
                look = {"marker": named_look(row if is_many else p)["marker"], "color": colours[row]}
                look |= {"color": named_look(p)["color"]} if is_many or cube.sizes["rho"] == 1 else {}
                _points(axes, data, T_mct, panel_title(titles[p], float(data["rho"])), look)
            axes.set(title=f"{name} equation", xlabel="T / T$_{mct}$", ylim=(0, 1))
        axes_row[0].set_ylabel("weight of the slow mode w$_2$/(w$_1$+w$_2$)")
        legend_of_many(axes_row[0], is_many, "upper right")
        return save(figure, path)


def second_weight(data: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """w_2/(w_1 + w_2) and its standard error, errors of both weights taken as independent, shape (…,) of the data."""
    w, error = (
        data["memory_weight"].transpose(..., "mode").values,
        data["memory_weight_error"].transpose(..., "mode").values,
    )
    first, second = w[..., 0], w[..., 1]
    total = first + second
    return second / total, np.sqrt((first * error[..., 1]) ** 2 + (second * error[..., 0]) ** 2) / total**2


def _points(axes, data: xr.Dataset, T_mct: float, label: str, look: dict[str, Any]) -> None:
    share, error = second_weight(data)
    shown = np.isfinite(share)
    if not shown.any():
        return
    T = data["T"].values
    is_known = np.isfinite(T_mct)
    reference = T_mct if is_known else T[shown].min()
    hollow = {} if is_known else {"mfc": "none"}
    error = np.clip(np.nan_to_num(error, nan=1.0), 0.0, 1.0)
    axes.errorbar(
        T[shown] / reference,
        share[shown],
        error[shown],
        ls="-",
        lw=0.7,
        ms=5,
        capsize=2.0,
        label=label if is_known else f"{label}, T / lowest T",
        **look,
        **hollow,
    )


FIGURE = CampaignFigure(
    place=100,
    draw=draw,
    sources=(CUBE, CRITICAL),
    variables=("memory_weight", "memory_weight_error", "critical_temperature"),
    shows="memory_weight",
    caption=Caption(
        title="Weight of the slow mode",
        paper="supplementary information",
        text=(
            "Share of the second, slow mode in M(0) of A at N_exp = 2, w₂/(w₁ + w₂), without unit, against T/T_mct; hollow "
            "against T over its lowest where T_mct is not known. Error bars: one standard error; the whole axis where the "
            "data do not determine it."
        ),
        alt="Weight of the slow mode between 0 and 1 against the reduced temperature, for each potential and density",
        missing="No memory has been fitted with two modes: memory.n_exp of the campaign file has to hold 2.",
    ),
    selection={"species": ["A"], "n_exp": [2]},
)

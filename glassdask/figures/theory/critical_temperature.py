"""Figure: critical temperatures of mode-coupling theory against density, beside Table 1 of the paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from glassdask.figures.drawing.campaign_figure import CRITICAL, CampaignFigure, Caption
from glassdask.figures.drawing.style import MARKERS, NAMED, save, styled
from glassdask.physics.liquids.catalogue import LIQUIDS, title_of

#: Potentials are drawn a little beside each other, so that none hides another. [density]
_ASIDE = 0.016


def draw(critical: xr.Dataset, path: Path) -> Path:
    """Draws T_mct(ρ) with standard errors (filled) and the paper's values (hollow) on logarithmic axes."""
    with styled():
        figure = Figure(figsize=(4.6, 3.4), layout="constrained")
        axes = figure.subplots()
        for column, potential in enumerate(critical["potential"].values):
            data = critical.sel(potential=potential)
            rho, T = data["rho"].values, data["critical_temperature"].values
            aside = _ASIDE * (column - 0.5 * (critical.sizes["potential"] - 1))
            look: dict[str, Any] = {"marker": MARKERS[column % 4], "color": NAMED[column % 4], "ms": 5, "ls": "none"}
            found = np.isfinite(T)
            axes.errorbar(
                rho[found] + aside, T[found], np.nan_to_num(data["critical_temperature_error"].values)[found], capsize=2.5,
                label=title_of(potential), **look,
            )  # fmt: skip
            paper = [LIQUIDS[str(potential)].published_critical_temperature(density) for density in rho]
            axes.plot(rho + aside, paper, **{**look, "ms": 8}, mfc="none")
        axes.set(xlabel="density ρ [σ$_{AA}^{-3}$]", ylabel="T$_{mct}$ [ε$_{AA}$/k$_B$]", yscale="log")
        axes.yaxis.set_major_locator(FixedLocator([0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 6, 8, 10]))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_title("hollow: Table 1 of the paper", fontsize="small")
        axes.legend()
        return save(figure, path)


FIGURE = CampaignFigure(
    place=110,
    draw=draw,
    sources=(CRITICAL,),
    variables=("critical_temperature", "critical_temperature_error"),
    shows="critical_temperature",
    caption=Caption(
        title="Critical temperatures of mode-coupling theory",
        paper="Table 1",
        text=(
            "T_mct in ε_AA/k_B against density ρ in 1/σ_AA³: filled, of this campaign's S(k), with one standard error from a "
            "jackknife over runs; hollow, the paper's Table 1. Potentials are drawn a little beside each other."
        ),
        alt="Critical temperatures rising with the density, filled symbols of the campaign on hollow ones of the paper",
        missing="No critical temperature was found: it takes four or more equilibrated temperatures around T_mct at a density.",
    ),
)

"""Figure: critical temperatures of mode-coupling theory against density, beside Table 1 of the paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from glassdask.datasets.liquids import liquids_of, titles_of
from glassdask.figures.drawing.campaign_figure import CRITICAL, CampaignFigure, Caption
from glassdask.figures.drawing.keys import key_beside
from glassdask.figures.drawing.log_ticks import decades_and_numbers
from glassdask.figures.drawing.panels import MOST_ASIDE
from glassdask.figures.drawing.style import named_look, save, styled

#: Beyond the first and the last density. [density]
_MARGIN = 0.1
#: Potentials are drawn a little beside each other, so that none hides another. [density]
_ASIDE = 0.016


def draw(critical: xr.Dataset, path: Path) -> Path:
    """Draws T_mct(ρ) with standard errors (filled) and published values (hollow) on logarithmic axes; a liquid that has
    neither is left out where there are more than two."""
    liquids, rho = liquids_of(critical), critical["rho"].values
    with styled():
        figure = Figure(figsize=(3.8, 3.2), layout="constrained")
        axes = figure.subplots()
        for column, (potential, title) in enumerate(titles_of(critical).items()):
            data = critical.sel(potential=potential)
            T = data["critical_temperature"].values
            known = liquids.get(potential)
            published = [known.published_critical_temperature(density) if known else np.nan for density in rho]
            if critical.sizes["potential"] > MOST_ASIDE and not np.isfinite([*T, *published]).any():
                continue
            aside = _ASIDE * (column - 0.5 * (critical.sizes["potential"] - 1))
            look: dict[str, Any] = {**named_look(column), "ms": 5, "ls": "none"}
            found = np.isfinite(T)
            axes.errorbar(
                rho[found] + aside, T[found], np.nan_to_num(data["critical_temperature_error"].values)[found], capsize=2.5,
                label=title, **look,
            )  # fmt: skip
            axes.plot(rho + aside, published, **{**look, "ms": 8}, mfc="none")
        axes.set(xlabel="density ρ [σ$_{AA}^{-3}$]", ylabel="T$_{mct}$ [ε$_{AA}$/k$_B$]", yscale="log")
        axes.set_xlim(rho.min() - _MARGIN, rho.max() + _MARGIN)
        axes.xaxis.set_major_locator(FixedLocator(rho.tolist()))
        decades_and_numbers(axes.yaxis)
        if where := _published_where(critical):
            axes.plot([], [], "o", color="0.3", mfc="none", ms=8, label=f"hollow: {where}")
        if critical.sizes["potential"] > 1:
            axes.set_title(f"drawn {_ASIDE:g} beside each other, each at the density of a tick", fontsize="small")
        handles, labels = axes.get_legend_handles_labels()
        order = sorted(range(len(labels)), key=lambda i: labels[i].startswith("hollow"))
        key_beside(figure, [handles[i] for i in order], [labels[i] for i in order])
        return save(figure, path)


def _published_where(critical: xr.Dataset) -> str:
    """Where the values are from that others found at these densities; empty where there are none."""
    liquids = [
        liquid
        for liquid in liquids_of(critical).values()
        if np.isfinite([liquid.published_critical_temperature(density) for density in critical["rho"].values]).any()
    ]
    if all(liquid.is_of_the_paper for liquid in liquids):
        return "Table 1 of the paper" if liquids or critical.sizes["potential"] <= MOST_ASIDE else ""
    return "as published"


def _error_in_words(critical: xr.Dataset) -> str:
    """What the error bars hold; campaigns that were collected before had the statistics alone."""
    statistics = "the statistics, a jackknife over runs"
    is_whole = "treatment" in critical["critical_temperature_error"].attrs.get("long_name", "")
    return f"{statistics}, and of the treatment of S(k)" if is_whole else statistics


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
            "T_mct in ε_AA/k_B against density ρ in 1/σ_AA³: filled, of this campaign's S(k), with one standard error of "
            "{error}; hollow, {hollow}. Potentials are drawn a little beside each other."
        ),
        alt="Critical temperatures rising with the density, filled symbols of the campaign on hollow ones of the paper",
        missing="No critical temperature was found: it takes four or more equilibrated temperatures around T_mct at a density.",
    ),
    words=lambda critical: {
        "error": _error_in_words(critical),
        "hollow": "the paper's Table 1" if "Table" in _published_where(critical) else "values as published",
    },
)

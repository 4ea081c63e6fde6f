"""Figure: nonergodicity parameters f(k) of mode-coupling theory just below the critical temperature."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from glassdask.datasets.liquids import titles_of
from glassdask.figures.drawing.campaign_figure import CRITICAL, CampaignFigure, Caption
from glassdask.figures.drawing.colour_scales import density_colours
from glassdask.figures.drawing.keys import key_below, key_beside
from glassdask.figures.drawing.panels import WIDEST_TITLE, drawn_places, is_measured, lines_of_three
from glassdask.figures.drawing.style import save, styled


def draw(critical: xr.Dataset, path: Path) -> Path:
    """Draws f_AA(k) = F_AA(k,∞)/S_AA(k) (solid) and F_s of A (dashed) at T_mct, a panel a potential, a colour a density."""
    titles = list(titles_of(critical).values())
    is_found = is_measured(critical["critical_temperature"], "potential", "rho")
    drawn = drawn_places(is_found)
    rows = sorted({r for _, r in drawn})
    colours = dict(zip(rows, density_colours(rows), strict=True))
    found = np.flatnonzero(is_found.any(axis=1))
    with styled():
        figure = Figure(layout="constrained")
        grid, columns = lines_of_three(figure, len(found), 3.4)
        for [axes], p in zip(columns, found, strict=True):
            for r in [r for potential, r in drawn if potential == p]:
                _curves(axes, critical.isel(potential=p, rho=r), colours[r])
            title = textwrap.fill(f"{titles[p]} at T$_{{mct}}$", WIDEST_TITLE)
            axes.set(title=title, xlim=(0, 40), ylim=(0, 1.02))
            axes.set_xlabel("wavenumber k [1/σ$_{AA}$]")
        for axes in grid[:, 0]:
            axes.set_ylabel("f(k)")
        key = [Line2D([], [], color=colours[r]) for r in rows]
        key_beside(figure, key, [f"ρ = {float(critical['rho'][r]):g}" for r in rows])
        key_below(figure, {"collective, AA": {"ls": "-"}, "self, of a tagged A": {"ls": "--"}})
        return save(figure, path)


def _curves(axes, data: xr.Dataset, colour) -> None:
    if not np.isfinite(float(data["critical_temperature"])):
        return
    data = data.isel(k=slice(1, None))  # the lowest wavenumber lacks most of its memory on the bipolar grid
    k = data["k"].values
    axes.plot(k, data["critical_nonergodicity"].sel(pair="AA"), "-", color=colour, lw=1.2)
    axes.plot(k, data["critical_self_nonergodicity"].sel(species="A"), "--", color=colour, lw=1.0)


FIGURE = CampaignFigure(
    place=120,
    draw=draw,
    sources=(CRITICAL,),
    variables=("critical_nonergodicity", "critical_self_nonergodicity", "critical_temperature"),
    shows="critical_temperature",
    caption=Caption(
        title="Nonergodicity parameters",
        paper="not drawn in the paper (§ 4.3)",
        text=(
            "f(k) of mode-coupling theory just below T_mct, without unit, against k in 1/σ_AA: AA (solid) and a tagged A "
            "particle (dashed), a colour a density. It has no error bar: the error of T_mct says how well S(k) is known."
        ),
        alt="Nonergodicity parameters that oscillate with the structure factor and fall to zero at large wavenumbers",
        missing="No critical temperature was found: it takes four or more equilibrated temperatures around T_mct at a density.",
    ),
    selection={"pair": ["AA"], "species": ["A"]},
)

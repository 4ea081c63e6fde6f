"""Figure: nonergodicity parameters f(k) of mode-coupling theory just below the critical temperature."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from glassdask.figures.drawing.campaign_figure import CRITICAL, CampaignFigure, Caption
from glassdask.figures.drawing.panels import MOST_DENSITIES, evenly
from glassdask.figures.drawing.style import density_colours, save, styled
from glassdask.physics.liquids.catalogue import title_of


def draw(critical: xr.Dataset, path: Path) -> Path:
    """Draws f_AA(k) = F_AA(k,∞)/S_AA(k) (solid) and F_s of A (dashed) at T_mct, a panel a potential, a colour a density."""
    potentials = critical["potential"].values
    with styled():
        figure = Figure(figsize=(1.2 + 3.6 * len(potentials), 3.4), layout="constrained")
        axes_row = figure.subplots(1, len(potentials), squeeze=False, sharey=True)[0]
        densities = evenly(critical["rho"].values, MOST_DENSITIES)
        colours = density_colours(densities)
        for axes, potential in zip(axes_row, potentials, strict=True):
            for rho, colour in zip(densities, colours, strict=True):
                _curves(axes, critical.sel(potential=potential, rho=rho), colour)
            axes.set(title=f"{title_of(potential)} at T$_{{mct}}$", xlim=(0, 40), ylim=(0, 1.02))
            axes.set_xlabel("wavenumber k [1/σ$_{AA}$]")
            axes.legend()
        axes_row[0].set_ylabel("f(k)   AA solid, tagged A dashed")
        return save(figure, path)


def _curves(axes, data: xr.Dataset, colour) -> None:
    if not np.isfinite(float(data["critical_temperature"])):
        return
    data = data.isel(k=slice(1, None))  # the lowest wavenumber lacks most of its memory on the bipolar grid
    k = data["k"].values
    axes.plot(
        k, data["critical_nonergodicity"].sel(pair="AA"), "-", color=colour, lw=1.2, label=f"ρ = {float(data['rho']):g}"
    )
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

"""Figure: the collective scattering function F_AA(k_p,t)/S_AA(k_p), measured and by mode-coupling theory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption
from glassdask.figures.drawing.panels import SOME_ARE_DRAWN
from glassdask.figures.theory.beside_theory import Compared, draw_beside_theory


def draw(cube: xr.Dataset, path: Path) -> Path:
    """Draws F_AA(k_p,t)/S_AA(k_p) against log t: molecular dynamics solid with a band of two standard errors, theory
    dotted."""
    label = "F$_{AA}$(k$_p$,t) / S$_{AA}$(k$_p$)"
    compared = Compared("collective_scattering", "mct_scattering", {"pair": "AA", "chosen": 0}, label)
    return draw_beside_theory(cube, path, "collective_scattering", compared, (-0.1, 1.05))


def _at_peak(cube: xr.Dataset) -> xr.Dataset:
    """With the theory's F_AA at k_p alone, linear in k between the neighbours of k_p on its grid."""
    if "mct_scattering" not in cube:
        return cube
    k, k_p = cube["k"].values, cube["peak_wavenumber"]
    above = xr.DataArray(np.clip(np.searchsorted(k, k_p.fillna(0.0).values), 1, k.size - 1), dims=k_p.dims)
    share = (k_p - k[above - 1]) / (k[above] - k[above - 1])
    F = cube["mct_scattering"].load()
    at_peak = (1.0 - share) * F.isel(k=above - 1).drop_vars("k") + share * F.isel(k=above).drop_vars("k")
    at_peak = at_peak.transpose(*(dim for dim in F.dims if dim != "k"))
    at_peak.attrs = {**F.attrs, "long_name": "mode-coupling theory: F_ab(k_p,t); F_ab(k_p,0) = S_ab(k_p)"}
    return cube.drop_vars(["mct_scattering", "k"]).assign(mct_scattering=at_peak)


FIGURE = CampaignFigure(
    place=42,
    draw=draw,
    sources=(CUBE,),
    variables=("collective_scattering", "collective_scattering_error", "mct_scattering", "peak_wavenumber"),
    shows="collective_scattering",
    caption=Caption(
        title="Collective scattering beside mode-coupling theory",
        paper="not drawn in the paper, which compares the self part alone",
        text=(
            "F_AA(k_p,t)/S_AA(k_p), the collective intermediate scattering function of A, against lag time t in τ_MD, a colour "
            "a temperature T (in ε_AA/k_B): molecular dynamics (solid, bands of two standard errors from ten blocks of time) "
            "and mode-coupling theory of the same S(k) (dotted; without an error bar), linear in k between the neighbours of "
            "k_p on its grid. The theory has no free parameter. " + SOME_ARE_DRAWN
        ),
        alt="Measured collective decays beside dotted curves of the theory, which end on a plateau at low temperatures",
        missing="No state has it: collective_scattering is not among what the campaign file computes, or no state is so far.",
    ),
    selection={"pair": ["AA"], "chosen": [0]},
    narrowed=_at_peak,
)

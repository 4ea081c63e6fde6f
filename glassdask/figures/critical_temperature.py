"""Figure: critical temperatures of mode-coupling theory against density, beside Table 1 of the paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from glassdask.figures.panels import NAMES
from glassdask.figures.style import MARKERS, NAMED, save, styled

#: k_B T_mct / epsilon_AA by potential and density: Table 1 of Ciarella et al. (2023).
PAPER_TABLE_1 = {
    "lj": {1.2: 0.90, 1.4: 1.87, 1.6: 3.53, 1.8: 5.10},
    "wca": {1.2: 0.74, 1.4: 1.77, 1.6: 3.49, 1.8: 5.10},
}


def draw(critical: xr.Dataset, path: Path) -> Path:
    """Draws T_mct(ρ) with standard errors (filled) and the paper's values (hollow) on logarithmic axes."""
    with styled():
        figure = Figure(figsize=(4.6, 3.4), layout="constrained")
        axes = figure.subplots()
        for column, potential in enumerate(critical["potential"].values):
            data = critical.sel(potential=potential)
            rho, T = data["rho"].values, data["critical_temperature"].values
            look: dict[str, Any] = {"marker": MARKERS[column % 4], "color": NAMED[column % 4], "ms": 5, "ls": "none"}
            found = np.isfinite(T)
            axes.errorbar(
                rho[found], T[found], np.nan_to_num(data["critical_temperature_error"].values)[found], capsize=2.5,
                label=NAMES.get(str(potential), str(potential)), **look,
            )  # fmt: skip
            paper = {r: value for r, value in PAPER_TABLE_1.get(str(potential), {}).items() if np.isclose(r, rho).any()}
            axes.plot(list(paper), list(paper.values()), **{**look, "ms": 8}, mfc="none")
        axes.set(xlabel="density ρ [σ$_{AA}^{-3}$]", ylabel="T$_{mct}$ [ε$_{AA}$/k$_B$]", yscale="log")
        axes.set_title("hollow: Table 1 of the paper", fontsize="small")
        axes.legend()
        return save(figure, path)

"""``Dataset.glass``: what is derived from the cube's variables and not stored twice."""

from __future__ import annotations

import numpy as np
import xarray as xr

from glassdask.datasets.schema.variables import STATUS


@xr.register_dataset_accessor("glass")
class GlassAccessor:
    """Derived quantities of a campaign's dataset."""

    def __init__(self, data: xr.Dataset):
        self._data = data

    @property
    def paper_scattering(self) -> xr.DataArray:
        """F_s^aa(k_p,t) in the paper's normalisation, F_s^aa(k_p,0) = S^aa(k_p) (eq. 1 of the paper, with the 1/N_a
        that its self factor needs). Dimensions (potential, T, rho, species, t)."""
        scattering = self._data["peak_scattering"] * self._data["peak_structure_factor"]
        scattering.attrs = {"units": "1", "long_name": "F_s(k_p,t), S(k_p) at t = 0 (paper, eq. 1)"}
        return scattering.rename("paper_scattering")

    @property
    def status(self) -> xr.DataArray:
        """Status of each state in words."""
        words = np.asarray(STATUS)[self._data["status"].values.astype(int)]
        return self._data["status"].copy(data=words)

    @property
    def memory_n_exp(self) -> xr.DataArray:
        """Number of modes that the Bayesian information criterion prefers, 0 where nothing was fitted. Dimensions (potential,
        T, rho, dynamics, species)."""
        bic = self._data["memory_bic"]
        place = bic.fillna(np.inf).argmin("n_exp")
        chosen = self._data["n_exp"].isel(n_exp=place).where(bic.notnull().any("n_exp"), 0).astype(int)
        chosen.attrs = {"units": "1", "long_name": "number of modes of the memory, lowest BIC"}
        return chosen.drop_vars("n_exp", errors="ignore").rename("memory_n_exp")

    def states(self, status: str = "done") -> list[tuple[str, float, float]]:
        """(potential, T, rho) of the states with a status."""
        found = np.argwhere(self.status.values == status)
        axes = [self._data[name].values for name in ("potential", "T", "rho")]
        return [(str(axes[0][i]), float(axes[1][j]), float(axes[2][k])) for i, j, k in found]

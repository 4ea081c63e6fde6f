"""What ``memory.nc`` holds of the fits of a state."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from glassdask.datasets.netcdf import dataset
from glassdask.datasets.schema.variables import MEMORY_PARAMETER_VARIABLES, MEMORY_VARIABLES, state_coordinates
from glassdask.fits.refinement.memory_fit import FINE, MemoryFit, accurate_solution
from glassdask.fits.target.target import Target
from glassdask.stages.fit_memory.fit_arrays import FitArrays
from glassdask.state_point import StatePoint

_SCHEMA = {**MEMORY_VARIABLES, **MEMORY_PARAMETER_VARIABLES}


class MemoryProduct:
    """The variables of a state's file in the making.

    Parameters
    ----------
    dynamics, n_exp
        Equations and numbers of modes, in the order of the file's dimensions.
    species
        Of the state's liquid.
    t
        Lag times of the state, the first of them 0. [tau_MD]
    """

    def __init__(self, dynamics: Sequence[str], n_exp: Sequence[int], species: Sequence[str], t: np.ndarray):
        coordinates = {"t": t, "species": list(species), "dynamics": list(dynamics)}
        self._species = tuple(species)
        self._t, self._arrays = t, FitArrays(_SCHEMA, n_exp, coordinates, "memory_")

    def fill(self, place: int, species: str, fits: Sequence[MemoryFit], target: Target) -> None:
        """The fits of a species with the equation at `place`."""
        for fit in fits:
            of_fit = self._arrays.fill((place, self._species.index(species)), fit, target)
            F, _ = accurate_solution(fit.memory, fit.Omega, self._t[1:], fit.dynamics, FINE)
            self._arrays.values["memory_scattering"][of_fit] = np.concatenate([[1.0], F])
            self._arrays.values["memory_kernel"][of_fit] = fit.memory(self._t)
            self._arrays.values["memory_kernel_error"][of_fit] = fit.kernel_error(self._t)

    def dataset(self, state: StatePoint) -> xr.Dataset:
        """As it goes into the file."""
        return dataset(self._arrays.values, {**self._arrays.coordinates, **state_coordinates(state)}, _SCHEMA)

"""What ``memory.nc`` holds of the fits of a state: arrays of the schema, filled fit by fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from glassdask.datasets.netcdf import dataset, unfilled
from glassdask.datasets.schema.variables import (
    MEMORY_PARAMETER_VARIABLES,
    MEMORY_VARIABLES,
    MEMORY_VERDICTS,
    state_coordinates,
)
from glassdask.fits.refinement.identifiability import parameter_names
from glassdask.fits.refinement.memory_fit import FINE, MemoryFit, accurate_solution
from glassdask.fits.target.target import Target
from glassdask.physics.liquids.liquid import SPECIES
from glassdask.state_point import StatePoint

_SCHEMA = {**MEMORY_VARIABLES, **MEMORY_PARAMETER_VARIABLES}


class MemoryProduct:
    """The variables of a state's file in the making; what is never filled stays NaN, and 0 where it is a flag.

    Parameters
    ----------
    dynamics, n_exp
        Equations and numbers of modes, in the order of the file's dimensions.
    t
        Lag times of the state, the first of them 0. [tau_MD]
    """

    def __init__(self, dynamics: Sequence[str], n_exp: Sequence[int], t: np.ndarray):
        self.n_exp, self.t = list(n_exp), t
        self.parameters = list(parameter_names(max(n_exp), fits_omega=True))
        self.coordinates: dict[str, Any] = {
            "t": t,
            "species": list(SPECIES),
            "dynamics": list(dynamics),
            "n_exp": np.array(n_exp),
            "mode": np.arange(1, max(n_exp) + 1),
            "parameter": self.parameters,
            "other_parameter": self.parameters,
        }
        self.values = unfilled(_SCHEMA, {name: len(labels) for name, labels in self.coordinates.items()})

    def fill(self, place: int, species: str, fits: Sequence[MemoryFit], target: Target) -> None:
        """The fits of a species with the equation at `place`."""
        variation = float(((target.F - target.F.mean()) ** 2).sum())
        for fit in fits:
            here = (place, SPECIES.index(species), self.n_exp.index(fit.n_exp))
            for name, value in _numbers(fit, variation).items():
                self.values[name][here] = value
            self._fill_parameters(here, fit)
            F, _ = accurate_solution(fit.memory, fit.Omega, self.t[1:], fit.dynamics, FINE)
            self.values["memory_scattering"][here] = np.concatenate([[1.0], F])

    def dataset(self, state: StatePoint) -> xr.Dataset:
        """As it goes into the file."""
        return dataset(self.values, {**self.coordinates, **state_coordinates(state)}, _SCHEMA)

    def _fill_parameters(self, here: tuple[int, int, int], fit: MemoryFit) -> None:
        """Modes with their errors, and all parameters by name with verdicts and correlations."""
        errors, n, values = fit.uncertainty, fit.n_exp, self.values
        for i, name in enumerate(("weight", "time", "stretch")):
            part = slice(1 + i * n, 1 + (i + 1) * n)
            values[f"memory_{name}"][here][:n] = errors.values[part]
            values[f"memory_{name}_error"][here][:n] = _finite(errors.standard_error[part])
        places = np.array([self.parameters.index(name) for name in errors.names])
        values["memory_parameter"][here][places] = errors.values
        values["memory_parameter_error"][here][places] = _finite(errors.standard_error)
        verdicts = [fit.misfit_verdict or verdict for verdict in errors.verdicts]
        values["memory_verdict"][here][places] = [MEMORY_VERDICTS.index(verdict) for verdict in verdicts]
        values["memory_correlation"][here][np.ix_(places, places)] = errors.correlation
        if fit.bootstrap_error is not None:
            values["memory_parameter_bootstrap_error"][here][places] = fit.bootstrap_error


def _numbers(fit: MemoryFit, variation: float) -> dict[str, float]:
    """The scalars of a fit by the names of their variables."""
    errors = fit.uncertainty
    verdicts = dict(zip(errors.names, errors.verdicts, strict=True))
    of_modes = [verdict for name, verdict in verdicts.items() if name not in ("K", "Omega")]
    return {
        "memory_baseline": fit.memory.plateau,
        "memory_baseline_error": _finite(errors.standard_error[0]),
        "memory_baseline_limit": _finite(errors.plateau_limit),
        "memory_baseline_is_bounded": verdicts["K"] != "determined",
        "memory_is_degenerate": "degenerate" in of_modes,
        "memory_is_unresolved": not fit.is_resolved,
        "memory_is_misfit": not fit.reproduction.is_reproduced,
        "memory_omega": fit.Omega,
        "memory_loss": fit.loss,
        "memory_chi2_per_point": np.nan if fit.chi2_per_point is None else fit.chi2_per_point,
        "memory_r2_complement": fit.loss / variation,
        "memory_bic": fit.bic,
        "memory_evaluations": fit.evaluations,
        "memory_seconds": fit.seconds,
    }


def _finite(value: Any) -> Any:
    """Infinite errors (nothing is known) are NaN in files."""
    return np.where(np.isfinite(value), value, np.nan)

"""Fits of eq. 6 as arrays of a schema: one place for what is said of a fit, of a campaign's state or of somebody's file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from glassdask.datasets.netcdf import unfilled
from glassdask.datasets.schema.variables import Variable
from glassdask.fits.refinement.identifiability import parameter_names
from glassdask.fits.refinement.memory_fit import MemoryFit
from glassdask.fits.target.target import Target
from glassdask.outcome import MemoryVerdict


class FitArrays:
    """The variables of fits in the making; what is never filled stays NaN, and 0 where it is a flag or a count.

    Parameters
    ----------
    schema
        The declarations; of what can be said of a fit only what they name is kept.
    n_exp
        Numbers of modes, in the order of their dimension.
    coordinates
        All others but those of modes and parameters.
    prefix
        Before the names of the schema: "memory_" in a campaign.
    """

    def __init__(
        self, schema: Mapping[str, Variable], n_exp: Sequence[int], coordinates: Mapping[str, Any], prefix: str = ""
    ):
        self._schema, self._prefix, self._n_exp = schema, prefix, list(n_exp)
        self._parameters = list(parameter_names(max(n_exp), fits_omega=True))
        self.coordinates: dict[str, Any] = {
            **coordinates,
            "n_exp": np.array(n_exp),
            "mode": np.arange(1, max(n_exp) + 1),
            "parameter": self._parameters,
            "other_parameter": self._parameters,
        }
        self.values = unfilled(schema, {name: len(labels) for name, labels in self.coordinates.items()})

    def fill(self, leading: tuple[int, ...], fit: MemoryFit, target: Target) -> tuple[int, ...]:
        """Enters a fit; returns its place, that of the dimensions before ``n_exp`` and its own."""
        place = (*leading, self._n_exp.index(fit.n_exp))
        for name, value in _numbers(fit, target).items():
            self._enter(name, place, value)
        errors, n = fit.uncertainty, fit.n_exp
        for i, name in enumerate(("weight", "time", "stretch")):
            part = slice(1 + i * n, 1 + (i + 1) * n)
            self._enter(name, (*place, slice(n)), errors.values[part])
            self._enter(f"{name}_error", (*place, slice(n)), finite(errors.standard_error[part]))
        columns = np.array([self._parameters.index(name) for name in errors.names])
        self._enter("parameter", (*place, columns), errors.values)
        self._enter("parameter_error", (*place, columns), finite(errors.standard_error))
        self._enter("correlation", (*place, *np.ix_(columns, columns)), errors.correlation)
        if fit.bootstrap_error is not None:
            self._enter("parameter_bootstrap_error", (*place, columns), fit.bootstrap_error)
        self._enter_verdicts(place, columns, fit)
        return place

    def _enter(self, name: str, place: tuple, value: Any) -> None:
        array = self.values.get(self._prefix + name)
        if array is not None:
            array[place] = value

    def _enter_verdicts(self, place: tuple[int, ...], columns: np.ndarray, fit: MemoryFit) -> None:
        """Of each parameter, or the worst of a mode's weight, time and stretch; of the whole fit where it is none."""
        numbers = np.array([(fit.misfit_verdict or verdict).flag for verdict in fit.uncertainty.verdicts])
        if self._schema[self._prefix + "verdict"].dims[-1] == "parameter":
            self._enter("verdict", (*place, columns), numbers)
        else:
            n = fit.n_exp
            self._enter("verdict", (*place, slice(n)), numbers[1 : 1 + 3 * n].reshape(3, n).max(axis=0))


def _numbers(fit: MemoryFit, target: Target) -> dict[str, Any]:
    """The scalars of a fit by the names of their variables."""
    errors = fit.uncertainty
    of_modes = errors.verdicts[1 : 1 + 3 * fit.n_exp]
    return {
        "baseline": fit.memory.plateau,
        "baseline_error": finite(errors.standard_error[0]),
        "baseline_limit": finite(errors.plateau_limit),
        "baseline_is_bounded": errors.verdicts[0] is not MemoryVerdict.DETERMINED,
        "is_degenerate": MemoryVerdict.DEGENERATE in of_modes,
        "is_unresolved": not fit.is_resolved,
        "is_resolved": fit.is_resolved,
        "is_misfit": not fit.reproduction.is_reproduced,
        "is_reproduced": fit.reproduction.is_reproduced,
        "omega": fit.Omega,
        "loss": fit.loss,
        "chi2_per_point": np.nan if fit.chi2_per_point is None else fit.chi2_per_point,
        "rms_deviation": fit.reproduction.rms,
        "r2_complement": fit.loss / float(((target.F - target.F.mean()) ** 2).sum()),
        "bic": fit.bic,
        "independent_points": fit.independent_points,
        "probability": np.nan if fit.probability is None else fit.probability,
        "solver_error": finite(fit.solver_error),
        "fits_omega": "Omega" in errors.names,
        "evaluations": fit.evaluations,
        "seconds": fit.seconds,
        "stop_reason": fit.stop_reason,
    }


def finite(value: Any) -> Any:
    """Infinite errors (nothing is known) are NaN in files."""
    return np.where(np.isfinite(value), value, np.nan)

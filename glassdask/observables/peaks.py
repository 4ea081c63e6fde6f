"""The maximum of a function of lag time, of each species, with its error, as variables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from glassdask.datasets.schema.variables import Variable, with_error
from glassdask.observables.averages import Average, Counts
from glassdask.observables.frames import Floats
from glassdask.observables.observable import Values
from glassdask.physics.motion.curves.curve_maximum import maximum_of


def peak_variables(name: str, words: str) -> dict[str, Variable]:
    """The declarations of NAME, NAME_time and their errors; `words` say what is largest."""
    return {
        **with_error(name, ("species",), "1", f"largest {words}; NaN where the run is too short for a maximum"),
        **with_error(f"{name}_time", ("species",), "tau_MD", f"lag time of the largest {words}"),
    }


def peak_values(name: str, average: Average, curves: Callable[[Floats, Counts], Floats], lag_times: Floats) -> Values:
    """Those variables.

    Parameters
    ----------
    name
        Of the maximum.
    average
        Of the rows.
    curves
        Given means and how many rows they are of, the curves of shape (n_lags, n_species).
    lag_times
        Shape (n_lags,). [time]

    Returns
    -------
    dict
        Arrays of shape (n_species,).
    """
    whole, left_out = curves(average.mean, average.n_rows), average.left_out(curves)
    found = [maximum_of(lag_times, whole[:, s], left_out[:, :, s]) for s in range(whole.shape[1])]
    parts = {"": "value", "_error": "value_error", "_time": "time", "_time_error": "time_error"}
    return {f"{name}{end}": np.array([getattr(one, part) for one in found]) for end, part in parts.items()}

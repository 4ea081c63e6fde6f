"""Observable: the self part of the van Hove function, G_s(r,t), at a few lags."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.schema.variables import Variable, with_error
from glassdask.observables.averages import Average
from glassdask.observables.displacement_rows import DisplacementRows
from glassdask.observables.frames import Floats
from glassdask.observables.observable import Needs, Observable, Values
from glassdask.observables.setting import Setting
from glassdask.physics.motion.heterogeneity.van_hove import SelfVanHove

#: From one lag that is looked at to the next, and how many there are.
_FACTOR, _N_LAGS = 8.0, 8


def few_lags(lag_times: Floats) -> NDArray[np.int64]:
    """Numbers of the lags: the first above 0, and the first at or beyond 8, 64, … times that; at most eight.

    Lags of a longer run, which begin as those of a shorter one, are chosen alike.

    Examples
    --------
    >>> few_lags(np.array([0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 80.0]))
    array([1, 4, 6])
    """
    first = int(np.searchsorted(lag_times, 0.0, side="right"))
    if first == len(lag_times):
        return np.zeros(0, dtype=np.int64)
    wanted = lag_times[first] * _FACTOR ** np.arange(_N_LAGS) * (1.0 - 1e-9)
    found = np.unique(np.searchsorted(lag_times, wanted))
    return found[found < len(lag_times)].astype(np.int64)


def _rows(setting: Setting) -> DisplacementRows:
    estimator = SelfVanHove(
        setting.species, setting.distance_edges, setting.remove_drift, setting.xp, setting.dimension
    )
    return DisplacementRows(estimator, few_lags(setting.lag_times))


def _values(average: Average, setting: Setting) -> Values:
    lags = few_lags(setting.lag_times)
    shape = (len(setting.names), _N_LAGS, len(setting.distances))
    values = {
        "van_hove_time": np.full(_N_LAGS, np.nan),
        "van_hove": np.full(shape, np.nan),
        "van_hove_error": np.full(shape, np.nan),
    }
    values["van_hove_time"][: len(lags)] = setting.lag_times[lags]
    if len(lags):
        values["van_hove"][:, : len(lags)] = np.moveaxis(average.mean[lags], 0, 1)
        values["van_hove_error"][:, : len(lags)] = np.moveaxis(average.standard_error[lags], 0, 1)
    return dict(values)


OBSERVABLE = Observable(
    title="self part of the van Hove function",
    needs=Needs.LAGS,
    rows=_rows,
    values=_values,
    variables={
        "van_hove_time": Variable(("van_hove_lag",), "tau_MD", "lag time of the van Hove function"),
        **with_error(
            "van_hove",
            ("species", "van_hove_lag", "r"),
            "1/sigma_AA^3",
            "self part of the van Hove function G_s(r,t), the integral of 4 pi r^2 G_s is 1 (in a plane 1/sigma_AA^2, 2 pi r)",
        ),
    },
    coordinates=lambda setting: {"van_hove_lag": np.arange(_N_LAGS), "r": setting.distances},
    source="van Hove, Phys. Rev. 95, 249 (1954)",
    oracle="the Gaussian of random walkers: tests/observables/declared/test_motion.py",
)

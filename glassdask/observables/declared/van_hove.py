"""Observable: the self part of the van Hove function, G_s(r,t), at a few lags."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.schema.variables import with_error
from glassdask.observables.averages import Average
from glassdask.observables.displacement_rows import DisplacementRows
from glassdask.observables.frames import Floats
from glassdask.observables.observable import Needs, Observable, Values
from glassdask.observables.setting import Setting
from glassdask.physics.motion.heterogeneity.van_hove import SelfVanHove

#: From one lag that is looked at to the next.
_FACTOR = 8.0


def few_lags(lag_times: Floats) -> NDArray[np.int64]:
    """Numbers of the lags: the first above 0, and the first at or beyond 8, 64, … times that.

    Lags of a longer run, which begin as those of a shorter one, are chosen alike.

    Examples
    --------
    >>> few_lags(np.array([0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 80.0]))
    array([1, 4, 6])
    """
    later = np.flatnonzero(lag_times > 0)
    if not later.size:
        return later.astype(np.int64)
    octave = np.floor(np.log(lag_times[later] / lag_times[later[0]]) / np.log(_FACTOR) + 1e-9)
    return later[np.unique(octave, return_index=True)[1]].astype(np.int64)


def _rows(setting: Setting) -> DisplacementRows:
    estimator = SelfVanHove(
        setting.species, setting.distance_edges, setting.remove_drift, setting.xp, setting.dimension
    )
    return DisplacementRows(estimator, few_lags(setting.lag_times))


def _values(average: Average, setting: Setting) -> Values:
    lags = few_lags(setting.lag_times)
    return {
        "van_hove": np.moveaxis(average.mean[lags], 0, 1),
        "van_hove_error": np.moveaxis(average.standard_error[lags], 0, 1),
    }


OBSERVABLE = Observable(
    title="self part of the van Hove function",
    needs=Needs.LAGS,
    rows=_rows,
    values=_values,
    variables=with_error(
        "van_hove",
        ("species", "t_van_hove", "r"),
        "1/sigma_AA^3",
        "self part of the van Hove function G_s(r,t), the integral of 4 pi r^2 G_s is 1 (in a plane 1/sigma_AA^2, 2 pi r)",
    ),
    coordinates=lambda setting: {
        "t_van_hove": setting.lag_times[few_lags(setting.lag_times)],
        "r": setting.distances,
    },
    source="van Hove, Phys. Rev. 95, 249 (1954)",
    oracle="the Gaussian of random walkers: tests/observables/declared/test_motion.py",
)

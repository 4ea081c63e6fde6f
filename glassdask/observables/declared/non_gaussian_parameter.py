"""Observable: the non-Gaussian parameter alpha_2(t), its maximum and when it is reached."""

from __future__ import annotations

import numpy as np

from glassdask.datasets.schema.variables import with_error
from glassdask.observables.averages import Average, Counts
from glassdask.observables.declared.mean_squared_displacement import moment_rows
from glassdask.observables.frames import Floats
from glassdask.observables.observable import Needs, Observable, Values
from glassdask.observables.peaks import peak_values, peak_variables
from glassdask.observables.setting import Setting
from glassdask.physics.motion.mean_squared_displacement import non_gaussian_parameter


def _values(average: Average, setting: Setting) -> Values:
    def alpha_2(moments: Floats, _: Counts) -> Floats:
        return non_gaussian_parameter(moments[..., 0, :], moments[..., 1, :], setting.dimension)

    of_lags = average.estimate(alpha_2)
    return {
        "non_gaussian_parameter": np.asarray(of_lags.mean).T,
        "non_gaussian_parameter_error": np.asarray(of_lags.standard_error).T,
        **peak_values("alpha2_peak", average, alpha_2, setting.lag_times),
    }


OBSERVABLE = Observable(
    title="non-Gaussian parameter",
    needs=Needs.LAGS,
    rows=moment_rows,
    values=_values,
    variables={
        **with_error(
            "non_gaussian_parameter",
            ("species", "t"),
            "1",
            "non-Gaussian parameter alpha_2(t) = d <|dr|^4> / ((d + 2) <|dr|^2>^2) - 1, 0 of Gaussian displacements",
        ),
        **peak_variables("alpha2_peak", "alpha_2(t)"),
    },
    source="Rahman, Phys. Rev. 136, A405 (1964)",
    oracle="0 of random walkers, and the alpha_2 of a mixture of fast and slow ones: tests/observables/declared/test_motion.py",
)

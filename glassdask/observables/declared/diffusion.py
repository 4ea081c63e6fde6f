"""Observable: the diffusion coefficient, from the mean squared displacement where it grows as t."""

from __future__ import annotations

import numpy as np

from glassdask.datasets.schema.variables import Variable, with_error
from glassdask.observables.averages import Average
from glassdask.observables.declared.mean_squared_displacement import moment_rows
from glassdask.observables.observable import Needs, Observable, Values
from glassdask.observables.setting import Setting
from glassdask.physics.motion.curves.diffusion import diffusion_coefficient


def _values(average: Average, setting: Setting) -> Values:
    second = average.part((..., 0, slice(None)))
    found = [
        diffusion_coefficient(setting.lag_times, second.mean[:, s], second.blocks[:, :, s], dimension=setting.dimension)
        for s in range(second.mean.shape[1])
    ]
    return {
        "diffusion_coefficient": np.array([one.value for one in found]),
        "diffusion_coefficient_error": np.array([one.standard_error for one in found]),
        "diffusion_offset": np.array([one.offset for one in found]),
        "diffusion_window_start": np.array([one.window[0] for one in found]),
        "diffusion_window_end": np.array([one.window[1] for one in found]),
    }


_D = "diffusion coefficient D, of the line 2 d D t + c through the mean squared displacement"
OBSERVABLE = Observable(
    title="diffusion coefficient",
    needs=Needs.LAGS,
    rows=moment_rows,
    values=_values,
    variables={
        **with_error(
            "diffusion_coefficient",
            ("species",),
            "sigma_AA^2/tau_MD",
            f"{_D}; NaN where the run is too short to be diffusive",
        ),
        "diffusion_offset": Variable(("species",), "sigma_AA^2", f"constant c of the fit of the {_D}"),
        "diffusion_window_start": Variable(("species",), "tau_MD", f"first lag time of the fit of the {_D}"),
        "diffusion_window_end": Variable(("species",), "tau_MD", f"last lag time of the fit of the {_D}"),
    },
    source="Einstein, Ann. Phys. 322, 549 (1905)",
    oracle="D of random walkers: tests/observables/declared/test_motion.py",
)

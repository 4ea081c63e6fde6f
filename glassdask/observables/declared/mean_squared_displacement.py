"""Observable: the mean squared displacement, and the moments of displacements that others share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.schema.variables import with_error
from glassdask.observables.averages import Average
from glassdask.observables.frames import Floats
from glassdask.observables.observable import Needs, Observable, OneFrame, Values
from glassdask.observables.setting import Setting
from glassdask.physics.motion.mean_squared_displacement import displacement_moments


class DisplacementMoments:
    """Rows of <|Δr|²> and <|Δr|⁴>, shape (n_pairs, 2, n_species). [length^2 and length^4]"""

    lags: NDArray[np.int64] | None = None

    def __init__(self, setting: Setting):
        self._setting = setting

    def prepare(self, frame: OneFrame) -> Any:
        """Unwrapped positions."""
        return frame.unwrapped

    def of_pairs(self, states: Sequence[Any], pairs: NDArray[np.int64]) -> Floats:
        """Second and fourth moments of each pair and species."""
        setting = self._setting
        positions = setting.xp.stack(states)
        moments = displacement_moments(
            positions, setting.species, pairs, box_lengths=np.inf, remove_drift=setting.remove_drift
        )
        return np.stack([moments.second, moments.fourth], axis=1)


def _values(average: Average, _: Setting) -> Values:
    second = average.part((..., 0, slice(None)))
    return {
        "mean_squared_displacement": second.mean.T,
        "mean_squared_displacement_error": second.standard_error.T,
    }


OBSERVABLE = Observable(
    title="mean squared displacement",
    needs=Needs.LAGS,
    rows=DisplacementMoments,
    values=_values,
    variables=with_error(
        "mean_squared_displacement", ("species", "t"), "sigma_AA^2", "mean squared displacement <|r(t) - r(0)|^2>"
    ),
    source="Einstein, Ann. Phys. 322, 549 (1905)",
    oracle="2 d D t of random walkers: tests/observables/declared/test_motion.py",
    is_of_reduce=True,
)

"""Observable: the mean squared displacement, and the moments of displacements that others share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.schema.variables import with_error
from glassdask.observables.averages import Average
from glassdask.observables.displacement_rows import DisplacementRows
from glassdask.observables.frames import Floats
from glassdask.observables.observable import Needs, Observable, Values
from glassdask.observables.setting import Setting
from glassdask.physics.motion.heterogeneity.pair_displacements import PairDisplacements, squared_lengths


class Moments(PairDisplacements):
    """<|Δr|²> and <|Δr|⁴> of each pair and species, shape (n_pairs, 2, n_species). [length^2 and length^4]"""

    def of_pairs(self, states: Sequence[Any], pairs: NDArray[np.int64]) -> Floats:
        """Of pairs of frames."""
        return self.over(states, pairs, self._of_displacements)

    def _of_displacements(self, moved: Any) -> Any:
        squared = squared_lengths(moved)
        of_species = [self._xp.take(squared, particles, axis=1) for particles in self.groups]
        moments = [[some.mean(axis=1) for some in of_species], [(some**2).mean(axis=1) for some in of_species]]
        return self._xp.stack([self._xp.stack(moment, axis=1) for moment in moments], axis=1)


def moment_rows(setting: Setting) -> DisplacementRows:
    """Rows of moments, which mean squared displacement, diffusion coefficient and non-Gaussian parameter share."""
    return DisplacementRows(Moments(setting.species, setting.remove_drift, setting.xp))


def _values(average: Average, _: Setting) -> Values:
    second = average.part((..., 0, slice(None)))
    return {
        "mean_squared_displacement": second.mean.T,
        "mean_squared_displacement_error": second.standard_error.T,
    }


OBSERVABLE = Observable(
    title="mean squared displacement",
    needs=Needs.LAGS,
    rows=moment_rows,
    values=_values,
    variables=with_error(
        "mean_squared_displacement", ("species", "t"), "sigma_AA^2", "mean squared displacement <|r(t) - r(0)|^2>"
    ),
    source="Einstein, Ann. Phys. 322, 549 (1905)",
    oracle="2 d D t of random walkers: tests/observables/declared/test_motion.py",
    is_of_reduce=True,
)

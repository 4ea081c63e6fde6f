"""Observable: motion relative to the cage of neighbours, which long waves in two dimensions do not hide."""

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


class CageRows:
    """Rows of second and fourth moment and F_s(k_p,t) relative to the cage, shape (n_pairs, n_species, 3)."""

    lags: NDArray[np.int64] | None = None

    def __init__(self, setting: Setting):
        from glassdask.physics.motion.heterogeneity.cage_relative import CageRelative  # compiled loops

        self._cage = CageRelative(
            setting.species,
            setting.wavenumbers[:1],
            setting.neighbour_distance,
            setting.remove_drift,
            setting.xp,
        )

    def prepare(self, frame: OneFrame) -> Any:
        """Unwrapped positions and, of origins, neighbours."""
        return self._cage.state(frame.positions, frame.unwrapped, frame.cell)

    def of_pairs(self, states: Sequence[Any], pairs: NDArray[np.int64]) -> Floats:
        """Moments and F_s of each pair of frames."""
        return self._cage.of_pairs(states, pairs)


def _values(average: Average, _: Setting) -> Values:
    second, F = average.part((..., 0)), average.part((..., 2))
    return {
        "cage_relative_displacement": second.mean.T,
        "cage_relative_displacement_error": second.standard_error.T,
        "cage_relative_scattering": F.mean.T,
        "cage_relative_scattering_error": F.standard_error.T,
    }


OBSERVABLE = Observable(
    title="motion relative to the cage",
    needs=Needs.LAGS,
    rows=CageRows,
    values=_values,
    variables={
        **with_error(
            "cage_relative_displacement",
            ("species", "t"),
            "sigma_AA^2",
            "mean squared displacement relative to the cage",
        ),
        **with_error(
            "cage_relative_scattering", ("species", "t"), "1", "F_s(k_p,t) of displacements relative to the cage"
        ),
    },
    source="Mazoyer, Ebert, Maret and Keim, Europhys. Lett. 88, 66004 (2009)",
    oracle="no motion of a crystal that drifts and shears: tests/observables/declared/test_heterogeneity.py",
    is_default=False,
)

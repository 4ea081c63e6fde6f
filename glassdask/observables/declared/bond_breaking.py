"""Observable: the share of bonds between neighbours that are left, C_B(t)."""

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
from glassdask.physics.motion.heterogeneity.bond_breaking import BondBreaking


class BondRows:
    """Rows of C_B, shape (n_pairs, n_pairs_of_species + 1), last of all bonds."""

    lags: NDArray[np.int64] | None = None

    def __init__(self, setting: Setting):
        self._breaking = BondBreaking(setting.species, setting.neighbour_distance, setting.broken_distance, setting.xp)

    def prepare(self, frame: OneFrame) -> Any:
        """Positions and, of origins, bonds."""
        return self._breaking.state(frame.positions, frame.cell)

    def of_pairs(self, states: Sequence[Any], pairs: NDArray[np.int64]) -> Floats:
        """C_B of each pair of frames."""
        return self._breaking.of_pairs(states, pairs)


def _values(average: Average, _: Setting) -> Values:
    return {
        "bond_breaking": average.mean[:, :-1].T,
        "bond_breaking_error": average.standard_error[:, :-1].T,
        "total_bond_breaking": average.mean[:, -1],
        "total_bond_breaking_error": average.standard_error[:, -1],
    }


OBSERVABLE = Observable(
    title="bond breaking",
    needs=Needs.LAGS,
    rows=BondRows,
    values=_values,
    variables={
        **with_error(
            "bond_breaking",
            ("pair", "t"),
            "1",
            "share of the bonds of each two species that are left; NaN where there are none",
        ),
        **with_error("total_bond_breaking", ("t",), "1", "share of all bonds that are left"),
    },
    source="Yamamoto and Onuki, Phys. Rev. E 58, 3515 (1998)",
    oracle="1 of a crystal, and of a crystal of which some particles leave: tests/observables/declared/test_heterogeneity.py",
    is_default=False,
)

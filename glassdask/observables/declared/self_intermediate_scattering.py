"""Observable: F_s(k,t) of each species on the k grid and at k_p."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.schema.variables import BLOCK_VARIABLES, VARIABLES
from glassdask.observables.averages import Average
from glassdask.observables.frames import Floats
from glassdask.observables.observable import Needs, Observable, OneFrame, Values
from glassdask.observables.setting import Setting

_NAMES = ("self_intermediate_scattering", "peak_scattering")


class SelfScattering:
    """Rows of F_s at the wavenumbers of the grid, then at k_p, shape (n_pairs, n_species, n_k + 1)."""

    lags: NDArray[np.int64] | None = None

    def __init__(self, setting: Setting):
        self._setting = setting

    def prepare(self, frame: OneFrame) -> Any:
        """Unwrapped positions."""
        return frame.unwrapped

    def of_pairs(self, states: Sequence[Any], pairs: NDArray[np.int64]) -> Floats:
        """F_s of each pair and species; the grid is uniform, so that its wavenumbers follow from one another."""
        from glassdask.physics.motion.intermediate_scattering import self_intermediate_scattering  # compiled loops

        setting = self._setting
        positions = setting.xp.stack(states)
        parts = [
            self_intermediate_scattering(
                positions, setting.species, k, pairs, box_lengths=np.inf, remove_drift=setting.remove_drift
            )
            for k in (setting.grid, setting.wavenumbers[:1])
        ]
        return np.concatenate(parts, axis=-1)


def _values(average: Average, _: Setting) -> Values:
    grid, peak = average.part((..., slice(None, -1))), average.part((..., -1))
    found: Values = {"peak_scattering_blocks": np.moveaxis(peak.blocks, -1, 0), "n_origins": average.n_rows}
    for name, part in zip(_NAMES, (grid, peak), strict=True):
        found[name] = np.moveaxis(part.mean, 0, -1)
        found[f"{name}_error"] = np.moveaxis(part.standard_error, 0, -1)
    return found


OBSERVABLE = Observable(
    title="self intermediate scattering function",
    needs=Needs.LAGS,
    rows=SelfScattering,
    values=_values,
    variables={
        **{name + end: VARIABLES[name + end] for name in _NAMES for end in ("", "_error")},
        "n_origins": VARIABLES["n_origins"],
        **BLOCK_VARIABLES,
    },
    source="Hansen and McDonald, Theory of Simple Liquids, ch. 7",
    oracle="exp(-k² D t) of random walkers: tests/stages/reduce/test_own_trajectory.py",
    is_of_reduce=True,
)

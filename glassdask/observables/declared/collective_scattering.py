"""Observable: the collective intermediate scattering function F_ab(k,t) at k_p and further chosen wavenumbers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.schema.variables import Variable, with_error
from glassdask.errors import InvalidInput
from glassdask.observables.averages import Average
from glassdask.observables.frames import Floats
from glassdask.observables.observable import Needs, Observable, OneFrame, Values
from glassdask.observables.setting import Setting
from glassdask.physics.motion.displacements import is_drift_removed
from glassdask.physics.numerics.wavevector_shell import reciprocal_vectors, wavevector_shell


class CollectiveRows:
    """Rows of F_ab(k,t), shape (n_pairs, n_pairs_of_species, n_wavenumbers)."""

    lags: NDArray[np.int64] | None = None

    def __init__(self, setting: Setting):
        from glassdask.physics.motion.collective_scattering import CollectiveScattering  # compiled loops

        self._scattering = CollectiveScattering(chosen_shells(setting), setting.species, setting.xp)
        self._is_at_rest = is_drift_removed(setting.species.size, setting.remove_drift)

    def prepare(self, frame: OneFrame) -> Any:
        """Density modes, the drift taken off where it is for F_s."""
        centre = frame.unwrapped.mean(axis=0) if self._is_at_rest else 0.0
        return self._scattering.state(frame.positions, frame.cell, centre)

    def of_pairs(self, states: Sequence[Any], pairs: NDArray[np.int64]) -> Floats:
        """F_ab of each pair of frames."""
        return self._scattering.of_pairs(states, pairs)


def chosen_shells(setting: Setting) -> list[NDArray[np.int64]]:
    """Whole numbers of the wavevectors of each wavenumber, shape (n_vectors, d) each.

    Those within the half-width of the setting; where a small box has none, those of the first shell, doubled in width, that has.
    """
    return [_shell(setting, k) for k in setting.wavenumbers]


def _shell(setting: Setting, wavenumber: float) -> NDArray[np.int64]:
    for doubled in itertools.count():
        half_width = setting.shell_half_width * 2.0**doubled
        try:
            return wavevector_shell(
                setting.cell, wavenumber, half_width, setting.max_vectors, dimension=setting.dimension
            )
        except InvalidInput:
            if not half_width < max(wavenumber, np.linalg.norm(reciprocal_vectors(setting.cell), axis=1).max()):
                raise
    raise AssertionError("unreachable: a shell as wide as its wavenumber holds vectors")


def _values(average: Average, setting: Setting) -> Values:
    b = reciprocal_vectors(setting.cell)
    used = [np.linalg.norm(shell @ b, axis=1).mean() for shell in chosen_shells(setting)]
    return {
        "chosen_wavenumber": np.array(used),
        "collective_scattering": np.moveaxis(average.mean, 0, -1),
        "collective_scattering_error": np.moveaxis(average.standard_error, 0, -1),
    }


OBSERVABLE = Observable(
    title="collective intermediate scattering function",
    needs=Needs.LAGS,
    rows=CollectiveRows,
    values=_values,
    variables={
        "chosen_wavenumber": Variable(
            ("chosen",), "1/sigma_AA", "mean |k| of the wavevectors of collective scattering; the first is k_p"
        ),
        **with_error(
            "collective_scattering",
            ("pair", "chosen", "t"),
            "1",
            "collective intermediate scattering function F_ab(k,t) = (1/N) <rho_a(k,t) rho_b*(k,0)>; F_ab(k,0) = S_ab(k)",
        ),
    },
    coordinates=lambda setting: {"chosen": np.arange(len(setting.wavenumbers))},
    source="Hansen and McDonald, Theory of Simple Liquids, 4th ed., eq. 7.4.23",
    oracle="x_a exp(-k^2 D t) of random walkers, S_ab(k) at t = 0: tests/observables/declared/test_collective_scattering.py",
)

"""What a network is told of a state: rows of numbers, in units of time of the state's own or of tau_MD, and their scaling.

Two views of a state:

- ``structure``: the paper's 303 numbers, S_AA, S_AB, S_BB at 100 wavenumbers, T, ρ, and 1 for WCA, 0 for LJ; of other liquids,
  which must have one number of species, all pairs, and a column for each liquid but the first, 1 for that liquid; t in tau_MD;
- ``coupling``: ln g_c and its square, g_c the critical coupling of mode-coupling theory, which follows from S(k), ρ and
  composition alone (:mod:`glassdask.physics.mode_coupling.critical_coupling`); t in units of ρ^(−1/3) (k_BT/m)^(−1/2), the time in which
  an atom flies its own distance, in which atoms with the same g_c move alike.

To both the logarithm of time is added as the last column.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.learning.data.training_set import TrainingSet

Floats = NDArray[np.float64]
#: Views by name, and what each is made of.
VIEWS = {
    "structure": ("structure", "thermodynamic"),
    "coupling": ("coupling",),
    "coupling+density": ("coupling", "density"),
    "coupling+thermodynamic": ("coupling", "thermodynamic", "inverse_temperature"),
}


def features(samples: TrainingSet, view: str) -> Floats:
    """Columns of a view without the time, shape (n, n_features).

    InvalidInput if there is no such view, or the samples do not allow it.
    """
    if view not in VIEWS:
        raise InvalidInput(f"view is {view!r}; allowed: {', '.join(VIEWS)}")
    if "structure" in VIEWS[view] and not has_common_structure(samples):
        raise InvalidInput(
            "the view 'structure' takes liquids of one number of species; allowed: a campaign of such liquids, or another view"
        )
    return np.concatenate([_PARTS[part](samples) for part in VIEWS[view]], axis=1)


def log_time_unit(samples: TrainingSet, view: str) -> Floats:
    """ln of the unit of time of each row in tau_MD, shape (n,): 0 for the paper's view."""
    if view == "structure":
        return np.zeros(len(samples))
    return -np.log(samples.density) / 3 - 0.5 * np.log(samples.temperature)


def has_common_structure(samples: TrainingSet) -> bool:
    """Whether all liquids have the same pairs, so that S(k) has as many numbers for each."""
    return bool(samples.has_species.all())


def _structure(samples: TrainingSet) -> Floats:
    return samples.structure_factor.reshape(len(samples), -1)


def _thermodynamic(samples: TrainingSet) -> Floats:
    """T, ρ, and for each liquid but the first whether it is that one; the paper's 0 for lj, 1 for wca."""
    told = samples.liquids[1:] if len(samples.liquids) > 1 else samples.liquids
    which = samples.potential[:, None] == told[None, :]
    return np.concatenate([np.stack([samples.temperature, samples.density], axis=1), which], axis=1)


def _coupling(samples: TrainingSet) -> Floats:
    log_g = np.log(samples.critical_coupling)
    if not np.isfinite(log_g).all():
        first = int(np.argmax(~np.isfinite(log_g)))
        raise InvalidInput(
            f"{samples.name(first)}: mode-coupling theory finds no critical coupling in its S(k); leave the state out"
        )
    return np.stack([log_g, log_g**2], axis=1)


def _density(samples: TrainingSet) -> Floats:
    return samples.density[:, None]


def _inverse_temperature(samples: TrainingSet) -> Floats:
    return np.stack([1 / samples.temperature, np.log(samples.temperature)], axis=1)


_PARTS = {
    "structure": _structure,
    "thermodynamic": _thermodynamic,
    "coupling": _coupling,
    "density": _density,
    "inverse_temperature": _inverse_temperature,
}


@dataclass(frozen=True, eq=False)
class Scaling:
    """x → (x − mean) / spread, made from the rows that are learned from.

    A column that does not vary there, such as the potential where only one was simulated, is taken out (factor 0): its
    weights would stay at their random start and spoil whatever varies it later.

    Parameters
    ----------
    mean, factor
        Shape (n_columns,); the last column is ln t.
    lowest, highest
        Range of the columns that were learned from.
    """

    mean: Floats
    factor: Floats
    lowest: Floats
    highest: Floats

    @classmethod
    def of(cls, rows: Floats, keeps_time: bool = False) -> Scaling:
        """The scaling of rows, shape (n, n_columns); ln t stays as it is where a network takes it so."""
        mean, spread = rows.mean(axis=0), rows.std(axis=0)
        is_varied = spread > 1e-9 * np.maximum(1.0, np.abs(rows).max(axis=0))
        factor = np.where(is_varied, 1.0 / np.where(is_varied, spread, 1.0), 0.0)
        if keeps_time:
            mean[-1], factor[-1] = 0.0, 1.0
        return cls(mean, factor, rows.min(axis=0), rows.max(axis=0))

    def __call__(self, rows: Floats) -> Floats:
        """Rows as the network sees them."""
        return (rows - self.mean) * self.factor


@dataclass(frozen=True, eq=False)
class Points:
    """Points of curves: which state and which time, what F is there, and how sure that is.

    Parameters
    ----------
    states
        Columns of each row of `TrainingSet`, shape (n, n_features).
    log_times
        ln t in the unit of each row, shape (n, n_t).
    row, time
        Numbers of row and lag time of each point, shape (n_points,).
    target
        F of each species, NaN for one that the liquid has not, shape (n_points, n_species).
    error
        Their standard errors, same shape.
    """

    states: Floats
    log_times: Floats
    row: NDArray[np.int64]
    time: NDArray[np.int64]
    target: Floats
    error: Floats

    @classmethod
    def of(cls, samples: TrainingSet, view: str) -> Points:
        """Every measured point of all rows."""
        row, time = np.nonzero(samples.is_measured)
        return cls(
            features(samples, view),
            np.log(samples.lag_time)[None, :] - log_time_unit(samples, view)[:, None],
            row,
            time,
            samples.scattering[row, time],
            samples.weight_error[row, time],
        )

    def __len__(self) -> int:
        return len(self.row)

    def of_rows(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers of the points that belong to these rows."""
        return np.flatnonzero(np.isin(self.row, rows))

    def inputs(self, points: NDArray[np.int64]) -> Floats:
        """Rows of features with ln t last, shape (n_points, n_features + 1)."""
        row, time = self.row[points], self.time[points]
        return np.concatenate([self.states[row], self.log_times[row, time][:, None]], axis=1)

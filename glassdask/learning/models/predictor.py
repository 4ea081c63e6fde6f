"""What every model of F_s(k_p,t) can be asked, whatever it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from glassdask.learning.data.questions import Kind
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.models.calibration import Calibration

Floats = NDArray[np.float64]
#: Least spread: what no model of F resolves.
LEAST_SPREAD = 1e-3


def outside(columns: Floats, low: Floats, high: Floats) -> Floats:
    """How far each row of columns, shape (n, n_columns), lies outside of low … high, shape (n_columns,), in widths of that range, same
    shape as the columns; 0 inside.

    Columns that did not vary there count in units of themselves.
    """
    width = np.where(high > low, high - low, np.maximum(np.abs(high), 1.0))
    return np.asarray(np.maximum(np.maximum(low - columns, columns - high), 0.0) / width)


class Predictor(Protocol):
    """F of states from their S(k), with the doubt that the model itself has of it."""

    @property
    def error_factor(self) -> float:
        """Standard error over the spread, from states at random that were not learned from."""

    @property
    def calibrations(self) -> Mapping[Kind, Calibration]:
        """What is known of its errors, for each kind of question that it is to be asked."""

    @property
    def n_species(self) -> int:
        """How many species it speaks of."""

    @property
    def reads_grid(self) -> bool:
        """Whether it takes S(k) at the wavenumbers of the training, number by number."""

    def curves(self, samples: TrainingSet) -> tuple[Floats, Floats]:
        """F of each species and its spread, shape (n, n_t, n_species) each."""

    def draws(self, samples: TrainingSet) -> Sequence[Floats]:
        """F as other trainings of it would have given it: other seeds, or other states learned from."""

    def distance(self, samples: TrainingSet) -> Floats:
        """How far each row lies outside of what was learned from, in widths of that range, the farthest of its numbers, shape (n,)."""

    def calibrated(self, error_factor: float, calibrations: Mapping[Kind, Calibration]) -> Predictor:
        """The same with what is known of its errors."""

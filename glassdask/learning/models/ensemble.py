"""Several networks of one recipe: their mean, their spread, and what the spread has to be multiplied by to be an error bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from glassdask.learning.data.features import Scaling, features, log_time_unit
from glassdask.learning.data.questions import Kind
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.models.calibration import Calibration
from glassdask.learning.models.predictor import LEAST_SPREAD, outside
from glassdask.learning.training.training import Trained

Floats = NDArray[np.float64]
#: Shares of a normal distribution at which calibration is looked at, and their half-widths in standard deviations.
NOMINAL = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.683, 0.8, 0.9, 0.954])
_HALF_WIDTHS = np.array([0.1257, 0.2533, 0.3853, 0.5244, 0.6745, 0.8416, 1.0, 1.2816, 1.6449, 2.0])


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Networks of one recipe that differ in their seeds and in the states that they were stopped by.

    ``error_factor``: standard error of the mean prediction over the members' spread, from states at random that they had
    not seen; ``calibrations``: what is known of its errors, for each kind of question that it is to be asked.
    """

    members: Sequence[Trained]
    error_factor: float = 1.0
    calibrations: Mapping[Kind, Calibration] = field(default_factory=dict)

    @property
    def scaling(self) -> Scaling:
        """Of the first member, for the range that was learned from."""
        return self.members[0].scaling

    @property
    def n_species(self) -> int:
        """How many species it speaks of."""
        return self.members[0].n_species

    def curves(self, samples: TrainingSet, log_times: Floats | None = None) -> tuple[Floats, Floats]:
        """Mean and spread of F of each species, shape (n, n_t, n_species) each, at ln t in tau_MD, shape (n_t,); by default at the
        samples' times."""
        F = np.stack(self.draws(samples, log_times))
        spread = F.std(axis=0, ddof=1) if len(F) > 1 else np.zeros(F.shape[1:])
        return F.mean(axis=0), np.maximum(spread, LEAST_SPREAD)

    def draws(self, samples: TrainingSet, log_times: Floats | None = None) -> list[Floats]:
        """F of each member, which differ by seed and by the states learned from, shape (n, n_t, n_species) each."""
        view = self.members[0].recipe.view
        columns = features(samples, view)
        times = np.log(samples.lag_time) if log_times is None else log_times
        own = times[None, :] - log_time_unit(samples, view)[:, None]
        rows = np.concatenate([np.repeat(columns, times.size, axis=0), own.reshape(-1, 1)], axis=1)
        return [member.predict(rows).reshape(*own.shape, -1) for member in self.members]

    @property
    def reads_grid(self) -> bool:
        """Whether it is told S(k) itself."""
        return self.members[0].recipe.view == "structure"

    def distance(self, samples: TrainingSet) -> Floats:
        """Of the columns that it is told, shape (n,)."""
        columns = features(samples, self.members[0].recipe.view)
        low, high = self.scaling.lowest[:-1], self.scaling.highest[:-1]  # the last one is ln t
        return np.asarray(outside(columns, low, high).max(axis=1))

    def calibrated(self, error_factor: float, calibrations: Mapping[Kind, Calibration]) -> Ensemble:
        """The same with what is known of its errors."""
        return replace(self, error_factor=error_factor, calibrations=calibrations)


def error_factor(truth: Floats, mean: Floats, spread: Floats, error: Floats) -> float:
    """What spreads are multiplied by so that 68.3 % of the deviations lie within one standard error.

    Measured F (NaN where not measured), predicted mean and spread, and standard error of the measured F have one shape.
    """
    known = np.isfinite(truth)
    deviation = np.abs(truth - mean)[known]
    factors = np.sqrt(np.maximum(deviation**2 - error[known] ** 2, 0.0)) / spread[known]
    return float(max(np.quantile(factors, 0.683), 1e-3))


def coverage(truth: Floats, mean: Floats, spread: Floats, error: Floats, factor: float = 1.0) -> Floats:
    """Share of the deviations within each half-width of `NOMINAL`, shape (n_nominal,); arguments as of `error_factor`."""
    known = np.isfinite(truth)
    z = np.abs(truth - mean)[known] / np.hypot(factor * spread, error)[known]
    return np.array([(z <= width).mean() for width in _HALF_WIDTHS])

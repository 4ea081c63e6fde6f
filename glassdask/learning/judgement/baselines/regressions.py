"""Baselines that anybody's library fits to the paper's own numbers: F at each time by ridge regression, and by boosted trees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from glassdask.learning.data.features import Points, features, has_common_structure
from glassdask.learning.data.training_set import TrainingSet

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
_SHRINKAGES = np.logspace(-4, 5, 19)
_FEWEST_ROWS = 3


def ridge(samples: TrainingSet, train: Rows, test: Rows) -> Floats:
    """F at each time linear in the paper's 303 numbers, the penalty by leave-one-out; NaN where liquids differ in species."""
    if not has_common_structure(samples):
        return np.full((len(test), *samples.scattering.shape[1:]), np.nan)
    X = features(samples, "structure")
    F = np.empty((len(test), *samples.scattering.shape[1:]))
    for time in range(F.shape[1]):
        y = samples.scattering[train, time]
        known = np.isfinite(y).all(axis=1)
        if known.sum() < _FEWEST_ROWS:
            F[:, time] = F[:, time - 1] if time else 1.0
            continue
        model = make_pipeline(StandardScaler(), RidgeCV(_SHRINKAGES)).fit(X[train[known]], y[known])
        F[:, time] = model.predict(X[test])
    return F


def boosting(samples: TrainingSet, train: Rows, test: Rows) -> Floats:
    """Gradient boosting of trees on the network's own rows, scikit-learn's defaults; NaN where liquids differ in species."""
    if not has_common_structure(samples):
        return np.full((len(test), *samples.scattering.shape[1:]), np.nan)
    points = Points.of(samples, "structure")
    fitted = points.of_rows(train)
    n_t = len(samples.lag_time)
    rows = np.concatenate([np.repeat(points.states[test], n_t, axis=0), points.log_times[test].reshape(-1, 1)], axis=1)
    inputs = points.inputs(fitted)
    with threadpool_limits(1):  # so few rows are done before a second thread has begun
        F = [
            HistGradientBoostingRegressor(random_state=0).fit(inputs, points.target[fitted, a]).predict(rows)
            for a in range(samples.n_species)
        ]
    return np.stack(F, axis=1).reshape(len(test), n_t, samples.n_species)

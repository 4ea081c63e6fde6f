"""Which of several recipes to use, by cross-validation among the states that may be learned from; tested states play no part.

States are set apart as the test will set them apart: at random for interpolation, the coldest for transfer in temperature,
whole series of one potential and density for transfer to others. A choice made by random folds favours recipes that know
the training states by heart.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.learning.data.questions import Kind
from glassdask.learning.data.splits import Split, folds
from glassdask.learning.data.training_set import TrainingSet

Rows = NDArray[np.int64]
_FOLDS = 5
#: How the recipe of the model for each kind of question is chosen, and by which examinations its errors are known.
SELECTION = {
    Kind.INTERPOLATION: "random",
    Kind.HOTTER: "random",
    Kind.COLDER: "temperature",
    Kind.DENSITY: "series",
    Kind.LIQUID: "series",
    Kind.SPECIES: "series",
}
#: Share of the states, the coldest by T/T_mct, that stand for "colder than learned from".
_COLD_SHARE = 0.3


def inner_splits(samples: TrainingSet, train: Rows, kind: str, seed: int = 0) -> list[Split]:
    """Splits of the rows to learn from, row numbers those of `samples`: "random", "temperature" or "series", as the
    test is."""
    inside = samples.at(train)
    made: list[Split] = []
    if kind == "series":
        made = _series_left_out(inside)
    elif kind == "temperature":
        made = _coldest_left_out(inside)
    made = made or folds(inside, _FOLDS, seed)
    return [Split(split.name, train[split.train], train[split.test]) for split in made]


def _series_left_out(samples: TrainingSet) -> list[Split]:
    """One split for each (potential, density), where there are several."""
    series = [f"{p} {rho:g}" for p, rho in zip(samples.potential, samples.density, strict=True)]
    names = sorted(set(series))
    if len(names) < 2:
        return []
    is_out = [np.array([name == other for other in series]) for name in names]
    return [
        Split(f"without {n}", np.flatnonzero(~out), np.flatnonzero(out)) for n, out in zip(names, is_out, strict=True)
    ]


def _coldest_left_out(samples: TrainingSet) -> list[Split]:
    theta = samples.reduced_temperature
    if not np.isfinite(theta).all():
        return []
    is_cold = theta <= np.quantile(theta, _COLD_SHARE)
    try:
        return [Split("without the coldest", np.flatnonzero(~is_cold), np.flatnonzero(is_cold))]
    except InvalidInput:
        return []

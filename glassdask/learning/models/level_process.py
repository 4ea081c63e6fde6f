"""Gaussian process of level times: F_s(k_p,t) of any liquid from what mode-coupling theory makes of its S(k).

ln t/t_0 of each level of each species is a function of the features of :mod:`glassdask.learning.data.species_rows`, with the covariance of
:mod:`glassdask.learning.models.series_kernel`; all levels share its parameters, those of the largest likelihood (Rasmussen and
Williams, Gaussian Processes for Machine Learning, 2006, ch. 2 and 5; scikit-learn's regressor). Nothing is random in it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Kernel, WhiteKernel
from threadpoolctl import threadpool_limits

from glassdask.errors import InvalidInput
from glassdask.learning.data.level_times import LEVELS, curve_of_levels
from glassdask.learning.data.species_rows import SpeciesRows
from glassdask.learning.models.series_kernel import SeriesKernel

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
#: Fewer rows than this tell nothing of a level; it keeps its distance to the one before.
_FEWEST_ROWS = 4
#: A level enters the likelihood if this share of the rows know it.
_KNOWN_SHARE = 0.95
#: Variance of ln t from a simulation's noise, at the start, and its bounds.
_NOISE, _NOISES = 3e-3, (1e-5, 1.0)


@dataclass(frozen=True)
class ProcessRecipe:
    """What a process is told of a species, as places in `species_rows.COLUMNS`, and whether each series may have a straight line
    of its own in the first of them, with the bend that all share."""

    name: str
    columns: tuple[int, ...]
    has_lines: bool = False

    def kernel(self) -> Kernel:
        """Where the search of parameters starts."""
        lengths = (2.0,) * len(self.columns)
        if self.has_lines:
            of_series = SeriesKernel(
                1.0,
                0.1,
                lengths,
                series_offset=4.0,
                series_slope=4.0,
                curvature=0.01,
                series_curvature=0.01,
                is_broad=True,
            )
        else:
            of_series = SeriesKernel(lengths=lengths)
        return of_series + WhiteKernel(_NOISE, _NOISES)


#: What cross-validation inside the training states chooses from.
PROCESSES = (
    ProcessRecipe("coupling, plateau", (0, 1)),
    ProcessRecipe("coupling, plateau, mass", (0, 1, 2)),
    ProcessRecipe("coupling, plateau, a line each series", (0, 1), has_lines=True),
)


@dataclass(frozen=True, eq=False)
class LevelProcess:
    """A fitted process.

    Parameters
    ----------
    recipe
        What it is told.
    kernel
        With its parameters.
    series
        Names of the rows' series, shape (n,).
    columns
        Features that it was fitted to, not scaled, shape (n, n_features).
    level_times
        ln t/t_0, NaN where not known, shape (n, n_levels).
    """

    recipe: ProcessRecipe
    kernel: Kernel
    series: NDArray[np.str_]
    columns: Floats
    level_times: Floats

    @classmethod
    def fit(cls, rows: SpeciesRows, places: Rows, recipe: ProcessRecipe) -> LevelProcess:
        """To these places among rows of species; InvalidInput if too few of them have features and levels."""
        places = places[rows.is_known[places]]
        columns, times = rows.columns[places][:, recipe.columns], rows.level_times[places]
        unfitted = cls(recipe, recipe.kernel(), rows.series[places], columns, times)
        known = np.isfinite(times)
        levels = np.flatnonzero(known.mean(axis=0) >= _KNOWN_SHARE)
        complete = known[:, levels].all(axis=1)
        if complete.sum() < _FEWEST_ROWS:
            raise InvalidInput(
                f"{complete.sum()} curves to fit a Gaussian process to; allowed: {_FEWEST_ROWS} or more that decay, of states whose "
                "S(k) has a critical coupling; run more states"
            )
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", ConvergenceWarning
            )  # a parameter at its bound: a term that nothing asks for
            inputs = unfitted._inputs(unfitted.series, columns)
            fitted = GaussianProcessRegressor(unfitted.kernel).fit(inputs[complete], times[complete][:, levels])
        return cls(recipe, fitted.kernel_, unfitted.series, columns, times)

    def curves(self, rows: SpeciesRows, places: Rows, log_times: Floats) -> tuple[Floats, Floats]:
        """F and its standard deviation of these places, shape (n, n_t) each, at ln t in tau_MD, shape (n_t,)."""
        mean, deviation = self._levels(rows.series[places], rows.columns[places][:, self.recipe.columns])
        F, spread = [], []
        levels = np.array(LEVELS)
        for times, error, unit in zip(mean, deviation, rows.log_unit[places], strict=True):
            of_bounds = [
                curve_of_levels(log_times, np.maximum.accumulate(times + shift * error) + unit, levels)
                for shift in (0.0, -1.0, 1.0)
            ]
            F.append(of_bounds[0])
            spread.append(0.5 * np.abs(of_bounds[2] - of_bounds[1]))
        return np.array(F), np.array(spread)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it as plain arrays."""
        return {
            "recipe": np.array(self.recipe.name),
            "features": np.array(self.recipe.columns),
            "has_lines": np.array(self.recipe.has_lines),
            "theta": self.kernel.theta,
            "series": self.series,
            "columns": self.columns,
            "level_times": self.level_times,
            "levels": np.array(LEVELS),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> LevelProcess:
        """From what `arrays` gave; KeyError, TypeError or ValueError if it is something else."""
        if not np.array_equal(arrays["levels"], LEVELS):
            raise ValueError("other levels than this version's")
        features = tuple(int(column) for column in arrays["features"])
        recipe = ProcessRecipe(str(arrays["recipe"]), features, bool(arrays["has_lines"]))
        kernel = recipe.kernel().clone_with_theta(arrays["theta"])
        return cls(recipe, kernel, arrays["series"], arrays["columns"], arrays["level_times"])

    def _levels(self, series: NDArray[np.str_], columns: Floats) -> tuple[Floats, Floats]:
        """ln t/t_0 of each level and its standard deviation, shape (n, n_levels) each."""
        learned, wanted = self._inputs(self.series, self.columns), self._inputs(series, columns)
        shape = (len(columns), self.level_times.shape[1])
        mean, deviation = np.full(shape, np.nan), np.full(shape, np.nan)
        for known, levels in _of_equal_rows(np.isfinite(self.level_times)):
            if len(known) >= _FEWEST_ROWS:
                with threadpool_limits(1):
                    process = GaussianProcessRegressor(self.kernel, optimizer=None)
                    process.fit(learned[known], self.level_times[np.ix_(known, levels)])
                    found, error = process.predict(wanted, return_std=True)
                mean[:, levels], deviation[:, levels] = found.reshape(len(wanted), -1), error.reshape(len(wanted), -1)
        return _with_all_levels(mean, deviation)

    def _inputs(self, series: NDArray[np.str_], columns: Floats) -> Floats:
        """Number of the series, new ones behind those learned from, and scaled features."""
        names = list(dict.fromkeys([*self.series.tolist(), *series.tolist()]))
        numbers = np.array([names.index(name) for name in series.tolist()], dtype=float)
        spread = self.columns.std(axis=0)
        scaled = (columns - self.columns.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        return np.concatenate([numbers[:, None], scaled], axis=1)


def _of_equal_rows(known: NDArray[np.bool_]) -> Iterator[tuple[Rows, Rows]]:
    """Rows that know a level, and all levels that the same rows know."""
    patterns, place = np.unique(known.T, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        yield np.flatnonzero(pattern), np.flatnonzero(place.ravel() == number)


def _with_all_levels(mean: Floats, deviation: Floats) -> tuple[Floats, Floats]:
    """Levels that too few rows know go on as those before."""
    for level in range(1, mean.shape[1]):
        missing = ~np.isfinite(mean[:, level])
        step = mean[:, level - 1] - mean[:, level - 2] if level > 1 else np.full(len(mean), LEVELS[1] - LEVELS[0])
        mean[missing, level] = (mean[:, level - 1] + step)[missing]
        deviation[missing, level] = deviation[missing, level - 1]
    return mean, deviation

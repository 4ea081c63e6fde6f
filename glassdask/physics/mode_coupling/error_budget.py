"""Errors by where they come from: the statistics of runs, and what else might as well have been done to S(k).

The statistics are a jackknife: the spread of a number with one run left out. It holds the truth in 65 to 68 of 100 cases, of a
line through four runs as of one through ten; but of four it is now and then far too small by chance, so that a χ² with such errors
is large (`benchmarks/critical_errors.py`). The treatment of S(k) has no statistics. Its error is by how much the number moves where
S(k) is treated in another way: one that is better (a finer grid, a longer one, one degree more), or, of the window, the farthest of
others that are as good, whose moves are bounds: a rectangular distribution has its standard deviation at 1/√3 of its half width
(Guide to the Expression of Uncertainty in Measurement, JCGM 100:2008, 4.3.7). Squares add.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

NAN = float("nan")


@dataclass(frozen=True)
class ErrorBudget:
    """The error of one number, in its unit, by where it comes from; NaN for what was not looked at.

    Attributes
    ----------
    statistics
        Of the runs, a jackknife.
    window
        Of the width of the parabolas in k by which S(k) is taken from fine bins.
    interpolation
        Of the form of S(k, T) in T between the runs.
    end
        Of the last wavenumber.
    spacing
        Of dk.
    finite_size
        Of the box, from runs in another one.
    """

    statistics: float = NAN
    window: float = NAN
    interpolation: float = NAN
    end: float = NAN
    spacing: float = NAN
    finite_size: float = NAN

    @property
    def total(self) -> float:
        """√ of the sum of squares of what was looked at; NaN where that does not include the statistics. [of the number]"""
        return self._total(SOURCES)

    @property
    def on_one_grid(self) -> float:
        """The same without `end` and `spacing`: the error of a difference between numbers that have the k grid in common.
        [of the number]"""
        return self._total([name for name in SOURCES if name not in ("end", "spacing")])

    def scaled(self, factor: float) -> ErrorBudget:
        """That of a number that moves by `factor` times as much.

        Parameters
        ----------
        factor
            Of either sign.

        Returns
        -------
        ErrorBudget
            In the unit of the factor times that of this one.
        """
        return ErrorBudget(*(abs(factor) * part for part in astuple(self)))

    def _total(self, names: Sequence[str]) -> float:
        if math.isnan(self.statistics):
            return NAN
        parts = [getattr(self, name) for name in names]
        return math.sqrt(sum(part**2 for part in parts if not math.isnan(part)))


#: Where nothing was looked at.
NOTHING_KNOWN = ErrorBudget()
#: Names of the parts, in order.
SOURCES: tuple[str, ...] = tuple(field.name for field in fields(ErrorBudget))
#: Parts whose treatments are as good as the usual one.
BOUNDS = ("window",)


def error_budgets(
    central: ArrayLike,
    left_out: Sequence[ArrayLike],
    others: Mapping[str, Sequence[ArrayLike]],
) -> list[ErrorBudget]:
    """Budgets of several numbers that are found together.

    Parameters
    ----------
    central
        The numbers, shape (n,), each in its unit.
    left_out
        The same with one run left out, shape (n_runs, n); none where there are too few runs.
    others
        By the name of a part of the budget, the numbers of each treatment tried, shape (n_tried, n).

    Returns
    -------
    list of ErrorBudget
        One a number: √((n−1)/n Σ (x_i − mean)²) over the runs left out, and the largest |x − central|
        of the others; of windows, which bound it, a share 1/√3 of that. [of the number]

    Examples
    --------
    >>> budget, = error_budgets([1.0], [[0.97], [1.0], [1.03]], {"window": [[1.02], [0.96]], "end": [[1.01]]})
    >>> round(budget.statistics, 3), round(budget.window, 3), round(budget.end, 3), round(budget.total, 3)
    (0.035, 0.023, 0.01, 0.043)
    """
    numbers = np.asarray(central, dtype=float)
    found = np.array(left_out, dtype=float).reshape(-1, numbers.size)
    parts = {"statistics": jackknife(found)}
    for name, tried in others.items():
        if len(tried):
            farthest = np.abs(np.array(tried, dtype=float) - numbers).max(axis=0)
            parts[name] = farthest / math.sqrt(3.0) if name in BOUNDS else farthest
    return [ErrorBudget(**{name: float(part[i]) for name, part in parts.items()}) for i in range(numbers.size)]


def jackknife(found: ArrayLike) -> np.ndarray:
    """The standard error that numbers with one run left out at a time show.

    Parameters
    ----------
    found
        Shape (n_runs, n).

    Returns
    -------
    numpy.ndarray
        Shape (n,); NaN of fewer than two. [of the number]
    """
    x = np.asarray(found, dtype=float)
    n = len(x)
    if n < 2:
        return np.full(x.shape[1], NAN)
    return np.asarray(np.sqrt((n - 1) / n * ((x - x.mean(axis=0)) ** 2).sum(axis=0)))

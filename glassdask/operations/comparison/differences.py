"""Differences of two datasets in units of their combined errors: state by state, variable by variable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import xarray as xr

from glassdask.datasets.campaign_grids import TIME_TOLERANCE
from glassdask.datasets.schema.variables import STATUS
from glassdask.outcome import Status

#: Coordinates that differ by less than this share are one; lag times of others print six digits.
_TOLERANCE = 1e-9
#: Share of a value that sums over particles and frames lose, by the bytes of a number in a file. A point whose error is
#: smaller, as F(0) = 1, is known by definition: there is nothing to compare.
_ROUNDING = {2: 1e-3, 4: 1e-6, 8: 1e-12}

#: Above this share of a run blocks of time origins overlap: errors of lags are lower bounds (docs/equations.md).
LATE = 0.1


@dataclass(frozen=True)
class Difference:
    """One number of a state, or one curve, of both sides.

    Parameters
    ----------
    state
        Potential, T (where there is one) and rho.
    variable
        Its name in the dataset.
    labels
        Which of the variable's: species, pair, dynamics, n_exp, mode.
    units
        Of `A`, `B` and `error`.
    n_points
        Of the curve that both have, with an error; 1 of a number.
    A, B
        The values; of a curve where they differ most.
    error
        (error_A² + error_B²)^½ there.
    ratio
        (A - B) / error there.
    place
        Where that is, on the curve.
    chi2
        Sum of the squares of the ratio over the points.
    n_equal
        Points where both are the same but for rounding.
    is_comparable
        Whether both are of a state in equilibrium: else nothing is expected of the difference.
    """

    state: dict[str, Any]
    variable: str
    labels: dict[str, Any]
    units: str
    n_points: int
    A: float
    B: float
    error: float
    ratio: float
    place: dict[str, float]
    chi2: float
    n_equal: int
    is_comparable: bool
    n_late: int = 0
    chi2_late: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            **self.state, "variable": self.variable, **self.labels, "units": self.units, "A": self.A, "B": self.B,
            "combined_error": self.error, "difference_in_errors": self.ratio, "n_points": self.n_points,
            "chi2_per_point": self.chi2 / self.n_points, "at": self.place, "is_comparable": self.is_comparable,
        }  # fmt: skip


def common_labels(first: np.ndarray, second: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Places of the labels of a dimension that both have, in the first and in the second.

    >>> [places.tolist() for places in common_labels(np.array([0.5, 1.0, 2.0]), np.array([1.0, 2.0, 3.0]), "T")]
    [[1, 2], [0, 1]]
    """
    if first.dtype.kind != "f":
        _, ours, theirs = np.intersect1d(first, second, return_indices=True)
        order = np.argsort(ours)
        return ours[order], theirs[order]
    tolerance = TIME_TOLERANCE if name in ("t", "t_mct") else _TOLERANCE
    nearest = np.abs(first[:, None] - second[None, :]).argmin(axis=1) if second.size else np.zeros(first.size, int)
    is_there = (
        np.abs(first - second[nearest]) <= tolerance * np.abs(first) if second.size else np.zeros(first.size, bool)
    )
    return np.flatnonzero(is_there), nearest[is_there]


def aligned(first: xr.Dataset, second: xr.Dataset) -> tuple[xr.Dataset, xr.Dataset]:
    """Both at the labels that they share, the second with the coordinates of the first."""
    for name in [str(dim) for dim in first.dims if dim in second.dims]:
        ours, theirs = common_labels(first[name].values, second[name].values, name)
        first, second = first.isel({name: ours}), second.isel({name: theirs})
        second = second.assign_coords({name: first[name]})
    return first, second


def compared_variables(first: xr.Dataset, second: xr.Dataset) -> list[str]:
    """Names of the variables that both have with an error, over the same dimensions."""
    names = [str(name) for name in first.data_vars if f"{name}_error" in first]
    return [n for n in names if f"{n}_error" in second and set(first[n].dims) == set(second[n].dims)]


def differences(
    first: xr.Dataset, second: xr.Dataset, names: Sequence[str], states: Sequence[str]
) -> Iterator[Difference]:
    """Every number and curve that both have, of each state.

    Parameters
    ----------
    first, second
        Aligned.
    names
        Variables.
    states
        Dimensions that make a state.
    """
    is_comparable = _is_equilibrated(first, states) & _is_equilibrated(second, states)
    for name in names:
        array = first[name]
        order = (*states, *(str(dim) for dim in array.dims if dim not in states))
        values = [part[one].transpose(*order) for part in (first, second) for one in (name, f"{name}_error")]
        curve = [dim for dim in order[len(states) :] if array[dim].dtype.kind == "f"]
        labels = [dim for dim in order if dim not in curve]
        A, error_A, B, error_B = (value.transpose(*labels, *curve).values.astype(float) for value in values)
        share = max(_ROUNDING[min(part[name].dtype.itemsize, 8)] for part in (first, second))
        rounding = share * np.maximum(np.abs(A), np.abs(B))
        error = np.sqrt(error_A**2 + error_B**2)
        is_there = np.isfinite(A) & np.isfinite(B) & np.isfinite(error) & (error > rounding)
        is_equal = is_there & (np.abs(A - B) <= rounding)
        for place in product(*(range(first.sizes[dim]) for dim in labels)):
            if is_there[place].any():
                named = {dim: array[dim].values[i].item() for dim, i in zip(labels, place, strict=True)}
                where = {dim: array[dim].values for dim in curve}
                parts = (A[place], B[place], error[place], is_there[place], is_equal[place])
                yield _difference(array, named, where, states, parts, bool(is_comparable[place[: len(states)]]))


def _difference(
    array: xr.DataArray,
    named: dict[str, Any],
    where: dict[str, np.ndarray],
    states: Sequence[str],
    parts: tuple[np.ndarray, ...],
    is_comparable: bool,
) -> Difference:
    A, B, error, is_there, is_equal = (np.atleast_1d(part) for part in parts)
    ratio = np.where(is_there, (A - B) / np.where(is_there, error, 1.0), 0.0)
    is_late = is_there & _late_lags(is_there, where)
    worst = np.unravel_index(np.where(is_there, np.abs(ratio), -1.0).argmax(), ratio.shape)
    return Difference(
        state={name: named[name] for name in states},
        variable=str(array.name),
        labels={name: label for name, label in named.items() if name not in states},
        units=str(array.attrs.get("units", "")),
        n_points=int(is_there.sum()),
        A=float(A[worst]),
        B=float(B[worst]),
        error=float(error[worst]),
        ratio=float(ratio[worst]),
        place={dim: float(values[i]) for (dim, values), i in zip(where.items(), worst, strict=False)},
        chi2=float((ratio[is_there] ** 2).sum()),
        n_late=int(is_late.sum()),
        chi2_late=float((ratio[is_late] ** 2).sum()),
        n_equal=int(is_equal.sum()),
        is_comparable=is_comparable,
    )


def _late_lags(is_there: np.ndarray, where: dict[str, np.ndarray]) -> np.ndarray:
    """Points of a curve at lags above a tenth of the longest, which is the run's length."""
    if "t" not in where:
        return np.zeros(is_there.shape, dtype=bool)
    axis = list(where).index("t")
    t = where["t"].reshape([-1 if i == axis else 1 for i in range(is_there.ndim)])
    late: np.ndarray = t > LATE * (t * is_there).max(initial=0.0)
    return np.broadcast_to(late, is_there.shape)


def _is_equilibrated(data: xr.Dataset, states: Sequence[str]) -> np.ndarray:
    """By state; all of a file that does not tell."""
    if "status" not in data:
        return np.ones([data.sizes[name] for name in states], dtype=bool)
    is_done: np.ndarray = data["status"].transpose(*states).values == STATUS.index(Status.DONE)
    return is_done

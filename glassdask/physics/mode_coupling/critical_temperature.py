"""The critical temperature of mode-coupling theory from structure factors measured at several temperatures.

S(k) of one run moves the critical temperature by a percent. So S_ab(k, T) is smoothed in T: at every k a straight line in T
(a parabola over wide ranges) through all runs near the critical temperature, each at its own measured temperature; the
critical point of that smooth S(k, T) is found by extrapolation from inside the glass. The standard error is the jackknife
over runs: the spread of the critical temperatures with one run left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput
from glassdask.outcome import CriticalVerdict, ModeCouplingState
from glassdask.physics.mode_coupling.critical_point import CriticalPoint, NotConverged, critical_point
from glassdask.physics.mode_coupling.nonergodicity import nonergodicity_parameter
from glassdask.physics.structure.static_structure import StaticStructure, matrix_of_pairs

Floats = NDArray[np.float64]
#: Runs within this share of the critical temperature are used, if they have four temperatures or more.
WINDOW = 0.15
#: Over more than this ratio of temperatures S(k, T) is a parabola in T.
_STRAIGHT = 1.4
_ENOUGH = 4
#: Runs left out find their critical temperature within this share of the full one's.
_NEARBY = 0.08


@dataclass(frozen=True, eq=False)
class CriticalTemperature:
    """Where mode-coupling theory arrests a mixture of one density, and how well that is known.

    Attributes
    ----------
    verdict
        Found, or why not.
    message
        The verdict in a sentence, with what to do.
    temperature, standard_error
        T_mct; NaN where it was not found, or (the error) where there are too few runs to leave one out. [epsilon_AA/k_B]
    point
        With λ, exponents and the nonergodicity parameter at the critical point; None where it was not found.
    temperatures
        Distinct temperatures of the runs that were used. [epsilon_AA/k_B]
    n_runs
        Runs that were used.
    degree
        1 (straight line in T) or 2 (parabola).
    """

    verdict: CriticalVerdict
    message: str
    temperature: float = float("nan")
    standard_error: float = float("nan")
    point: CriticalPoint | None = None
    temperatures: tuple[float, ...] = ()
    n_runs: int = 0
    degree: int = 1


def critical_temperature(
    temperatures: ArrayLike,
    partials: ArrayLike,
    wavenumber: ArrayLike,
    density: float,
    composition: ArrayLike,
    nominal: Sequence[float] | None = None,
    distance: float = 1e-3,
) -> CriticalTemperature:
    """T_mct of one density with its standard error.

    Parameters
    ----------
    temperatures
        Measured temperature of each run, shape (n_runs,). [epsilon_AA/k_B]
    partials
        S_ab(k) of each run on the bipolar grid, shape (n_runs, n_pairs, N_k).
    wavenumber
        Bipolar grid, shape (N_k,). [1/sigma_AA]
    density, composition
        ρ and x_a.
    nominal
        Temperatures that the runs were meant to have, by which they are grouped; by default the measured ones.
    distance
        As for `critical_point`.

    Returns
    -------
    CriticalTemperature
        Where none was found, `verdict` and `message` say why; temperatures are in the unit of those given. [epsilon_AA/k_B]

    Raises
    ------
    InvalidInput
        If shapes do not fit, or an S is not positive definite.
    """
    T, S = np.asarray(temperatures, dtype=float), np.asarray(partials, dtype=float)
    groups = np.asarray(T if nominal is None else nominal, dtype=float)
    if T.ndim != 1 or S.ndim != 3 or S.shape[0] != T.size or groups.shape != T.shape:
        raise InvalidInput(
            f"temperatures have the shape {T.shape} and partials {S.shape}; allowed: (n_runs,), (n_runs, n_pairs, N_k)"
        )
    k, x = np.asarray(wavenumber, dtype=float), np.asarray(composition, dtype=float)
    runs = _Runs(T, S, groups, k, density, x)
    distinct = np.unique(groups)
    if distinct.size < 2:
        return CriticalTemperature(
            CriticalVerdict.TOO_FEW_TEMPERATURES,
            f"{distinct.size} temperature; needed: two at the least, four or more around T_mct",
        )
    try:
        return _bracketed(runs, distinct, distance)
    except NotConverged as error:
        return CriticalTemperature(CriticalVerdict.NOT_CONVERGED, str(error))


@dataclass(frozen=True)
class _Runs:
    """All runs of one density."""

    T: Floats
    S: Floats
    groups: Floats
    k: Floats
    density: float
    composition: Floats

    def chosen(self, keep: NDArray[np.bool_]) -> _Runs:
        """Some of them."""
        return _Runs(self.T[keep], self.S[keep], self.groups[keep], self.k, self.density, self.composition)

    def structure(self, partials: Floats) -> StaticStructure:
        """As mode-coupling theory takes it."""
        return StaticStructure(self.k, matrix_of_pairs(partials), self.density, self.composition)

    def smooth(self, degree: int) -> _SmoothStructure:
        """S(k, T) by least squares through these runs."""
        centre = float(self.T.mean())
        # about the mean, where the columns of the least squares are nearly orthogonal
        powers = (self.T - centre)[:, None] ** np.arange(degree + 1)
        flat = self.S.reshape(len(self.S), -1)
        coefficients, *_ = np.linalg.lstsq(powers, flat, rcond=None)
        return _SmoothStructure(self, centre, np.asarray(coefficients, dtype=np.float64))


@dataclass(frozen=True)
class _SmoothStructure:
    runs: _Runs
    centre: float
    coefficients: Floats

    def __call__(self, temperature: float) -> StaticStructure:
        powers = (temperature - self.centre) ** np.arange(len(self.coefficients))
        return self.runs.structure((powers @ self.coefficients).reshape(self.runs.S.shape[1:]))


def _bracketed(runs: _Runs, distinct: Floats, distance: float) -> CriticalTemperature:
    """Which temperatures are on which side; then the critical point in between."""
    is_glass = np.array([_state(runs, T) is ModeCouplingState.GLASS for T in distinct])
    if not is_glass.any() or is_glass.all():
        return _one_sided(distinct, bool(is_glass.any()))
    coldest_liquid = distinct[~is_glass].min()
    # noise can put a hotter run on the side of the glass: only what is colder than every liquid counts
    hottest_glass = distinct[is_glass & (distinct < coldest_liquid)].max(initial=distinct.min())
    used = _window(distinct, 0.5 * (coldest_liquid + hottest_glass))
    near = runs.chosen(np.isin(runs.groups, used))
    degree = 2 if used.size > 3 and used.max() / used.min() > _STRAIGHT else 1
    point = _between(near.smooth(degree), used.max(), used.min(), distance)
    error = _jackknife(near, degree, point.control, distance)
    message = (
        f"from {near.T.size} runs at {used.size} temperatures, {used.min():g} … {used.max():g}, S(k,T) "
        f"{'linear' if degree == 1 else 'a parabola'} in T"
    )
    return CriticalTemperature(
        CriticalVerdict.FOUND, message, point.control, error, point, tuple(used.tolist()), near.T.size, degree
    )


def _state(runs: _Runs, temperature: float) -> ModeCouplingState:
    return nonergodicity_parameter(runs.structure(runs.S[runs.groups == temperature].mean(axis=0))).state


def _one_sided(distinct: Floats, is_glass: bool) -> CriticalTemperature:
    side, where, remedy = ("glass", "above", distinct.max()) if is_glass else ("liquid", "below", distinct.min())
    return CriticalTemperature(
        CriticalVerdict.ALL_GLASS if is_glass else CriticalVerdict.ALL_LIQUID,
        f"mode-coupling theory has all {distinct.size} temperatures, {distinct.min():g} … {distinct.max():g}, in the {side}: "
        f"T_mct lies {where} {remedy:g}; add temperatures {where} it, so that they lie on both sides",
    )


def _window(distinct: Floats, centre: float) -> Floats:
    """Temperatures close to the centre, or at least four if there are as many; both sides of it are among them."""
    near = distinct[np.abs(distinct / centre - 1.0) <= WINDOW]
    if near.size < _ENOUGH:
        near = np.sort(distinct[np.argsort(np.abs(np.log(distinct / centre)))[:_ENOUGH]])
    both = [distinct[distinct <= centre].max(), distinct[distinct >= centre].min()]
    return np.union1d(near, both)


def _between(structure_at: _SmoothStructure, hot: float, cold: float, distance: float) -> CriticalPoint:
    return critical_point(structure_at, liquid=float(hot), glass=float(cold), distance=distance)


def _jackknife(runs: _Runs, degree: int, full: float, distance: float) -> float:
    """√((n−1)/n Σ (T_i − mean)²) over the n runs left out one at a time."""
    n = runs.T.size
    if n < degree + 3:  # a fit to what is left would go through every point, and its scatter say nothing
        return float("nan")
    found = []
    for left_out in range(n):
        others = runs.chosen(np.arange(n) != left_out)
        if np.unique(others.groups).size <= degree:
            return float("nan")
        smooth = others.smooth(degree)
        try:
            found.append(_between(smooth, full * (1 + _NEARBY), full * (1 - _NEARBY), distance).control)
        except InvalidInput:  # further off than that: the whole range
            found.append(_between(smooth, runs.T.max(), runs.T.min(), distance).control)
    return float(np.sqrt((n - 1) / n * ((np.array(found) - np.mean(found)) ** 2).sum()))

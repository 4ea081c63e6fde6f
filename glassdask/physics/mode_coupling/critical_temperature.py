"""The critical temperature of mode-coupling theory from structure factors measured at several temperatures.

S(k) of one run moves the critical temperature by a percent. So S_ab(k, T) is smoothed in T: at every k a straight line in T
(a parabola over wide ranges) through all runs near the critical temperature, each at its own measured temperature; the
critical point of that smooth S(k, T) is found by extrapolation from inside the glass. Errors are budgets
(:mod:`glassdask.physics.mode_coupling.error_budget`): of the statistics, by the critical points with one run left out, and of the
treatment of S(k), by those of other forms of S(k, T) in T, of other k grids, and of what else the caller has tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput
from glassdask.outcome import CriticalVerdict, ModeCouplingState
from glassdask.physics.mode_coupling.critical_errors import NO_ERRORS, CriticalErrors, CriticalPointsBeside
from glassdask.physics.mode_coupling.critical_point import CriticalPoint, NotConverged, critical_point
from glassdask.physics.mode_coupling.nonergodicity import nonergodicity_parameter
from glassdask.physics.mode_coupling.structure_series import StructureSeries, TemperatureForm

Floats = NDArray[np.float64]
#: Runs within this share of the critical temperature are used, if they have four temperatures or more.
WINDOW = 0.15
#: Over more than this ratio of temperatures S(k, T) is a parabola in T.
_STRAIGHT = 1.4
_ENOUGH = 4


@dataclass(frozen=True, eq=False)
class Treatment:
    """S(k) of the same runs, in the same order, made from the simulations in another way.

    Attributes
    ----------
    source
        The part of the error budget that it tries, such as "window".
    wavenumber
        Bipolar grid, shape (N_k,). [1/sigma_AA]
    partials
        S_ab(k), shape (n_runs, n_pairs, N_k).
    """

    source: str
    wavenumber: Floats
    partials: Floats


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
        T_mct, and its error by the jackknife alone; NaN where it was not found, or (the error) where there are too few runs to
        leave one out. [epsilon_AA/k_B]
    point
        With λ, exponents and the nonergodicity parameter at the critical point; None where it was not found.
    temperatures
        Distinct temperatures of the runs that were used. [epsilon_AA/k_B]
    n_runs
        Runs that were used.
    degree
        1 (straight line in T) or 2 (parabola).
    errors
        Budgets of T_mct, λ, a, b and g_c, with the treatment of S(k) in them.
    """

    verdict: CriticalVerdict
    message: str
    temperature: float = float("nan")
    standard_error: float = float("nan")
    point: CriticalPoint | None = None
    temperatures: tuple[float, ...] = ()
    n_runs: int = 0
    degree: int = 1
    errors: CriticalErrors = NO_ERRORS


def critical_temperature(
    temperatures: ArrayLike,
    partials: ArrayLike,
    wavenumber: ArrayLike,
    density: float,
    composition: ArrayLike,
    nominal: Sequence[float] | None = None,
    distance: float = 1e-3,
    treatments: Sequence[Treatment] = (),
) -> CriticalTemperature:
    """T_mct of one density with its errors.

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
    treatments
        S(k) of the same runs made in other ways, for the error budgets.

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
    runs = StructureSeries(T, S, groups, k, density, x)
    others = [(one.source, _treated(runs, one)) for one in treatments]
    distinct = np.unique(groups)
    if distinct.size < 2:
        return CriticalTemperature(
            CriticalVerdict.TOO_FEW_TEMPERATURES,
            f"{distinct.size} temperature; needed: two at the least, four or more around T_mct",
        )
    try:
        return _bracketed(runs, others, distinct, distance)
    except NotConverged as error:
        return CriticalTemperature(CriticalVerdict.NOT_CONVERGED, str(error))


def _treated(runs: StructureSeries, treatment: Treatment) -> StructureSeries:
    k, S = np.asarray(treatment.wavenumber, dtype=float), np.asarray(treatment.partials, dtype=float)
    if S.shape != (*runs.S.shape[:2], k.size):
        raise InvalidInput(
            f"partials of the treatment {treatment.source!r} have the shape {S.shape}; allowed: {(*runs.S.shape[:2], k.size)}, "
            "S of the same runs on its own wavenumbers"
        )
    return replace(runs, S=S, k=k)


def _bracketed(
    runs: StructureSeries, others: list[tuple[str, StructureSeries]], distinct: Floats, distance: float
) -> CriticalTemperature:
    """Which temperatures are on which side; then the critical point in between."""
    is_glass = np.array([_state(runs, T) is ModeCouplingState.GLASS for T in distinct])
    if not is_glass.any() or is_glass.all():
        return _one_sided(distinct, bool(is_glass.any()))
    coldest_liquid = distinct[~is_glass].min()
    # noise can put a hotter run on the side of the glass: only what is colder than every liquid counts
    hottest_glass = distinct[is_glass & (distinct < coldest_liquid)].max(initial=distinct.min())
    used = _window(distinct, 0.5 * (coldest_liquid + hottest_glass))
    is_near = np.isin(runs.groups, used)
    near = runs.chosen(is_near)
    form = TemperatureForm(2 if used.size > 3 and used.max() / used.min() > _STRAIGHT else 1)
    point = critical_point(near.smooth(form), float(used.max()), float(used.min()), distance)
    beside = CriticalPointsBeside(near, form, point, distance)
    errors = beside.errors([(source, other.chosen(is_near)) for source, other in others])
    message = (
        f"from {near.T.size} runs at {used.size} temperatures, {used.min():g} … {used.max():g}, S(k,T) "
        f"{'linear' if form.degree == 1 else 'a parabola'} in T"
    )
    return CriticalTemperature(
        CriticalVerdict.FOUND,
        message,
        point.control,
        errors.temperature.statistics,
        point,
        tuple(used.tolist()),
        near.T.size,
        form.degree,
        errors,
    )


def _state(runs: StructureSeries, temperature: float) -> ModeCouplingState:
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

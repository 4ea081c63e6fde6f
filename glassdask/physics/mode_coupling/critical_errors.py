"""The errors of a critical temperature, of λ, a, b and of g_c there: critical points of the same runs, found again in other ways."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.mode_coupling.critical_coupling import critical_coupling
from glassdask.physics.mode_coupling.critical_point import CriticalPoint, NotConverged, critical_point
from glassdask.physics.mode_coupling.error_budget import NOTHING_KNOWN, ErrorBudget, error_budgets
from glassdask.physics.mode_coupling.structure_series import SmoothStructure, StructureSeries, TemperatureForm
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.physics.structure.static_structure import StaticStructure
from glassdask.physics.structure.table_on_grid import even_spline

Floats = NDArray[np.float64]
#: Runs left out find their critical temperature within this share of the full one's.
_NEARBY = 0.08
#: The error of the end of the k grid is that of leaving out this share of it: what lies beyond moves less.
_LAST_SHARE = 0.1
#: dg_c/dT is taken between temperatures this share apart on the two sides, and g_c with this relative error.
_SLOPE, _COUPLING_TOLERANCE = 0.02, 1e-4


@dataclass(frozen=True)
class CriticalErrors:
    """Error budgets of all that is known of a critical point.

    Attributes
    ----------
    temperature
        Of T_mct. [epsilon_AA/k_B]
    exponent_parameter, a, b
        Of λ and the exponents.
    coupling
        Of g_c at T_mct, where it is 1: those of T_mct times dg_c/dT.
    """

    temperature: ErrorBudget = NOTHING_KNOWN
    exponent_parameter: ErrorBudget = NOTHING_KNOWN
    a: ErrorBudget = NOTHING_KNOWN
    b: ErrorBudget = NOTHING_KNOWN
    coupling: ErrorBudget = NOTHING_KNOWN


#: Of a critical temperature that was not found.
NO_ERRORS = CriticalErrors()


class CriticalPointsBeside:
    """Critical points beside a central one.

    Parameters
    ----------
    runs, form
        What the central one was found from.
    central
        That one.
    distance
        As for `critical_point`.
    """

    def __init__(self, runs: StructureSeries, form: TemperatureForm, central: CriticalPoint, distance: float):
        self._runs, self._form, self._central, self._distance = runs, form, central, distance

    def errors(self, others: list[tuple[str, StructureSeries]]) -> CriticalErrors:
        """All budgets.

        Parameters
        ----------
        others
            S(k) of the same runs in other treatments, each with the part of the budget that it tries.

        Returns
        -------
        CriticalErrors
            NaN where no treatment tried has a critical point in reach. [epsilon_AA/k_B, 1]
        """
        runs, form = self._runs, self._form
        kept = runs.k.size - max(1, round(_LAST_SHARE * runs.k.size))
        ways = [
            ("interpolation", runs, form.another(np.unique(runs.groups).size)),
            ("end", replace(runs, S=runs.S[..., :kept], k=runs.k[:kept]), form),
            *(("spacing", finer, form) for finer in _halved(runs)),
            *((source, other, form) for source, other in others),
        ]
        tried: dict[str, list[Floats]] = {}
        for source, other, other_form in ways:
            with contextlib.suppress(InvalidInput, NotConverged):
                tried.setdefault(source, []).append(self._of(other, other_form))
        budgets = error_budgets(_numbers(self._central), self._left_out(), tried)
        slope = _slope(self._runs.smooth(self._form), self._central.control)
        T, exponent_parameter, a, b = budgets
        return CriticalErrors(T, exponent_parameter, a, b, T.scaled(slope))

    def _left_out(self) -> list[Floats]:
        """With one run left out at a time; none where there are too few."""
        n, degree = self._runs.T.size, self._form.degree
        if n < degree + 3:  # a fit to what is left would go through every point, and its scatter say nothing
            return []
        found = []
        for left_out in range(n):
            others = self._runs.chosen(np.arange(n) != left_out)
            if np.unique(others.groups).size <= degree:
                return []
            found.append(self._of(others, self._form))
        return found

    def _of(self, runs: StructureSeries, form: TemperatureForm) -> Floats:
        smooth, full = runs.smooth(form), self._central.control
        try:
            return _numbers(self._between(smooth, full * (1 + _NEARBY), full * (1 - _NEARBY)))
        except InvalidInput:  # further off than that: the whole range
            return _numbers(self._between(smooth, float(runs.T.max()), float(runs.T.min())))

    def _between(self, structure_at: Callable[[float], StaticStructure], hot: float, cold: float) -> CriticalPoint:
        return critical_point(structure_at, liquid=hot, glass=cold, distance=self._distance)


def _numbers(point: CriticalPoint) -> Floats:
    return np.array([point.control, point.exponent_parameter, point.a, point.b])


def _halved(runs: StructureSeries) -> list[StructureSeries]:
    """The same with half the spacing, between its wavenumbers by splines; none where one is not positive definite.

    S at other wavenumbers could be taken from the simulations as well, but with other noise, which the statistics have already.
    """
    fine = bipolar_wavenumbers(0.5 * float(runs.k[1] - runs.k[0]), 2 * runs.k.size)
    partials = [even_spline(runs.k, S, fine) for S in runs.S]
    known = [S for S in partials if S is not None]
    return [replace(runs, S=np.array(known), k=fine)] if len(known) == len(partials) else []


def _slope(smooth: SmoothStructure, temperature: float) -> float:
    """dg_c/dT at the critical point; NaN where S is not positive definite beside it. [k_B/epsilon_AA]"""
    step = _SLOPE * temperature
    try:
        cold, hot = (critical_coupling(smooth(temperature + side * step), _COUPLING_TOLERANCE) for side in (-1, 1))
    except InvalidInput:
        return math.nan
    return (hot - cold) / (2 * step)

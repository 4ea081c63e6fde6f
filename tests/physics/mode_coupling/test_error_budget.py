"""Budgets of errors: parts add in quadrature, equal treatments cost nothing, moves are what they are known to be."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.physics.mode_coupling.critical_coupling import critical_coupling
from glassdask.physics.mode_coupling.critical_point import critical_point
from glassdask.physics.mode_coupling.critical_temperature import CriticalTemperature, Treatment, critical_temperature
from glassdask.physics.mode_coupling.error_budget import ErrorBudget, error_budgets, jackknife
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.physics.structure.percus_yevick import percus_yevick
from glassdask.physics.structure.static_structure import StaticStructure

K = bipolar_wavenumbers(0.4, 60)
HALF = bipolar_wavenumbers(0.2, 120)
GRIDS = {"usual": K, "half the spacing": HALF, "without the last tenth": K[:54]}
DENSITY = percus_yevick(K, 0.52).density


def hard(temperature: float, k: np.ndarray) -> np.ndarray:
    """S(k) of hard spheres of packing 0.52 at T = 1, which swell on cooling."""
    return percus_yevick(k, 0.52 - 0.05 * (temperature - 1.0)).structure_factor[0]


@cache
def exact(grid: str) -> float:
    """T_mct of that liquid on a grid: nothing is smoothed in T."""
    k = GRIDS[grid]
    return critical_point(lambda T: StaticStructure(k, hard(T, k)[None], DENSITY, np.array([1.0])), 1.3, 0.8).control


def runs(T: np.ndarray, k: np.ndarray) -> np.ndarray:
    return np.array([hard(t, k) for t in T])


@pytest.fixture(scope="module")
def answer() -> CriticalTemperature:
    """From five temperatures within 12 %; the one window that is tried is the usual one."""
    T = exact("usual") * np.linspace(0.88, 1.12, 5)
    same = Treatment("window", K, runs(T, K))
    return critical_temperature(T, runs(T, K), K, DENSITY, [1.0], treatments=[same])


def test_squares_of_parts_add_and_what_was_not_looked_at_has_no_part() -> None:
    budget = ErrorBudget(statistics=0.3, window=0.4, end=1.2)
    assert budget.total == pytest.approx(1.3)
    assert budget.on_one_grid == pytest.approx(0.5)
    assert budget.scaled(-2.0).total == pytest.approx(2.6)
    assert np.isnan(ErrorBudget(window=0.4).total)  # no standard error without the statistics


def test_the_statistics_of_a_mean_are_its_standard_error() -> None:
    """Known for the jackknife: of a mean it is s/√n to the last digit."""
    x = np.random.default_rng(3).standard_normal(9)
    left_out = [[np.delete(x, i).mean()] for i in range(x.size)]
    (budget,) = error_budgets([x.mean()], left_out, {})
    assert budget.statistics == jackknife(left_out) == pytest.approx(x.std(ddof=1) / 3)


@pytest.mark.parametrize("n_runs", [4, 10])
def test_of_few_runs_or_many_two_thirds_of_the_errors_hold_the_truth(n_runs: int) -> None:
    """20,000 lines through n points, taken at their middle: 66 of 100 for four, 68 for ten. χ² with errors of four has no bound."""
    rng = np.random.default_rng(7)
    T = np.linspace(-1.0, 1.0, n_runs)
    leave_out = [np.delete(np.arange(n_runs), i) for i in range(n_runs)]
    # what a line through some points has at 0, as weights of their values
    at_0 = np.array(
        [[np.linalg.pinv(np.vander(T[kept], 2))[1][kept == i].sum() for i in range(n_runs)] for kept in leave_out]
    )
    y = rng.standard_normal((n_runs, 20_000))
    central = np.linalg.pinv(np.vander(T, 2))[1] @ y
    z = central / jackknife(at_0 @ y)
    assert np.mean(np.abs(z) < 1) == pytest.approx(0.675, abs=0.03)
    assert (np.mean(z**2) > 3) == (n_runs == 4)


def test_the_largest_move_of_those_tried_counts_for_each_number_by_itself() -> None:
    first, second = error_budgets([1.0, 10.0], [], {"window": [[1.1, 9.0], [0.8, 10.5]], "spacing": []})
    assert (first.window, second.window) == pytest.approx(
        (0.2 / 3**0.5, 1.0 / 3**0.5)
    )  # bounds: a rectangle's deviation
    assert np.isnan([first.spacing, first.statistics]).all()


def test_a_treatment_that_changes_nothing_has_no_error(answer: CriticalTemperature) -> None:
    """But for where the search for the critical point starts: 1e-5 of T_mct is its accuracy."""
    errors = answer.errors
    assert max(errors.temperature.window, errors.coupling.window) < 1e-5
    assert max(errors.exponent_parameter.window, errors.a.window, errors.b.window) < 1e-3


def test_moves_on_other_grids_are_those_that_are_known(answer: CriticalTemperature) -> None:
    """Of exact S(k, T); the straight line in T has a share of some 2e-4 in either."""
    budget = answer.errors.temperature
    assert budget.spacing == pytest.approx(abs(exact("half the spacing") - exact("usual")), abs=3e-4)
    assert budget.end == pytest.approx(abs(exact("without the last tenth") - exact("usual")), rel=0.1)


def test_the_error_of_interpolation_is_that_of_the_straight_line(answer: CriticalTemperature) -> None:
    """S(k, T) is exact here: all that T_mct is off by is what the line leaves, and a parabola nearly takes it away."""
    left = abs(answer.temperature - exact("usual"))
    assert left > 1e-4
    assert answer.errors.temperature.interpolation == pytest.approx(left, rel=0.3)


def test_three_temperatures_are_set_beside_a_line_in_1_over_T() -> None:
    """A line in 1/T bends S(k, T) by more than it is bent: the error is larger than what is left, and no jackknife is had."""
    T = exact("usual") * np.array([0.88, 1.0, 1.12])
    three = critical_temperature(T, runs(T, K), K, DENSITY, [1.0])
    assert three.errors.temperature.interpolation > abs(three.temperature - exact("usual"))
    assert np.isnan(three.errors.temperature.total)


def test_g_c_at_T_mct_moves_with_it(answer: CriticalTemperature) -> None:
    """dg_c/dT of exact S(k, T), from g_c at 0.98 and 1.02 T_mct."""
    g = [
        critical_coupling(StaticStructure(K, hard(x * exact("usual"), K)[None], DENSITY, np.array([1.0])), 1e-4)
        for x in (0.98, 1.02)
    ]
    slope = (g[1] - g[0]) / (0.04 * exact("usual"))
    assert answer.errors.coupling.end / answer.errors.temperature.end == pytest.approx(slope, rel=0.05)


def test_a_treatment_of_other_runs_is_refused() -> None:
    T = np.linspace(0.94, 1.06, 5)
    with pytest.raises(InvalidInput, match="allowed: \\(5, 1, 120\\)"):
        critical_temperature(
            T, runs(T, K), K, DENSITY, [1.0], treatments=[Treatment("spacing", HALF, np.ones((4, 1, 120)))]
        )

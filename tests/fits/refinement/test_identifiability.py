"""Intervals hold the truth as often as they say; what F cannot tell is said to be bounded or degenerate."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import linregress

from glassdask.fits.fit_options import FitOptions
from glassdask.fits.fitting import fit_memories
from glassdask.fits.refinement.identifiability import Uncertainty, _deviations, parameter_names, uncertainty
from glassdask.fits.refinement.memory_fit import MemoryFit, accurate_solution
from glassdask.fits.refinement.polish import jacobian, polished
from glassdask.fits.search.objective import Objective
from glassdask.fits.search.search_space import SearchSpace
from glassdask.fits.target.target import Target
from glassdask.outcome import MemoryVerdict
from glassdask.physics.memory.memory_candidates import CandidateSolver
from glassdask.physics.memory.memory_kernels import StretchedMemory

T = np.geomspace(1e-4, 1e4, 80)
#: A glass of two modes, each parameter of which F tells at a noise of 2e-3: b_1 to 20 %, K to 0.3 %.
GLASS = StretchedMemory.from_invariants(0.5, [5.0, 4.0], [0.3, 100.0], [1.0, 0.7])
LIQUID = StretchedMemory.from_invariants(0.0, [8.0, 4.0], [0.05, 50.0], [0.8, 0.6])
ONE_MODE = StretchedMemory.from_invariants(0.0, [3.0], [2.0], [0.7])
NOISE = 2e-3
#: Good to 2e-5, a hundredth of the noise.
SOLVER = CandidateSolver(T, "overdamped", 64, 0.005)


def F_of(memory: StretchedMemory) -> np.ndarray:
    return accurate_solution(memory, 1.0, T, "overdamped")[0]


def objective_of(F: np.ndarray, error: float | None, n_exp: int, fits_omega: bool = False) -> Objective:
    target = Target(T, F, None if error is None else np.full(T.size, error))
    return Objective(target, SearchSpace.of(target, n_exp, "overdamped", 1.0, fits_omega), SOLVER)


def noise(seed: int, size: float = NOISE) -> np.ndarray:
    return size * np.random.default_rng(seed).standard_normal(T.size)


def fitted(F: np.ndarray, error: float | None, n_exp: int) -> MemoryFit:
    target = Target(T, F, None if error is None else np.full(T.size, error))
    return fit_memories({"A": target}, {"A": 1.0}, FitOptions((n_exp,), "overdamped"))["A"][0]


# --- intervals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [NOISE, None], ids=["errors known", "errors unknown"])
def test_95_percent_intervals_hold_the_truth_in_95_of_100(error):
    """Each of the seven parameters, in 100 data sets: 88 to 99 is 95 within three standard deviations of 2.2.

    With known errors 93 to 97 are counted. Without, the size of the residuals stands for them: 93 to 95.
    """
    exact, truth = F_of(GLASS), GLASS.candidate(1.0)[1:]
    hits = np.zeros(truth.size, dtype=int)
    for seed in range(100):
        objective = objective_of(exact + noise(seed), error, 2)
        found = uncertainty(objective, polished(objective, objective.space.coordinates(GLASS)).x)
        assert set(found.verdicts) == {"determined"}
        low, high = found.interval(0.95)
        hits += (low <= truth) & (truth <= high)
    assert (hits >= 88).all(), hits
    assert (hits <= 99).all(), hits


def test_errors_shrink_with_the_noise_and_not_with_the_luck():
    """Half the noise, half the error: the Jacobian is the same. Known errors are not scaled below themselves."""
    F = F_of(GLASS)
    found = [uncertainty(objective_of(F, error, 2), point_of(F)) for error in (4e-3, 2e-3)]
    assert_allclose(found[0].standard_error, 2.0 * found[1].standard_error, rtol=1e-6)


def point_of(F: np.ndarray) -> np.ndarray:
    return objective_of(F, NOISE, 2).space.coordinates(GLASS)


def test_limits_are_symmetric_in_the_logarithm_and_K_is_not_below_0():
    """z = 1.96: τ = 2 ± 0.2 is a factor of exp(1.96 · 0.1); K = 0.1 ± 0.2 ends at 0, b = 0.5 ± 0.1 is symmetric."""
    found = Uncertainty(
        ("K", "tau_1", "b_1"),
        np.array([0.1, 2.0, 0.5]),
        np.array([0.2, 0.2, 0.1]),
        np.eye(3),
        (MemoryVerdict.BOUNDED, MemoryVerdict.DETERMINED, MemoryVerdict.DETERMINED),
        np.array([False, True, False]),
    )
    low, high = found.interval()
    assert_allclose(low, [0.0, 2.0 * np.exp(-0.196), 0.304], rtol=1e-4)
    assert_allclose(high, [0.492, 2.0 * np.exp(0.196), 0.696], rtol=1e-4)
    assert found.plateau_limit == pytest.approx(0.1 + 1.645 * 0.2, rel=1e-4)
    assert (found.interval(0.5)[1] < high).all()


def test_an_error_that_is_infinite_is_an_interval_without_end():
    found = Uncertainty(
        ("K", "tau_1"),
        np.array([0.1, 2.0]),
        np.full(2, np.inf),
        np.eye(2),
        (MemoryVerdict.BOUNDED,) * 2,
        np.array([False, True]),
    )
    low, high = found.interval()
    assert low.tolist() == [0.0, 0.0]
    assert high.tolist() == [np.inf, np.inf]


# --- covariance -----------------------------------------------------------------------------------------------------


def test_errors_are_those_of_a_straight_line_where_nothing_is_known_of_the_data():
    """Of offset and slope from five points, by scipy: σ² is χ² by three degrees of freedom, not by five."""
    x, y = np.arange(5.0), np.array([0.1, 1.3, 1.8, 3.2, 3.9])
    line = linregress(x, y)
    J, residuals = np.column_stack([np.ones(5), x]), line.intercept + line.slope * x - y
    deviation, _ = _deviations(J, residuals, np.zeros(2, dtype=bool), is_error_known=False)
    assert_allclose(deviation, [line.intercept_stderr, line.stderr], rtol=1e-12)


def test_known_errors_are_doubted_where_residuals_are_larger_and_not_where_they_are_smaller():
    """χ² of 16 a degree of freedom is four times the error; of 1/16 it is luck."""
    J = np.column_stack([np.ones(5), np.arange(5.0)])
    residuals = np.sqrt(3 / 4) * np.array([1.0, -1.0, 0.0, -1.0, 1.0])  # χ² = 3, by three degrees of freedom 1
    one, large, small = (
        _deviations(J, size * residuals, np.zeros(2, dtype=bool), is_error_known=True)[0] for size in (1.0, 4.0, 0.25)
    )
    assert_allclose(large, 4.0 * one, rtol=1e-12)
    assert_allclose(small, one, rtol=1e-12)


def test_correlations_are_those_of_a_correlation_matrix():
    """Symmetric, 1 on the diagonal, no eigenvalue below 0; a fast mode's amplitude and time go against each other."""
    found = uncertainty(objective_of(F_of(GLASS), NOISE, 2), point_of(F_of(GLASS)))
    assert_allclose(np.diag(found.correlation), 1.0, rtol=1e-12)
    assert_allclose(found.correlation, found.correlation.T, rtol=0, atol=1e-12)
    assert np.linalg.eigvalsh(found.correlation).min() > -1e-12
    A, tau = found.names.index("A_1"), found.names.index("tau_1")
    assert found.correlation[A, tau] < -0.8


def test_values_are_those_of_the_memory_whatever_the_order_of_the_modes():
    """The search does not care which mode is the first; the report does: the faster."""
    objective = objective_of(F_of(GLASS), NOISE, 2)
    x = objective.space.coordinates(GLASS)
    one, two = (uncertainty(objective, y) for y in (x, x[[0, 2, 1, 4, 3, 6, 5]]))
    assert_allclose(one.values, GLASS.candidate(1.0)[1:], rtol=1e-12)
    assert_allclose(two.values, one.values, rtol=1e-12)
    assert_allclose(two.standard_error, one.standard_error, rtol=1e-6)


def test_the_jacobian_is_the_slope_of_the_residuals():
    """Against one-sided differences of a tenth of the step: 1 % of its largest element, the second derivative."""
    objective = objective_of(F_of(GLASS), NOISE, 2, fits_omega=True)
    x = objective.space.coordinates(GLASS)
    J = jacobian(objective, x)
    assert J.shape == (80, 8)
    for i in range(8):
        y = x.copy()
        y[i] += 1e-5
        slope = (objective.residuals(y[None])[0] - objective.residuals(x[None])[0]) / 1e-5
        assert_allclose(J[:, i], slope, rtol=0, atol=0.01 * np.abs(J).max())


# --- verdicts -------------------------------------------------------------------------------------------------------


def test_names_say_what_is_searched():
    assert parameter_names(2, True) == ("K", "A_1", "A_2", "tau_1", "tau_2", "b_1", "b_2", "Omega")
    found = uncertainty(
        objective_of(F_of(GLASS), NOISE, 2, True), objective_of(F_of(GLASS), NOISE, 2, True).space.coordinates(GLASS)
    )
    assert found.names == parameter_names(2, True)
    assert set(found.verdicts) <= {MemoryVerdict.DETERMINED, MemoryVerdict.BOUNDED, MemoryVerdict.DEGENERATE}


@pytest.mark.parametrize("error", [None, 1e-3])
def test_M_at_infinity_is_bounded_in_a_liquid_and_determined_in_a_glass(error):
    """F has decayed: every K below some 1e-3 Ω makes the same F; 95 % of them lie below the limit."""
    size = error or 0.0
    liquid, glass = (fitted(F_of(memory) + noise(3, size), error, 2).uncertainty for memory in (LIQUID, GLASS))
    assert liquid.verdicts[0] == "bounded"
    assert 0 <= liquid.values[0] <= liquid.plateau_limit < 5e-3
    assert glass.verdicts[0] == "determined"
    assert glass.values[0] == pytest.approx(0.5, rel=0.02)


def test_all_of_one_mode_is_determined_by_the_data_of_one_mode():
    found = fitted(F_of(ONE_MODE) + noise(2, 1e-3), 1e-3, 1).uncertainty
    assert found.verdicts == ("bounded", "determined", "determined", "determined")
    assert_allclose(found.values[1:], [3.0, 2.0, 0.7], rtol=0.05)


@pytest.mark.parametrize("error", [None, 1e-3])
def test_two_modes_of_the_data_of_one_are_degenerate(error):
    """F is met, and at least one of the modes is of no definite amplitude: none, or a share of the other's."""
    fit = fitted(F_of(ONE_MODE) + noise(2, error or 0.0), error, 2)
    assert fit.loss < 1e-9 or (fit.chi2_per_point is not None and 80 * fit.chi2_per_point < 110.0)
    assert {"degenerate", "bounded"} & set(fit.uncertainty.verdicts[1:])
    assert "degenerate" in fit.uncertainty.verdicts


def test_a_value_on_a_bound_of_the_search_is_bounded():
    """b = 2 is as far as overdamped searches go: what lies there is a limit, with no error."""
    objective = objective_of(F_of(ONE_MODE), 1e-3, 1)
    x = objective.space.coordinates(ONE_MODE)
    x[3] = objective.space.high[3]
    found = uncertainty(objective, x)
    assert found.verdicts[3] == "bounded"
    assert found.standard_error[3] == np.inf
    assert np.isnan(found.correlation[3]).all()


def test_a_mode_that_leaves_no_trace_is_degenerate():
    """τ far beyond the last time, and one that is over long before the first: nothing depends on their stretch."""
    early = StretchedMemory.from_invariants(0.0, [1e-3, 3.0], [2e-6, 2.0], [1.0, 0.7])
    objective = objective_of(F_of(ONE_MODE), 1e-3, 2)
    found = uncertainty(objective, objective.space.coordinates(early))
    verdicts = dict(zip(found.names, found.verdicts, strict=True))
    assert {verdicts[name] for name in ("A_1", "tau_1", "b_1")} <= {"degenerate", "bounded"}
    assert verdicts["tau_2"] == verdicts["b_2"] == "determined"

"""Times at which curves pass levels, where theory knows them; lines through them are those of anybody's ridge regression."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")
Ridge = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed").Ridge

from glassdask.learning.data.level_times import LEVELS, curve_of_levels, level_times, linear_levels

Floats = NDArray[np.float64]
Z = np.array(LEVELS)
LOG_T = np.linspace(-12.0, 25.0, 60)
#: Where F = 4e-3, below which it is taken for noise.
NOISE = np.log(-np.log(4e-3))


def stretched(log_tau: float, stretch: float, log_t: Floats = LOG_T) -> Floats:
    return np.exp(-np.exp(stretch * (log_t - log_tau)))


# --- of one curve -----------------------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(log_tau=st.floats(-1.0, 10.0), stretch=st.floats(0.6, 1.5))
def test_a_stretched_exponential_passes_each_level_where_it_must(log_tau: float, stretch: float) -> None:
    """F = exp(−(t/τ)^b) is at z = ln(−ln F) when ln t = ln τ + z/b: exact, as z is linear in ln t."""
    found = level_times(LOG_T, stretched(log_tau, stretch), Z)
    is_above = Z < NOISE
    np.testing.assert_allclose(found[is_above], log_tau + Z[is_above] / stretch, rtol=0, atol=1e-6)


@settings(max_examples=50)
@given(log_tau=st.floats(-1.0, 10.0), stretch=st.floats(0.6, 1.9))
def test_level_times_give_the_curve_back(log_tau: float, stretch: float) -> None:
    """Between the first level and the last, and beyond it; before the first, −ln F ~ t² whatever the stretching."""
    F = curve_of_levels(LOG_T, log_tau + Z / stretch, Z)
    is_late = log_tau + Z[0] / stretch <= LOG_T
    np.testing.assert_allclose(F[is_late], stretched(log_tau, stretch)[is_late], rtol=0, atol=1e-6)
    early = np.log(-np.log(F[~is_late & (log_tau - 8 < LOG_T)]))
    assert np.allclose(np.diff(early), 2.0 * np.diff(LOG_T)[0])


def test_levels_in_the_noise_are_not_reached() -> None:
    """What comes after the first point below 0.004 tells nothing, be it noise about 0 or a decay to it."""
    F = stretched(3.0, 0.8)
    noisy = np.where(F < 1e-3, 3e-3 * np.cos(7 * LOG_T), F)
    for curve in (F, noisy):
        found = level_times(LOG_T, curve, Z)
        end = LOG_T[np.argmax(curve < 4e-3)]
        assert np.nanmax(found) <= end
        assert np.isfinite(found[Z < NOISE]).all()


def test_a_run_that_ended_early_passed_the_first_levels_only() -> None:
    """The decay goes on where nobody looked: NaN, and no guess."""
    F = stretched(3.0, 0.8)
    F[LOG_T > 2.0] = np.nan
    found = level_times(LOG_T, F, Z)
    last = np.log(-np.log(F[np.isfinite(F)][-1]))
    np.testing.assert_array_equal(np.isfinite(found), last >= Z)
    np.testing.assert_allclose(found[last >= Z], 3.0 + Z[last >= Z] / 0.8, atol=1e-6)


def test_before_the_first_time_atoms_fly() -> None:
    """−ln F ∝ t²: a curve first looked at in its middle passed the levels before at half the slope in ln t."""
    late = LOG_T > 2.0
    found = level_times(LOG_T[late], stretched(3.0, 0.8)[late], Z)
    first = LOG_T[late][0]
    z = 0.8 * (first - 3.0)
    before = z > Z
    assert before.any()
    np.testing.assert_allclose(found[before], first - (z - Z[before]) / 2, atol=1e-6)
    np.testing.assert_allclose(found[~before & (Z < NOISE)], 3.0 + Z[~before & (Z < NOISE)] / 0.8, atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_noise_does_not_turn_levels_round(seed: int) -> None:
    """Rises of F are flattened: a later level is never passed earlier."""
    F = stretched(3.0, 0.8) + 0.02 * np.random.default_rng(seed).standard_normal(LOG_T.size)
    found = level_times(LOG_T, F, Z)
    known = found[np.isfinite(found)]
    assert known.size > 10
    assert (np.diff(known) >= 0).all()


@pytest.mark.parametrize("n", [0, 1])
def test_a_point_is_no_curve(n: int) -> None:
    F = np.full(LOG_T.size, np.nan)
    F[:n] = 0.9
    assert np.isnan(level_times(LOG_T, F, Z)).all()


# --- of many states ---------------------------------------------------------------------------------------------------


def random_times(n: int, n_features: int) -> tuple[Floats, Floats]:
    random = np.random.default_rng(4)
    return random.standard_normal((n, n_features)), np.cumsum(random.uniform(0.1, 1.0, (n, 2, 6)), axis=2)


@pytest.mark.parametrize("shrinkage", [1e-6, 0.01, 1.0])
def test_lines_are_those_of_ridge_regression(shrinkage: float) -> None:
    """scikit-learn's penalty is that of all rows together."""
    states, times = random_times(15, 3)
    slopes, offsets = linear_levels(states, times, shrinkage)
    assert slopes.shape == (2, 6, 3)
    for species in range(2):
        model = Ridge(alpha=15 * shrinkage).fit(states, times[:, species])
        np.testing.assert_allclose(slopes[species], model.coef_, atol=1e-9)
        np.testing.assert_allclose(offsets[species], model.intercept_, atol=1e-9)


def test_lines_are_exact_where_nature_is_linear() -> None:
    """Without shrinkage, and with levels that some states never reach."""
    random = np.random.default_rng(2)
    states, w, b = random.standard_normal((12, 3)), random.standard_normal((2, 6, 3)), random.standard_normal((2, 6))
    times = np.einsum("nf,slf->nsl", states, w) + b
    times[:7, 0, 4:] = np.nan
    slopes, offsets = linear_levels(states, times, 0.0)
    np.testing.assert_allclose(slopes, w, atol=1e-9)
    np.testing.assert_allclose(offsets, b, atol=1e-9)


@pytest.mark.parametrize("shrinkage", [0.0, 0.01])
def test_a_column_that_does_not_vary_has_no_slope(shrinkage: float) -> None:
    """The scaling makes it 0; with more columns than rows the slopes are the smallest that fit."""
    states, times = random_times(5, 8)
    states[:, 2] = 0.0
    slopes, offsets = linear_levels(states, times, shrinkage)
    assert np.abs(slopes[:, :, 2]).max() < 1e-12
    if shrinkage == 0:
        np.testing.assert_allclose(np.einsum("nf,slf->nsl", states, slopes) + offsets, times, atol=1e-9)


def test_a_level_that_few_states_reach_follows_the_one_before() -> None:
    """In parallel, at the distance of the two before: three states know no slope."""
    states, times = random_times(15, 3)
    times[3:, :, 4:] = np.nan
    slopes, offsets = linear_levels(states, times, 0.01)
    for level in (4, 5):
        np.testing.assert_allclose(slopes[:, level], slopes[:, 3], rtol=0)
        np.testing.assert_allclose(offsets[:, level] - offsets[:, level - 1], offsets[:, 3] - offsets[:, 2])


def test_curves_that_never_decay_have_finite_lines_all_the_same() -> None:
    states, times = random_times(15, 3)
    slopes, offsets = linear_levels(states, np.full_like(times, np.nan), 0.01)
    assert np.isfinite(slopes).all()
    assert np.isfinite(offsets).all()
    assert (np.diff(offsets, axis=1) > 0).all(), "each level later than the one before"

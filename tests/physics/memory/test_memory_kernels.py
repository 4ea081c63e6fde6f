"""Eq. 6 and eq. 8: what of their parameters M knows, and what it does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from glassdask.errors import InvalidInput
from glassdask.physics.memory.memory_equation import solve_memory_equation
from glassdask.physics.memory.memory_kernels import StretchedMemory, double_stretched_memory, stretched_memory_of
from glassdask.physics.memory.schematic_models import F12Kernel
from glassdask.physics.memory.time_doubling import DoublingGrid

T = np.concatenate([[0.0], np.geomspace(1e-3, 1e4, 40)])
ONE = np.ones((1, 1, 1))


def two_modes(plateau: float = 0.3) -> StretchedMemory:
    return StretchedMemory.from_invariants(plateau, [8.0, 4.0], [0.05, 50.0], [0.8, 0.6])


# --- eq. 6 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_eq_6_with_any_number_of_modes(n):
    """Term by term as it is printed, but from 1: rounding of another order of sums."""
    rng = np.random.default_rng(n)
    w, a, tau, b = (
        rng.uniform(0.1, 3.0, n),
        rng.uniform(-0.2, 0.9, n),
        10 ** rng.uniform(-2, 3, n),
        rng.uniform(0.3, 2, n),
    )
    memory = StretchedMemory(0.7, w, a, tau, b)
    expected = np.full(T.size, 0.7)
    for i in range(n):
        expected += w[i] * ((1.0 - a[i]) * np.exp(-((T / tau[i]) ** b[i])) + a[i])
    assert_allclose(memory(T), expected, rtol=1e-13)
    assert memory.n_exp == n
    assert memory(0.0) == pytest.approx(0.7 + w.sum())
    assert memory(1e60) == pytest.approx(memory.plateau)


@given(st.floats(-0.5, 0.9), st.floats(-0.5, 0.9), st.floats(-2.0, 2.0))
def test_offsets_can_be_traded_for_weights_and_baseline(a_1, a_2, c):
    """Two directions of five parameters each along which M stays: only K, A, τ and b can be told from it."""
    before = StretchedMemory(c, *np.array([[2.0, 0.5], [0.25, 0.1], [0.1, 30.0], [0.5, 1.2]]))
    a = np.array([a_1, a_2])
    w = before.amplitudes / (1.0 - a)
    after = StretchedMemory(c + (before.weights * before.offsets - w * a).sum(), w, a, before.times, before.stretches)
    assert_allclose(after(T), before(T), rtol=0, atol=1e-13)
    assert after.plateau == pytest.approx(before.plateau, abs=1e-13)
    assert_allclose(after.amplitudes, before.amplitudes, rtol=1e-13)
    assert_allclose(after.candidate(1.0), before.candidate(1.0), rtol=1e-12, atol=1e-13)


def test_modes_are_in_the_order_of_their_times_and_have_no_offsets():
    memory = StretchedMemory.from_invariants(0.5, [1.0, 2.0, 3.0], [10.0, 0.1, 1.0], [0.4, 0.5, 0.6])
    assert memory.times.tolist() == [0.1, 1.0, 10.0]
    assert memory.weights.tolist() == memory.amplitudes.tolist() == [2.0, 3.0, 1.0]
    assert memory.stretches.tolist() == [0.5, 0.6, 0.4]
    assert memory.offsets.tolist() == [0.0] * 3
    assert memory.baseline == memory.plateau == 0.5
    assert memory.candidate(7.0).tolist() == [7.0, 0.5, 2.0, 3.0, 1.0, 0.1, 1.0, 10.0, 0.5, 0.6, 0.4]


def test_values_have_the_shape_of_the_times():
    assert two_modes()(np.ones((2, 3))).shape == (2, 3)
    assert two_modes()(1.0).shape == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": [1.0, 2.0]}, r"have the shapes \(2,\), \(1,\), \(1,\), \(1,\); allowed: one \(N,\)"),
        ({name: np.ones((1, 1)) for name in ("weights", "offsets", "times", "stretches")}, r"allowed: one \(N,\)"),
        ({"baseline": np.nan}, "not finite"),
        ({"weights": [np.inf]}, "not finite"),
        ({"times": [0.0]}, r"times are \[0.\] .* allowed: numbers above 0"),
        ({"stretches": [-0.5]}, r"stretches \[-0.5\]; allowed: numbers above 0"),
    ],
)
def test_bad_parameters_are_named(change, message):
    good = {"baseline": 0.0, "weights": [1.0], "offsets": [0.0], "times": [1.0], "stretches": [1.0]}
    with pytest.raises(InvalidInput, match=message):
        StretchedMemory(**{**good, **change})


# --- eq. 8 ----------------------------------------------------------------------------------------------------------


def test_double_stretched_memory_is_eq_8():
    """2 e^{−3t} + 5 e^{−√t/10}, and as eq. 6 it has no offsets; rounding of a power and its inverse."""
    memory = double_stretched_memory((2.0, 5.0), (3.0, 0.1), (1.0, 0.5))
    assert_allclose(memory(T), 2.0 * np.exp(-3.0 * T) + 5.0 * np.exp(-0.1 * np.sqrt(T)), rtol=1e-12, atol=1e-300)
    assert memory.plateau == 0.0
    assert_allclose(memory.times, [1.0 / 3.0, 100.0], rtol=1e-14)


def test_exponential_closure_is_eq_8_without_stretch():
    assert_allclose(double_stretched_memory((5.0,), (3.0,), (1.0,))(T), 5.0 * np.exp(-3.0 * T), rtol=1e-12)


@pytest.mark.parametrize(("rates", "stretches"), [((0.0, 1.0), (1.0, 1.0)), ((1.0, 1.0), (1.0, -0.5))])
def test_rates_and_stretches_of_eq_8_are_positive(rates, stretches):
    with pytest.raises(InvalidInput, match=r"rates are .* and stretches .*; allowed: numbers above 0"):
        double_stretched_memory((1.0, 1.0), rates, stretches)


# --- from a table ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plateau", [0.0, 0.3, 20.0])
def test_a_memory_is_found_from_its_table(plateau):
    """80 exact values, the first at t = 0; 1e-6 of M(0): where least squares ends."""
    memory, t = two_modes(plateau), np.concatenate([[0.0], np.geomspace(1e-3, 1e4, 80)])
    found = stretched_memory_of(t, memory(t), 2)
    assert_allclose(found(t), memory(t), rtol=0, atol=1e-6 * float(memory(0.0)))
    assert_allclose(found.times, memory.times, rtol=1e-3)


def test_the_late_part_of_a_table_counts_as_much_as_the_early_one():
    """Two modes for a power law over two and a half decades: 8 % of M everywhere, also where M is 0.003 of M(0)."""
    t = np.concatenate([[0.0], np.geomspace(1e-2, 300.0, 80)])
    M = 1.0 / (1.0 + t)
    assert_allclose(stretched_memory_of(t, M, 2)(t), M, rtol=0.1)


def test_values_that_are_not_finite_are_left_out():
    memory, t = two_modes(), np.geomspace(1e-3, 1e4, 80)
    table = memory(t)
    table[::7] = np.nan
    assert_allclose(stretched_memory_of(t, table, 2)(t), memory(t), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("v_1", "v_2"), [(0.0, 3.0), (0.5, 2.5), (0.0, 4.2)])
def test_memory_of_a_mode_coupling_model_is_nearly_three_modes(v_1, v_2):
    """F12 and F2 liquids and an F2 glass: 2–3 % of M(0) with two modes, 0.5–1 % with three, where a search may start.

    In the glass the plateau is v_2 f²: 1 % is asked, 0.01 % found.
    """
    grid = DoublingGrid.reaching(64, 1e-5, 1e6)
    t, M = grid.times, solve_memory_equation(F12Kernel(v_1, v_2), ONE, ONE, grid).M[:, 0, 0, 0]
    places = np.unique(np.append(0, np.searchsorted(t, np.geomspace(1e-3, t[-1] * 0.999, 90))))
    deviation = []
    for n_exp in (1, 2, 3):
        found = stretched_memory_of(t[places], M[places], n_exp)
        deviation.append(np.abs(found(t) - M).max() / M[0])
    assert deviation[1] < 0.05
    assert deviation[2] < 0.015
    assert deviation[0] > 2 * deviation[1]
    arrested = v_2 * (0.5 + np.sqrt(0.25 - 1.0 / v_2)) ** 2 if v_2 > 4 else 0.0
    assert found.plateau == pytest.approx(arrested, rel=0.01, abs=1e-4)


def test_a_memory_that_rises_is_answered_too():
    """No sum of decays rises: the constant in its middle is the best there is, relative to M."""
    found = stretched_memory_of(np.linspace(0.1, 2.0, 20), np.linspace(1.0, 2.0, 20), 1)
    assert np.isfinite(found([0.1, 2.0])).all()


@pytest.mark.parametrize(
    ("n_values", "first", "n_exp"), [(7, 1.0, 2), (80, 0.0, 1), (80, -1.0, 1), (80, 1.0, 0), (0, 1.0, 1)]
)
def test_too_few_values_or_no_beginning_are_refused(n_values, first, n_exp):
    t = np.geomspace(0.1, 10.0, 80)[:n_values]
    with pytest.raises(InvalidInput, match=r"finite values of M, .* allowed: 1 mode or more, 2 \+ 3 n_exp values"):
        stretched_memory_of(t, first * np.exp(-t), n_exp)

"""The parts of the time-doubling scheme: what each of them does exactly."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glassdask.physics.compiled import (
    begin_step,
    end_step,
    halve_block,
    leap_ahead,
    next_iterate,
    past_of_integral,
    weights_of_differences,
)

N_HALF, N_SPECIES, N_ROWS = 8, 2, 3


def parabola(coefficients: np.ndarray, t: float) -> np.ndarray:
    return coefficients[..., 0] + coefficients[..., 1] * t + coefficients[..., 2] * t**2


def memory_integral(F: np.ndarray, M: np.ndarray, t: float) -> np.ndarray:
    """∫₀ᵗ M(t−τ) F'(τ) dτ of parabolas given by their coefficients, by Gauss and Legendre: exact."""
    nodes, weights = np.polynomial.legendre.leggauss(6)
    total = np.zeros(F.shape[:-1])
    for node, weight in zip(nodes, weights, strict=True):
        tau = t * (node + 1) / 2
        slope = F[..., 1] + 2 * F[..., 2] * tau
        total += weight * t / 2 * np.einsum("acr,cbr->abr", parabola(M, t - tau), slope)
    return total


class Block:
    """F and its moments, or M and its moments, of a parabola."""

    def __init__(self, coefficients: np.ndarray, step: float):
        self.coefficients = coefficients
        self.values, self.means, self.skews, self.hats = np.zeros((4, 2 * N_HALF + 1, N_SPECIES, N_SPECIES, N_ROWS))
        for i in range(2 * N_HALF + 1):
            self.values[i] = parabola(coefficients, i * step)

    def check_moments(self, step: float) -> None:
        """f̄ = ∫ f dt / h and f̃ = ∫ (t − centre) f dt / h² of the steps 1 … N: rounding."""
        for j in range(1, N_HALF + 1):
            centre, (_, slope, curvature) = (j - 0.5) * step, np.moveaxis(self.coefficients, -1, 0)
            assert_allclose(self.means[j], parabola(self.coefficients, centre) + curvature * step**2 / 12, rtol=1e-11)
            assert_allclose(self.skews[j], (slope + 2 * curvature * centre) * step / 12, rtol=1e-11)


def test_memory_integral_of_two_parabolas_is_exact():
    """Matrices, three rows, three levels: the scheme's error is of third derivatives only.

    But for the mean of the very first step, which has one time before it and is a trapezium: it is set right here.
    """
    step = 0.1
    F, M = (Block(c, step) for c in np.random.default_rng(0).normal(size=(2, N_SPECIES, N_SPECIES, N_ROWS, 3)))
    for i in range(1, 2 * N_HALF + 1):
        end_step(F.values, F.means, F.skews, M.values, M.means, M.skews, i)
    for block in (F, M):
        block.means[1] = parabola(block.coefficients, step / 2) + block.coefficients[..., 2] * step**2 / 12
    past = np.zeros((N_SPECIES, N_SPECIES, N_ROWS))
    for _ in range(3):
        step *= 2
        for block in (F, M):
            halve_block(block.values, block.means, block.skews)
            weights_of_differences(block.means, block.skews, block.hats)
            block.check_moments(step)
        for i in range(N_HALF + 1, 2 * N_HALF + 1):
            past_of_integral(F.values, M.values, F.hats, M.hats, F.skews, M.skews, i, past)
            for block in (F, M):
                block.values[i] = parabola(block.coefficients, i * step)
            implicit = np.einsum("acr,cbr->abr", M.values[i], F.hats[1] - F.values[0])
            implicit += np.einsum("acr,cbr->abr", M.hats[1], F.values[i])
            exact = memory_integral(F.coefficients, M.coefficients, i * step)
            assert_allclose(implicit - past, exact, rtol=0, atol=1e-12 * np.abs(exact).max())
            end_step(F.values, F.means, F.skews, M.values, M.means, M.skews, i)


@pytest.mark.parametrize("is_newtonian", [False, True])
def test_difference_of_second_order_is_exact(is_newtonian):
    """dF/dt of a parabola, d²F/dt² of a cubic; first guesses are the polynomials through the n times before."""
    h, i = 0.1, 5
    cubic = np.polynomial.Polynomial([0.3, -1.0, 2.0, 0.7 if is_newtonian else 0.0])
    F = np.zeros((9, 1, 1, 1))
    F[:i, 0, 0, 0] = cubic(h * np.arange(i))
    C, M = np.zeros((1, 1, 1)), 2.0 * F
    begin_step(F, M, i, h**2 if is_newtonian else h, is_newtonian, 4, C)
    assert (F[i, 0, 0, 0], M[i, 0, 0, 0]) == pytest.approx((cubic(h * i), 2.0 * cubic(h * i)), abs=1e-13)
    begin_step(F, M, i, h**2 if is_newtonian else h, is_newtonian, 3, np.zeros((1, 1, 1)))
    leading = 2.0 / h**2 if is_newtonian else 1.5 / h
    assert leading * cubic(h * i) - C[0, 0, 0] == pytest.approx(cubic.deriv(2 if is_newtonian else 1)(h * i), abs=1e-11)
    assert F[i, 0, 0, 0] == pytest.approx(cubic(h * i) - cubic.deriv(3)(0.0) * h**3, abs=1e-13)


def test_leap_ends_an_iteration_that_one_mode_governs():
    """x_n = x + ϱⁿ: the limit from two changes, and nothing where there is none to leap to."""
    ratio, limit, mode = 0.9, np.full((1, 1, 3), 2.0), np.array([[[1.0, -2.0, 0.5]]])
    before, now = (ratio - 1) * mode, (ratio - 1) * ratio * mode
    F = limit + ratio**2 * mode
    leap_ahead(F, now, before)
    assert_allclose(F, limit, rtol=1e-12)
    for changes in ((now, -before), (0 * now, before), (2 * before, before), (0.9995 * before, before)):
        F = limit.copy()
        leap_ahead(F, *changes)
        np.testing.assert_array_equal(F, limit)


def test_iterate_is_A_inverse_of_M_D_and_C():
    """And the largest change is told in units of each row's size; of what is not finite it is infinite."""
    random = np.random.default_rng(0)
    A_inverse, D, C, M, F = random.normal(size=(5, N_SPECIES, N_SPECIES, N_ROWS))
    scale, change = np.array([1.0, 10.0, 0.1]), np.empty_like(F)
    new = np.einsum("acr,cbr->abr", A_inverse, np.einsum("acr,cbr->abr", M, D) + C)
    expected = new - F
    largest = next_iterate(A_inverse, D, C, M, F, change, scale)
    assert_allclose(F, new, rtol=1e-12)
    assert_allclose(change, expected, rtol=0, atol=1e-13)
    assert largest == pytest.approx((np.abs(expected) / scale).max())
    assert next_iterate(A_inverse, D, C, M, F, change, scale) < 1e-13
    for lost in (np.nan, np.inf):
        C[1, 1, 1] = lost
        assert next_iterate(A_inverse, D, C, M, F.copy(), change, scale) == np.inf

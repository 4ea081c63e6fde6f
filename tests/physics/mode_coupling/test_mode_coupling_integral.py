"""The fast sums are the triple sum by definition, and both are the integrals over all wavevectors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from glassdask.physics.compiled import collective_sums, tagged_sums
from glassdask.physics.mode_coupling.mode_coupling_kernels import CollectiveKernel
from glassdask.physics.structure.static_structure import StaticStructure
from tests.reference.mode_coupling import collective_memory, tagged_memory


def smooth_functions(k: np.ndarray, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """Random sums of a decaying and an oscillating function of k, of either sign."""
    decay, frequency = random.uniform(0, 3, size=(*shape, 1)), random.uniform(0.1, 2, size=(*shape, 1))
    amplitude, other, phase = random.normal(size=(3, *shape, 1))
    return amplitude * np.exp(-decay * k / k[-1]) + other * np.cos(frequency * k + phase)


def mixture(n: int, n_k: int, seed: int):
    """k, F (positive definite, as correlations are), c (symmetric), and a positive F_s."""
    random = np.random.default_rng(seed)
    k = (np.arange(n_k) + 0.5) * random.uniform(0.1, 1.0)
    root, c = smooth_functions(k, (n, n), random), smooth_functions(k, (n, n), random)
    F_s = smooth_functions(k, (n,), random) ** 2
    return k, np.einsum("iak,jak->ijk", root, root), np.ascontiguousarray(c + c.swapaxes(0, 1)), F_s


def fast_collective(k, F, c, density=1.0, composition=(), rates=()):
    """M_ab(k) from `collective_sums`, with the prefactor of docs/equations.md (E7)."""
    n, dk = len(F), k[1] - k[0]
    x, mu = np.asarray(composition or [1.0] * n), np.asarray(rates or [1.0] * n)
    sums = np.full_like(F, np.nan)
    collective_sums(F, c, sums)
    return sums * density * dk**5 / (16 * np.pi**2) * (mu[:, None] / x[None, :])[:, :, None]


def fast_tagged(k, F_s, F, c, density=1.0):
    """M_s(k) from `tagged_sums`."""
    sums = np.full_like(F_s, np.nan)
    tagged_sums(np.einsum("sak,abk,sbk->sk", c, F, c), F_s, sums)
    return sums * density * (k[1] - k[0]) ** 5 / (16 * np.pi**2)


def of_diagonal(M: np.ndarray) -> np.ndarray:
    """√(M_aa M_bb): what rounding of M_ab is measured by, as an off-diagonal element may cross zero."""
    return np.sqrt(np.einsum("aak,bbk->abk", M, M))


@given(n=st.integers(1, 3), n_k=st.integers(5, 40), seed=st.integers(0, 10**6))
@settings(max_examples=25)
def test_collective_sum_is_the_sum_over_vertices_at_every_k(n, n_k, seed):
    """1e-12: N_k² terms of double precision, with windows counted from their centres (5e-13 is the largest seen)."""
    k, F, c, _ = mixture(n, n_k, seed)
    x, mu = [[1.0], [0.3, 0.7], [0.2, 0.5, 0.3]][n - 1], [1.0, 2.5, 0.4][:n]
    slow = collective_memory(k, F, c, 1.2, x, mu)
    symmetric = slow * np.array(x)[None, :, None] / np.array(mu)[:, None, None]
    error = (fast_collective(k, F, c, 1.2, x, mu) - slow) * np.array(x)[None, :, None] / np.array(mu)[:, None, None]
    assert np.all(np.abs(error) <= 1e-12 * of_diagonal(symmetric))


@given(n=st.integers(1, 3), n_k=st.integers(5, 40), seed=st.integers(0, 10**6))
@settings(max_examples=25)
def test_tagged_sum_is_the_sum_over_vertices_at_every_k(n, n_k, seed):
    """1e-12 of the value itself: all terms are positive."""
    k, F, c, F_s = mixture(n, n_k, seed)
    assert_allclose(fast_tagged(k, F_s, F, c, 1.2), tagged_memory(k, F_s, F, c, 1.2, np.ones(n)), rtol=1e-12)


@given(n=st.integers(2, 3), n_k=st.integers(5, 30), seed=st.integers(0, 10**6))
@settings(max_examples=10)
def test_friction_is_symmetric_and_dissipates(n, n_k, seed):
    """x_b M_ab / μ_a is a matrix of mean squares: symmetric to the last bit, no eigenvalue below zero but by rounding."""
    k, F, c, _ = mixture(n, n_k, seed)
    M = fast_collective(k, F, c)
    assert_array_equal(M, M.swapaxes(0, 1))
    lowest = np.linalg.eigvalsh(np.moveaxis(M / of_diagonal(M), 2, 0))[:, 0]
    assert np.all(lowest > -1e-12)


def test_memory_is_quadratic_in_F_and_quadratic_in_c():
    """Powers of two are exact."""
    k, F, c, F_s = mixture(2, 20, 1)
    M, M_s = fast_collective(k, F, c), fast_tagged(k, F_s, F, c)
    assert_array_equal(fast_collective(k, 2 * F, c), 4 * M)
    assert_array_equal(fast_collective(k, F, 4 * c), 16 * M)
    assert_array_equal(fast_tagged(k, 4 * F_s, 2 * F, 2 * c), 32 * M_s)


@pytest.mark.parametrize("order", [(1, 0, 2), (2, 0, 1)])
def test_names_of_species_do_not_matter(order):
    """Sums over species in another order: rounding."""
    k, F, c, F_s = mixture(3, 15, 2)
    turned = [np.ascontiguousarray(f[np.ix_(order, order)]) for f in (F, c, fast_collective(k, F, c))]
    assert_allclose(fast_collective(k, turned[0], turned[1]), turned[2], rtol=1e-11)
    assert_allclose(
        fast_tagged(k, F_s[list(order)], turned[0], turned[1]), fast_tagged(k, F_s, F, c)[list(order)], rtol=1e-12
    )


def test_sums_are_the_integrals_over_all_wavevectors():
    """Gaussian F_ab = f_ab e^{−q²/2s} and constant c: with p = k − q the integrals are Gaussian about q = k/2, where

    <(k̂·q)²> = k²/4 + s/2, <(k̂·q)(k̂·p)> = k²/4 − s/2 and ∫ e^{−(q² + p²)/2s} d³q = (πs)^{3/2} e^{−k²/4s}.

    The grid of dk = 0.1 ends at e^{−18}, and its windows cost dk² / 4k² < 1e-3 at k > 1.6: twice that at the most.
    """
    dk, s, density, x = 0.1, 1.0, 0.7, np.array([0.25, 0.75])
    k = (np.arange(60) + 0.5) * dk
    f, c_0 = np.array([[1.0, 0.3], [0.3, 0.5]]), np.array([[-2.0, 0.5], [0.5, 1.5]])
    gauss = np.exp(-(k**2) / (2 * s))
    F, c = f[:, :, None] * gauss, c_0[:, :, None] * np.ones_like(k)
    weight = (np.pi * s) ** 1.5 * np.exp(-(k**2) / (4 * s)) / (2 * np.pi) ** 3
    square, cross = k**2 / 4 + s / 2, k**2 / 4 - s / 2
    G, H = c_0 @ f @ c_0, c_0 @ f
    exact = density * weight * ((G * f)[:, :, None] * square + (H * H.T)[:, :, None] * cross) / x[:, None]
    inner = (k > 1.6) & (k < 3.0)
    assert_allclose(fast_collective(k, F, c, density, x.tolist())[..., inner], exact[..., inner], rtol=2e-3)
    exact_tagged = density * weight * np.diag(G)[:, None] * square
    found = fast_tagged(k, np.broadcast_to(gauss, (2, k.size)).copy(), F, c, density)
    assert_allclose(found[:, inner], exact_tagged[:, inner], rtol=2e-3)


def test_small_wavenumbers_lose_a_known_share():
    """At k ≪ q the window holds 2i + 1 points, and Σ (k̂·q)² falls short of its integral by dk² / 4k²: all of it at i = 0.

    So F(k_0) of the grid is that of a particle without memory, and M(k_1) is an eighth too small: a property of the sum
    (E6) that all codes of this grid share. The next term is of order k²/s: 0.3 / 36 < 1e-2 for the i tested.
    """
    k = (np.arange(150) + 0.5) * 0.1
    gauss, W = np.exp(-(k**2) / 18.0), np.exp(-(k**2) / 18.0)[None]
    sums = np.empty_like(W)
    tagged_sums(W, gauss[None].copy(), sums)
    limit = 16.0 / 6.0 * (k**4 * gauss**2).sum() / 0.1**4
    i = np.arange(1, 6)
    assert_allclose(sums[0, i] / limit, 1.0 - 1.0 / (2 * i + 1.0) ** 2, rtol=1e-2)
    assert sums[0, 0] < 1e-2 * limit


@given(n=st.integers(1, 3), n_k=st.integers(5, 30), seed=st.integers(0, 10**6))
@settings(max_examples=15)
def test_slopes_are_those_of_the_quadratic_form(n, n_k, seed):
    """m[F + h] − m[F − h] = 4 m[F, h] for any h, without an error of differences."""
    k, S, _, _ = mixture(n, n_k, seed)
    F = mixture(n, n_k, seed + 1)[1]
    x = [[1.0], [0.3, 0.7], [0.2, 0.5, 0.3]][n - 1]
    kernel = CollectiveKernel(StaticStructure(k, S + 0.1 * np.eye(n)[:, :, None], 1.2, np.array(x)))
    slopes = kernel.reduced_slopes(F)
    pairs = list(zip(*np.triu_indices(n), strict=True))
    assert slopes.shape == (n, n, n_k, len(pairs), n_k)
    for pair, (a, b) in enumerate(pairs):
        for q in range(0, n_k, 4):
            h = np.zeros_like(F)
            h[a, b, q] = h[b, a, q] = 1.0
            expected = 0.5 * (kernel.reduced(F + h) - kernel.reduced(F - h))
            rounding = 1e-12 * np.abs(kernel.reduced(np.abs(F) + h)).max()
            assert_allclose(slopes[:, :, :, pair, q], expected, rtol=1e-11, atol=rounding)

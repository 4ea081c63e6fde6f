"""The integral of mode-coupling theory over two wavevectors q + p = k, in bipolar coordinates, in O(N_k²).

On the bipolar grid k_i = (i + ½) dk the integral over all q with p = |k − q| is a sum over pairs (docs/equations.md, E6)

    ∫ d³q f(q, p) = (2π dk² / k_i) Σ_j Σ_{l = |i−j|}^{min(N_k−1, i+j)} q_j p_l f(q_j, p_l).

For the memory kernels f is a polynomial in p² times functions of q and of p alone, so that the inner sum needs three
moments of each function of p over the window |i−j| ≤ l ≤ i+j. The window is centred at m = max(i, j) and has the half
width n = min(i, j): for growing n it gains its two ends,

    U_r(n, m) = Σ_{l=m−n}^{m+n} P_l u_l^r φ_l,   u_l = P_l² − P_m²,   P_l = l + ½,   r = 0, 1, 2,

and one window serves both (i, j) = (n, m) and (m, n). Counting from the centre of the window there is no difference of
large prefix sums: the result agrees with the triple sum to 1e-13.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassdask.physics.compilation import REORDERED, compiled

Floats = NDArray[np.float64]


@compiled(fastmath=set(REORDERED), error_model="numpy")
def _widen(moments: Floats, padded: Floats, P: Floats, n: int) -> None:
    """Moments U_r(n, m) from U_r(n−1, m), for every function of p and every centre m ≥ n; P_m = m + ½."""
    width = float(n)
    for f in range(padded.shape[0]):
        phi = padded[f]
        U_0, U_1, U_2 = moments[f, 0], moments[f, 1], moments[f, 2]
        for m in range(n, P.size):
            above, below = width * (2.0 * P[m] + width), width * (width - 2.0 * P[m])
            upper, lower = phi[m + n], phi[m - n]
            U_0[m] += upper + lower
            U_1[m] += above * upper + below * lower
            U_2[m] += above * above * upper + below * below * lower


@compiled()
def _start(moments: Floats, padded: Floats, n_k: int) -> None:
    """Moments of the windows of one point, n = 0."""
    for f in range(padded.shape[0]):
        for m in range(n_k):
            moments[f, 0, m] = padded[f, m]
            moments[f, 1, m] = 0.0
            moments[f, 2, m] = 0.0


@compiled(fastmath=set(REORDERED), error_model="numpy")
def collective_sums(F: Floats, c: Floats, sums: Floats) -> None:
    """T_ab(k) = Σ_{jl} Q P {A² G_ab(q) F_ab(p) + A B H_ab(q) H_ba(p)} / K³ with G = cFc, H = cF (docs/equations.md, E7).

    Q, P, K = j + ½, l + ½, i + ½ and A = K² + Q² − P², B = K² + P² − Q² are in units of dk.

    Parameters
    ----------
    F
        F_ab(k), symmetric in a and b, shape (n_species, n_species, N_k). [1]
    c
        c_ab(k), same shape. [length³]
    sums
        T_ab(k) is written here, same shape. [length⁶]
    """
    n_s, n_k = F.shape[0], F.shape[2]
    P = np.arange(n_k) + 0.5
    G, H = np.zeros((n_s, n_s, n_k)), np.zeros((n_s, n_s, n_k))
    for a in range(n_s):
        for b in range(n_s):
            for d in range(n_s):
                for i in range(n_k):
                    H[a, b, i] += c[a, d, i] * F[d, b, i]
    for a in range(n_s):
        for b in range(a, n_s):
            for d in range(n_s):
                for i in range(n_k):
                    G[a, b, i] += H[a, d, i] * c[d, b, i]
    n_pairs = n_s * (n_s + 1) // 2
    padded, moments = np.zeros((n_pairs + n_s * n_s, 2 * n_k)), np.empty((n_pairs + n_s * n_s, 3, n_k))
    f = 0
    for a in range(n_s):
        for b in range(a, n_s):
            for i in range(n_k):
                padded[f, i] = P[i] * F[a, b, i]
                sums[a, b, i] = 0.0
            f += 1
    for a in range(n_s):
        for b in range(n_s):
            for i in range(n_k):
                padded[n_pairs + a * n_s + b, i] = P[i] * H[a, b, i]
    _start(moments, padded, n_k)
    for n in range(n_k):
        if n:
            _widen(moments, padded, P, n)
        N_2 = P[n] * P[n]
        f = 0
        for a in range(n_s):
            for b in range(a, n_s):
                turned = n_pairs + b * n_s + a
                U_0, U_1, U_2 = moments[f, 0], moments[f, 1], moments[f, 2]
                V_0, V_1, V_2 = moments[turned, 0], moments[turned, 1], moments[turned, 2]
                G_ab, H_ab, T = G[a, b], H[a, b], sums[a, b]
                G_n, H_n = P[n] * G_ab[n], P[n] * H_ab[n]
                N_4 = N_2 * N_2
                total = 0.0
                for m in range(n, n_k):
                    A_A = N_4 * U_0[m] - 2.0 * N_2 * U_1[m] + U_2[m]
                    # k = K_n, q = Q_m: A = N² − u, B = N² + u
                    total += P[m] * (G_ab[m] * A_A + H_ab[m] * (N_4 * V_0[m] - V_2[m]))
                    # k = K_m, q = Q_n: A = N² − u, B = 2 M² − N² + u
                    B_0 = 2.0 * P[m] * P[m] - N_2
                    T[m] += G_n * A_A + H_n * (N_2 * B_0 * V_0[m] + (N_2 - B_0) * V_1[m] - V_2[m])
                # k = q = K_n has been counted twice, the second time into T_n
                A_A = N_4 * U_0[n] - 2.0 * N_2 * U_1[n] + U_2[n]
                T[n] += total - G_n * A_A - H_n * (N_4 * V_0[n] - V_2[n])
                f += 1
    for a in range(n_s):
        for b in range(a, n_s):
            for i in range(n_k):
                sums[a, b, i] /= P[i] ** 3
                sums[b, a, i] = sums[a, b, i]


@compiled(fastmath=set(REORDERED), error_model="numpy")
def tagged_sums(W: Floats, F: Floats, sums: Floats) -> None:
    """T_s(k) = Σ_{jl} Q P A² W_s(q) F_s(p) / K³ for tagged particles of each species s (docs/equations.md, E4).

    Parameters
    ----------
    W
        Σ_ab c_sa F_ab c_sb at q, shape (n_species, N_k). [length⁶]
    F
        F_s(k), same shape. [1]
    sums
        T_s(k) is written here, same shape. [length⁶]
    """
    n_s, n_k = F.shape
    P = np.arange(n_k) + 0.5
    padded, moments = np.zeros((n_s, 2 * n_k)), np.empty((n_s, 3, n_k))
    for s in range(n_s):
        for i in range(n_k):
            padded[s, i] = P[i] * F[s, i]
            sums[s, i] = 0.0
    _start(moments, padded, n_k)
    for n in range(n_k):
        if n:
            _widen(moments, padded, P, n)
        N_2 = P[n] * P[n]
        for s in range(n_s):
            U_0, U_1, U_2, W_s, T = moments[s, 0], moments[s, 1], moments[s, 2], W[s], sums[s]
            W_n, total = P[n] * W_s[n], 0.0
            for m in range(n, n_k):
                A_A = N_2 * N_2 * U_0[m] - 2.0 * N_2 * U_1[m] + U_2[m]
                total += P[m] * W_s[m] * A_A
                T[m] += W_n * A_A
            T[n] += total - W_n * (N_2 * N_2 * U_0[n] - 2.0 * N_2 * U_1[n] + U_2[n])
    for s in range(n_s):
        for i in range(n_k):
            sums[s, i] /= P[i] ** 3


@compiled()
def multiply_rows(M: Floats, factor: Floats) -> None:
    """M_ab(k) ← factor_ab M_ab(k), where NumPy's broadcasting would cost a third of the sums above."""
    for a in range(M.shape[0]):
        for b in range(M.shape[1]):
            for i in range(M.shape[2]):
                M[a, b, i] *= factor[a, b]

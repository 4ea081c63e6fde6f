"""The compiled steps of the time-doubling scheme: the past of the memory integral, one iteration, the next level.

Arrays have the shape (time, a, b, row); rows (wavenumbers or candidates) are independent here, and a product over
species is a matrix product. The integral is cut at t_ī, ī = ⌊i/2⌋, and integrated by parts below it,

    ∫₀^{t_i} M(t_i − τ) F'(τ) dτ = M_{i−ī} F_ī − M_i F_0 + ∫₀^{t_ī} M'(t_i − τ) F(τ) dτ + ∫₀^{t_{i−ī}} M(s) F'(t_i − s) ds,

so that M' and F' are needed at long times only, where they are smooth: over a step they are a straight line. Of F and M
at short times two moments of each step j are kept, the mean f̄_j and the skew f̃_j = h⁻² ∫ (t − centre) f dt. A straight
line through neighbouring differences Δ_j turns the sums Σ (f̄_j Δ_j + f̃_j · slope) by summation by parts into Σ f̂_j Δ_j,
f̂_j = f̄_j + (f̃_{j−1} − f̃_{j+1}) / 2, with the ends set right. When steps are joined in pairs the moments of both are
kept exactly: however long the steps become, what F and M did within the first of them is not forgotten. (With means
alone, as in Fuchs et al., the error of near-critical solutions falls as N^(a−2), a ≈ 0.3, and not as N⁻².)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassdask.physics.compilation import REORDERED, compiled

Floats = NDArray[np.float64]


@compiled(fastmath=set(REORDERED), error_model="numpy")
def _subtract_products(left: Floats, right: Floats, factor: float, out: Floats) -> None:
    """out −= factor · left right, matrix products of each row."""
    n, n_rows = out.shape[0], out.shape[2]
    for a in range(n):
        for b in range(n):
            for c in range(n):
                for r in range(n_rows):
                    out[a, b, r] -= factor * left[a, c, r] * right[c, b, r]


@compiled(fastmath=set(REORDERED), error_model="numpy")
def past_of_integral(
    F: Floats, M: Floats, F_hat: Floats, M_hat: Floats, F_skew: Floats, M_skew: Floats, i: int, C: Floats
) -> None:
    """What the integral at t_i holds besides M_i (F̂_1 − F_0) + M̂_1 F_i, with its sign turned, is written to C.

    Parameters
    ----------
    F, M
        Values up to time i − 1, shape (2N + 1, n, n, n_rows).
    F_hat, M_hat, F_skew, M_skew
        Moments of the steps up to N, same shape.
    i
        The time to be solved, N + 1 or more.
    C
        Shape (n, n, n_rows).
    """
    n, n_rows, middle = F.shape[1], F.shape[3], i // 2
    rest = i - middle
    C[...] = 0.0
    _subtract_products(M[rest], F[middle], 1.0, C)
    _subtract_products(M[i - 1], F_hat[1], -1.0, C)
    _subtract_products(M_hat[1], F[i - 1], -1.0, C)
    for a in range(n):
        for b in range(n):
            out = C[a, b]
            for c in range(n):
                for j in range(2, middle + 1):
                    M_new, M_old, F_j = M[i - j + 1, a, c], M[i - j, a, c], F_hat[j, c, b]
                    F_new, F_old, M_j = F[i - j + 1, c, b], F[i - j, c, b], M_hat[j, a, c]
                    for r in range(n_rows):
                        out[r] -= (M_new[r] - M_old[r]) * F_j[r] + M_j[r] * (F_new[r] - F_old[r])
    if rest > middle:
        _subtract_products(M_hat[rest], F[middle + 1] - F[middle], 1.0, C)
    # the ends of both sums by parts
    n_half = F.shape[0] // 2
    if middle < n_half:
        _subtract_products(M[rest + 1] - M[rest], F_skew[middle + 1], 0.5, C)
    if rest < n_half:
        _subtract_products(M_skew[rest + 1], F[middle + 1] - F[middle], 0.5, C)
    _subtract_products(M[rest] - M[rest - 1], F_skew[middle], 0.5, C)
    _subtract_products(M_skew[rest], F[middle] - F[middle - 1], 0.5, C)


@compiled(fastmath=set(REORDERED), error_model="numpy")
def begin_step(F: Floats, i: int, power: float, is_newtonian: bool, C: Floats) -> None:
    """Adds to C what the backward difference of second order holds besides F_i, and puts a first guess into F_i.

    The guess is the parabola through the three times before; `power` is h, or h² in Newtonian dynamics.
    """
    n, n_rows = F.shape[1], F.shape[3]
    if is_newtonian:
        f_1, f_2, f_3 = 5.0 / power, -4.0 / power, 1.0 / power
    else:
        f_1, f_2, f_3 = 2.0 / power, -0.5 / power, 0.0
    for a in range(n):
        for b in range(n):
            F_1, F_2, F_3 = F[i - 1, a, b], F[i - 2, a, b], F[i - 3, a, b]
            for r in range(n_rows):
                C[a, b, r] += f_1 * F_1[r] + f_2 * F_2[r] + f_3 * F_3[r]
                F[i, a, b, r] = 3.0 * (F_1[r] - F_2[r]) + F_3[r]


@compiled(fastmath=set(REORDERED), error_model="numpy")
def next_iterate(
    A_inverse: Floats, D: Floats, C: Floats, M_i: Floats, F_i: Floats, change: Floats, scale: Floats
) -> float:
    """F_i ← A⁻¹ (M_i D + C); returns the largest change in units of `scale`, infinite if a value is not finite.

    Parameters
    ----------
    A_inverse, D, C, M_i, F_i
        Shape (n, n, n_rows).
    change
        New value less old one, written here, same shape.
    scale
        Size of F of each row, shape (n_rows,).
    """
    n, n_rows = F_i.shape[0], F_i.shape[2]
    right = C.copy()
    _subtract_products(M_i, D, -1.0, right)
    largest = 0.0
    for a in range(n):
        for b in range(n):
            out, old = change[a, b], F_i[a, b]
            for r in range(n_rows):
                out[r] = -old[r]
            for c in range(n):
                inverse, vector = A_inverse[a, c], right[c, b]
                for r in range(n_rows):
                    out[r] += inverse[r] * vector[r]
            for r in range(n_rows):
                old[r] += out[r]
                size = abs(out[r]) / scale[r]
                if not size <= largest:
                    largest = size if size > largest else np.inf
    return largest


@compiled(fastmath=set(REORDERED), error_model="numpy")
def leap_ahead(F_i: Floats, change: Floats, change_before: Floats) -> None:
    """Aitken's Δ² for an iteration that one slow mode governs: F_i += d_1 ϱ / (1 − ϱ), ϱ = <d_1, d_0> / <d_0, d_0>.

    Near the critical point the mode of the largest eigenvalue of the stability matrix is that slow. Outside of
    0 < ϱ < 0.999 there is no such mode, and nothing is done.
    """
    now, before = change.ravel(), change_before.ravel()
    both, square = 0.0, 0.0
    for r in range(now.size):
        both += now[r] * before[r]
        square += before[r] * before[r]
    if 0.0 < both < 0.999 * square:
        F_i += change * (both / (square - both))


@compiled()
def moments_of_step(values: Floats, means: Floats, skews: Floats, i: int) -> None:
    """Mean and skew of the step that ends at time i, of the parabola through the last three times (two at the start)."""
    if i > 1:
        means[i] = (5.0 * values[i] + 8.0 * values[i - 1] - values[i - 2]) / 12.0
    else:
        means[i] = 0.5 * (values[i] + values[i - 1])
    skews[i] = (values[i] - values[i - 1]) / 12.0


@compiled()
def end_step(F: Floats, F_mean: Floats, F_skew: Floats, M: Floats, M_mean: Floats, M_skew: Floats, i: int) -> None:
    """Moments of the step that ends at time i."""
    moments_of_step(F, F_mean, F_skew, i)
    moments_of_step(M, M_mean, M_skew, i)


@compiled()
def halve_block(values: Floats, means: Floats, skews: Floats) -> None:
    """Drops every second time and joins steps in pairs: the first half then holds the whole block at twice the step."""
    for i in range(1, values.shape[0] // 2 + 1):
        first, second = means[2 * i - 1], means[2 * i]
        skews[i] = 0.25 * (skews[2 * i - 1] + skews[2 * i]) + 0.125 * (second - first)
        means[i] = 0.5 * (first + second)
        values[i] = values[2 * i]


@compiled()
def weights_of_differences(means: Floats, skews: Floats, hats: Floats) -> None:
    """f̂_j of the steps 1 … N; at the beginning the slope is that between the first two steps."""
    n_half = means.shape[0] // 2
    hats[1] = means[1] - skews[1] - 0.5 * skews[2]
    hats[2] = means[2] + skews[1] - 0.5 * skews[3]
    for j in range(3, n_half):
        hats[j] = means[j] + 0.5 * (skews[j - 1] - skews[j + 1])
    hats[n_half] = means[n_half] + 0.5 * skews[n_half - 1]

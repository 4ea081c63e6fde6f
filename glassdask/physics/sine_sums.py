"""Means of sin(k r)/(k r) over particles, compiled for the host.

Sine and cosine are polynomials after reduction to |x| ≤ π/4, without a call or a branch, so that the compiler turns the
loops over particles into vector instructions. Nothing here checks its arguments:
:mod:`glassdask.physics.intermediate_scattering` does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.physics.compilation import REORDERED, compiled

Floats = NDArray[np.float64]

#: The reduction below holds for arguments up to 2^20 π/2, where n π/2 is subtracted in exact pieces.
LARGEST_PHASE = 1.0e6
#: sin(k r)/r is k to the last bit for distances below this, and the square of it is still a normal number.
TINY_DISTANCE = 1e-150
_BLOCK = 256
_TWO_OVER_PI = 2.0 / np.pi
# π/2 as a sum of two numbers of 33 bits and the rest (Cody and Waite, Software Manual, 1980).
_HALF_PI_1, _HALF_PI_2, _HALF_PI_3 = 1.5707963267341256e00, 6.0771005063039660e-11, 2.0222662487959506e-21


# Sums may be reordered in the loops below, but not here: n π/2 must be subtracted piece by piece.
@compiled(fastmath={"contract"})
def sine_and_cosine(x: float) -> tuple[float, float]:
    """sin x and cos x for |x| < 1e6, to 2e-16; Taylor series to the 15th and 16th power within π/4 of n π/2."""
    n = np.floor(x * _TWO_OVER_PI + 0.5)
    r = ((x - n * _HALF_PI_1) - n * _HALF_PI_2) - n * _HALF_PI_3
    y = r * r
    sine = -1.0 / 1307674368000.0
    sine = sine * y + 1.0 / 6227020800.0
    sine = sine * y - 1.0 / 39916800.0
    sine = sine * y + 1.0 / 362880.0
    sine = sine * y - 1.0 / 5040.0
    sine = sine * y + 1.0 / 120.0
    sine = sine * y - 1.0 / 6.0
    sine = r + r * y * sine
    cosine = 1.0 / 20922789888000.0
    cosine = cosine * y - 1.0 / 87178291200.0
    cosine = cosine * y + 1.0 / 479001600.0
    cosine = cosine * y - 1.0 / 3628800.0
    cosine = cosine * y + 1.0 / 40320.0
    cosine = cosine * y - 1.0 / 720.0
    cosine = cosine * y + 1.0 / 24.0
    cosine = 1.0 - 0.5 * y + y * y * cosine
    quadrant = n - 4.0 * np.floor(0.25 * n)
    is_odd = quadrant == 1.0 or quadrant == 3.0
    sine, cosine = (cosine, sine) if is_odd else (sine, cosine)
    sine = -sine if quadrant >= 2.0 else sine
    cosine = -cosine if quadrant == 1.0 or quadrant == 2.0 else cosine
    return sine, cosine


@compiled(fastmath=set(REORDERED))
def fill_distances(origin: Any, end: Any, order: NDArray[np.intp], distances: Floats, inverse: Floats) -> None:
    """|Δr| and 1/|Δr| of the particles in the order given, the mean displacement taken off; frames (N, 3)."""
    n = order.size
    drift_x = drift_y = drift_z = 0.0
    for i in range(n):
        drift_x += np.float64(end[i, 0]) - np.float64(origin[i, 0])
        drift_y += np.float64(end[i, 1]) - np.float64(origin[i, 1])
        drift_z += np.float64(end[i, 2]) - np.float64(origin[i, 2])
    drift_x, drift_y, drift_z = drift_x / n, drift_y / n, drift_z / n
    for j in range(n):
        i = order[j]
        x = np.float64(end[i, 0]) - np.float64(origin[i, 0]) - drift_x
        y = np.float64(end[i, 1]) - np.float64(origin[i, 1]) - drift_y
        z = np.float64(end[i, 2]) - np.float64(origin[i, 2]) - drift_z
        r = np.sqrt(x * x + y * y + z * z)
        # NaN stays NaN here: it is how a broken frame is found.
        distances[j] = max(r, TINY_DISTANCE)
    for j in range(n):
        inverse[j] = 1.0 / distances[j]


@compiled(fastmath=set(REORDERED))
def fill_sine_means(distances: Floats, inverse: Floats, wavenumbers: Floats, means: Floats) -> None:
    """means[i] = mean of sin(k_i r)/(k_i r) over the distances, each wavenumber by itself."""
    for i in range(wavenumbers.size):
        k = wavenumbers[i]
        total = 0.0
        for j in range(distances.size):
            sine, _ = sine_and_cosine(k * distances[j])
            total += sine * inverse[j]
        means[i] = total / (k * distances.size)


@compiled(fastmath=set(REORDERED))
def fill_sine_means_on_grid(distances: Floats, inverse: Floats, wavenumbers: Floats, means: Floats) -> None:
    """The same for at least two wavenumbers on a uniform grid, each reached from the one before.

    One rotation by step·r takes (sin, cos) to the next wavenumber: sin' = sin c + cos s, cos' = cos c − sin s. Its
    rounding error grows by one unit in the last place a step, also where the angle is small, where the recurrence of
    Chebyshev loses digits.
    """
    sine, cosine = np.empty(_BLOCK), np.empty(_BLOCK)
    step_sine, step_cosine = np.empty(_BLOCK), np.empty(_BLOCK)
    n, n_k = distances.size, wavenumbers.size
    step = (wavenumbers[n_k - 1] - wavenumbers[0]) / (n_k - 1)
    means[:] = 0.0
    for start in range(0, n, _BLOCK):
        m = min(_BLOCK, n - start)
        for j in range(m):
            r, inverse_r = distances[start + j], inverse[start + j]
            s, c = sine_and_cosine(wavenumbers[0] * r)
            sine[j], cosine[j] = s * inverse_r, c * inverse_r
            step_sine[j], step_cosine[j] = sine_and_cosine(step * r)
        for i in range(n_k):
            total = 0.0
            for j in range(m):
                total += sine[j]
                turned = sine[j] * step_cosine[j] + cosine[j] * step_sine[j]
                cosine[j] = cosine[j] * step_cosine[j] - sine[j] * step_sine[j]
                sine[j] = turned
            means[i] += total
    for i in range(n_k):
        means[i] /= wavenumbers[i] * n


@compiled()
def fill_scattering(
    positions: Any,
    pairs: NDArray[np.int64],
    order: NDArray[np.intp],
    stops: NDArray[np.int64],
    wavenumbers: Floats,
    is_grid: bool,
    F: Floats,
) -> None:
    """F[pair, species, k] of unwrapped positions (n_frames, N, 3).

    Particles are taken in the order given, which puts those of species s before stops[s] and after stops[s − 1]. F of a
    pair is NaN where positions are, or where a particle has moved too far for the sines.
    """
    distances, inverse = np.empty(order.size), np.empty(order.size)
    for p in range(pairs.shape[0]):
        fill_distances(positions[pairs[p, 0]], positions[pairs[p, 1]], order, distances, inverse)
        if distances.max() * wavenumbers.max() > LARGEST_PHASE:
            F[p] = np.nan
            continue
        start = 0
        for s in range(stops.size):
            part = slice(start, stops[s])
            if is_grid:
                fill_sine_means_on_grid(distances[part], inverse[part], wavenumbers, F[p, s])
            else:
                fill_sine_means(distances[part], inverse[part], wavenumbers, F[p, s])
            start = stops[s]

"""The memory equation for many memories of eq. 6 at once: what a search over them calls, compiled as one loop.

The scheme is that of :mod:`glassdask.physics.memory_equation`, F scalar; rows are candidates. Since their memories are
known there is nothing to iterate, and (t/τ)^b is computed once and multiplied by 2^b whenever the step is doubled.
Candidates that need about as small a first step share a grid, and all grids end at the same time, so that what is kept
for the times asked for lies at the same places, counted from the end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.compilation import REORDERED, compiled
from glassdask.physics.memory_equation import Dynamics
from glassdask.physics.time_doubling import DoublingGrid

Floats = NDArray[np.float64]
#: Rows that are solved together: enough for the vector units, few enough for the second-level cache.
_PACK = 64
#: Columns in front of the amplitudes: Ω and the long-time limit K.
_FIRST_AMPLITUDE = 2
#: F beyond this is not coming back.
_BOUND = 1e3
#: A candidate that needs more levels than this is given up: 2^120 spans 36 decades.
_MOST_LEVELS = 120


@dataclass(frozen=True, eq=False)
class CandidateSolver:
    """Solves the memory equation for candidates M(t) = K + Σ A_i exp(−(t/τ_i)^b_i), F(0) = 1, at given times.

    Parameters
    ----------
    times
        Where F is wanted, increasing, from 0 or later, shape (n_times,). [time]
    dynamics
        "overdamped" (eq. 5) or "newtonian" (science.md, E1').
    n_half
        Steps in half a block; the error falls as n_half⁻²: at 32 about 1e-3, at 128 about 5e-5.
    start
        2N h_0 ‖Ω + M(0)‖ of the first block (its root in Newtonian dynamics), where F is expanded in t.

    Examples
    --------
    F for M = exp(−t), Ω = 1 is known in closed form; at t = 1 it is 0.5140.

    >>> solver = CandidateSolver(np.array([0.0, 1.0]), "overdamped", n_half=128)
    >>> F = solver.solve(np.array([[1.0, 0.0, 1.0, 1.0, 1.0]]))
    >>> F[0].round(3).tolist()
    [1.0, 0.514]
    """

    times: Floats
    dynamics: Dynamics = "overdamped"
    n_half: int = 32
    start: float = 0.04

    def __post_init__(self) -> None:
        times = np.asarray(self.times, dtype=float)
        object.__setattr__(self, "times", times)
        if self.dynamics not in ("overdamped", "newtonian"):
            raise InvalidInput(f"dynamics is {self.dynamics!r}; allowed: 'overdamped', 'newtonian'")
        is_right = times.ndim == 1 and times.size > 0 and np.isfinite(times).all() and times[0] >= 0
        if not is_right or np.any(np.diff(times) <= 0) or times[-1] <= 0:
            raise InvalidInput("times must increase from 0 or later and be finite, shape (n_times,)")

    def solve(self, candidates: ArrayLike) -> Floats:
        """F at the times asked for.

        Parameters
        ----------
        candidates
            Rows (Ω, K, A_1 … A_n, τ_1 … τ_n, b_1 … b_n), shape (n_rows, 2 + 3 n), n ≥ 0. [Ω, K and A: 1/time, or
            1/time² in Newtonian dynamics; τ: time; b: 1]

        Returns
        -------
        numpy.ndarray
            Shape (n_rows, n_times); NaN in the rows of candidates that diverge, and of those that are no memories: a number
            that is not finite, a time or stretch that is not above 0.

        Raises
        ------
        InvalidInput
            If the number of columns is none of 2, 5, 8, …
        """
        rows = np.atleast_2d(np.asarray(candidates, dtype=float))
        if rows.shape[1] < 2 or (rows.shape[1] - 2) % 3:
            raise InvalidInput(
                f"candidates have {rows.shape[1]} columns; allowed: 2 + 3 n (Ω, K, n amplitudes, times, b)"
            )
        result = np.full((len(rows), self.times.size), np.nan)
        levels = self._levels(rows)
        order = np.argsort(levels, kind="stable")
        order = order[levels[order] <= _MOST_LEVELS]
        for first in range(0, order.size, _PACK):
            pack = order[first : first + _PACK]
            grid, places, weights = self._interpolation(int(levels[pack].max()))
            F = _solve_pack(
                np.ascontiguousarray(rows[pack].T),
                grid.first_step,
                grid.n_levels,
                self.n_half,
                self.dynamics == "newtonian",
            )
            result[pack] = _interpolate(F, places, weights)
        result[~(np.abs(result) <= _BOUND).all(axis=1)] = np.nan
        return result

    def _levels(self, rows: Floats) -> NDArray[np.int64]:
        """How often the step must be doubled so that the first block is short enough for each row."""
        n = (rows.shape[1] - 2) // 3
        is_memory = np.isfinite(rows).all(axis=1) & (rows[:, _FIRST_AMPLITUDE + n :] > 0).all(axis=1)
        with np.errstate(all="ignore"):
            fastest = rows[:, : _FIRST_AMPLITUDE + n].sum(axis=1)
            end = np.sqrt(self.start / fastest) if self.dynamics == "newtonian" else self.start / fastest
            needed = np.ceil(np.log2(self.times[-1] / end))
        is_possible = is_memory & np.isfinite(needed)
        return np.where(is_possible, np.maximum(needed, 0), _MOST_LEVELS + 1).astype(np.int64)

    @cached_property
    def _kept_interpolations(self) -> dict[int, tuple[DoublingGrid, NDArray[np.int64], Floats]]:
        return {}

    def _interpolation(self, n_levels: int) -> tuple[DoublingGrid, NDArray[np.int64], Floats]:
        """The grid of so many levels, and where on it F at each time asked for is interpolated from."""
        kept = self._kept_interpolations
        if n_levels not in kept:
            grid = DoublingGrid.reaching(
                self.n_half, self.times[-1] / (2 * self.n_half * 2.0**n_levels), self.times[-1]
            )
            stencils = [_stencil(grid, float(t)) for t in self.times]
            places = np.array([place for place, _ in stencils], dtype=np.int64)
            kept[n_levels] = (grid, places, np.array([weight for _, weight in stencils]))
        return kept[n_levels]


def _stencil(grid: DoublingGrid, time: float) -> tuple[list[int], list[float]]:
    """Four neighbours on the finest level that reaches a time, with the weights of the cubic through them."""
    n = grid.n_half
    level = max(0, math.ceil(math.log2(time / (2 * n * grid.first_step)) - 1e-12)) if time > 0 else 0
    level = min(level, grid.n_levels)
    x = time / grid.step(level)
    lowest = min(max(math.floor(x) - 1, 0), 2 * n - 3)
    points = [lowest + i for i in range(4)]
    weights = [math.prod((x - q) / (p - q) for q in points if q != p) for p in points]
    return [_place(grid, level, p) for p in points], weights


def _place(grid: DoublingGrid, level: int, i: int) -> int:
    while level and i <= grid.n_half:
        level, i = level - 1, 2 * i
    return grid.index(level, i)


@compiled(fastmath=set(REORDERED), error_model="numpy")
def _interpolate(F: Floats, places: NDArray[np.int64], weights: Floats) -> Floats:
    result = np.zeros((F.shape[1], places.shape[0]))
    for j in range(places.shape[0]):
        for p in range(4):
            for r in range(F.shape[1]):
                result[r, j] += weights[j, p] * F[places[j, p], r]
    return result


@compiled(fastmath=set(REORDERED), error_model="numpy")
def _solve_pack(columns: Floats, first_step: float, n_levels: int, n_half: int, is_newtonian: bool) -> Floats:
    """F on the grid, shape (n_times, n_rows): fill the first block; double the step and solve the upper half, repeatedly.

    Parameters
    ----------
    columns
        The candidates, shape (2 + 3 n, n_rows).
    """
    n_rows, n_exp = columns.shape[1], (columns.shape[0] - 2) // 3
    length = 2 * n_half + 1
    Omega, K = columns[0], columns[1]
    amplitudes, times, stretches = columns[2 : 2 + n_exp], columns[2 + n_exp : 2 + 2 * n_exp], columns[2 + 2 * n_exp :]
    found = np.empty((length + n_levels * n_half, n_rows))
    shape = (length, n_rows)  # arrays of their own: slices of a larger one would be taken for strided
    F, F_step, F_mean, F_skew, F_hat = (
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
    )
    M, M_step, M_mean, M_skew, M_hat = (
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
    )
    powers = np.empty((n_exp, length, n_rows))
    _first_powers(first_step, times, stretches, powers)
    growth = 2.0**stretches
    _memory(K, amplitudes, powers, np.ones_like(growth), 0, M)
    _fill_first_block(Omega, M[0], first_step, is_newtonian, F)
    _moments(F, F_step, F_mean, F_skew, 1, length)
    _moments(M, M_step, M_mean, M_skew, 1, length)
    found[:length] = F
    h = first_step
    C, A = np.empty(n_rows), np.empty(n_rows)
    for level in range(1, n_levels + 1):
        h *= 2.0
        _halve(F, F_step, F_mean, F_skew, F_hat)
        _halve(M, M_step, M_mean, M_skew, M_hat)
        _memory(K, amplitudes, powers, growth, n_half + 1, M)
        _moments(M, M_step, M_mean, M_skew, n_half + 1, length)
        power, leading = (h * h, 2.0) if is_newtonian else (h, 1.5)
        A[:] = 1.0 / (leading / power + Omega + M_hat[1])
        for i in range(n_half + 1, length):
            _past(F, F_step, F_hat, F_skew, M, M_step, M_hat, M_skew, i, C)
            _step(F, M[i], F_hat[1], A, C, 1.0 / power, is_newtonian, i)
            _moments(F, F_step, F_mean, F_skew, i, i + 1)
        start = length + (level - 1) * n_half
        found[start : start + n_half] = F[n_half + 1 :]
    return found


@compiled(fastmath=set(REORDERED), error_model="numpy")
def _first_powers(h: float, times: Floats, stretches: Floats, powers: Floats) -> None:
    """(t/τ)^b of the first block: of odd steps as it is, of even ones from half the step."""
    for m in range(powers.shape[0]):
        powers[m, 0] = 0.0
        offset, growth = np.log(h / times[m]), 2.0 ** stretches[m]
        for i in range(1, powers.shape[1], 2):
            powers[m, i] = np.exp(stretches[m] * (np.log(i) + offset))
        for i in range(2, powers.shape[1], 2):
            powers[m, i] = powers[m, i // 2] * growth


@compiled(fastmath=set(REORDERED), error_model="numpy")
def _fill_first_block(Omega: Floats, M_0: Floats, h: float, is_newtonian: bool, F: Floats) -> None:
    """F from its expansion in t."""
    second = Omega * (Omega + M_0)
    for i in range(F.shape[0]):
        t = i * h
        if is_newtonian:
            F[i] = 1.0 - Omega * (t**2 / 2.0) + second * (t**4 / 24.0)
        else:
            F[i] = 1.0 - Omega * t + second * (t**2 / 2.0)


@compiled(fastmath=set(REORDERED), error_model="numpy")
def _memory(K: Floats, amplitudes: Floats, powers: Floats, growth: Floats, first: int, M: Floats) -> None:
    """M from (t/τ)^b, which grows by 2^b when the step is doubled; the exponential is not called where a parabola, or zero, is as good."""
    for i in range(first, M.shape[0]):
        out = M[i]
        out[:] = K
        for m in range(amplitudes.shape[0]):
            amplitude, power, factor = amplitudes[m], powers[m, i], growth[m]
            for r in range(out.size):
                u = power[r] * factor[r]
                power[r] = u
                if u < 0.02:
                    out[r] += amplitude[r] * (1.0 - u * (1.0 - u / 2 * (1.0 - u / 3 * (1.0 - u / 4 * (1.0 - u / 5)))))
                elif u < 40.0:
                    out[r] += amplitude[r] * np.exp(-u)


@compiled(fastmath=set(REORDERED), error_model="numpy")
def _past(
    F: Floats,
    F_step: Floats,
    F_hat: Floats,
    F_skew: Floats,
    M: Floats,
    M_step: Floats,
    M_hat: Floats,
    M_skew: Floats,
    i: int,
    C: Floats,
) -> None:
    """As `glassdask.physics.memory_history.past_of_integral`, for one species; `F_step` is F_i − F_{i−1}."""
    n_half, middle = F.shape[0] // 2, i // 2
    rest = i - middle
    M_1, F_hat_1, M_hat_1, F_1, M_r, F_m = M[i - 1], F_hat[1], M_hat[1], F[i - 1], M[rest], F[middle]
    M_s, F_s, F_c, M_c = M_step[rest], F_step[middle], F_skew[middle], M_skew[rest]
    for r in range(C.size):
        C[r] = M_1[r] * F_hat_1[r] + M_hat_1[r] * F_1[r] - M_r[r] * F_m[r] - 0.5 * (M_s[r] * F_c[r] + M_c[r] * F_s[r])
    for j in range(2, middle, 2):  # two at a time: C is read and written half as often
        M_new, F_j, F_new, M_j = M_step[i - j + 1], F_hat[j], F_step[i - j + 1], M_hat[j]
        M_old, F_k, F_old, M_k = M_step[i - j], F_hat[j + 1], F_step[i - j], M_hat[j + 1]
        for r in range(C.size):
            C[r] -= M_new[r] * F_j[r] + M_j[r] * F_new[r] + M_old[r] * F_k[r] + M_k[r] * F_old[r]
    if middle % 2 == 0:
        _subtract_product(M_step[i - middle + 1], F_hat[middle], 1.0, C)
        _subtract_product(M_hat[middle], F_step[i - middle + 1], 1.0, C)
    if rest > middle:
        _subtract_product(M_hat[rest], F_step[middle + 1], 1.0, C)
    if middle < n_half:
        _subtract_product(M_step[rest + 1], F_skew[middle + 1], 0.5, C)
    if rest < n_half:
        _subtract_product(M_skew[rest + 1], F_step[middle + 1], 0.5, C)


@compiled(fastmath=set(REORDERED), error_model="numpy")
def _subtract_product(left: Floats, right: Floats, factor: float, out: Floats) -> None:
    for r in range(out.size):
        out[r] -= factor * left[r] * right[r]


@compiled(fastmath=set(REORDERED), error_model="numpy")
def _step(
    F: Floats, M_i: Floats, F_hat_1: Floats, A: Floats, C: Floats, inverse: float, is_newtonian: bool, i: int
) -> None:
    """F_i = A (M_i (1 − F̂_1) + C + what the backward difference of second order holds besides F_i)."""
    f_1, f_2, f_3 = (5.0, -4.0, 1.0) if is_newtonian else (2.0, -0.5, 0.0)
    F_i, F_1, F_2, F_3 = F[i], F[i - 1], F[i - 2], F[i - 3]
    for r in range(C.size):
        past = (f_1 * F_1[r] + f_2 * F_2[r] + f_3 * F_3[r]) * inverse
        F_i[r] = A[r] * (M_i[r] * (1.0 - F_hat_1[r]) + C[r] + past)


@compiled(fastmath=set(REORDERED), error_model="numpy")
def _moments(values: Floats, steps: Floats, means: Floats, skews: Floats, first: int, stop: int) -> None:
    """Difference, mean and skew of the steps that end at the times first … stop − 1."""
    for i in range(first, stop):
        new, old, older = values[i], values[i - 1], values[max(i - 2, 0)]
        step, mean, skew = steps[i], means[i], skews[i]
        for r in range(new.size):
            step[r] = new[r] - old[r]
            skew[r] = step[r] * (1.0 / 12.0)
            if i > 1:
                mean[r] = (5.0 * new[r] + 8.0 * old[r] - older[r]) * (1.0 / 12.0)
            else:
                mean[r] = 0.5 * (new[r] + old[r])


@compiled(fastmath=set(REORDERED), error_model="numpy")
def _halve(values: Floats, steps: Floats, means: Floats, skews: Floats, hats: Floats) -> None:
    """As `halve_block` and `weights_of_differences` of :mod:`glassdask.physics.memory_history`."""
    n_half, n_rows = values.shape[0] // 2, values.shape[1]
    for i in range(1, n_half + 1):
        first, second, skew_1, skew_2 = means[2 * i - 1], means[2 * i], skews[2 * i - 1], skews[2 * i]
        mean, skew, value, later, step, before = means[i], skews[i], values[i], values[2 * i], steps[i], values[i - 1]
        for r in range(n_rows):
            low, high = first[r], second[r]
            skew[r] = 0.25 * (skew_1[r] + skew_2[r]) + 0.125 * (high - low)
            mean[r] = 0.5 * (low + high)
            value[r] = later[r]
            step[r] = value[r] - before[r]
    hats[1] = means[1] - skews[1] - 0.5 * skews[2]
    hats[2] = means[2] + skews[1] - 0.5 * skews[3]
    hats[n_half] = means[n_half] + 0.5 * skews[n_half - 1]
    for j in range(3, n_half):
        hat, mean, before, after = hats[j], means[j], skews[j - 1], skews[j + 1]
        for r in range(n_rows):
            hat[r] = mean[r] + 0.5 * (before[r] - after[r])

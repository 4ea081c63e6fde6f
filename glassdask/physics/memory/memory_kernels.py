"""The memory function as a sum of stretched exponentials (eq. 6 of the paper, mended in docs/equations.md, E8; eq. 8).

    M(t) = c + Σ_{i=1}^{N} w_i {(1 − a_i) exp[−(t/τ_i)^{b_i}] + a_i}

Only K = c + Σ w_i a_i = M(∞), the amplitudes A_i = w_i (1 − a_i), τ_i and b_i can be told from M: 1 + 3 N numbers, while
the paper's 1 + 4 N have N directions along which nothing changes. A search knows the former; the latter are reported
with a_i = 0 unless something else is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput

Floats = NDArray[np.float64]
#: A tabulated memory is fitted to this share of M(0) where it has decayed below it.
_FLOOR = 1e-3


@dataclass(frozen=True, eq=False)
class StretchedMemory:
    """Eq. 6 with any number of modes.

    Parameters
    ----------
    baseline
        c. [1/time; 1/time² in Newtonian dynamics]
    weights
        w_i, shape (N,). [as c]
    offsets
        a_i, shape (N,). [1]
    times
        τ_i, above 0, shape (N,). [time]
    stretches
        b_i, above 0, shape (N,); above 1 "compressed". [1]

    Raises
    ------
    InvalidInput
        If lengths differ, a number is not finite, or a time or stretch is not above 0.

    Examples
    --------
    >>> memory = StretchedMemory(0.1, [2.0], [0.25], [10.0], [0.5])
    >>> memory.plateau, memory.amplitudes.tolist(), float(memory([0.0])[0])
    (0.6, [1.5], 2.1)
    """

    baseline: float
    weights: Floats
    offsets: Floats
    times: Floats
    stretches: Floats

    def __post_init__(self) -> None:
        for name in ("weights", "offsets", "times", "stretches"):
            object.__setattr__(self, name, np.atleast_1d(np.asarray(getattr(self, name), dtype=float)))
        arrays = (self.weights, self.offsets, self.times, self.stretches)
        if len({array.shape for array in arrays}) > 1 or self.weights.ndim != 1:
            shapes = ", ".join(str(array.shape) for array in arrays)
            raise InvalidInput(
                f"weights, offsets, times and stretches have the shapes {shapes}; allowed: one (N,) for all"
            )
        if not np.isfinite([self.baseline, *np.concatenate(arrays)]).all():
            raise InvalidInput("a parameter of the memory is not finite; allowed: finite numbers")
        if np.any(self.times <= 0) or np.any(self.stretches <= 0):
            raise InvalidInput(f"times are {self.times} and stretches {self.stretches}; allowed: numbers above 0")

    @classmethod
    def from_invariants(
        cls, plateau: float, amplitudes: ArrayLike, times: ArrayLike, stretches: ArrayLike
    ) -> StretchedMemory:
        """The memory with a_i = 0, its modes in the order of their times.

        Parameters
        ----------
        plateau
            K = M(∞). [unit of M]
        amplitudes, times, stretches
            A_i, τ_i and b_i, shape (N,). [unit of M, time, 1]

        Returns
        -------
        StretchedMemory
            With c = K and w_i = A_i.
        """
        order = np.argsort(np.atleast_1d(np.asarray(times, dtype=float)))
        A, tau, b = (np.atleast_1d(np.asarray(array, dtype=float))[order] for array in (amplitudes, times, stretches))
        return cls(float(plateau), A, np.zeros_like(A), tau, b)

    @property
    def n_exp(self) -> int:
        """Number of modes. [1]"""
        return self.weights.size

    @property
    def plateau(self) -> float:
        """K = c + Σ w_i a_i = M(∞). [unit of M]"""
        return float(self.baseline + (self.weights * self.offsets).sum())

    @property
    def amplitudes(self) -> Floats:
        """A_i = w_i (1 − a_i), shape (N,). [unit of M]"""
        return self.weights * (1.0 - self.offsets)

    def __call__(self, t: ArrayLike) -> Floats:
        """M at these times, of their shape."""
        time = np.asarray(t, dtype=float)[..., None]
        modes = self.amplitudes * np.exp(-((time / self.times) ** self.stretches))
        return self.plateau + modes.sum(axis=-1)

    def candidate(self, Omega: float) -> Floats:
        """The row (Ω, K, A, τ, b) that :class:`glassdask.physics.memory.memory_candidates.CandidateSolver` takes.

        Returns
        -------
        numpy.ndarray
            Shape (2 + 3 N,). [Ω, K and A: unit of M; τ: time; b: 1]
        """
        return np.concatenate([[Omega, self.plateau], self.amplitudes, self.times, self.stretches])


def double_stretched_memory(
    weights: Sequence[float], rates: Sequence[float], stretches: Sequence[float]
) -> StretchedMemory:
    """w exp(−Ω² t^ν) + K exp(−Ω̃² t^μ): eq. 8 of the paper, with a weight for the first term too (docs/equations.md, E9).

    As eq. 6 it has c = a_i = 0 and τ = rate^(−1/stretch).

    Parameters
    ----------
    weights
        w and K. [1/time]
    rates
        Ω² and Ω̃². [1/time^ν, 1/time^μ]
    stretches
        ν and μ, above 0.

    Returns
    -------
    StretchedMemory
        Of two modes.

    Raises
    ------
    InvalidInput
        If a rate or a stretch is not positive.

    Examples
    --------
    >>> double_stretched_memory((1.0, 2.0), (1.0, 0.1), (1.0, 0.5)).times.round(6).tolist()
    [1.0, 100.0]
    """
    if min(*rates, *stretches) <= 0:
        raise InvalidInput(f"rates are {rates} and stretches {stretches}; allowed: numbers above 0")
    times = np.asarray(rates, dtype=float) ** (-1.0 / np.asarray(stretches, dtype=float))
    return StretchedMemory(0.0, np.asarray(weights, dtype=float), np.zeros(len(weights)), times, np.asarray(stretches))


def stretched_memory_of(t: ArrayLike, M: ArrayLike, n_exp: int) -> StretchedMemory:
    """Eq. 6 fitted to a memory that is known at some times, such as mode-coupling theory's: where a search may start.

    Least squares of [M_fit − M] / [|M| + 10⁻³ M(0)], from times spread over the decay.

    Parameters
    ----------
    t, M
        Increasing times and values, M(0) above 0, shape (n,). [time; 1/time or 1/time²]
    n_exp
        N, 1 or more.

    Returns
    -------
    StretchedMemory
        Of N modes with a_i = 0, in the units of t and M; M(∞) between 0 and M(0), 0.1 ≤ b_i ≤ 3.

    Raises
    ------
    InvalidInput
        If there are fewer than 2 + 3 N finite values, or M does not begin above 0.
    """
    from scipy.optimize import least_squares  # a fifth of a second, which evaluating a memory does without

    time, memory = np.asarray(t, dtype=float), np.asarray(M, dtype=float)
    is_known = np.isfinite(time) & np.isfinite(memory)
    time, memory = time[is_known], memory[is_known]
    if n_exp < 1 or time.size < 2 + 3 * n_exp or not memory[0] > 0:
        raise InvalidInput(
            f"{time.size} finite values of M, the first {memory[:1]}, for n_exp = {n_exp}; allowed: 1 mode or more, "
            f"2 + 3 n_exp values or more, the first above 0"
        )
    scale = 1.0 / (np.abs(memory) + _FLOOR * memory[0])
    decays = time[time > 0]
    is_falling = memory[time > 0] > 2 * _FLOOR * memory[0] + memory[-1]
    latest = decays[is_falling][-1] if is_falling.any() else decays[-1]
    spread = np.geomspace(decays[0], max(latest, 2 * decays[0]), 2 * n_exp + 1)[1::2]

    def memory_of(x: Floats) -> StretchedMemory:
        A, tau, b = np.exp(x[1 : 1 + n_exp]), np.exp(x[1 + n_exp : 1 + 2 * n_exp]), x[1 + 2 * n_exp :]
        return StretchedMemory.from_invariants(x[0] * memory[0], A, tau, b)

    def slopes(x: Floats) -> Floats:
        A, tau, b = np.exp(x[1 : 1 + n_exp]), np.exp(x[1 + n_exp : 1 + 2 * n_exp]), x[1 + 2 * n_exp :]
        with np.errstate(divide="ignore"):
            log = np.log(time[:, None] / tau)
        power = np.exp(np.minimum(b * log, 700.0))
        decay = A * np.exp(-power)
        bend = np.where(time[:, None] > 0, decay * power, 0.0)  # of t = 0 neither τ nor b moves anything
        log = np.where(time[:, None] > 0, log, 0.0)
        columns = [np.full((time.size, 1), memory[0]), decay, bend * b, -bend * log]
        return np.hstack(columns) * scale[:, None]

    start = np.concatenate(
        [
            [np.clip(memory[-1] / memory[0], 0.0, 1.0)],
            np.full(n_exp, np.log(memory[0] / n_exp)),
            np.log(spread),
            np.ones(n_exp),
        ]
    )
    # amplitudes and times move by e^±30 at most: further ones are no modes of this curve
    low = np.concatenate([[-1e-9], start[1:-n_exp] - 30.0, np.full(n_exp, 0.1)])
    high = np.concatenate([[1.0 + 1e-9], start[1:-n_exp] + 30.0, np.full(n_exp, 3.0)])
    found = least_squares(
        lambda x: (memory_of(x)(time) - memory) * scale, start, jac=slopes, bounds=(low, high), x_scale="jac"
    )
    return memory_of(found.x)

"""The coordinates in which memories are searched: what F can tell, on scales on which a step means the same everywhere.

x = (log K/Ω, log A_i/Ω, log τ_i, b_i), and log Ω where it is fitted too; the paper's own c, w_i, a_i hold N directions
along which nothing changes, and numbers of very different size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.fits.target.target import Target
from glassdask.physics.memory.dynamics import Dynamics
from glassdask.physics.memory.memory_kernels import StretchedMemory

Floats = NDArray[np.float64]
#: M(∞) of a start lies within this many e-folds below its largest value.
_START_DEPTH = 5.0
#: Every second start has an M(∞) that makes up most of what has not decayed: a slow mode in its place is a trap.
_NEAR = 0.5
#: log K/Ω may fall so far below its largest value: K then acts on nothing.
_DEPTH = 16.0
_STRETCHES = {"overdamped": (0.1, 2.0), "newtonian": (0.1, 2.0)}
_START_STRETCHES = {"overdamped": (0.3, 1.2), "newtonian": (0.3, 2.0)}
#: A/Ω of starts, and of all.
_START_AMPLITUDES, _AMPLITUDES = (0.1, 100.0), (1e-4, 1e7)


@dataclass(frozen=True, eq=False)
class SearchSpace:
    """Bounds and starts for the memories of one target.

    Parameters
    ----------
    n_exp
        N of eq. 6.
    Omega
        Ω, or where its fit starts. [1/time, or 1/time² in Newtonian dynamics]
    fits_omega
        Whether Ω is searched too.
    low, high
        Bounds of x, shape (dimension,).
    start_low, start_high
        Where starts are drawn from.
    """

    n_exp: int
    Omega: float
    fits_omega: bool
    low: Floats
    high: Floats
    start_low: Floats
    start_high: Floats

    @classmethod
    def of(cls, target: Target, n_exp: int, dynamics: Dynamics, Omega: float, fits_omega: bool) -> SearchSpace:
        """The space for a target: K up to a little above Ω f/(1 − f), f = F(t_max); times around those of the data."""
        f = float(np.clip(target.F[-1] + 2 * target.scale[-1] * (target.error is not None), 1e-4, 0.999))
        log_K = np.log(f / (1.0 - f))
        first, last = _span(target)
        t_1, t_n = np.log(target.times[0]), np.log(target.times[-1])
        ranges = [
            ((log_K - _DEPTH, log_K + 1.5), (log_K - _START_DEPTH, log_K)),
            *[(tuple(np.log(_AMPLITUDES)), tuple(np.log(_START_AMPLITUDES)))] * n_exp,
            *[((t_1 - 6.0, t_n + 7.0), (np.log(first), np.log(last)))] * n_exp,
            *[(_STRETCHES[dynamics], _START_STRETCHES[dynamics])] * n_exp,
        ]
        if fits_omega:
            centre = np.log(Omega)
            ranges.append(((centre - 4.0, centre + 8.0), (centre - 0.5, centre + 3.0)))
        bounds = np.array(ranges, dtype=float)
        return cls(n_exp, Omega, fits_omega, *bounds[:, 0].T, *bounds[:, 1].T)

    @property
    def dimension(self) -> int:
        """Number of coordinates."""
        return self.low.size

    def random(self, rng: np.random.Generator, n: int) -> Floats:
        """Starts, shape (n, dimension), the times of each in increasing order."""
        x = rng.uniform(self.start_low, self.start_high, (n, self.dimension))
        x[::2, 0] = rng.uniform(self.start_high[0] - _NEAR, self.start_high[0], x[::2, 0].shape)
        times = slice(1 + self.n_exp, 1 + 2 * self.n_exp)
        x[:, times] = np.sort(x[:, times], axis=1)
        return x

    def inside(self, x: ArrayLike) -> Floats:
        """The nearest point within the bounds, a little off them."""
        margin = 1e-6 * (self.high - self.low)
        return np.clip(np.asarray(x, dtype=float), self.low + margin, self.high - margin)

    def candidates(self, x: Floats) -> Floats:
        """Rows (Ω, K, A, τ, b) for the solver, shape (n, 2 + 3 N), from x of shape (n, dimension)."""
        n = self.n_exp
        rates = np.exp(x[:, : 1 + 2 * n])
        Omega = np.exp(x[:, -1:]) if self.fits_omega else np.full((len(x), 1), self.Omega)
        return np.hstack([Omega, rates[:, : 1 + n] * Omega, rates[:, 1 + n :], x[:, 1 + 2 * n : 1 + 3 * n]])

    def coordinates(self, memory: StretchedMemory, Omega: float | None = None) -> Floats:
        """x of a memory, moved into the bounds."""
        rate = self.Omega if Omega is None else Omega
        tiny = np.finfo(float).tiny
        values = np.maximum(np.concatenate([[memory.plateau], memory.amplitudes]) / rate, tiny)
        x = np.concatenate([np.log(values), np.log(memory.times), memory.stretches])
        return self.inside(np.append(x, np.log(rate)) if self.fits_omega else x)

    def memory(self, x: Floats) -> tuple[float, StretchedMemory]:
        """Ω and the memory at a point, modes in the order of their times."""
        row, n = self.candidates(x[None])[0], self.n_exp
        return float(row[0]), StretchedMemory.from_invariants(
            row[1], row[2 : 2 + n], row[2 + n : 2 + 2 * n], row[2 + 2 * n :]
        )

    def parameters(self, x: Floats) -> Floats:
        """K, A_i, τ_i, b_i, and Ω where it is fitted, modes in the order of their times, shape (dimension,)."""
        Omega, memory = self.memory(x)
        values = memory.candidate(Omega)
        return np.append(values[1:], Omega) if self.fits_omega else values[1:]


def _span(target: Target) -> tuple[float, float]:
    """Times between which F does what it does: where it has begun to fall, and where it is about to vanish."""
    t, F = target.times, target.F
    first = t[np.argmax(F < 0.99)] if (F < 0.99).any() else t[0]
    is_gone = target.F < 0.02
    last = t[np.argmax(is_gone)] if is_gone.any() else 3.0 * t[-1]
    return min(t[0], first / 3.0), max(last, 10.0 * first)

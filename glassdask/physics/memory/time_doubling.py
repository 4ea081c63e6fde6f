"""The grid of the time-doubling scheme (Fuchs, Götze, Hofacker and Latz, J. Phys.: Condens. Matter 3, 5047 (1991)).

A block holds 2N + 1 equidistant times, 0 to 2N h. When its upper half is solved, every second time is dropped, the step
is doubled, and the upper half of the next block is solved: decades of time cost the same each. The grid is the whole
first block, h_0 · (0 … 2N), followed by the upper half h_0 2^l · (N+1 … 2N) of each level l = 1, 2, …
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput

Floats = NDArray[np.float64]
#: 2^300 steps overflow nothing, and no physics needs more.
_MOST_LEVELS = 300


@dataclass(frozen=True)
class DoublingGrid:
    """Times of a solution of the memory equation.

    Parameters
    ----------
    n_half
        N: steps in half a block; the error falls as N⁻².
    first_step
        h_0. [time]
    n_levels
        How often the step is doubled.
    """

    n_half: int
    first_step: float
    n_levels: int

    def __post_init__(self) -> None:
        if self.n_half < 4 or self.n_half % 2:
            raise InvalidInput(f"n_half is {self.n_half}; allowed: an even number, 4 or more; 32 is usual")
        if not (math.isfinite(self.first_step) and self.first_step > 0):
            raise InvalidInput(f"first_step is {self.first_step}; allowed: a finite time above 0")
        if not 0 <= self.n_levels <= _MOST_LEVELS:
            raise InvalidInput(f"n_levels is {self.n_levels}; allowed: 0 to {_MOST_LEVELS}, each doubles the time")

    @classmethod
    def reaching(cls, n_half: int, first_step: float, end_time: float) -> DoublingGrid:
        """The grid with this first step, or a smaller one, that ends exactly at `end_time`.

        Parameters
        ----------
        n_half
            N.
        first_step
            Longest h_0. [time]
        end_time
            2N h_0 2^n_levels. [time]

        Returns
        -------
        DoublingGrid
            With the fewest levels.

        Raises
        ------
        InvalidInput
            If the end is not a finite time above 0.
        """
        if not (math.isfinite(end_time) and end_time > 0):
            raise InvalidInput(f"end_time is {end_time}; allowed: a finite time above 0")
        # a rounding error above a whole number of doublings is no reason for one more
        n_levels = max(0, math.ceil(math.log2(end_time / (2 * n_half * first_step)) - 1e-9))
        return cls(n_half, end_time / (2 * n_half * 2.0**n_levels), n_levels)

    @cached_property
    def times(self) -> Floats:
        """All times, increasing from 0, shape (2N + 1 + N n_levels,). [time]"""
        upper = np.arange(self.n_half + 1, 2 * self.n_half + 1)
        blocks = [np.arange(2 * self.n_half + 1.0)] + [upper * 2.0**level for level in range(1, self.n_levels + 1)]
        return self.first_step * np.concatenate(blocks)

    def index(self, level: int, i: int) -> int:
        """Place in `times` of h_0 2^level · i; the lower half of a block lies in the levels before.

        Returns
        -------
        int
            Along the first axis of a solution. [1]
        """
        while level and i <= self.n_half:
            level, i = level - 1, 2 * i
        return i if level == 0 else 2 * self.n_half + (level - 1) * self.n_half + i - self.n_half

    def step(self, level: int) -> float:
        """Step of a level.

        Returns
        -------
        float
            h_0 2^level. [time]
        """
        return self.first_step * 2.0**level

    def interpolated(self, values: Floats, at: ArrayLike) -> Floats:
        """Values at other times: cubic splines in ln t, and the value at t = 0 below the first step.

        Parameters
        ----------
        values
            On this grid, shape (n_times, …).
        at
            Times from 0 to the end of the grid, shape (n,). [time]

        Returns
        -------
        numpy.ndarray
            Shape (n, …), in the unit of the values.

        Raises
        ------
        InvalidInput
            If a time lies outside of the grid.
        """
        times = np.asarray(at, dtype=float)
        if np.any(~((times >= 0) & (times <= self.times[-1] * (1 + 1e-9)))):
            raise InvalidInput(f"times from {times.min():g} to {times.max():g}; allowed: 0 to {self.times[-1]:g}")
        from scipy.interpolate import make_interp_spline  # a fifth of a second, which solving does without

        is_later = times >= self.first_step
        result = np.repeat(np.asarray(values)[:1], times.size, axis=0)
        spline = make_interp_spline(np.log(self.times[1:]), np.asarray(values)[1:], k=3, axis=0)
        result[is_later] = spline(np.log(times[is_later]))
        return result

    def halved(self) -> DoublingGrid:
        """The grid of half the step: the times of this one are its even ones, level by level.

        Returns
        -------
        DoublingGrid
            As many levels of twice as many steps; it ends at the same time.
        """
        return DoublingGrid(2 * self.n_half, self.first_step / 2, self.n_levels)

    def places_in_halved(self) -> NDArray[np.intp]:
        """Where the times of this grid lie among those of `halved()`.

        Returns
        -------
        numpy.ndarray
            Indices, shape (n_times,).
        """
        fine = self.halved()
        first = [2 * i for i in range(2 * self.n_half + 1)]
        later = [
            fine.index(level, 2 * i)
            for level in range(1, self.n_levels + 1)
            for i in range(self.n_half + 1, 2 * self.n_half + 1)
        ]
        return np.array(first + later, dtype=np.intp)

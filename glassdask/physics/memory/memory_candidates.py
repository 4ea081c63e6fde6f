"""The memory equation for many memories of eq. 6 at once: what a search over them calls, one compiled loop.

The scheme is that of :mod:`glassdask.physics.memory.memory_equation`, F scalar; rows are candidates, and their steps are those of
``compiled/candidate_steps.cpp``. Candidates that need as small a first step, to a factor of two, share a grid; all grids end
at the last time asked for. What comes out of one does not depend on what is solved along with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import to_host
from glassdask.errors import InvalidInput
from glassdask.physics.compiled import interpolated_rows, solve_pack
from glassdask.physics.memory.candidate_kernel import solve_pack_on_device
from glassdask.physics.memory.dynamics import DEFAULT_DYNAMICS, Dynamics, checked_dynamics
from glassdask.physics.memory.time_doubling import DoublingGrid
from glassdask.physics.numerics.batches import Batches

Floats = NDArray[np.float64]
#: Rows that are solved together: enough for the vector units, few enough for the second-level cache.
_PACK = 64
#: Rows of one launch on a device, unless it has no room: F on the whole grid takes some 100 MB.
_DEVICE_PACK = 8192
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
        "overdamped" (eq. 5) or "newtonian" (docs/equations.md, E1').
    n_half
        Steps in half a block; the error falls as n_half⁻²: at 32 below 1e-4, at 128 below 1e-5
        where the solution is overdamped.
    start
        2N h_0 ‖Ω + M(0)‖ of the first block (its root in Newtonian dynamics), where F is expanded in t.
    xp
        Where it is solved: ``numpy``, compiled for this core, or ``cupy``, one launch a grid, for thousands of candidates
        (:mod:`glassdask.physics.memory.candidate_kernel`).

    Examples
    --------
    F for M = exp(−t), Ω = 1 is known in closed form; at t = 1 it is 0.5140.

    >>> solver = CandidateSolver(np.array([0.0, 1.0]), "overdamped", n_half=128)
    >>> F = solver.solve(np.array([[1.0, 0.0, 1.0, 1.0, 1.0]]))
    >>> F[0].round(3).tolist()
    [1.0, 0.514]
    """

    times: Floats
    dynamics: Dynamics = DEFAULT_DYNAMICS
    n_half: int = 32
    start: float = 0.04
    xp: ModuleType = np
    #: Candidates of different numbers of modes come in batches of their own.
    is_for_mixed_modes: ClassVar[bool] = False
    _interpolations: dict[int, tuple[DoublingGrid, NDArray[np.int64], Floats]] = field(
        default_factory=dict, init=False, repr=False
    )
    _batches: Batches = field(init=False, repr=False)

    def __post_init__(self) -> None:
        times = np.asarray(self.times, dtype=float)
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "_batches", Batches(_PACK if self.xp is np else _DEVICE_PACK, self.xp))
        checked_dynamics(self.dynamics)
        is_right = times.ndim == 1 and times.size > 0 and np.isfinite(times).all() and times[0] >= 0
        if not is_right or np.any(np.diff(times) <= 0) or times[-1] <= 0:
            raise InvalidInput("times must increase from 0 or later and be finite, shape (n_times,)")

    def solve(self, candidates: ArrayLike, least_rates: ArrayLike = 0.0) -> Floats:
        """F at the times asked for.

        Parameters
        ----------
        candidates
            Rows (Ω, K, A_1 … A_n, τ_1 … τ_n, b_1 … b_n), shape (n_rows, 2 + 3 n), n ≥ 0, or groups of them, shape (n_groups,
            n_rows, 2 + 3 n): those of a group share a grid, so that their differences are those of F. [Ω, K and A: 1/time,
            or 1/time² in Newtonian dynamics; τ: time; b: 1]
        least_rates
            Ω + M(0) that the grid of each row, or group, is made for at least; one for all, or shape (n_rows,) or
            (n_groups,). F jumps by its error where a grid follows from the row alone and needs one doubling more: near a
            minimum a rate that is a little larger than its own keeps it smooth. [as Ω]

        Returns
        -------
        numpy.ndarray
            Shape (n_rows, n_times) or (n_groups, n_rows, n_times); NaN in the rows of candidates that diverge, and of those that are no memories: a number
            that is not finite, a time or stretch that is not above 0. [1]

        Raises
        ------
        InvalidInput
            If the number of columns is none of 2, 5, 8, …
        NoRoom
            If a device has no room for a single candidate.
        """
        given = np.atleast_2d(np.asarray(candidates, dtype=float))
        n_columns = given.shape[-1]
        if n_columns < 2 or (n_columns - 2) % 3:
            raise InvalidInput(f"candidates have {n_columns} columns; allowed: 2 + 3 n (Ω, K, n amplitudes, times, b)")
        groups = given if given.ndim == 3 else given[:, None]
        levels = self._levels(groups.reshape(-1, n_columns)).reshape(groups.shape[:2])
        is_possible = levels <= _MOST_LEVELS
        shared = np.where(is_possible, levels, -1).max(axis=1, initial=-1)
        least = np.broadcast_to(np.asarray(least_rates, dtype=float), len(groups))
        shared = np.where((shared >= 0) & (least > 0), np.maximum(shared, self._levels_of(least)), shared)
        result = np.full((*groups.shape[:2], self.times.size), np.nan)

        def of_pack(pack: NDArray[np.intp]) -> None:
            F = self._solve_pack(groups[pack].reshape(-1, n_columns), int(shared[pack[0]]))
            result[pack] = F.reshape(len(pack), -1, self.times.size)

        for level in np.unique(shared[shared >= 0]):
            self._over_groups(np.flatnonzero(shared == level), groups.shape[1], of_pack)
        result[~(is_possible & (np.abs(result) <= _BOUND).all(axis=-1))] = np.nan
        return result.reshape(*given.shape[:-1], self.times.size)

    def _over_groups(self, groups: NDArray[np.intp], n_rows: int, work: Callable[[NDArray[np.intp]], None]) -> None:
        """As `Batches.over` of rows, but no group is divided."""
        batches = Batches(self._batches.size // max(n_rows, 1), self.xp)
        tried = batches.size
        batches.over(groups, work)
        if batches.size < tried:
            self._batches.size = batches.size * n_rows

    def _solve_pack(self, rows: Floats, n_levels: int) -> Floats:
        """F at the times asked for, of candidates that share a grid."""
        grid, places, weights = self._interpolation(n_levels)
        how = grid.first_step, grid.n_levels, self.n_half, self.dynamics == "newtonian"
        if self.xp is np:
            return interpolated_rows(solve_pack(np.ascontiguousarray(rows.T), *how), places, weights)
        F = solve_pack_on_device(self.xp.asarray(rows.T), *how)
        return to_host((F[:, self.xp.asarray(places)] * self.xp.asarray(weights)).sum(axis=-1))

    def _levels(self, rows: Floats) -> NDArray[np.int64]:
        """How often the step must be doubled so that the first block is short enough for each row."""
        n = (rows.shape[1] - 2) // 3
        is_memory = np.isfinite(rows).all(axis=1) & (rows[:, _FIRST_AMPLITUDE + n :] > 0).all(axis=1)
        with np.errstate(over="ignore"):
            needed = self._levels_of(rows[:, : _FIRST_AMPLITUDE + n].sum(axis=1))
        return np.where(is_memory, needed, _MOST_LEVELS + 1).astype(np.int64)

    def _levels_of(self, rates: Floats) -> NDArray[np.int64]:
        """The same for rates Ω + M(0)."""
        with np.errstate(all="ignore"):
            end = np.sqrt(self.start / rates) if self.dynamics == "newtonian" else self.start / rates
            needed = np.ceil(np.log2(self.times[-1] / end))
        return np.where(np.isfinite(needed), np.maximum(needed, 0), _MOST_LEVELS + 1).astype(np.int64)

    def _interpolation(self, n_levels: int) -> tuple[DoublingGrid, NDArray[np.int64], Floats]:
        """The grid of so many levels, and where on it F at each time asked for is interpolated from."""
        kept = self._interpolations
        if n_levels not in kept:
            grid = DoublingGrid.reaching(
                self.n_half, self.times[-1] / (2 * self.n_half * 2.0**n_levels), self.times[-1]
            )
            stencils = [_stencil(grid, float(t)) for t in self.times]
            places = np.array([place for place, _ in stencils], dtype=np.int64)
            kept[n_levels] = (grid, places, np.array([weight for _, weight in stencils]))
        return kept[n_levels]


def with_modes(candidates: Floats, n_exp: int) -> Floats:
    """Rows with modes of amplitude 0 added, up to `n_exp` of them, so that candidates of fewer modes fit into one batch.

    Parameters
    ----------
    candidates
        Rows (Ω, K, A, τ, b) of n modes, shape (n_rows, 2 + 3 n).
    n_exp
        Modes wanted, n or more.

    Returns
    -------
    numpy.ndarray
        Shape (n_rows, 2 + 3 n_exp); the added modes have τ = b = 1. [as the rows]

    Examples
    --------
    >>> with_modes(np.array([[9.0, 0.0, 4.0, 0.1, 0.8]]), 2)
    array([[9. , 0. , 4. , 0. , 0.1, 1. , 0.8, 1. ]])
    """
    n = (candidates.shape[1] - _FIRST_AMPLITUDE) // 3
    parts = np.split(candidates, _FIRST_AMPLITUDE + n * np.arange(3), axis=1)
    added = [np.full((len(candidates), n_exp - n), value) for value in (0.0, 1.0, 1.0)]
    return np.hstack([parts[0], *(part for pair in zip(parts[1:], added, strict=True) for part in pair)])


def _stencil(grid: DoublingGrid, time: float) -> tuple[list[int], list[float]]:
    """Four neighbours on the finest level that reaches a time, with the weights of the cubic through them."""
    n = grid.n_half
    level = max(0, math.ceil(math.log2(time / (2 * n * grid.first_step)) - 1e-12)) if time > 0 else 0
    level = min(level, grid.n_levels)
    x = time / grid.step(level)
    lowest = min(max(math.floor(x) - 1, 0), 2 * n - 3)
    points = [lowest + i for i in range(4)]
    weights = [math.prod((x - q) / (p - q) for q in points if q != p) for p in points]
    return [grid.index(level, p) for p in points], weights

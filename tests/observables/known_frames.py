"""Trajectories in memory whose observables are known: walkers, an ideal gas, a harmonic crystal."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.observables.setting import Setting


class KnownFrames:
    """Frames of positions that are kept in memory, unwrapped."""

    def __init__(self, unwrapped: NDArray[np.float64], box_length: float, species: Any = None, times: Any = None):
        self._unwrapped, n = unwrapped, unwrapped.shape[1]
        self.dimension = unwrapped.shape[2]
        self._cell = np.eye(self.dimension) * box_length
        self.species = np.zeros(n, dtype=np.int64) if species is None else np.asarray(species, dtype=np.int64)
        self.times = np.arange(len(unwrapped), dtype=float) if times is None else np.asarray(times, dtype=float)
        self.read: list[int] = []

    def __len__(self) -> int:
        return len(self._unwrapped)

    def cell(self, _: int) -> NDArray[np.float64]:
        return self._cell

    def positions(self, index: int) -> NDArray[np.float64]:
        self.read.append(index)
        return self._unwrapped[index] % self._cell[0, 0]

    def unwrapped(self, index: int) -> NDArray[np.float64]:
        self.read.append(index)
        return self._unwrapped[index]


def walkers(n_frames: int, n: int, step: float | NDArray[np.float64], dimension: int = 3, seed: int = 5) -> KnownFrames:
    """Independent Gaussian walkers, each coordinate of each step of this standard deviation, in a box of length 10."""
    random = np.random.default_rng(seed)
    steps = random.normal(0.0, 1.0, (n_frames, n, dimension)) * np.reshape(step, (-1, 1))
    steps[0] = random.uniform(0.0, 10.0, (n, dimension))
    return KnownFrames(np.cumsum(steps, axis=0), 10.0)


def linear_pairs(n_frames: int, lags: Any) -> list[NDArray[np.int64]]:
    """Of each lag all pairs of frames that are so many frames apart."""
    return [np.column_stack([np.arange(n_frames - lag), np.arange(lag, n_frames)]) for lag in lags]


def setting_of(frames: KnownFrames, lag_times: Any, xp: ModuleType = np, **options: Any) -> Setting:
    """What estimators are told of such frames; no drift is taken off, as walkers are independent."""
    n_species = int(frames.species.max()) + 1
    return Setting(
        species=frames.species,
        names=tuple("ABCDE"[:n_species]),
        masses=(1.0,) * n_species,
        cell=frames.cell(0),
        lag_times=np.asarray(lag_times, dtype=float),
        xp=xp,
        **{"remove_drift": False, **options},
    )

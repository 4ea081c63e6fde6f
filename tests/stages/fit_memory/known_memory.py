"""Correlation functions whose memory is known, in files as a user has them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from glassdask.fits.refinement.memory_fit import accurate_solution
from glassdask.physics.memory.dynamics import Dynamics
from glassdask.physics.memory.memory_kernels import StretchedMemory

TIMES = np.geomspace(0.05, 2000.0, 60)
NOISE = 1e-3
OMEGA = 1.0
#: (K, A, tau, b): a fast mode of collisions and a slow one of structure; M(∞) = 0.
TWO_MODES: dict[Dynamics, StretchedMemory] = {
    "newtonian": StretchedMemory.from_invariants(0.0, [15.0, 3.0], [0.3, 60.0], [1.2, 0.7]),
    "overdamped": StretchedMemory.from_invariants(0.0, [6.0, 2.0], [0.5, 30.0], [0.9, 0.7]),
}
ONE_MODE = StretchedMemory.from_invariants(0.0, [3.0], [2.0], [0.7])


@cache
def known_curve(dynamics: Dynamics, noise: float = NOISE, seed: int = 3) -> np.ndarray:
    """F of two modes at TIMES with normal noise, shape (60,)."""
    F, error = accurate_solution(TWO_MODES[dynamics], OMEGA, TIMES, dynamics)
    assert error < 1e-4  # far below the noise
    return F + noise * np.random.default_rng(seed).standard_normal(TIMES.size)


def simple_curve(t: np.ndarray) -> np.ndarray:
    """F of one mode of overdamped dynamics, without noise, shape of t."""
    return accurate_solution(ONE_MODE, OMEGA, t, "overdamped")[0]


def csv_file(path: Path, **columns: np.ndarray) -> Path:
    """A CSV file with these columns; NaN becomes an empty cell."""
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    lines = [",".join("" if value != value else repr(value) for value in row) for row in rows]  # noqa: PLR0124
    path.write_text("\n".join([",".join(columns), *lines]) + "\n")
    return path

"""Cage-relative displacements as they are written down: one particle, one neighbour at a time."""

from __future__ import annotations

import numpy as np

from tests.reference.neighbours import neighbours


def displacements(positions, unwrapped, cell, origin, end, reach) -> np.ndarray:
    """Shape (N, d)."""
    moved = unwrapped[end] - unwrapped[origin]
    cages: list[list[int]] = [[] for _ in moved]
    for i, j in neighbours(positions[origin], cell, reach):
        cages[i].append(j)
        cages[j].append(i)
    return np.array(
        [step - (np.mean(moved[cage], axis=0) if cage else 0.0) for step, cage in zip(moved, cages, strict=True)]
    )

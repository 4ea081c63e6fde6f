"""Cells and positions as freud takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import MissingComponent
from glassdask.physics.numerics.periodic_cell import cells_of, fractional, is_orthorhombic


def freud_box(
    positions: NDArray[np.float64], box_lengths: ArrayLike, dimension: int
) -> tuple[Any, NDArray[np.float32]]:
    """freud's box of a cell, and positions wrapped into it.

    freud takes cells whose first vector lies along x and the second in the plane of x and y, and it finds the nearest image where
    they are not skewed by more than half: other cells are turned and given by shorter vectors of the same lattice.

    Returns
    -------
    Box, numpy.ndarray
        Points of shape (N, 3), z = 0 in two dimensions. [length]

    Raises
    ------
    InvalidInput
        If the cell is not one.
    """
    freud, cell = freud_module(), cells_of(box_lengths, dimension)[0]
    lengths, points = np.diag(cell), positions.astype(np.float32)
    if is_orthorhombic(cell) and np.all(lengths > 0):
        box = freud.box.Box(*lengths.tolist(), is2D=dimension == 2)
    else:
        turned = np.linalg.cholesky(cell @ cell.T)
        points = (fractional(positions, cell) @ turned).astype(np.float32)
        matrix = np.zeros((3, 3))
        matrix[:dimension, :dimension] = _less_skewed(turned).T
        box = freud.box.Box.from_matrix(matrix, dimensions=dimension)
    if dimension == 2:
        points = np.column_stack([points, np.zeros(len(points), np.float32)])
    return box, box.wrap(points)


def _less_skewed(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same lattice, each vector's component along an earlier one at most half of that."""
    vectors = cell.copy()
    for i in range(1, len(cell)):
        for j in range(i - 1, -1, -1):
            vectors[i] -= np.rint(vectors[i, j] / vectors[j, j]) * vectors[j]
    return vectors


def freud_module() -> Any:
    """freud, imported when it is needed.

    Returns
    -------
    module
        ``freud``.

    Raises
    ------
    MissingComponent
        If it is not installed.
    """
    try:
        import freud
    except ImportError as error:
        raise MissingComponent(
            "the test for crystallisation needs freud; install it with: pip install freud-analysis"
        ) from error
    return freud

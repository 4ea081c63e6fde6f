"""Small matrices, one a row (a wavenumber, a candidate): arrays of shape (n, n, n_rows), rows last for the vector units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def products(left: Floats, right: Floats) -> Floats:
    """The matrix product of each row.

    Parameters
    ----------
    left, right
        Shape (n, n, n_rows).

    Returns
    -------
    numpy.ndarray
        Shape (n, n, n_rows), in the product of their units.

    Examples
    --------
    >>> products(np.ones((1, 1, 2)), np.full((1, 1, 2), 3.0))
    array([[[3., 3.]]])
    """
    if left.shape[0] == 1:
        return left * right
    return (left[:, :, None] * right[None]).sum(axis=1)


def inverses(matrices: Floats) -> Floats:
    """The inverse matrix of each row.

    Parameters
    ----------
    matrices
        Shape (n, n, n_rows).

    Returns
    -------
    numpy.ndarray
        Shape (n, n, n_rows), in the inverse of their unit.

    Examples
    --------
    >>> inverses(np.full((1, 1, 2), 4.0))
    array([[[0.25, 0.25]]])
    """
    if matrices.shape[0] == 1:
        return 1.0 / matrices
    return np.ascontiguousarray(np.moveaxis(np.linalg.inv(np.moveaxis(matrices, 2, 0)), 0, 2))

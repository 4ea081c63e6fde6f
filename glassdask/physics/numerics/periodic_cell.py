"""Periodic cells of any shape, in two or three dimensions: lattice vectors as rows, one cell for all frames or one each.

Positions r and fractional coordinates s belong together by r = s·h, h the matrix whose rows are the lattice vectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import namespace, to_host
from glassdask.errors import InvalidInput

Floats = NDArray[np.float64]
#: Off-diagonal elements below this share of the largest are rounding of a file.
_ORTHOGONAL = 1e-9
DIMENSIONS = (2, 3)


def cells_of(box_lengths: ArrayLike, dimension: int = 3, n_frames: int | None = None) -> Floats:
    """Cells from whatever a box may be given as.

    Parameters
    ----------
    box_lengths
        One number for a cube or square; `dimension` lengths of an orthorhombic box; the lattice vectors as the rows of a matrix,
        shape (d, d); or one such matrix a frame, shape (n_frames, d, d). [length]
    dimension
        d, 2 or 3.
    n_frames
        Where one cell a frame is given: so many there must be.

    Returns
    -------
    numpy.ndarray
        Shape (1, d, d) for a cell that all frames share, else (n_frames, d, d). [length]

    Raises
    ------
    InvalidInput
        If it has another shape, is not finite, or a cell has no volume.

    Examples
    --------
    >>> cells_of([2.0, 3.0], dimension=2)[0]
    array([[2., 0.],
           [0., 3.]])
    """
    if dimension not in DIMENSIONS:
        raise InvalidInput(f"dimension is {dimension!r}; allowed: 2, 3")
    box = np.asarray(to_host(box_lengths), dtype=float)
    if box.ndim < 2 and box.size in (1, dimension):
        cells = np.diag(np.broadcast_to(box.reshape(-1), dimension))[None]
        is_valid = bool(np.all(np.isfinite(box) & (box > 0)))
    else:
        cells = box[None] if box.ndim == 2 else box
        is_shaped = (
            cells.ndim == 3 and cells.shape[1:] == (dimension, dimension) and len(cells) in {1, n_frames or len(cells)}
        )
        is_valid = is_shaped and bool(np.isfinite(cells).all() and np.all(np.abs(np.linalg.det(cells)) > 0))
    if not is_valid:
        one_each = "" if n_frames is None else f" of which there are {n_frames}"
        raise InvalidInput(
            f"box_lengths is {box_lengths!r}; allowed: {dimension} positive lengths, or one for all; a ({dimension}, {dimension}) "
            f"matrix whose rows are the lattice vectors; or one such matrix a frame{one_each}"
        )
    return cells


def is_orthorhombic(cells: Floats) -> bool:
    """Whether the lattice vectors lie along the axes, to the rounding of a file.

    Parameters
    ----------
    cells
        Shape (…, d, d). [length]
    """
    off_diagonal = np.abs(cells - cells * np.eye(cells.shape[-1]))
    return bool(off_diagonal.max() <= _ORTHOGONAL * np.abs(cells).max())


def volumes(cells: Floats) -> Floats:
    """Volumes, in two dimensions areas, of cells.

    Returns
    -------
    numpy.ndarray
        Shape (…,). [length^d]
    """
    return np.abs(np.linalg.det(cells))


def widths(cells: Floats) -> Floats:
    """Distances between opposite faces: within half of the least, a nearest image is found by rounding.

    Returns
    -------
    numpy.ndarray
        Shape (…, d). [length]

    Examples
    --------
    >>> widths(np.array([[2.0, 0.0], [1.0, 1.0]])).round(4)
    array([1.4142, 1.    ])
    """
    return np.asarray(1.0 / np.linalg.norm(np.linalg.inv(cells), axis=-2))


def fractional(positions: Any, cell: Any) -> Any:
    """Fractional coordinates s, r = s·h.

    Parameters
    ----------
    positions
        Shape (…, N, d), NumPy or CuPy. [length]
    cell
        Shape (d, d) or (…, d, d), in the same namespace or on the host. [length]

    Returns
    -------
    array
        Shape (…, N, d), in the namespace of the positions. [1]
    """
    xp = namespace(positions)
    return xp.matmul(positions, xp.asarray(np.linalg.inv(to_host(cell))))


def nearest_image(displacements: Any, cell: Any) -> Any:
    """The image of each displacement whose fractional coordinates lie within ±1/2: the shortest, for those that are shorter
    than half of the least width of the cell.

    Parameters
    ----------
    displacements
        Shape (…, N, d), NumPy or CuPy. [length]
    cell
        Shape (d, d) or (…, d, d), in the same namespace or on the host. [length]

    Returns
    -------
    array
        Shape (…, N, d), in the namespace of the displacements. [length]

    Examples
    --------
    >>> nearest_image(np.array([[0.9, 0.0, 0.0]]), np.eye(3)).round(3)
    array([[-0.1,  0. ,  0. ]])
    """
    xp = namespace(displacements)
    images = xp.rint(fractional(displacements, cell))
    return displacements - xp.matmul(images, xp.asarray(to_host(cell)))

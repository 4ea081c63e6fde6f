"""Pairs of particles that are near each other in a periodic cell of any shape: found by freud's tree, on the host.

Neighbours are wanted once an origin, not once a pair of frames; where positions live on a device they are copied for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.arrays import to_host
from glassdask.errors import InvalidInput, MissingComponent
from glassdask.physics.numerics.periodic_cell import fractional, nearest_image, widths

Floats = NDArray[np.float64]
#: freud works in float32: candidates are looked for this much farther away, and measured in float64.
_SINGLE = 1e-4


def neighbour_pairs(positions: Any, cell: Floats, reach: float) -> NDArray[np.int64]:
    """All pairs i < j of particles whose nearest images are not farther apart than `reach`.

    Parameters
    ----------
    positions
        Finite, wrapped or not, shape (N, d), NumPy or CuPy. [length]
    cell
        Lattice vectors as rows, shape (d, d). [length]
    reach
        At most half of the cell's least width (but for 1 in 10⁴, which is for rounding). [length]

    Returns
    -------
    numpy.ndarray
        int64, shape (n_pairs, 2), in lexicographic order, on the host. [1]

    Raises
    ------
    InvalidInput
        If the reach is not positive or too large for the cell, or a position is not finite.
    MissingComponent
        If freud is not installed.

    Examples
    --------
    >>> neighbour_pairs(np.array([[0.1, 0, 0], [2.5, 0, 0], [4.9, 0, 0]]), 5.0 * np.eye(3), 0.5)
    array([[0, 2]])
    """
    frame = np.asarray(to_host(positions), dtype=float)
    check_reach(cell, reach)
    if not np.isfinite(frame).all():
        raise InvalidInput("positions is not finite: the run has diverged; drop the frame")
    found = _candidates(frame, cell, reach * (1.0 + _SINGLE))
    apart = nearest_image(frame[found[:, 1]] - frame[found[:, 0]], cell)
    found = found[(apart**2).sum(axis=1) <= reach**2]
    return found[np.lexsort(found.T[::-1])]


def check_reach(cell: Floats, reach: float, name: str = "distance") -> None:
    """Refuses a reach beyond which a particle could have two images of another as neighbours.

    Parameters
    ----------
    cell
        Lattice vectors as rows, shape (d, d). [length]
    reach
        [length]
    name
        How the user calls it.

    Raises
    ------
    InvalidInput
        If it is not positive or more than half of the cell's least width.
    """
    most = 0.5 * float(widths(cell).min()) / (1.0 + 2.0 * _SINGLE)
    if not (np.isfinite(reach) and 0 < reach <= most):
        raise InvalidInput(
            f"{name} is {reach!r}; allowed: above 0 and at most {most:.6g}, half of the least width of the periodic cell, "
            "where one image of a particle is the nearest (of a strongly tilted cell, give reduced lattice vectors)"
        )


def _candidates(positions: Floats, cell: Floats, reach: float) -> NDArray[np.int64]:
    """Pairs i < j, from freud's box: the first lattice vector along x, the second in the plane of x and y."""
    freud = _freud()
    d = len(cell)
    s = fractional(positions, cell)
    upright = np.linalg.cholesky(cell @ cell.T)
    points = np.zeros((len(positions), 3), np.float32)
    points[:, :d] = (s - np.rint(s)) @ upright
    tilts = {"xy": upright[1, 0] / upright[1, 1]}
    if d == 3:
        tilts |= {"xz": upright[2, 0] / upright[2, 2], "yz": upright[2, 1] / upright[2, 2]}
    lengths = np.diag(upright).tolist()
    box = freud.box.Box(*lengths, **tilts, is2D=d == 2)
    points = box.wrap(points)
    query = freud.locality.AABBQuery(box, points).query(points, {"r_max": reach, "exclude_ii": True})
    bonds = np.asarray(query.toNeighborList()[:], dtype=np.int64).reshape(-1, 2)
    return bonds[bonds[:, 0] < bonds[:, 1]]


def _freud() -> Any:
    try:
        import freud
    except ImportError as error:
        raise MissingComponent("neighbours need freud; install it with: pip install freud-analysis") from error
    return freud

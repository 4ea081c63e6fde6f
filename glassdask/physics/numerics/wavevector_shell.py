"""Wavevectors of any periodic cell whose lengths lie in a shell, one of each pair ±k.

A wavevector is k = Σ n_i b_i with whole n_i and the reciprocal vectors a_i·b_j = 2π δ_ij. The shell is found line by line along
the last reciprocal vector, by solving for its component, so that neither time nor memory grows with the ball inside.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.numerics.periodic_cell import cells_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
#: Lengths that differ by less, relatively, are one number in exact arithmetic.
_ROUNDING = 1e-12


def reciprocal_vectors(cells: Floats) -> Floats:
    """b_i with a_i·b_j = 2π δ_ij, as rows: the wavevector of whole numbers n is k = n·b.

    Parameters
    ----------
    cells
        Lattice vectors as rows, shape (…, d, d). [length]

    Returns
    -------
    numpy.ndarray
        Shape (…, d, d). [1/length]

    Examples
    --------
    >>> reciprocal_vectors(np.array([[2.0, 0.0], [0.0, 4.0]])) / np.pi
    array([[1. , 0. ],
           [0. , 0.5]])
    """
    return 2.0 * np.pi * np.swapaxes(np.linalg.inv(cells), -1, -2)


def wavevector_shell(
    box_lengths: ArrayLike,
    wavenumber: float,
    half_width: float,
    max_vectors: int | None = None,
    dimension: int = 3,
    seed: int = 0,
) -> Integers:
    """Whole numbers n of the wavevectors with | |k| − wavenumber | ≤ half_width, one of each pair ±k, k = 0 excluded.

    Parameters
    ----------
    box_lengths
        One cell, as :func:`glassdask.physics.numerics.periodic_cell.cells_of` takes it. [length]
    wavenumber, half_width
        Middle of the shell, above 0, and half of its thickness, 0 or above; lengths on its surface, to rounding (a relative
        1e-12), belong to it. [1/length]
    max_vectors
        Of more vectors than this a random subset of this size is taken, the same one every time; None: all.
    dimension
        d, 2 or 3.
    seed
        Chooses the subset.

    Returns
    -------
    numpy.ndarray
        int64, shape (n_vectors, d), in lexicographic order, the first component that is not 0 positive. [1]

    Raises
    ------
    InvalidInput
        If a number is out of range, several cells are given, or the shell is empty: then with the nearest wavenumbers that
        the cell has.

    Examples
    --------
    >>> wavevector_shell(2 * np.pi, 1.0, 0.0, dimension=2)
    array([[0, 1],
           [1, 0]])
    """
    _check_shell(wavenumber, half_width, max_vectors)
    cells = cells_of(box_lengths, dimension)
    if len(cells) != 1:
        raise InvalidInput(
            f"box_lengths holds {len(cells)} cells; the shell of wavevectors is chosen in one: give the mean"
        )
    vectors = _vectors_between(cells[0], wavenumber - half_width, wavenumber + half_width)
    if len(vectors) == 0:
        raise InvalidInput(_empty_message(cells[0], wavenumber, half_width))
    if max_vectors is None or len(vectors) <= max_vectors:
        return vectors
    chosen = np.random.default_rng(seed).choice(len(vectors), max_vectors, replace=False)
    return vectors[np.sort(chosen)]


def _check_shell(wavenumber: float, half_width: float, max_vectors: int | None) -> None:
    if not (np.isfinite(wavenumber) and wavenumber > 0):
        raise InvalidInput(f"wavenumber is {wavenumber!r}; allowed: a number above 0, in 1/length")
    if not (np.isfinite(half_width) and half_width >= 0):
        raise InvalidInput(f"half_width is {half_width!r}; allowed: 0 and above, in 1/length")
    if max_vectors is not None and max_vectors < 1:
        raise InvalidInput(f"max_vectors is {max_vectors!r}; allowed: 1 and above, or None for all")


def _vectors_between(cell: Floats, low: float, high: float) -> Integers:
    b = reciprocal_vectors(cell)
    prefixes = _prefixes(cell, high)
    start = prefixes @ b[:-1]
    along = start @ b[-1] / (b[-1] @ b[-1])  # k² = b_d² ((n + along)² − along²) + start²
    rest = along**2 - (start**2).sum(axis=1) / (b[-1] @ b[-1])
    reach = high**2 * (1.0 + 4.0 * _ROUNDING) / (b[-1] @ b[-1]) + rest
    is_met = reach >= 0
    prefixes, along, rest, outer = prefixes[is_met], along[is_met], rest[is_met], np.sqrt(reach[is_met])
    hole = max(low, 0.0) ** 2 * (1.0 - 4.0 * _ROUNDING) / (b[-1] @ b[-1]) + rest
    inner = np.sqrt(np.maximum(hole, 0.0))
    first = np.ceil(-along - outer), np.ceil(-along + inner)
    last = np.floor(-along - inner), np.floor(-along + outer)
    # where there is no hole, both runs could hold the same n
    runs = (first[0], last[0]), (np.maximum(first[1], last[0] + 1), last[1])
    found = np.concatenate([_run(prefixes, *run) for run in runs])
    return found[np.lexsort(found.T[::-1])]


def _prefixes(cell: Floats, high: float) -> Integers:
    """All components but the last of vectors up to a length, half of them: the first that is not 0 is positive, or all are 0."""
    reach = (high * np.linalg.norm(cell[:-1], axis=1) / (2.0 * np.pi) * (1.0 + _ROUNDING)).astype(np.int64)
    axes = [np.arange(reach[0] + 1), *(np.arange(-n, n + 1) for n in reach[1:])]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
    return grid[(grid[:, 0] > 0) | (grid[:, -1] >= 0)].astype(np.int64)


def _run(prefixes: Integers, first: Floats, last: Floats) -> Integers:
    """Each prefix with every last component from first to last; of the prefix 0 only the positive ones."""
    first = np.where(prefixes.any(axis=1), first, np.maximum(first, 1.0))
    count = np.maximum(last - first + 1.0, 0.0).astype(np.int64)
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.column_stack([np.repeat(prefixes, count, axis=0), np.repeat(first, count).astype(np.int64) + place])


def _empty_message(cell: Floats, wavenumber: float, half_width: float) -> str:
    b = reciprocal_vectors(cell)
    widths = (max(half_width, 0.1 * np.linalg.norm(b, axis=1).min()) * 2.0**i for i in itertools.count(1))
    for width in widths:
        lengths = np.linalg.norm(_vectors_between(cell, wavenumber - width, wavenumber + width) @ b, axis=1)
        is_longer = lengths > wavenumber
        if is_longer.any() and (width >= wavenumber or not is_longer.all()):
            nearest = [*np.sort(lengths[~is_longer])[-1:], lengths[is_longer].min()]
            have = " and ".join(f"{k:.6g}" for k in nearest)
            return (
                f"no wavevector of the cell has a length within {half_width:.6g} of {wavenumber:.6g}; nearest are {have} "
                "[1/length]: choose one of them, or a larger half_width"
            )
    raise AssertionError("unreachable: a wider shell holds vectors at last")

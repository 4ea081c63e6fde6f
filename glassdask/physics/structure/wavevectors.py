"""Wavevectors of an orthorhombic periodic box, k = 2π (n_x/L_x, n_y/L_y, n_z/L_z), counted once per octant and binned.

Averages over the whole lattice need only n ≥ 0: the vectors (±n_x, ±n_y, ±n_z) have the same length, and the mean over
their signs is done in closed form (:mod:`glassdask.physics.structure.structure_factor`). A vector of the octant stands for
2^(number of its non-zero components) vectors of the lattice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Lengths and edges that differ by less are one number in exact arithmetic: rounding leaves 1e-15.
EDGE_TOLERANCE = 1e-12


@dataclass(frozen=True)
class Chunk:
    """Columns of the octant that are summed by one matrix product.

    A column is a pair (n_x, n_y) with n_z = 0 … n_z_count − 1; columns of similar height share a chunk.
    """

    n_x: Integers
    n_y: Integers
    n_z_count: int
    start: int

    @property
    def stop(self) -> int:
        """Index after the chunk's last vector in the arrays of :class:`Octant`. [1]"""
        return self.start + self.n_x.size * self.n_z_count


@dataclass(frozen=True)
class Octant:
    """The vectors n ≥ 0 of the lattice whose length falls into the bins, in chunks of columns.

    Attributes
    ----------
    chunks
        Columns, those with the most n_z first.
    bins
        Bin of each vector, shape (n_vectors,), chunk after chunk, within a chunk column after column.
    multiplicity
        Vectors of the lattice that each one stands for: 1, 2, 4, 8, or 0 for n = 0 and for vectors outside of the bins.
    wavenumber
        Mean |k| of each bin, NaN in empty bins, shape (n_bins,). [1/sigma_AA]
    count
        Vectors of the whole lattice, all signs, n = 0 excluded, in each bin, shape (n_bins,).
    n_max
        Largest component of n along each axis, shape (3,).
    """

    chunks: tuple[Chunk, ...]
    bins: Integers
    multiplicity: Floats
    wavenumber: Floats
    count: Integers
    n_max: tuple[int, int, int]


def octant(box_lengths: ArrayLike, wavenumber_edges: ArrayLike, columns_per_chunk: int = 48) -> Octant:
    """All lattice vectors with edges[0] ≤ |k| < edges[-1], n = 0 excluded, as their octant n ≥ 0.

    Parameters
    ----------
    box_lengths
        L_x, L_y, L_z, or one number for a cube. [sigma_AA]
    wavenumber_edges
        Edges of the bins, increasing, from 0 or above; bin i is edges[i] ≤ |k| < edges[i+1], and a vector whose length is
        that of an edge to rounding (a relative 1e-12) lies on it: edges at multiples of 2π/L count whole shells.
        [1/sigma_AA]
    columns_per_chunk
        Pairs (n_x, n_y) in a chunk; changes the speed, not the set of vectors.

    Returns
    -------
    Octant
        Vectors in chunks, and of each bin mean |k| and number of vectors, shape (n_bins,). [1/sigma_AA, 1]

    Raises
    ------
    InvalidInput
        If a length is not positive, the edges do not increase, or a chunk would be empty.

    Examples
    --------
    >>> int(octant(10.0, [0.0, 40.0]).count[0])
    1080750
    """
    lengths = _checked_box_lengths(box_lengths)
    edges = checked_edges(wavenumber_edges)
    if columns_per_chunk < 1:
        raise InvalidInput(f"columns_per_chunk is {columns_per_chunk}; allowed: 1 and above")
    unit = 2.0 * np.pi / lengths
    n_x, n_y, n_z_max = _columns(unit, edges[-1])
    chunks = _chunks(n_x, n_y, n_z_max, columns_per_chunk)
    vectors = np.concatenate([_vectors(chunk) for chunk in chunks])
    length = np.sqrt(((vectors * unit) ** 2).sum(axis=1))
    n_bins = edges.size - 1
    bins = np.searchsorted(edges * (1.0 - EDGE_TOLERANCE), length, side="right") - 1
    inside = (bins >= 0) & (bins < n_bins) & np.any(vectors > 0, axis=1)
    bins = np.where(inside, bins, 0)
    multiplicity = np.where(inside, 2.0 ** np.count_nonzero(vectors, axis=1), 0.0)
    count = np.bincount(bins, multiplicity, n_bins)
    with np.errstate(invalid="ignore"):
        wavenumber = np.bincount(bins, multiplicity * length, n_bins) / count
    n_max = (int(n_x.max()), int(n_y.max()), int(n_z_max.max()))
    return Octant(chunks, bins, multiplicity, wavenumber, np.rint(count).astype(np.int64), n_max)


def _columns(unit: Floats, k_max: float) -> tuple[Integers, Integers, Integers]:
    """(n_x, n_y) with at least one n_z inside |k| < k_max, and the largest such n_z, in the order of falling n_z."""
    n_x, n_y = (axis.ravel() for axis in np.meshgrid(*(np.arange(int(k_max / u) + 1) for u in unit[:2]), indexing="ij"))
    room = k_max**2 - (n_x * unit[0]) ** 2 - (n_y * unit[1]) ** 2
    n_x, n_y, room = n_x[room > 0], n_y[room > 0], room[room > 0]
    n_z_max = (np.sqrt(room) / unit[2]).astype(np.int64)
    order = np.argsort(-n_z_max, kind="stable")
    return n_x[order], n_y[order], n_z_max[order]


def _chunks(n_x: Integers, n_y: Integers, n_z_max: Integers, columns: int) -> tuple[Chunk, ...]:
    chunks, start = [], 0
    for first in range(0, n_x.size, columns):
        part = slice(first, first + columns)
        chunks.append(Chunk(n_x[part], n_y[part], int(n_z_max[first]) + 1, start))
        start = chunks[-1].stop
    return tuple(chunks)


def _vectors(chunk: Chunk) -> Integers:
    """(n_x, n_y, n_z) of a chunk, shape (n_columns·n_z_count, 3); shorter columns are filled up past the sphere."""
    columns = np.repeat(np.column_stack([chunk.n_x, chunk.n_y]), chunk.n_z_count, axis=0)
    return np.column_stack([columns, np.tile(np.arange(chunk.n_z_count), chunk.n_x.size)])


def _checked_box_lengths(box_lengths: ArrayLike) -> Floats:
    lengths = np.asarray(box_lengths, dtype=float).reshape(-1)
    if lengths.size not in (1, 3) or not np.all(np.isfinite(lengths) & (lengths > 0)):
        raise InvalidInput(f"box_lengths is {box_lengths!r}; allowed: three positive lengths, or one for a cube")
    return np.broadcast_to(lengths, 3).copy()


def checked_edges(wavenumber_edges: ArrayLike) -> Floats:
    """The edges of bins, if they are what edges must be.

    Returns
    -------
    numpy.ndarray
        Shape (n_bins + 1,). [1/sigma_AA]

    Raises
    ------
    InvalidInput
        If they do not increase from 0 or above.
    """
    edges = np.asarray(wavenumber_edges, dtype=float)
    is_increasing = edges.ndim == 1 and edges.size >= 2 and np.all(np.isfinite(edges)) and np.all(np.diff(edges) > 0)
    if not is_increasing or edges[0] < 0:
        raise InvalidInput(
            "wavenumber_edges must be at least two increasing numbers from 0 upwards, in 1/sigma_AA; "
            "for bins of width 0.4 up to 40 give numpy.arange(101) * 0.4"
        )
    return edges

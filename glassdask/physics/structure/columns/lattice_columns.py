"""Wavevectors of a periodic cell of any shape, k = 2π h⁻¹ n, in columns along one axis of n, all of them or a sample.

A column is (n_1, n_2), in two dimensions n_1, with every n_d = −n … n that is wanted. One of k and −k is enough, so columns
fill a half space. Of large cells a sample: columns in random order are each followed up to the highest bin that has not enough
vectors yet. A bin is thus sampled without a preferred direction, and one with few vectors, as at small k, is complete.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.structure.wavevectors import EDGE_TOLERANCE, checked_edges

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Columns of a sample are drawn in steps of at least so many, and of this share of those that were drawn before.
_FIRST_STEP, _STEP_SHARE = 4, 0.125
#: Vectors that are looked at together.
_VECTORS_AT_ONCE = 1_000_000
_SEED = 20


@dataclass(frozen=True)
class ColumnChunk:
    """Columns that are summed by one matrix product.

    Attributes
    ----------
    n
        n_1, … of each column, n_d left out, shape (n_columns, d − 1).
    first, last
        Least and largest |n_d|, both included.
    start
        Index of the chunk's first pair of vectors, ±n_d, in :class:`LatticeColumns`.
    """

    n: Integers
    first: int
    last: int
    start: int

    @property
    def n_pairs(self) -> int:
        """Pairs of vectors of the chunk. [1]"""
        return len(self.n) * (self.last - self.first + 1)

    @property
    def stop(self) -> int:
        """Index after the chunk's last pair. [1]"""
        return self.start + self.n_pairs


@dataclass(frozen=True)
class LatticeColumns:
    """Vectors of one half space whose length falls into the bins.

    Attributes
    ----------
    axes
        Which lattice vector belongs to n_1, n_2, n_d: the longest last, so that columns are long.
    chunks
        Columns, the longest first.
    bins
        Bin of (n_1, n_2, n_d) and of (n_1, n_2, −n_d), pair after pair, n_bins for a vector that is not used, shape (2, n_vectors).
    wavenumber
        Mean |k| of each bin, NaN in empty bins, shape (n_bins,). [1/length]
    count
        Vectors used, k and −k both counted, shape (n_bins,).
    n_max
        Largest |n| along each axis, in the order of `axes`, shape (d,).
    """

    axes: tuple[int, ...]
    chunks: tuple[ColumnChunk, ...]
    bins: Integers
    wavenumber: Floats
    count: Integers
    n_max: tuple[int, ...]


def lattice_columns(
    cell: Floats,
    wavenumber_edges: ArrayLike,
    max_vectors: int | None = None,
    columns_per_chunk: int = 48,
) -> LatticeColumns:
    """The wavevectors of a cell with edges[0] ≤ |k| < edges[-1], k = 0 excluded.

    Parameters
    ----------
    cell
        Lattice vectors as rows, shape (d, d), two or three dimensions. [length]
    wavenumber_edges
        As for :func:`glassdask.physics.structure.wavevectors.octant`. [1/length]
    max_vectors
        So many of each bin are enough, k and −k both counted; by default all. A bin gets a few per cent more, where whole
        columns end, and all of its vectors if it has no more than that. The same cell gives the same sample.
    columns_per_chunk
        Columns of a chunk; changes the speed, not the set of vectors.

    Returns
    -------
    LatticeColumns
        Columns in chunks, and of each bin mean |k| and number of vectors, shape (n_bins,). [1/length, 1]

    Raises
    ------
    InvalidInput
        If the edges do not increase or `max_vectors` is not a positive number.

    Examples
    --------
    >>> int(lattice_columns(10.0 * np.eye(3), [0.0, 40.0]).count[0])
    1080750
    """
    edges = checked_edges(wavenumber_edges)
    if max_vectors is not None and max_vectors < 1:
        raise InvalidInput(f"max_vectors is {max_vectors!r}; allowed: 1 and above, or None for all vectors")
    axes = np.argsort(np.linalg.norm(cell, axis=1), kind="stable")
    columns = _half_space(cell[axes], edges)
    columns = columns.of(slice(None)) if max_vectors is None else _sample(columns, edges, max_vectors)
    return _chunked(columns, edges, tuple(axes.tolist()), columns_per_chunk)


@dataclass(frozen=True)
class _Columns:
    """Columns with the metric of the lattice: |k|² = across² + along² (n_d − centre)².

    `top` is the number of bins that each column is followed through.
    """

    n: Integers
    across: Floats
    centre: Floats
    along: float
    top: Integers

    def of(self, index: Integers | slice, top: int | None = None) -> _Columns:
        tops = self.top[index] if top is None else np.full_like(self.top[index], top)
        return replace(self, n=self.n[index], across=self.across[index], centre=self.centre[index], top=tops)

    def ends(self, edges: Floats) -> tuple[Integers, Integers]:
        """Least and largest |n_d| that the bins of each column may hold."""
        half = np.sqrt(np.maximum(edges[self.top] ** 2 - self.across**2, 0.0)) / self.along
        hole = np.sqrt(np.maximum(edges[0] ** 2 - self.across**2, 0.0)) / self.along
        shift = np.abs(self.centre)
        first = np.maximum(np.ceil(np.maximum(hole - shift, shift - half) * (1.0 - 1e-9)), 0.0)
        last = np.floor((shift + half) * (1.0 + 1e-9))
        return first.astype(np.int64), np.maximum(last, first).astype(np.int64)

    def binned(self, edges: Floats, first: int, last: int) -> tuple[Integers, Floats]:
        """Bin and |k| of ±n_d, n_d = first … last, of each column; shape (2, n_columns, n)."""
        n_d = np.arange(first, last + 1)
        signed = np.stack([n_d, -n_d])[:, None]
        length = np.sqrt(self.across[:, None] ** 2 + (self.along * (signed - self.centre[:, None])) ** 2)
        bins = np.searchsorted(edges * (1.0 - EDGE_TOLERANCE), length, side="right") - 1
        is_used = (bins >= 0) & (bins < self.top[:, None])
        is_used[1] &= n_d > 0  # −0 is 0
        is_axis = ~self.n.any(axis=1)  # k and −k lie in the same column, and k = 0
        is_used[1, is_axis] = False
        is_used[0, is_axis] &= n_d > 0
        return np.where(is_used, bins, edges.size - 1), length


def _half_space(cell: Floats, edges: Floats) -> _Columns:
    """Columns that come nearer to k = 0 than the last edge: of (n_1, n_2) and its negative the first."""
    d = len(cell)
    inverse = 2.0 * np.pi * np.linalg.inv(cell)
    metric = inverse.T @ inverse  # |k|² = nᵀ metric n
    reach = (edges[-1] * np.linalg.norm(cell, axis=1) / (2.0 * np.pi) * (1.0 + 1e-9)).astype(np.int64)
    ranges = [np.arange(0 if i == 0 else -reach[i], reach[i] + 1) for i in range(d - 1)]
    n = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, d - 1)
    if d == 3:
        n = n[(n[:, 0] > 0) | (n[:, 1] >= 0)]
    centre = -(n @ metric[:-1, -1]) / metric[-1, -1]
    squared = np.einsum("ci,ij,cj->c", n, metric[:-1, :-1], n) - metric[-1, -1] * centre**2
    across = np.sqrt(np.maximum(squared, 0.0))
    near = across < edges[-1]
    top = np.full(int(near.sum()), edges.size - 1)
    return _Columns(n[near], across[near], centre[near], float(np.sqrt(metric[-1, -1])), top)


def _sample(columns: _Columns, edges: Floats, max_vectors: int) -> _Columns:
    """Columns in random order until each bin has enough vectors, each up to the highest bin that lacks some."""
    waiting = np.random.default_rng(_SEED).permutation(len(columns.n))
    count = np.zeros(edges.size, np.int64)
    top, n_drawn = np.zeros_like(columns.top), 0
    highest = edges.size - 1
    while waiting.size and highest:
        step = max(_FIRST_STEP, int(_STEP_SHARE * n_drawn))
        longest = int(columns.of(waiting[:step], highest).ends(edges)[1].max()) + 1
        step = min(step, max(1, _VECTORS_AT_ONCE // longest))
        drawn, waiting = waiting[:step], waiting[step:]
        part = columns.of(drawn, highest)
        first, last = part.ends(edges)
        bins, _ = part.binned(edges, int(first.min()), int(last.max()))
        count += 2 * np.bincount(bins.ravel(), minlength=edges.size)
        top[drawn] = highest
        n_drawn += drawn.size
        highest = int(np.flatnonzero(np.append(True, count[:-1] < max_vectors))[-1])
        waiting = waiting[columns.across[waiting] < edges[highest]]
    chosen = np.flatnonzero(top)
    return replace(columns, top=top).of(chosen)


def _chunked(columns: _Columns, edges: Floats, axes: tuple[int, ...], columns_per_chunk: int) -> LatticeColumns:
    first, last = columns.ends(edges)
    order = np.argsort(-last, kind="stable")
    chunks: list[ColumnChunk] = []
    bins = []
    sums, count = np.zeros((2, edges.size))
    for begin in range(0, order.size, columns_per_chunk):
        chosen = order[begin : begin + columns_per_chunk]
        part = columns.of(chosen)
        start = chunks[-1].stop if chunks else 0
        chunks.append(ColumnChunk(part.n, int(first[chosen].min()), int(last[chosen].max()), start))
        found, length = part.binned(edges, chunks[-1].first, chunks[-1].last)
        count += 2 * np.bincount(found.ravel(), minlength=edges.size)
        sums += 2 * np.bincount(found.ravel(), length.ravel(), edges.size)
        bins.append(found.reshape(2, -1))
    with np.errstate(invalid="ignore"):
        wavenumber = sums[:-1] / count[:-1]
    n_max = (*np.abs(columns.n).max(axis=0, initial=0).tolist(), int(last.max(initial=0)))
    used = np.rint(count[:-1]).astype(np.int64)
    joined = np.concatenate(bins, axis=1) if bins else np.zeros((2, 0), np.int64)
    return LatticeColumns(axes, tuple(chunks), joined, wavenumber, used, n_max)

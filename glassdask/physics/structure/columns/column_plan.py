"""Partial structure factors of single frames in a periodic cell of any shape, two- or three-dimensional, by columns of vectors.

With s the fractional coordinates of r, k·r = 2π n·s. Let c and s be the cosine and sine of the phase of a column, n_1 s_1 +
n_2 s_2, and of n_d s_d along it: one real matrix product of the {c, s} of columns and of {c, s} along them gives the four sums
over particles from which both ρ(n_1, n_2, n_d) and ρ(n_1, n_2, −n_d) follow. Of a lattice vector this costs 2 N flops, as the
octant of an orthorhombic cell does. Particles are taken in slabs and added up in float64, so that neither tables nor sums grow
with N.
"""

from __future__ import annotations

import math
from itertools import combinations_with_replacement, pairwise
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import ThreadpoolController

from glassdask.errors import InvalidInput
from glassdask.physics.numerics.batches import Batches
from glassdask.physics.numerics.periodic_cell import fractional
from glassdask.physics.structure.columns.lattice_columns import ColumnChunk, lattice_columns
from glassdask.physics.structure.structure_factor_plan import (
    Precision,
    checked_precision,
    checked_species,
    phase_powers,
)

#: Bytes of the tables of a slab of particles, on the host and on a device, and the most particles of a slab.
_TABLE_BYTES, _TABLE_BYTES_ON_DEVICE, _SLAB = 32_000_000, 2_000_000_000, 1024
#: Bytes of one chunk's matrix, and of what it is made of, that stay in the second-level cache of a core.
_CACHED_BYTES = 900_000
_COLUMNS_ON_DEVICE = 512
#: Pairs of vectors whose sums are held at a time: 32 bytes each and species.
_SUMS_AT_ONCE = 1_000_000


class ColumnPlan:
    """What stays the same from frame to frame in one cell: its wavevectors, their bins, and the order of the particles.

    Parameters
    ----------
    cell
        Lattice vectors as rows, shape (d, d). [length]
    species, wavenumber_edges, precision
        As for :func:`glassdask.physics.structure.structure_factor.structure_factor`.
    max_vectors
        Of each bin, see :func:`glassdask.physics.structure.columns.lattice_columns.lattice_columns`.
    xp
        Where the work is done, ``numpy`` or ``cupy``.
    slab
        Particles that are worked on together; by default what bounds the memory.
    columns_per_chunk
        Columns in a matrix product; by default what fits the cache of a core, or fills a device.

    Attributes
    ----------
    wavenumber, count
        Of each bin: mean |k|, NaN where empty, and number of vectors used, all signs, shape (n_bins,).
    """

    def __init__(
        self,
        cell: NDArray[np.float64],
        species: ArrayLike,
        wavenumber_edges: ArrayLike,
        precision: Precision = "float32",
        max_vectors: int | None = None,
        xp: ModuleType = np,
        slab: int | None = None,
        columns_per_chunk: int | None = None,
    ):
        kinds = checked_species(species)
        self._xp, self._dtype = xp, np.dtype(checked_precision(precision))
        self._blas = ThreadpoolController().select(user_api="blas")
        slab = min(slab or (_SLAB if xp is np else kinds.size), kinds.size)
        if columns_per_chunk is None:
            cached = _CACHED_BYTES // (6 * slab * self._dtype.itemsize)
            columns_per_chunk = max(16, cached) if xp is np else _COLUMNS_ON_DEVICE
        lattice = lattice_columns(cell, wavenumber_edges, max_vectors, columns_per_chunk)
        self.wavenumber, self.count = lattice.wavenumber, lattice.count
        self._cell, self._axes, self._n_max = np.asarray(cell, dtype=float), lattice.axes, lattice.n_max
        per_particle = 32 * (sum(lattice.n_max) + len(lattice.n_max))
        allowed = _TABLE_BYTES if xp is np else _TABLE_BYTES_ON_DEVICE
        self._room = _Room(np)
        self._batches = Batches(min(slab, max(64, allowed // per_particle)), xp)
        self._blocks = [_on(xp, chunks) for chunks in _blocks(lattice.chunks)]
        self._bins = xp.asarray(lattice.bins)
        self._order = xp.asarray(np.argsort(kinds, kind="stable"))
        stops = np.cumsum(np.bincount(kinds)).tolist()
        self._particles = [slice(start, stop) for start, stop in pairwise([0, *stops])]
        self._partials = tuple(combinations_with_replacement(range(len(stops)), 2))
        with np.errstate(divide="ignore"):
            weight = np.where(self.count > 0, 2.0 / self.count / kinds.size, np.nan)
        self._weight = xp.asarray(weight)

    def of_frames(self, positions: Any) -> Any:
        """S_AA, S_AB, S_BB, … of each frame, averaged over the vectors of each bin, NaN in empty bins.

        Parameters
        ----------
        positions
            Wrapped or not, shape (n_frames, N, d), in the plan's namespace. [length]

        Returns
        -------
        array
            Shape (n_frames, n_pairs, n_bins), float64, in the plan's namespace. [1]

        Raises
        ------
        InvalidInput
            If the shape does not fit the species or a position is not finite.
        """
        n, d = self._order.size, len(self._cell)
        if positions.ndim != 3 or positions.shape[1:] != (n, d) or len(positions) == 0:
            raise InvalidInput(
                f"positions have the shape {positions.shape}; expected (n_frames, {n}, {d}) for {n} entries of species"
            )
        is_finite = self._xp.isfinite(positions).all(axis=(1, 2))
        if not bool(is_finite.all()):
            raise InvalidInput(f"positions are not finite in frame {int(is_finite.argmin())}; drop such frames")
        with self._blas.limit(limits=1):  # with two threads some kernels add in another order
            return self._xp.stack([self._of_frame(frame) for frame in positions])

    def _of_frame(self, positions: Any) -> Any:
        xp = self._xp
        ordered = xp.take(xp.asarray(positions, dtype=xp.float64), self._order, axis=0)
        turns = xp.take(fractional(ordered, self._cell), xp.asarray(self._axes), axis=1) % 1.0
        n_bins = self.count.size
        sums = xp.zeros((len(self._partials), n_bins + 1))
        for chunks in self._blocks:
            part = slice(chunks[0][0].start, chunks[-1][0].stop)
            totals = [self._sums(turns[particles], chunks) for particles in self._particles]
            for i, values in enumerate(self._products(totals, chunks)):
                _add_to_bins(xp, sums[i], self._bins[:, part], values)
        return sums[:, :n_bins] * self._weight

    def _sums(self, turns: Any, chunks: list[tuple[ColumnChunk, Any]]) -> Any:
        """Σ_j {c,s} {c,s} of the columns of some chunks, one after the other: ({c,s} of the column, column, n_d, {c,s} along it)."""
        xp = self._xp
        total = xp.zeros(sum(4 * chunk.n_pairs for chunk, _ in chunks))

        def add(slab: Any) -> None:
            room = self._room if xp is np else _Room(xp)
            across, along = self._tables(slab, room)
            found = room.array("sums", (total.size,), self._dtype)
            start = 0
            for chunk, n in chunks:
                rows = self._rows(across, n, room.array("rows", (3, 2, len(n), len(slab)), self._dtype))
                of_chunk = found[start : start + 4 * chunk.n_pairs].reshape(2 * len(n), -1)
                used = along[:, 2 * chunk.first : 2 * chunk.last + 2]
                xp.matmul(rows.reshape(2 * len(n), -1), used, out=of_chunk)
                start += 4 * chunk.n_pairs
            total[...] += found  # at the end: a slab that did not fit into memory is tried again

        self._batches.over(turns, add)
        return total

    def _products(self, totals: list[Any], chunks: list[tuple[ColumnChunk, Any]]) -> Any:
        """Re ρ_a ρ_b* of each pair of vectors ±n_d, shape (n_partials, sign, n_pairs)."""
        xp = self._xp
        values = xp.empty((len(self._partials), 2, sum(chunk.n_pairs for chunk, _ in chunks)))
        start = 0
        for chunk, _ in chunks:
            stop = start + chunk.n_pairs
            waves = [_density_waves(xp, total[4 * start : 4 * stop].reshape(2, -1, 2)) for total in totals]
            for i, (a, b) in enumerate(self._partials):
                values[i, :, start:stop] = (waves[a] * waves[b]).sum(axis=0)
            start = stop
        return values

    def _tables(self, turns: Any, room: _Room) -> tuple[list[Any], Any]:
        """exp(2πi n s) across as a cosine and sine, (2, n, particle), of each axis; along as (particle, 2 n + {c,s})."""
        tables = []
        for axis, n_max in enumerate(self._n_max):
            shape = (n_max + 1, len(turns))
            powers = room.array("powers", (1, *shape), np.dtype(complex))
            phase_powers(self._xp, turns[None, :, axis], n_max, powers)
            is_along = axis + 1 == len(self._n_max)
            table = room.array(f"table {axis}", (*shape[::-1], 2) if is_along else (2, *shape), self._dtype)
            parts = table.transpose(2, 1, 0) if is_along else table
            parts[0], parts[1] = powers[0].real, powers[0].imag
            tables.append(table)
        return tables[:-1], tables[-1].reshape(len(turns), -1)

    def _rows(self, across: list[Any], n: Any, room: Any) -> Any:
        """Cosine and sine of the columns' phases, in `room`, shape (2, n_columns, particle)."""
        xp = self._xp
        if len(across) == 1:
            return _taken(xp, across[0], n[:, 0], room[0])
        rows = room[0]
        first, second = _taken(xp, across[0], n[:, 0], room[1]), _taken(xp, across[1], xp.abs(n[:, 1]), room[2])
        second[1] *= xp.sign(n[:, 1])[:, None].astype(self._dtype)
        xp.multiply(first[0], second[0], out=rows[0])
        xp.multiply(first[1], second[0], out=rows[1])
        first *= second[1]
        rows[0] -= first[1]
        rows[1] += first[0]
        return rows


def _taken(xp: ModuleType, table: Any, index: Any, out: Any) -> Any:
    """Rows of a table, in `out` where the library offers it without a copy of its own."""
    return np.take(table, index, axis=1, out=out, mode="clip") if xp is np else xp.take(table, index, axis=1)


class _Room:
    """Memory that is used from slab to slab: an allocator gives and takes the pages of arrays of this size each time."""

    def __init__(self, xp: ModuleType):
        self._xp, self._arrays = xp, dict[str, Any]()

    def array(self, name: str, shape: tuple[int, ...], dtype: Any) -> Any:
        """An array without values, which is that of the same name before it."""
        size = math.prod(shape)
        if name not in self._arrays or self._arrays[name].size < size:
            self._arrays[name] = self._xp.empty(size, dtype)
        return self._arrays[name][:size].reshape(shape)


def _density_waves(xp: ModuleType, sums: Any) -> Any:
    """Real and imaginary part of ρ(n_1, n_2, ±n_d), shape (2, sign, pair)."""
    (cc, cs), (sc, ss) = (sums[i].T for i in (0, 1))
    return xp.stack([xp.stack([cc - ss, cc + ss]), xp.stack([sc + cs, sc - cs])])


def _add_to_bins(xp: ModuleType, sums: Any, bins: Any, values: Any) -> None:
    if xp is np:
        sums += np.bincount(bins.ravel(), values.ravel(), sums.size)
    else:  # CuPy's bincount waits for the device
        xp.add.at(sums, bins.ravel(), values.ravel())


def _blocks(chunks: tuple[ColumnChunk, ...]) -> list[list[ColumnChunk]]:
    """Consecutive chunks whose sums are held together."""
    blocks: list[list[ColumnChunk]] = []
    for chunk in chunks:
        if not blocks or chunk.stop - blocks[-1][0].start > _SUMS_AT_ONCE:
            blocks.append([])
        blocks[-1].append(chunk)
    return blocks


def _on(xp: ModuleType, chunks: list[ColumnChunk]) -> list[tuple[ColumnChunk, Any]]:
    return [(chunk, xp.asarray(chunk.n)) for chunk in chunks]

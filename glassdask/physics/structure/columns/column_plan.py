"""Partial structure factors of single frames in a periodic cell of any shape, two- or three-dimensional, by columns of vectors.

With s the fractional coordinates of r, k·r = 2π n·s. Let c and s be the cosine and sine of the phase of a column, n_1 s_1 +
n_2 s_2, and of n_d s_d along it: one real matrix product of the {c, s} of columns and of {c, s} along them gives the four sums
over particles from which both ρ(n_1, n_2, n_d) and ρ(n_1, n_2, −n_d) follow. Of a lattice vector this costs 2 N flops, as the
octant of an orthorhombic cell does. Particles are taken in slabs and added up in float64, so that neither tables nor sums grow
with N.
"""

from __future__ import annotations

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
_TABLE_BYTES, _TABLE_BYTES_ON_DEVICE, _SLAB = 32_000_000, 2_000_000_000, 4096
#: Bytes of one chunk's matrix that stay in the second-level cache of a core.
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
            cached = _CACHED_BYTES // (2 * slab * self._dtype.itemsize)
            columns_per_chunk = max(16, cached) if xp is np else _COLUMNS_ON_DEVICE
        lattice = lattice_columns(cell, wavenumber_edges, max_vectors, columns_per_chunk)
        self.wavenumber, self.count = lattice.wavenumber, lattice.count
        self._cell, self._axes, self._n_max = np.asarray(cell, dtype=float), lattice.axes, lattice.n_max
        per_particle = 32 * (sum(lattice.n_max) + len(lattice.n_max))
        allowed = _TABLE_BYTES if xp is np else _TABLE_BYTES_ON_DEVICE
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
            waves = [_density_waves(xp, self._sums(turns[particles], chunks)) for particles in self._particles]
            for i, (a, b) in enumerate(self._partials):
                values = (waves[a] * waves[b]).sum(axis=0)
                _add_to_bins(xp, sums[i], self._bins[:, part], values)
        return sums[:, :n_bins] * self._weight

    def _sums(self, turns: Any, chunks: list[tuple[ColumnChunk, Any]]) -> Any:
        """Σ_j {c,s} {c,s} of the pairs of vectors in some chunks, shape ({c,s} of the column, pair, {c,s} along it)."""
        xp, offset = self._xp, chunks[0][0].start
        shape = (2, chunks[-1][0].stop - offset, 2)
        total = xp.zeros(shape)

        def add(slab: Any) -> None:
            found = xp.empty(shape, self._dtype)
            across, along = self._tables(slab)
            for chunk, n in chunks:
                rows = self._rows(across, n)
                product = xp.matmul(rows, along[:, 2 * chunk.first : 2 * chunk.last + 2])
                found[:, chunk.start - offset : chunk.stop - offset] = product.reshape(2, -1, 2)
            total[...] += found  # at the end: a slab that did not fit into memory is tried again

        self._batches.over(turns, add)
        return total

    def _tables(self, turns: Any) -> tuple[list[Any], Any]:
        """exp(2πi n s) across as a cosine and sine, (2, n, particle), of each axis; along as (particle, 2 n + {c,s})."""
        xp = self._xp
        powers = [phase_powers(xp, turns[None, :, axis], n_max)[0] for axis, n_max in enumerate(self._n_max)]
        across = [xp.stack([power.real, power.imag]).astype(self._dtype) for power in powers[:-1]]
        along = xp.ascontiguousarray(powers[-1].T).view(xp.float64).astype(self._dtype)
        return across, along

    def _rows(self, across: list[Any], n: Any) -> Any:
        """Cosine and sine of the columns' phases, shape (2, n_columns, particle)."""
        xp = self._xp
        rows = xp.take(across[0], n[:, 0], axis=1)
        if len(across) == 1:
            return rows
        other = xp.take(across[1], xp.abs(n[:, 1]), axis=1)
        other[1] *= xp.sign(n[:, 1])[:, None].astype(self._dtype)
        return xp.stack([rows[0] * other[0] - rows[1] * other[1], rows[1] * other[0] + rows[0] * other[1]])


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

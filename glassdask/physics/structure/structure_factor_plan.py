"""Partial structure factors of single frames over the whole wavevector lattice, by one real matrix product a chunk.

The "octant GEMM" of docs/equations.md. With c and s the cosine and sine of 2π n r/L along each axis, the mean of
Re rho_a rho_b* over the eight vectors (±n_x, ±n_y, ±n_z) is Σ_T R_T^a R_T^b, T running over the eight real sums
R_T = Σ_j {c,s}_x {c,s}_y {c,s}_z. For a chunk of columns (n_x, n_y) the products {c,s}_x {c,s}_y form a matrix,
columns × particles, and one real matrix product with the table of {c,s}_z gives all R_T. The cost is 16 N flops a
vector of the octant, at the speed of the BLAS. It takes one thread: some of its kernels add in another order with two, and
the same positions must give the same numbers in a simulation and in its reduction, to the last bit; a chunk that fits the
cache of a core is done before other threads have begun.
"""

from __future__ import annotations

from itertools import combinations_with_replacement, pairwise
from types import ModuleType
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import ThreadpoolController

from glassdask.arrays import to_host
from glassdask.errors import InvalidInput
from glassdask.physics.liquids.liquid import SPECIES
from glassdask.physics.numerics.batches import Batches
from glassdask.physics.structure.wavevectors import Chunk, octant

Precision = Literal["float32", "float64"]
#: Bytes of one chunk's matrix that stay in the second-level cache of a core.
_CACHED_BYTES = 900_000
_COLUMNS_ON_DEVICE = 512
_FRAMES_ON_DEVICE = 16


class StructureFactorPlan:
    """What stays the same from frame to frame: the lattice, its bins, its chunks and the order of the particles.

    Build it once and feed frames one at a time or in batches; nothing of a frame is kept.

    Parameters
    ----------
    box_lengths, species, wavenumber_edges, precision
        As for :func:`glassdask.physics.structure.structure_factor.structure_factor`.
    xp
        Where the work is done, ``numpy`` or ``cupy``.
    columns_per_chunk
        Pairs (n_x, n_y) in a matrix product; by default what fits the cache of a core, or fills a device.

    Attributes
    ----------
    wavenumber, count
        Of each bin: mean |k|, NaN where empty, and number of lattice vectors, all signs, shape (n_bins,).
    frames_at_once
        So many are worked on together: what bounds the memory. Fewer, once a device has had no room for so many.
    """

    def __init__(
        self,
        box_lengths: ArrayLike,
        species: ArrayLike,
        wavenumber_edges: ArrayLike,
        precision: Precision = "float32",
        xp: ModuleType = np,
        columns_per_chunk: int | None = None,
    ):
        kinds = checked_species(species)
        self._xp, self._dtype = xp, np.dtype(checked_precision(precision))
        self._blas = ThreadpoolController().select(user_api="blas")
        self._batches = Batches(1 if xp is np else _FRAMES_ON_DEVICE, xp)
        if columns_per_chunk is None:
            cached = _CACHED_BYTES // (4 * kinds.size * self._dtype.itemsize)
            columns_per_chunk = max(4, cached) if xp is np else _COLUMNS_ON_DEVICE
        lattice = octant(box_lengths, wavenumber_edges, columns_per_chunk)
        self.wavenumber, self.count = lattice.wavenumber, lattice.count
        self._n_max = lattice.n_max
        self._chunks = [(chunk, xp.asarray(chunk.n_x), xp.asarray(chunk.n_y)) for chunk in lattice.chunks]
        self._order = xp.asarray(np.argsort(kinds, kind="stable"))
        stops = np.cumsum(np.bincount(kinds)).tolist()
        self._particles = [slice(start, stop) for start, stop in pairwise([0, *stops])]
        self._partials = tuple(combinations_with_replacement(range(len(stops)), 2))
        self._box_lengths = xp.asarray(np.broadcast_to(np.asarray(box_lengths, dtype=float), 3))
        # Vectors outside of the bins have multiplicity 0, and may point to an empty bin.
        self._weight = xp.asarray(lattice.multiplicity / np.maximum(lattice.count, 1)[lattice.bins] / kinds.size)
        self._bins = xp.asarray(lattice.bins)
        self._is_empty = xp.asarray(self.count == 0)

    @property
    def frames_at_once(self) -> int:
        """Frames that are worked on together: what bounds the memory. Fewer, once a device has had no room for so many. [1]"""
        return self._batches.size

    def of_frames(self, positions: Any) -> Any:
        """S_AA, S_AB, S_BB, … of each frame, averaged over the vectors of each bin, NaN in empty bins.

        Parameters
        ----------
        positions
            Shape (n_frames, N, 3), in the plan's namespace. [sigma_AA]

        Returns
        -------
        array
            Shape (n_frames, n_pairs, n_bins), float64, in the plan's namespace. [1]

        Raises
        ------
        InvalidInput
            If the shape does not fit the species or a position is not finite.
        """
        self._check_shape(positions)
        is_finite = self._xp.isfinite(positions).all(axis=(1, 2))
        if not bool(is_finite.all()):
            raise InvalidInput(f"positions are not finite in frame {int(is_finite.argmin())}; drop such frames")
        return self.of_finite_frames(positions)

    def of_finite_frames(self, positions: Any) -> Any:
        """As `of_frames`, of positions that were looked at elsewhere: a device is given its work and not waited for.

        Returns
        -------
        array
            As of `of_frames`, shape (n_frames, n_pairs, n_bins). [1]
        """
        self._check_shape(positions)
        with self._blas.limit(limits=1):
            return self._xp.concatenate(self._batches.over(positions, self._of_batch))

    def _check_shape(self, positions: Any) -> None:
        n = self._order.size
        if positions.ndim != 3 or positions.shape[1:] != (n, 3) or len(positions) == 0:
            raise InvalidInput(
                f"positions have the shape {positions.shape}; expected (n_frames, {n}, 3) for {n} entries of species"
            )

    def _of_batch(self, positions: Any) -> Any:
        xp = self._xp
        tables = self._tables(xp.asarray(positions, dtype=xp.float64))
        found = (
            np.stack([self._of_tables(*of_frame) for of_frame in zip(*tables, strict=True)])
            if xp is np
            else self._on_device(*tables)
        )
        return xp.where(self._is_empty, xp.nan, found)

    def _of_tables(self, table_x: Any, table_y: Any, table_z: Any) -> Any:
        """Of one frame, on the host: (pair, bin)."""
        # here, as whoever reads a campaign's file reads this one, too
        from glassdask.physics.compiled import add_octant_squares, fill_octant_rows

        n_particles, n_species = self._order.size, len(self._particles)
        memory = np.empty((4 * max(chunk.n_x.size for chunk, *_ in self._chunks), n_particles), self._dtype)
        largest = max(chunk.stop - chunk.start for chunk, *_ in self._chunks)
        sums = np.empty(8 * n_species * largest, self._dtype)
        means = np.zeros((len(self._partials), self.count.size))
        for chunk, n_x, n_y in self._chunks:
            rows, used = memory[: 4 * n_x.size], 2 * chunk.n_z_count
            fill_octant_rows(table_x, table_y, n_x, n_y, rows)
            found = sums[: n_species * rows.shape[0] * used].reshape(n_species, rows.shape[0], used)
            for species, part in enumerate(self._particles):
                np.matmul(rows[:, part], table_z[part, :used], out=found[species])
            vectors = slice(chunk.start, chunk.stop)
            add_octant_squares(found.reshape(n_species, 4, -1), self._bins[vectors], self._weight[vectors], means)
        return means

    def _on_device(self, table_x: Any, table_y: Any, table_z: Any) -> Any:
        """Of all frames together: (frame, pair, bin)."""
        xp = self._xp
        terms = xp.empty((len(table_x), len(self._partials), 2 * self._weight.size), self._dtype)
        for chunk, n_x, n_y in self._chunks:
            # (frame, {c,s}_x, {c,s}_y, column, particle), flattened to the rows of one matrix a frame
            products = xp.take(table_x, n_x, axis=2)[:, :, None] * xp.take(table_y, n_y, axis=2)[:, None]
            rows = products.reshape(len(table_x), 4 * chunk.n_x.size, -1)
            self._add_products(rows, table_z, chunk, terms)
        return self._bin_means(terms)

    def _tables(self, frames: Any) -> tuple[Any, Any, Any]:
        """Cosines and sines of 2π n r/L: x, y as (frame, {c,s}, n, particle), z as (frame, particle, 2 n + {c,s})."""
        xp = self._xp
        turns = xp.take(frames, self._order, axis=1) / self._box_lengths % 1.0
        powers = [phase_powers(xp, turns[..., axis], self._n_max[axis]) for axis in range(3)]
        x, y = (xp.stack([power.real, power.imag], axis=1).astype(self._dtype) for power in powers[:2])
        interleaved = xp.ascontiguousarray(powers[2].transpose(0, 2, 1)).view(xp.float64)
        return x, y, interleaved.astype(self._dtype)

    def _add_products(self, rows: Any, table_z: Any, chunk: Chunk, terms: Any) -> None:
        """Σ R_T^a R_T^b over the four T that differ in x and y; cosine and sine along z stay neighbours in `terms`."""
        xp = self._xp
        used = 2 * chunk.n_z_count
        by_species = [
            xp.matmul(rows[..., part], table_z[:, part, :used]).reshape(len(rows), 4, -1) for part in self._particles
        ]
        for i, (a, b) in enumerate(self._partials):
            terms[:, i, 2 * chunk.start : 2 * chunk.stop] = (by_species[a] * by_species[b]).sum(axis=1)

    def _bin_means(self, terms: Any) -> Any:
        xp = self._xp
        n_bins = self.count.size
        weighted = (terms[..., 0::2] + terms[..., 1::2]) * self._weight
        # One count for all partials, whose bins follow each other. CuPy's bincount waits for the device twice, to look at the
        # least and the largest bin.
        offsets = n_bins * xp.arange(len(self._partials))
        bins = (self._bins + offsets[:, None]).ravel()
        means = xp.zeros((len(terms), len(self._partials) * n_bins))
        xp.add.at(means, (slice(None), bins), weighted.reshape(len(terms), -1))
        return means.reshape(len(terms), len(self._partials), n_bins)


def phase_powers(xp: ModuleType, turns: Any, n_max: int, out: Any = None) -> Any:
    """exp(2πi n u) for n = 0 … n_max by doubling, E[m + n] = E[m] E[n]; error below 1e-14 for n ≤ 64.

    Parameters
    ----------
    turns
        u, shape (n_frames, N).
    out
        Where they go; by default a new array.

    Returns
    -------
    array
        Shape (n_frames, n_max + 1, N), complex128.
    """
    powers = xp.empty((turns.shape[0], n_max + 1, turns.shape[1]), xp.complex128) if out is None else out
    powers[:, 0] = 1.0
    if n_max > 0:
        powers[:, 1] = xp.exp(2j * xp.pi * turns)
    known = 1
    while known < n_max:
        new = min(known, n_max - known)
        found = powers[:, known + 1 : known + new + 1]
        xp.multiply(powers[:, 1 : new + 1], powers[:, known : known + 1], out=found)
        known += new
    return powers


def checked_species(species: ArrayLike) -> NDArray[np.int64]:
    """Species on the host, if they are what species must be.

    Returns
    -------
    numpy.ndarray
        0 for A, 1 for B, …, shape (N,). [1]

    Raises
    ------
    InvalidInput
        If one is not 0 … 4, or there are none.
    """
    kinds = to_host(species)
    if kinds.ndim != 1 or kinds.size == 0 or not np.isin(kinds, range(len(SPECIES))).all():
        raise InvalidInput("species must be one entry a particle, 0 for A and 1 for B up to 4 for E, of shape (N,)")
    return kinds.astype(np.int64)


def checked_precision(precision: Precision) -> Precision:
    """The precision, if there is such a one.

    Returns
    -------
    str
        "float32" or "float64".

    Raises
    ------
    InvalidInput
        If it is another.
    """
    if precision not in ("float32", "float64"):
        raise InvalidInput(f"precision is {precision!r}; allowed: 'float32', 'float64'")
    return precision

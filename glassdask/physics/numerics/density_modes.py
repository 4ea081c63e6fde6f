"""Density modes rho_a(k) = Σ_{j in a} exp(i k·r_j) at any set of wavevectors of a periodic cell.

With fractional coordinates s, k·r = 2π n·s whatever the shape of the cell. The factor exp(2πi n s) of each axis comes from a
table of powers. Vectors that differ in their last component only share the product of the other factors, a row. Real and
imaginary parts of a row times those of the last factor have four sums over particles, which give the vectors with n_d and −n_d.
On the host a compiled loop does this for blocks of particles; on a device one real matrix product gives all of a slab.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import namespace, to_host
from glassdask.errors import InvalidInput
from glassdask.physics.compiled import fill_density_sums
from glassdask.physics.numerics.batches import Batches
from glassdask.physics.numerics.periodic_cell import cells_of, fractional

Floats = NDArray[np.float64]
#: Particles, all frames together, that are worked on at once: what fits a cache, and what fills a device.
_PARTICLES_ON_HOST, _PARTICLES_ON_DEVICE = 2**14, 2**22
#: Complex numbers of the rows of a slab of particles on a device, and its fewest particles.
_NUMBERS, _FEWEST_IN_SLAB = 2**23, 128


class DensityModes:
    """What stays the same from frame to frame: the wavevectors, and the order of the particles.

    Parameters
    ----------
    vectors
        Whole numbers n of the wavevectors, as of :func:`glassdask.physics.numerics.wavevector_shell.wavevector_shell`, shape
        (n_vectors, d).
    groups
        Indices of the particles of each species.
    xp
        Where the work is done, ``numpy`` or ``cupy``.

    Raises
    ------
    InvalidInput
        If the vectors are not whole numbers of that shape.
    """

    def __init__(self, vectors: ArrayLike, groups: Sequence[NDArray[np.intp]], xp: ModuleType = np):
        n = _checked_vectors(vectors)
        self._xp, self.n_vectors, self.dimension = xp, len(n), n.shape[1]
        self._order = xp.asarray(np.concatenate(list(groups)))
        self._stops = np.cumsum([group.size for group in groups])
        self._rows, self._sign = _Rows(n), xp.asarray(np.where(n[:, -1] < 0, -1.0, 1.0))
        self._batches = Batches((_PARTICLES_ON_HOST if xp is np else _PARTICLES_ON_DEVICE) // self._order.size, xp)

    def of_frames(self, positions: Any, box_lengths: ArrayLike, which: NDArray[np.integer[Any]] | None = None) -> Any:
        """The modes of frames.

        Parameters
        ----------
        positions
            Wrapped or not, shape (n_frames, N, d), in the namespace. [length]
        box_lengths
            As :func:`glassdask.physics.numerics.periodic_cell.cells_of` takes it, one cell for all frames or one each.
            [length]
        which
            Numbers of the frames that are wanted; by default all.

        Returns
        -------
        array
            Complex, shape (n_frames, n_species, n_vectors), in the namespace; not finite where a position is not. [1]

        Raises
        ------
        InvalidInput
            If shapes do not fit.
        """
        xp, n = self._xp, int(self._order.size)
        if positions.ndim != 3 or positions.shape[1:] != (n, self.dimension):
            raise InvalidInput(
                f"positions has the shape {positions.shape}; expected (n_frames, {n}, {self.dimension}) for {n} entries of "
                f"species and vectors of {self.dimension} components"
            )
        cells = cells_of(box_lengths, self.dimension, len(positions))
        wanted = np.arange(len(positions)) if which is None else which

        def of_part(frames: NDArray[np.integer[Any]]) -> Any:
            part = xp.take(xp.take(positions, xp.asarray(frames), axis=0), self._order, axis=1).astype(xp.float64)
            with np.errstate(invalid="ignore"):  # what is not finite becomes NaN
                s = fractional(part, cells[frames] if len(cells) > 1 else cells)
                turns = s - xp.rint(s)
                cc, cs, sc, ss = (self._by_loop if xp is np else self._by_arrays)(turns)
                return (cc - self._sign * ss) + 1j * (sc + self._sign * cs)

        empty = xp.zeros((0, self._stops.size, self.n_vectors), xp.complex128)
        return xp.concatenate([empty, *self._batches.over(wanted, of_part)])

    def _by_loop(self, turns: Floats) -> tuple[Floats, ...]:
        """The four sums of each vector, shape (n_frames, n_species, n_vectors) each."""
        rows = self._rows
        sums = np.empty((len(turns), self._stops.size, rows.heights.size, 4))
        arguments = (self._stops, rows.reach, rows.prefixes, rows.stops, rows.heights)
        fill_density_sums(np.ascontiguousarray(turns), *arguments, sums)
        return tuple(sums[:, :, rows.place, part] for part in range(4))

    def _by_arrays(self, turns: Any) -> tuple[Any, ...]:
        """The same with whole-array operations."""
        xp, rows = self._xp, self._rows
        n_rows, n_slab = len(rows.prefixes), max(_FEWEST_IN_SLAB, _NUMBERS // (len(rows.prefixes) * len(turns)))
        totals = []
        for start, stop in pairwise([0, *self._stops.tolist()]):
            slabs = (turns[:, first : min(first + n_slab, stop)] for first in range(start, stop, n_slab))
            totals.append(sum(self._products(slab) for slab in slabs))
        total = xp.stack(totals, axis=1)
        row, height = xp.asarray(rows.row), xp.asarray(rows.height)
        n_heights = total.shape[-1] // 2
        return tuple(
            total[:, :, row + n_rows * left, height + n_heights * right] for left in (0, 1) for right in (0, 1)
        )

    def _products(self, turns: Any) -> Any:
        """Real and imaginary parts of the rows times those of the last axis, shape (n_frames, 2 n_rows, 2 n_heights)."""
        xp = self._xp
        phase = (2.0 * xp.pi) * turns
        waves = xp.cos(phase) + 1j * xp.sin(phase)
        tables = [_powers(waves[..., axis], reach) for axis, reach in enumerate(self._rows.reach.tolist())]
        factors = [
            xp.take(xp.concatenate([table, xp.conj(table[:, :0:-1])], axis=1), xp.asarray(prefix), axis=1)
            for table, prefix in zip(tables[:-1], self._rows.prefixes.T, strict=True)
        ]
        row = factors[0] if len(factors) == 1 else factors[0] * factors[1]
        left, right = (xp.concatenate([array.real, array.imag], axis=1) for array in (row, tables[-1]))
        return xp.matmul(left, xp.swapaxes(right, 1, 2))


class _Rows:
    """Vectors sorted into rows: `prefixes` of shape (n_rows, d − 1), of each row the `heights` |n_d| up to its stop.

    Of each vector: `place` among all heights, `row`, and `height` itself; `reach` is the largest |n| of each axis.
    """

    def __init__(self, vectors: NDArray[np.int64]):
        absolute = np.column_stack([vectors[:, :-1], np.abs(vectors[:, -1])])
        wanted, place = np.unique(absolute, axis=0, return_inverse=True)
        prefixes, first = np.unique(wanted[:, :-1], axis=0, return_index=True)
        self.prefixes, self.heights = np.ascontiguousarray(prefixes), np.ascontiguousarray(wanted[:, -1])
        self.stops = np.append(first[1:], len(wanted)).astype(np.int64)
        self.place = place.reshape(-1)
        self.row = np.searchsorted(self.stops, self.place, side="right")
        self.height = self.heights[self.place]
        self.reach = np.abs(vectors).max(axis=0)


def _powers(waves: Any, reach: int) -> Any:
    """exp(2πi n s) for n = 0 … reach of waves exp(2πi s), shape (n_frames, N) → (n_frames, reach + 1, N), by doubling."""
    xp = namespace(waves)
    table = xp.empty((waves.shape[0], reach + 1, waves.shape[1]), xp.complex128)
    table[:, 0] = 1.0
    n = 1
    while n <= reach:
        step = waves if n == 1 else table[:, n - 1] * waves
        more = min(n, reach + 1 - n)
        table[:, n : n + more] = table[:, :more] * step[:, None]
        n += more
    return table


def _checked_vectors(vectors: ArrayLike) -> NDArray[np.int64]:
    n = to_host(vectors)
    if n.ndim != 2 or n.shape[0] == 0 or n.shape[1] not in (2, 3) or not np.issubdtype(n.dtype, np.integer):
        raise InvalidInput(
            f"vectors is {n.dtype} of shape {n.shape}; expected whole numbers of shape (n_vectors, d), d = 2 or 3, as of "
            "wavevector_shell"
        )
    return n.astype(np.int64)

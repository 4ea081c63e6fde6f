"""Density modes rho_a(k) = Σ_{j in a} exp(i k·r_j) at any set of wavevectors of a periodic cell, by real matrix products.

With fractional coordinates s, k·r = 2π n·s whatever the shape of the cell. The factor exp(2πi n s) of each axis comes from a
table of powers. Vectors that differ in their last component only share the product of the other factors, a row; one real
matrix product of all rows with the last axis' cosines and sines gives the sums of all of them, for both signs of the last
component. Particles go in slabs whose rows stay in the cache of a core.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import ThreadpoolController

from glassdask.arrays import namespace, to_host
from glassdask.errors import InvalidInput
from glassdask.physics.numerics.batches import Batches
from glassdask.physics.numerics.periodic_cell import cells_of, fractional

#: Complex numbers of the rows of a slab, and frames that are worked on together.
_NUMBERS_ON_HOST, _NUMBERS_ON_DEVICE = 2**15, 2**23
_FRAMES_ON_DEVICE = 32
#: Fewer particles make a matrix product slow.
_FEWEST_IN_SLAB = 128


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
        stops = np.cumsum([0, *(len(group) for group in groups)]).tolist()
        self._particles = [slice(*ends) for ends in pairwise(stops)]
        prefixes, row = np.unique(n[:, :-1], axis=0, return_inverse=True)
        heights, height = np.unique(np.abs(n[:, -1]), return_inverse=True)
        self._reach = [*np.abs(prefixes).max(axis=0).tolist(), int(heights[-1])]
        self._prefixes = [xp.asarray(axis + reach) for axis, reach in zip(prefixes.T, self._reach[:-1], strict=True)]
        self._heights = xp.asarray(heights)
        self._row, self._height = (xp.asarray(index.reshape(-1)) for index in (row, height))
        self._sign = xp.asarray(np.where(n[:, -1] < 0, -1.0, 1.0))
        self._n_rows = len(prefixes)
        self._batches = Batches(1 if xp is np else _FRAMES_ON_DEVICE, xp)
        self._blas = ThreadpoolController().select(user_api="blas")

    def of_frames(self, positions: Any, box_lengths: ArrayLike) -> Any:
        """The modes of frames.

        Parameters
        ----------
        positions
            Wrapped or not, shape (n_frames, N, d), in the namespace. [length]
        box_lengths
            As :func:`glassdask.physics.numerics.periodic_cell.cells_of` takes it, one cell for all frames or one each.
            [length]

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

        def of_part(frames: Any) -> Any:
            part = xp.take(xp.take(positions, xp.asarray(frames), axis=0), self._order, axis=1).astype(xp.float64)
            s = fractional(part, cells[frames] if len(cells) > 1 else cells)
            return xp.stack([self._of_species(s[:, particles]) for particles in self._particles], axis=1)

        # one thread: with two, some kernels of the BLAS add in another order
        with self._blas.limit(limits=1):
            found = self._batches.over(np.arange(len(positions)), of_part)
        empty = xp.zeros((0, len(self._particles), self.n_vectors), xp.complex128)
        return xp.concatenate([empty, *found])

    def _of_species(self, s: Any) -> Any:
        """Sums over all particles of s, shape (n_frames, N_a, d)."""
        xp = self._xp
        numbers = _NUMBERS_ON_HOST if xp is np else _NUMBERS_ON_DEVICE
        n_slab = max(_FEWEST_IN_SLAB, numbers // (self._n_rows * len(s)))
        total = sum(self._products(s[:, start : start + n_slab]) for start in range(0, s.shape[1], n_slab))
        rows, heights = self._row, self._height
        n_rows, n_heights = self._n_rows, self._heights.size
        cc, cs = total[:, rows, heights], total[:, rows, n_heights + heights] * self._sign
        sc, ss = total[:, n_rows + rows, heights], total[:, n_rows + rows, n_heights + heights] * self._sign
        return (cc - ss) + 1j * (sc + cs)

    def _products(self, s: Any) -> Any:
        """Real and imaginary parts of the rows times those of the last axis, shape (n_frames, 2 n_rows, 2 n_heights)."""
        xp = self._xp
        phase = (2.0 * xp.pi) * (s - xp.rint(s))
        waves = xp.cos(phase) + 1j * xp.sin(phase)
        tables = [_powers(waves[..., axis], reach) for axis, reach in enumerate(self._reach)]
        factors = [
            xp.take(xp.concatenate([xp.conj(table[:, :0:-1]), table], axis=1), prefix, axis=1)
            for table, prefix in zip(tables[:-1], self._prefixes, strict=True)
        ]
        rows = factors[0] if len(factors) == 1 else factors[0] * factors[1]
        last = xp.take(tables[-1], self._heights, axis=1)
        left, right = (xp.concatenate([array.real, array.imag], axis=1) for array in (rows, last))
        return xp.matmul(left, xp.swapaxes(right, 1, 2))


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

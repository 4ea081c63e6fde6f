"""S_ab(k) of a trajectory frame by frame, whatever its cells: chooses the way to compute it."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.physics.numerics.periodic_cell import cells_of, is_orthorhombic
from glassdask.physics.structure.columns.column_plan import ColumnPlan
from glassdask.physics.structure.structure_factor_plan import Precision, StructureFactorPlan, checked_species
from glassdask.physics.structure.wavevectors import checked_edges

Floats = NDArray[np.float64]
#: Tables of the octant hold all particles: beyond so many bytes columns, which hold a slab of them, are also the faster ones.
_OCTANT_BYTES = 200_000_000


class FixedCellPlan(Protocol):
    """S_ab(k) of frames that share one cell.

    Attributes
    ----------
    wavenumber, count
        Of each bin: mean |k|, NaN where empty, and number of vectors used, all signs, shape (n_bins,).
    """

    wavenumber: Floats
    count: NDArray[np.int64]

    def of_frames(self, positions: Any) -> Any:
        """S_AA, S_AB, S_BB, … of each frame, NaN in empty bins.

        Returns
        -------
        array
            Shape (n_frames, n_pairs, n_bins). [1]
        """


class StructurePlan:
    """S_ab(k) of single frames, each in its own cell; what belongs to a cell is kept until another one comes.

    Made by :func:`structure_plan`, which says what the parameters are.

    Attributes
    ----------
    wavenumber, count
        Of each bin in the cell that the plan was made with: mean |k|, NaN where empty, and number of vectors used, all signs,
        shape (n_bins,). In another cell: those of `in_cell`.
    """

    def __init__(
        self,
        cell: Floats,
        species: ArrayLike,
        wavenumber_edges: ArrayLike,
        max_vectors: int | None,
        xp: ModuleType,
        precision: Precision,
    ):
        self._species, self._edges = checked_species(species), checked_edges(wavenumber_edges)
        self._max_vectors, self._xp, self._precision = max_vectors, xp, precision
        self._cell, self._plan = cell, self._made_for(cell)
        self.wavenumber, self.count = self._plan.wavenumber, self._plan.count

    def of_frame(self, positions: Any, cell: ArrayLike) -> Any:
        """S_AA, S_AB, S_BB, … of a frame, averaged over the vectors of each bin, NaN in empty bins.

        Parameters
        ----------
        positions
            Wrapped or not, shape (N, d), in the plan's namespace. [length]
        cell
            The frame's own: lattice vectors as rows, shape (d, d), or lengths. [length]

        Returns
        -------
        array
            Shape (n_pairs, n_bins), float64, in the plan's namespace. [1]

        Raises
        ------
        InvalidInput
            If a shape does not fit, or a number is not finite.
        """
        return self.in_cell(cell).of_frames(positions[None])[0]

    def in_cell(self, cell: ArrayLike) -> FixedCellPlan:
        """What belongs to a cell: `wavenumber` and `count` of its bins, and `of_frames`, for frames that all have this cell.

        Parameters
        ----------
        cell
            As for `of_frame`. [length]

        Returns
        -------
        FixedCellPlan
            The same one as long as the cell is the same.
        """
        vectors = cells_of(cell, len(self._cell))[0]
        if not np.array_equal(vectors, self._cell):
            self._cell, self._plan = vectors, self._made_for(vectors)
        return self._plan

    def _made_for(self, cell: Floats) -> FixedCellPlan:
        shared = self._species, self._edges, self._precision
        if self._max_vectors is None and len(cell) == 3 and is_orthorhombic(cell):
            lengths = np.diag(cell)
            table_bytes = 16.0 * self._species.size * (3.0 + self._edges[-1] * lengths.sum() / (2.0 * np.pi))
            if np.all(lengths > 0) and table_bytes < _OCTANT_BYTES:
                return StructureFactorPlan(lengths, *shared, self._xp)
        return ColumnPlan(cell, *shared, self._max_vectors, self._xp)


def structure_plan(
    cell: ArrayLike,
    species: ArrayLike,
    wavenumber_edges: ArrayLike,
    max_vectors: int | None = None,
    dimension: int = 3,
    xp: ModuleType = np,
    precision: Precision = "float32",
) -> StructurePlan:
    """A plan for frames that come one at a time, each with its own cell or all with the same.

    An orthorhombic cell with all of its vectors is summed over the octant of its lattice
    (:class:`glassdask.physics.structure.structure_factor_plan.StructureFactorPlan`), any other cell, two dimensions and a sample
    of the vectors in columns (:class:`glassdask.physics.structure.columns.column_plan.ColumnPlan`).

    Parameters
    ----------
    cell
        Of the first frame: lattice vectors as rows, shape (d, d), lengths, or one number. [length]
    species, wavenumber_edges, precision
        As for :func:`glassdask.physics.structure.structure_factor.structure_factor`.
    max_vectors
        So many vectors of a bin are enough, k and −k both counted; by default all are used.
    dimension
        d, 2 or 3.
    xp
        Where the work is done, ``numpy`` or ``cupy``.

    Returns
    -------
    StructurePlan
        With `of_frame`, `in_cell`, and `wavenumber` and `count` of the bins in this cell.

    Raises
    ------
    InvalidInput
        If the cell, the species or the edges are not what they must be.

    Examples
    --------
    >>> plan = structure_plan(np.eye(2) * 20.0, np.zeros(100, int), np.arange(10) * 0.5, dimension=2)
    >>> plan.of_frame(20.0 * np.random.default_rng(0).random((100, 2)), np.eye(2) * 20.0).shape
    (1, 9)
    """
    return StructurePlan(cells_of(cell, dimension)[0], species, wavenumber_edges, max_vectors, xp, precision)

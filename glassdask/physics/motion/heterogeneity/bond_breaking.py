"""Bond breaking: how many pairs of neighbours are still together some time later.

    C_B(t) = < number of pairs with r_ij(0) ≤ r_1 and r_ij(t) ≤ r_2 > / < number of pairs with r_ij(0) ≤ r_1 >

with r_2 above r_1, so that a rattling pair does not count as broken (Yamamoto and Onuki, Phys. Rev. E 58, 3515 (1998)). Only relative positions enter: motion of the whole and long waves, which in two dimensions make F_s decay without any change of
structure, break no bond. A bond counts by its length at t alone: it may have been broken in between, and wrapped positions suffice.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import namespace, to_host
from glassdask.errors import InvalidInput
from glassdask.physics.motion.displacements import (
    check_finite_frames,
    checked_pairs,
    in_dimension,
    particles_of_species,
)
from glassdask.physics.motion.heterogeneity.pair_displacements import squared_lengths
from glassdask.physics.numerics.neighbour_pairs import check_reach, neighbour_pairs
from glassdask.physics.numerics.periodic_cell import cells_of, nearest_image

Floats = NDArray[np.float64]


def bond_breaking(
    positions: Any,
    species: ArrayLike,
    frame_pairs: ArrayLike,
    *,
    bonded_within: ArrayLike,
    broken_beyond: ArrayLike,
    box_lengths: ArrayLike,
    dimension: int = 3,
) -> Floats:
    """Share of the bonds of the origin that are left, of each pair of frames.

    Neighbours are found on the host, by freud, once an origin; lengths are measured where the positions live.

    Parameters
    ----------
    positions
        Wrapped or not, shape (n_frames, N, d), NumPy or CuPy. [length]
    species
        0, 1, ... for A, B, ..., shape (N,).
    frame_pairs
        Indices of frames (origin, end), shape (n_pairs, 2).
    bonded_within, broken_beyond
        r_1, and r_2 not below it: one number, or one for each two species, shape (n_species, n_species). Common are the first
        minimum of g(r), or 1.1 times its first maximum, for r_1 and some tenths more for r_2. [length]
    box_lengths
        One number, d lengths, lattice vectors as rows, or one such matrix a frame
        (:func:`glassdask.physics.numerics.periodic_cell.cells_of`). [length]
    dimension
        d, 2 or 3; with 2, the first two of three coordinates count.

    Returns
    -------
    numpy.ndarray
        Of the bonds AA, AB, BB, …, and last of all bonds, shape (n_pairs, n_pairs_of_species + 1), float64, on the host; NaN
        where the origin has no such bond. [1]

    Raises
    ------
    InvalidInput
        If shapes do not fit, a distance is out of range, a pair names a frame that is not there, or a position is not finite.
    MissingComponent
        If freud is not installed.

    Examples
    --------
    Of two bonds one breaks:

    >>> row = np.array([[[0.0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0.0, 0, 0], [1, 0, 0], [3, 0, 0]]])
    >>> bond_breaking(row, [0, 0, 0], [[0, 0], [0, 1]], bonded_within=1.2, broken_beyond=1.5, box_lengths=9.0)
    array([[1. , 1. ],
           [0.5, 0.5]])
    """
    groups = particles_of_species(species)
    xp = namespace(positions)
    frames = in_dimension(xp.asarray(positions), dimension, None)
    pairs = checked_pairs(frames, groups, frame_pairs, dimension)
    cells = cells_of(box_lengths, dimension, len(frames))
    breaking = BondBreaking(species, bonded_within, broken_beyond, xp)
    check_finite_frames(frames, np.unique(pairs))
    rows = np.empty((len(pairs), breaking.n_kinds + 1))
    for origin in np.unique(pairs[:, 0]):  # one after the other: the bonds of one are in memory
        chosen = np.flatnonzero(pairs[:, 0] == origin)
        states = {i: breaking.state(frames[i], cells[i % len(cells)]) for i in np.unique(pairs[chosen]).tolist()}
        rows[chosen] = breaking.of_pairs(states, pairs[chosen])
    return rows


class BondState:
    """What pairs need of a frame; its bonds are found when it is first an origin.

    Attributes
    ----------
    positions
        Shape (N, d), in the namespace. [length]
    cell
        Lattice vectors as rows, on the host. [length]
    bonds
        (i, j, r_2²) of the bonds, sorted by kind, and where each kind begins and the last ends; None before it was an origin.
    """

    __slots__ = ("bonds", "cell", "positions")

    def __init__(self, positions: Any, cell: Floats):
        self.positions, self.cell = positions, cell
        self.bonds: tuple[Any, Any, Any, list[int]] | None = None


class BondBreaking:
    """C_B in a pass over frames.

    Parameters
    ----------
    species, bonded_within, broken_beyond
        As for :func:`bond_breaking`.
    xp
        Where the work is done, ``numpy`` or ``cupy``.
    """

    def __init__(self, species: ArrayLike, bonded_within: ArrayLike, broken_beyond: ArrayLike, xp: ModuleType = np):
        self._species = to_host(species)
        n_species = len(particles_of_species(species))
        self._within = _checked_distances("bonded_within", bonded_within, n_species)
        self._beyond = _checked_distances("broken_beyond", broken_beyond, n_species)
        if np.any(self._beyond < self._within):
            raise InvalidInput(
                f"broken_beyond is {broken_beyond!r}; allowed: not below bonded_within, {bonded_within!r}, or bonds would be "
                "broken when they are made"
            )
        kinds = combinations_with_replacement(range(n_species), 2)
        self._kind = np.zeros((n_species, n_species), np.int64)
        for kind, (a, b) in enumerate(kinds):
            self._kind[a, b] = self._kind[b, a] = kind
        self.n_kinds = int(self._kind.max()) + 1
        self._xp = xp

    def state(self, positions: Any, cell: Floats) -> BondState:
        """What pairs need of a frame.

        Parameters
        ----------
        positions
            Wrapped or not, shape (N, d), in the namespace. [length]
        cell
            Lattice vectors as rows, on the host, shape (d, d). [length]

        Returns
        -------
        BondState
            Positions and cell, and room for the bonds.

        Raises
        ------
        InvalidInput
            If a distance is too large for the cell.
        """
        check_reach(cell, float(self._beyond.max()), "broken_beyond")
        return BondState(positions.astype(self._xp.float64), cell)

    def of_pairs(self, states: Any, pairs: NDArray[np.int64]) -> Floats:
        """C_B of pairs of frames.

        Parameters
        ----------
        states
            Of frames (`state`), by index.
        pairs
            Which of them are origin and end, shape (n_pairs, 2).

        Returns
        -------
        numpy.ndarray
            Shape (n_pairs, n_pairs_of_species + 1), on the host; NaN where the origin has no such bond. [1]
        """
        rows = np.full((len(pairs), self.n_kinds + 1), np.nan)
        for row, (origin, end) in zip(rows, pairs.tolist(), strict=True):
            left, stops = self._left(states[origin], states[end])
            total, n_bonds = np.diff(left[stops]), np.diff(stops)
            has_bonds = n_bonds > 0
            row[:-1][has_bonds] = total[has_bonds] / n_bonds[has_bonds]
            if stops[-1]:
                row[-1] = left[-1] / stops[-1]
        return rows

    def _left(self, origin: BondState, end: BondState) -> tuple[Floats, list[int]]:
        """Running count of the bonds that are left, shape (n_bonds + 1,), and where each kind begins."""
        xp = self._xp
        if origin.bonds is None:
            origin.bonds = self._bonds(origin)
        i, j, most, stops = origin.bonds
        apart = xp.take(end.positions, j, axis=0) - xp.take(end.positions, i, axis=0)
        squared = squared_lengths(nearest_image(apart, end.cell))
        left = to_host(xp.where(xp.isfinite(squared), (squared <= most).astype(xp.float64), xp.nan))
        return np.concatenate([np.zeros(1), np.cumsum(left)]), stops

    def _bonds(self, origin: BondState) -> tuple[Any, Any, Any, list[int]]:
        positions, kinds = to_host(origin.positions), self._species
        found = neighbour_pairs(positions, origin.cell, float(self._within.max()))
        a, b = kinds[found].T
        if self._within.min() < self._within.max():
            apart = nearest_image(positions[found[:, 1]] - positions[found[:, 0]], origin.cell)
            is_bond = squared_lengths(apart) <= self._within[a, b] ** 2
            found, a, b = found[is_bond], a[is_bond], b[is_bond]
        kind = self._kind[a, b]
        order = np.argsort(kind, kind="stable")
        stops = np.concatenate([[0], np.cumsum(np.bincount(kind, minlength=self.n_kinds))]).tolist()
        i, j = found[order].T
        most = self._beyond[a, b][order] ** 2
        return *(self._xp.asarray(np.ascontiguousarray(array)) for array in (i, j, most)), stops


def _checked_distances(name: str, distances: ArrayLike, n_species: int) -> Floats:
    given = np.asarray(to_host(distances), dtype=float)
    if given.shape not in ((), (n_species, n_species)) or not np.all(np.isfinite(given) & (given > 0)):
        raise InvalidInput(
            f"{name} is {distances!r}; allowed: a length above 0, or one for each two species, shape ({n_species}, {n_species})"
        )
    matrix = np.broadcast_to(given, (n_species, n_species))
    if not np.array_equal(matrix, matrix.T):
        raise InvalidInput(f"{name} is {distances!r}; allowed: the same length for (a, b) as for (b, a)")
    return matrix

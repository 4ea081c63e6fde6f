"""Squared distances of all pairs nearer than a cutoff, in a periodic cell of any shape, as whole arrays.

The cell is divided into blocks by planes parallel to its faces. Particles have places relative to the centre of their block, so
that the displacement of a pair depends on nothing but the offset of their blocks, and no image is searched. Blocks are padded to
the same number of particles; a matrix product gives |r_j − r_i|² = (r_i, |r_i|², 1)·(−2 r_j, 1, |r_j|²) of two blocks at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.arrays import namespace
from glassdask.physics.numerics.periodic_cell import fractional, is_orthorhombic, volumes, widths

Floats = NDArray[np.float64]
#: Squared distance of what is no pair.
FAR = 1.0e12
#: Pairs that are worked on together: what stays in the cache of a core, or fills a device.
_PAIRS_AT_ONCE, _PAIRS_ON_DEVICE = 65_536, 16_777_216
#: Particles of a block: fewer waste padding, more waste pairs beyond the cutoff.
_FEWEST, _ENOUGH = 16, 100
_FINEST = 4


@dataclass(frozen=True)
class BlockGrid:
    """Blocks of one periodic cell.

    Attributes
    ----------
    cell
        Lattice vectors as rows, shape (d, d). [length]
    n_blocks
        Along each lattice vector, shape (d,).
    offsets
        Of blocks that may hold pairs nearer than the cutoff, in blocks, that of a block to itself first, then each one of
        o and −o, then the others, shape (n_offsets, d).
    """

    cell: Floats
    n_blocks: NDArray[np.int64]
    offsets: NDArray[np.int64]


def block_grid(cell: Floats, cutoff: float, n_particles: int) -> BlockGrid:
    """Blocks of a size that suits the cutoff and the density.

    Parameters
    ----------
    cell
        Lattice vectors as rows, shape (d, d). [length]
    cutoff
        At most half of the cell's least width: beyond it pairs are counted with several of their images. [length]
    n_particles
        In the cell.

    Returns
    -------
    BlockGrid
        Of this cell.
    """
    d = len(cell)
    volume_each = float(volumes(cell)) / n_particles
    shares = [share for share in range(2, _FINEST + 1) if (cutoff / share) ** d >= _ENOUGH * volume_each]
    size = max(cutoff / max(shares, default=1), (_FEWEST * volume_each) ** (1.0 / d))
    n_blocks = np.maximum(np.floor(widths(cell) / size * (1.0 + 1e-12)), 1).astype(np.int64)
    width = widths(cell) / n_blocks
    reach = np.ceil(cutoff / width * (1.0 - 1e-12)).astype(int)
    offsets = np.array(list(product(*(range(-m, m + 1) for m in reach))))
    gaps = np.maximum(np.abs(offsets) - 1, 0) * width
    nearest = np.linalg.norm(gaps, axis=1) if is_orthorhombic(cell) else gaps.max(axis=1)
    offsets = offsets[nearest < cutoff]
    half = len(offsets) // 2  # in the order of the product o and −o lie opposite of the middle, which is 0
    return BlockGrid(cell, n_blocks, np.concatenate([offsets[half:], offsets[:half]]))


@dataclass(frozen=True)
class PaddedBlocks:
    """Particles in the blocks of a grid that hold any.

    Attributes
    ----------
    places
        Relative to the centre of the block, 0 where padded, shape (n_rows + 1, n_slots, d); the last row is empty. [length]
    squares
        Of the places, FAR where padded, shape (n_rows + 1, n_slots). [length²]
    particle
        Number of the particle in each slot, N where padded, shape (n_rows + 1, n_slots).
    blocks
        Index of each row's block along each lattice vector, shape (n_rows, d).
    row_of
        Row of each block of the grid, that of the empty one for blocks without particles, shape `n_blocks` flattened.
    """

    places: Any
    squares: Any
    particle: Any
    blocks: Any
    row_of: Any


def padded_blocks(grid: BlockGrid, positions: Any, numbers: Any) -> PaddedBlocks:
    """Sorts particles into blocks.

    Parameters
    ----------
    grid
        Of the cell.
    positions
        Wrapped or not, shape (N, d), NumPy or CuPy. [length]
    numbers
        Which of them, shape (n,), in the same namespace.

    Returns
    -------
    PaddedBlocks
        In the namespace of the positions.
    """
    xp = namespace(positions)
    n_blocks = xp.asarray(grid.n_blocks)
    total, d = int(np.prod(grid.n_blocks)), len(grid.cell)
    turns = fractional(xp.take(positions, numbers, axis=0), grid.cell) % 1.0 * n_blocks
    block = xp.minimum(turns.astype(xp.int64), n_blocks - 1)
    local = xp.matmul((turns - block - 0.5) / n_blocks, xp.asarray(grid.cell))
    strides = xp.asarray(_strides(grid))
    flat = (block * strides).sum(axis=1)
    count = xp.bincount(flat, minlength=total)
    is_held = count > 0
    n_rows, n_slots = int(is_held.sum()), int(count.max())
    row_of = xp.where(is_held, xp.cumsum(is_held) - 1, n_rows)
    order = xp.argsort(flat)
    sorted_flat = xp.take(flat, order)
    slot = xp.arange(order.size) - xp.take(xp.cumsum(count) - count, sorted_flat)
    target = xp.take(row_of, sorted_flat) * n_slots + slot
    places = xp.zeros(((n_rows + 1) * n_slots, d))
    squares = xp.full((n_rows + 1) * n_slots, FAR)
    particle = xp.full((n_rows + 1) * n_slots, len(positions), dtype=xp.int64)
    local = xp.take(local, order, axis=0)
    places[target] = local
    squares[target] = (local**2).sum(axis=1)
    particle[target] = xp.take(numbers, order)
    held = xp.flatnonzero(is_held)
    shape = (n_rows + 1, n_slots)
    return PaddedBlocks(
        places.reshape(*shape, d),
        squares.reshape(shape),
        particle.reshape(shape),
        held[:, None] // strides % n_blocks,
        row_of,
    )


def rows_at_once(centres: PaddedBlocks, others: PaddedBlocks) -> int:
    """Rows of centres to be worked on together.

    Returns
    -------
    int
        For `squared_distances`; what stays in the cache of a core, or fills a device. [1]
    """
    at_once = _PAIRS_AT_ONCE if namespace(centres.places) is np else _PAIRS_ON_DEVICE
    return max(1, at_once // (centres.places.shape[1] * others.places.shape[1]))


def squared_distances(
    grid: BlockGrid, centres: PaddedBlocks, others: PaddedBlocks, is_half: bool, rows: slice
) -> Iterator[tuple[Any, int]]:
    """|r_j − r_i|² of centres i and others j, an offset of blocks at a time; what is no pair is far beyond any cutoff.

    Parameters
    ----------
    grid, centres, others
        Blocks of one cell; a particle that is in both is no pair with itself.
    is_half
        Whether centres and others are the same, and one of o and −o is enough: then pairs of a block with itself come twice,
        all others once.
    rows
        Of the centres' blocks.

    Yields
    ------
    array, int
        Shape (n_rows, n_centres, n_others) with rounding of 1e-16 of a block's size squared, and how often each is to be
        counted. [length², 1]
    """
    xp = namespace(centres.places)
    offsets = grid.offsets[: len(grid.offsets) // 2 + 1] if is_half else grid.offsets
    strides, n_blocks = xp.asarray(_strides(grid)), xp.asarray(grid.n_blocks)
    left = _left(xp, centres, rows)
    for i, offset in enumerate(offsets):
        block = (centres.blocks[rows] + xp.asarray(offset)) % n_blocks
        partners = xp.take(others.row_of, (block * strides).sum(axis=1))
        shift = (offset / grid.n_blocks) @ grid.cell
        squared = xp.matmul(left, _right(xp, others, partners, xp.asarray(shift)))
        if i == 0:
            is_itself = centres.particle[rows][:, :, None] == xp.take(others.particle, partners, axis=0)[:, None, :]
            squared = xp.where(is_itself, FAR, squared)
        yield squared, 2 if is_half and i > 0 else 1


def _left(xp: ModuleType, blocks: PaddedBlocks, rows: slice) -> Any:
    """(r, |r|², 1), shape (n_rows, n_slots, d + 2)."""
    places, squares = blocks.places[rows], blocks.squares[rows, :, None]
    return xp.concatenate([places, squares, xp.ones_like(squares)], axis=2)


def _right(xp: ModuleType, blocks: PaddedBlocks, rows: Any, shift: Any) -> Any:
    """(−2 r, 1, |r|²) of places that are shifted, shape (n_rows, d + 2, n_slots)."""
    places = xp.take(blocks.places, rows, axis=0)
    moved = places + shift
    squares = xp.take(blocks.squares, rows, axis=0) + ((2.0 * places + shift) * shift).sum(axis=2)
    parts = [-2.0 * moved, xp.ones_like(squares)[..., None], squares[..., None]]
    return xp.concatenate(parts, axis=2).transpose(0, 2, 1)


def _strides(grid: BlockGrid) -> NDArray[np.int64]:
    return np.append(np.cumprod(grid.n_blocks[:0:-1])[::-1], 1).astype(np.int64)

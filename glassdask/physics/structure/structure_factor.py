"""Partial static structure factors of a mixture over the wavevectors of its periodic cell.

    S_ab(k) = (1/N) < Re rho_a(k) rho_b*(k) >,   rho_a(k) = Σ_{j in a} exp(i k·r_j)

so that S_ab → x_a δ_ab at large k (docs/equations.md, Conventions). Off-diagonal S_AB is one of the two equal terms of the
total, S_AA + 2 S_AB + S_BB of two species.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import namespace, to_host
from glassdask.errors import InvalidInput
from glassdask.physics.numerics.error_bars import block_average, consecutive_blocks
from glassdask.physics.numerics.periodic_cell import cells_of
from glassdask.physics.structure.columns.structure_plan import FixedCellPlan, structure_plan
from glassdask.physics.structure.structure_factor_plan import Precision


@dataclass(frozen=True, eq=False)
class StructureFactor:
    """Averages over frames and over the wavevectors of each bin.

    Attributes
    ----------
    wavenumber
        Mean |k| of each bin, NaN where it is empty, shape (n_bins,). [1/sigma_AA]
    count
        Vectors in each bin: all signs, k = 0 excluded, shape (n_bins,). Where each frame has its own cell: a frame's mean, rounded
        up.
    partials
        S_AA, S_AB, S_BB, … as `pairs_of` orders them, NaN in empty bins, shape (n_pairs, n_bins). [1]
    standard_error
        Of the mean over frames, from block averages; NaN for a single frame, shape (n_pairs, n_bins). [1]
    """

    wavenumber: NDArray[np.float64]
    count: NDArray[np.int64]
    partials: NDArray[np.float64]
    standard_error: NDArray[np.float64]


def structure_factor(
    positions: Any,
    box_lengths: ArrayLike,
    species: ArrayLike,
    wavenumber_edges: ArrayLike,
    precision: Precision = "float32",
    n_blocks: int = 10,
    *,
    dimension: int = 3,
    max_vectors: int | None = None,
) -> StructureFactor:
    """Partial structure factors S_AA, S_AB, S_BB, …, averaged over frames and over the lattice vectors of each bin.

    Parameters
    ----------
    positions
        Positions, wrapped or not, shape (n_frames, N, d) or (N, d), NumPy or CuPy. [sigma_AA]
    box_lengths
        L_x, L_y, L_z of the orthorhombic box, or one number for a cube; lattice vectors as the rows of a matrix, shape (d, d); or
        one matrix a frame, shape (n_frames, d, d). [sigma_AA]
    species
        0 for A, 1 for B, … up to the last that there is, shape (N,).
    wavenumber_edges
        Edges of the bins; bin i is edges[i] ≤ |k| < edges[i+1]. [1/sigma_AA]
    precision
        Of the tables of cosines and sines and the matrix product: "float32" agrees with direct sums to 1e-6,
        "float64" to 1e-12 and takes twice the time. Phases and averages are float64 in both.
    n_blocks
        Frames are grouped into this many blocks of consecutive frames for the standard error (fewer frames: one each).
    dimension
        d, 2 or 3.
    max_vectors
        So many vectors of a bin are enough, k and −k both counted: then a random sample of them is taken, always the same, with all
        vectors of bins that have no more. By default all are used. S(k) of one vector scatters by its own size from frame to
        frame, so 2000 of them give a frame's S(k) to 3 %.

    Returns
    -------
    StructureFactor
        Partials and their errors of shape (n_pairs, n_bins), on the host. [1]

    Raises
    ------
    InvalidInput
        If shapes do not fit, a species is not 0 … 4, a position is not finite, or as for the lattice.

    Examples
    --------
    A simple cubic crystal of spacing 1 scatters with S = N at its first Bragg vector, 2π:

    >>> sites = np.stack(np.meshgrid(*3 * [np.arange(4.0)], indexing="ij"), axis=-1).reshape(-1, 3)
    >>> S = structure_factor(sites, 4.0, np.zeros(64, int), [6.2, 6.3])
    >>> round(float(S.partials[0, 0]), 3), int(S.count[0])
    (64.0, 6)
    """
    xp = namespace(positions)
    frames = xp.asarray(positions)
    frames = frames[None] if frames.ndim == 2 else frames
    if frames.ndim != 3 or len(frames) == 0:
        raise InvalidInput(f"positions have the shape {frames.shape}; expected (n_frames, N, {dimension})")
    cells = cells_of(box_lengths, dimension, len(frames))
    plan = structure_plan(cells[0], species, wavenumber_edges, max_vectors, dimension, xp, precision)
    if len(cells) == 1:
        values = to_host(plan.in_cell(cells[0]).of_frames(frames))
        error = block_average(consecutive_blocks(values, n_blocks)).standard_error
        return StructureFactor(plan.wavenumber, plan.count, values.mean(axis=0), error)
    own = [plan.in_cell(cell) for cell in cells]
    values = np.array([_of_numbered(in_cell, frames, i) for i, in_cell in enumerate(own)])
    return average_of_frames(values, [at.wavenumber for at in own], [at.count for at in own], n_blocks)


def average_of_frames(
    values: ArrayLike, wavenumber: ArrayLike, count: ArrayLike, n_blocks: int = 10
) -> StructureFactor:
    """Averages over frames whose bins hold different vectors, as each has its own cell: each vector counts once.

    Parameters
    ----------
    values
        Of each frame, NaN in its empty bins, shape (n_frames, n_pairs, n_bins). [1]
    wavenumber
        Mean |k| of each bin in each frame, NaN where empty, shape (n_frames, n_bins). [1/sigma_AA]
    count
        Vectors in each bin of each frame, shape (n_frames, n_bins).
    n_blocks
        Of consecutive frames, for the standard error.

    Returns
    -------
    StructureFactor
        Partials and their errors of shape (n_pairs, n_bins). [1]

    Examples
    --------
    >>> S = average_of_frames([[[1.0]], [[4.0]]], [[7.0], [7.3]], [[4], [8]], n_blocks=2)
    >>> float(S.partials[0, 0]), round(float(S.wavenumber[0]), 1), int(S.count[0])
    (3.0, 7.2, 6)
    """
    S, k, n = np.asarray(values, dtype=float), np.asarray(wavenumber, dtype=float), np.asarray(count)
    if n_blocks < 1 or len(S) == 0 or k.shape != n.shape or S.shape[::2] != n.shape:
        raise InvalidInput(
            f"values {S.shape}, wavenumbers {k.shape} and counts {n.shape} of {n_blocks} blocks do not fit"
        )
    blocks = np.array_split(np.arange(len(S)), min(n_blocks, len(S)))
    of_blocks = np.array([_weighted(S[block], n[block, None]) for block in blocks])
    error = block_average(of_blocks).standard_error
    return StructureFactor(_weighted(k, n), -(-n.sum(axis=0) // len(n)), _weighted(S, n[:, None]), error)


def _weighted(values: NDArray[np.float64], weight: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean over the first axis, NaN where nothing has a weight."""
    with np.errstate(invalid="ignore"):
        return np.asarray((np.where(weight > 0, values, 0.0) * weight).sum(axis=0) / weight.sum(axis=0))


def _of_numbered(plan: FixedCellPlan, frames: Any, index: int) -> NDArray[np.float64]:
    """A frame of many; an error names it by its number."""
    if not bool(namespace(frames).isfinite(frames[index]).all()):
        raise InvalidInput(f"positions are not finite in frame {index}; drop such frames")
    return to_host(plan.of_frames(frames[index : index + 1]))[0]

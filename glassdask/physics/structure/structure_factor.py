"""Partial static structure factors of a mixture over the whole wavevector lattice.

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
from glassdask.physics.numerics.error_bars import block_average, consecutive_blocks
from glassdask.physics.structure.structure_factor_plan import Precision, StructureFactorPlan


@dataclass(frozen=True, eq=False)
class StructureFactor:
    """Averages over frames and over the lattice vectors of each bin.

    Attributes
    ----------
    wavenumber
        Mean |k| of each bin, NaN where it is empty, shape (n_bins,). [1/sigma_AA]
    count
        Vectors in each bin: the whole lattice with all signs, k = 0 excluded, shape (n_bins,).
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
) -> StructureFactor:
    """Partial structure factors S_AA, S_AB, S_BB, …, averaged over frames and over all lattice vectors of each bin.

    Parameters
    ----------
    positions
        Positions, wrapped or not, shape (n_frames, N, 3) or (N, 3), NumPy or CuPy. [sigma_AA]
    box_lengths
        L_x, L_y, L_z of the orthorhombic box, or one number for a cube. [sigma_AA]
    species
        0 for A, 1 for B, … up to the last that there is, shape (N,).
    wavenumber_edges
        Edges of the bins; bin i is edges[i] ≤ |k| < edges[i+1]. [1/sigma_AA]
    precision
        Of the tables of cosines and sines and the matrix product: "float32" agrees with direct sums to 1e-6,
        "float64" to 1e-12 and takes twice the time. Phases and averages are float64 in both.
    n_blocks
        Frames are grouped into this many blocks of consecutive frames for the standard error (fewer frames: one each).

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
    plan = StructureFactorPlan(box_lengths, species, wavenumber_edges, precision, xp)
    values = to_host(plan.of_frames(frames))
    error = block_average(consecutive_blocks(values, n_blocks)).standard_error
    return StructureFactor(plan.wavenumber, plan.count, values.mean(axis=0), error)

"""Pair distribution functions g_ab(r) of a mixture.

    g_ab(r) = V / (N_a N_b v(r)) Σ_{i in a} Σ_{j in b, j ≠ i} [r ≤ |r_j − r_i| < r + dr],    v(r) the volume of the shell

so that g_ab → 1 at large r in a large system (Hansen and McDonald, Theory of Simple Liquids, eq. 2.5.9). With N_a² in the
denominator an ideal gas of N_a particles has g_aa = 1 − 1/N_a and g_ab = 1 at every r. Others divide by N_a (N_a − 1), which makes
g_aa of the ideal gas 1: freud with ``normalization_mode="finite_size"``; its "exact" is ours. MDAnalysis' InterRDF divides by
N_a N_b, with particles that are in both groups a pair with themselves unless they are excluded.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import namespace, to_host
from glassdask.errors import InvalidInput
from glassdask.physics.numerics.batches import Batches
from glassdask.physics.numerics.periodic_cell import cells_of, volumes, widths
from glassdask.physics.structure.neighbours.cell_lists import (
    BlockGrid,
    PaddedBlocks,
    block_grid,
    padded_blocks,
    rows_at_once,
    squared_distances,
)
from glassdask.physics.structure.structure_factor_plan import checked_species

Floats = NDArray[np.float64]
_SEED = 20


def pair_distribution(
    positions: Any,
    box_lengths: ArrayLike,
    species: ArrayLike,
    r_edges: ArrayLike,
    *,
    dimension: int = 3,
    max_centres: int | None = None,
) -> Floats:
    """g_AA(r), g_AB(r), g_BB(r), … of each frame, divided by N_a N_b: 1 − 1/N_a for like particles of an ideal gas.

    Parameters
    ----------
    positions
        Wrapped or not, shape (n_frames, N, d) or (N, d), NumPy or CuPy. [sigma_AA]
    box_lengths
        Lengths, lattice vectors as rows, or one such matrix a frame
        (:func:`glassdask.physics.numerics.periodic_cell.cells_of`). [sigma_AA]
    species
        0 for A, 1 for B, …, shape (N,).
    r_edges
        Edges of the bins, increasing from 0 or above; bin i is edges[i] ≤ r < edges[i+1]. Evenly spaced ones are counted
        about three times as fast. [sigma_AA]
    dimension
        d, 2 or 3.
    max_centres
        So many particles, drawn at random and always the same, are looked around from; by default all. In the first shell of a
        liquid 100,000 of them give g(r) in bins of 0.02 to 0.3 %.

    Returns
    -------
    numpy.ndarray
        Shape (n_frames, n_pairs, n_bins), NaN in bins that reach beyond half of the frame's least width, where the cell's periods
        are seen. [1]

    Raises
    ------
    InvalidInput
        If shapes do not fit, a number is not finite, or the edges do not increase.

    Examples
    --------
    The six neighbours of a simple cubic crystal, in a shell of volume 4π/3 (1.1³ − 0.9³) at density 1:

    >>> sites = np.stack(np.meshgrid(*3 * [np.arange(4.0)], indexing="ij"), axis=-1).reshape(-1, 3)
    >>> g = pair_distribution(sites, 4.0, np.zeros(64, int), [0.9, 1.1])
    >>> round(float(g[0, 0, 0] * 4 * np.pi / 3 * (1.1**3 - 0.9**3)), 9)
    6.0
    """
    xp = namespace(positions)
    frames = xp.asarray(positions)
    frames = frames[None] if frames.ndim == 2 else frames
    if frames.ndim != 3 or len(frames) == 0:
        raise InvalidInput(f"positions have the shape {frames.shape}; expected (n_frames, N, {dimension})")
    cells = cells_of(box_lengths, dimension, len(frames))
    plan = PairDistributionPlan(species, r_edges, dimension=dimension, max_centres=max_centres, xp=xp)
    for i, frame in enumerate(frames):
        if not bool(xp.isfinite(frame).all()):
            raise InvalidInput(f"positions are not finite in frame {i}; drop such frames")
    return np.array([plan.of_frame(frame, cells[min(i, len(cells) - 1)]) for i, frame in enumerate(frames)])


class PairDistributionPlan:
    """What stays the same from frame to frame: the bins, the centres, and which particles make which pair.

    Parameters
    ----------
    species, r_edges, dimension, max_centres
        As for :func:`pair_distribution`.
    xp
        Where the work is done, ``numpy`` or ``cupy``.
    """

    def __init__(
        self,
        species: ArrayLike,
        r_edges: ArrayLike,
        *,
        dimension: int = 3,
        max_centres: int | None = None,
        xp: ModuleType = np,
    ):
        kinds = checked_species(species)
        if max_centres is not None and max_centres < 1:
            raise InvalidInput(f"max_centres is {max_centres!r}; allowed: 1 and above, or None for all particles")
        self._xp, self._n, self._dimension, self._edges = xp, kinds.size, dimension, _checked_edges(r_edges)
        self._has_all_centres = max_centres is None or max_centres >= kinds.size
        drawn = np.ones(kinds.size, bool)
        if max_centres is not None and not self._has_all_centres:
            drawn[np.random.default_rng(_SEED).permutation(kinds.size)[max_centres:]] = False
        n_species = int(kinds.max()) + 1
        self._particles = [np.flatnonzero(kinds == a) for a in range(n_species)]
        self._centres = [np.flatnonzero((kinds == a) & drawn) for a in range(n_species)]
        self._partials = tuple(combinations_with_replacement(range(n_species), 2))
        steps = np.diff(self._edges)
        self._step = float(steps.mean()) if np.allclose(steps, steps.mean(), rtol=1e-9, atol=0.0) else None

    def of_frame(self, positions: Any, cell: ArrayLike) -> Floats:
        """g_AA, g_AB, g_BB, … of a frame.

        Parameters
        ----------
        positions
            Wrapped or not, shape (N, d), in the plan's namespace. [length]
        cell
            The frame's own: lattice vectors as rows, shape (d, d), or lengths. [length]

        Returns
        -------
        numpy.ndarray
            Shape (n_pairs, n_bins), on the host; NaN in bins beyond half of the cell's least width, and for a species without a
            centre. [1]

        Raises
        ------
        InvalidInput
            If a shape does not fit, or a position is not finite.
        """
        xp, d = self._xp, self._dimension
        vectors = cells_of(cell, d)[0]
        if positions.shape != (self._n, d) or not bool(xp.isfinite(positions).all()):
            raise InvalidInput(f"positions {positions.shape} must be finite, ({self._n}, {d}) for {self._n} species")
        n_bins = self._edges.size - 1
        is_within = self._edges[1:] <= 0.5 * widths(vectors).min() * (1.0 + 1e-12)
        g = np.full((len(self._partials), n_bins), np.nan)
        if not is_within.any():
            return g
        counts = self._counts(xp.asarray(positions, dtype=xp.float64), vectors, self._edges[1:][is_within][-1])
        shells = np.diff((4.0 / 3.0 * np.pi if d == 3 else np.pi) * self._edges**d)
        for i, (a, b) in enumerate(self._partials):
            n_pairs = self._centres[a].size * self._particles[b].size
            if n_pairs:
                g[i] = np.where(is_within, counts[i] * float(volumes(vectors)) / (n_pairs * shells), np.nan)
        return g

    def _counts(self, positions: Any, cell: Floats, cutoff: float) -> Floats:
        """Ordered pairs of centres of a and particles of b in each bin, (n_pairs, n_bins)."""
        xp, grid = self._xp, block_grid(cell, cutoff, self._n)
        counts = xp.zeros((len(self._partials), self._edges.size + 1), xp.int64)
        # A species that has no particle makes no pair.
        others = [self._blocks(grid, positions, numbers) for numbers in self._particles]
        centres = others if self._has_all_centres else [self._blocks(grid, positions, n) for n in self._centres]
        for i, (a, b) in enumerate(self._partials):
            if centres[a] is None or others[b] is None:
                continue
            self._count(grid, centres[a], others[b], self._has_all_centres and a == b, counts[i])
        return to_host(counts)[:, 1:-1].astype(float)

    def _count(self, grid: BlockGrid, centres: PaddedBlocks, others: PaddedBlocks, is_half: bool, counts: Any) -> None:
        """Adds pairs of centres and others to the bins."""
        xp = self._xp

        def add(rows: range) -> None:
            found = xp.zeros_like(counts)
            for squared, times in squared_distances(grid, centres, others, is_half, slice(rows.start, rows.stop)):
                found += times * xp.bincount(self._bins(squared).ravel(), minlength=counts.size)
            counts[...] += found  # at the end: rows that did not fit into memory are tried again

        Batches(rows_at_once(centres, others), xp).over(range(len(centres.blocks)), add)

    def _blocks(self, grid: BlockGrid, positions: Any, numbers: NDArray[np.int64]) -> Any:
        return padded_blocks(grid, positions, self._xp.asarray(numbers)) if numbers.size else None

    def _bins(self, squared: Any) -> Any:
        """1 + the bin of each distance, 0 below and n_bins + 1 above all."""
        xp, n_bins = self._xp, self._edges.size - 1
        distance = xp.sqrt(xp.maximum(squared, 0.0))
        if self._step is None:
            return xp.searchsorted(xp.asarray(self._edges), distance, side="right")
        scaled = distance * (1.0 / self._step) + (1.0 - self._edges[0] / self._step)
        return xp.clip(scaled, 0.0, n_bins + 1.0).astype(xp.int64)


def _checked_edges(r_edges: ArrayLike) -> Floats:
    edges = np.asarray(r_edges, dtype=float)
    is_increasing = edges.ndim == 1 and edges.size >= 2 and np.all(np.isfinite(edges)) and np.all(np.diff(edges) > 0)
    if not is_increasing or edges[0] < 0:
        raise InvalidInput(
            "r_edges must be at least two increasing numbers from 0 upwards, in the unit of the positions; for bins of width 0.02 "
            "up to 5 give numpy.linspace(0, 5, 251)"
        )
    return edges

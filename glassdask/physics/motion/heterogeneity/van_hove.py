"""Self part of the van Hove correlation function: how far particles have moved, as a density.

    G_s,a(r, t) = (1/N_a) < Σ_{j in a} δ(r − Δr_j(t)) >,   ∫ G_s 4π r² dr = 1 (in two dimensions ∫ G_s 2π r dr = 1)

averaged over directions and over bins of r (van Hove, Phys. Rev. 95, 249 (1954)). Hopping shows as a second maximum of 4π r² G_s,
heterogeneity as an exponential tail beyond the Gaussian.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import namespace, to_host
from glassdask.errors import InvalidInput
from glassdask.physics.motion.displacements import (
    check_finite,
    checked_pairs,
    displacements,
    in_dimension,
    pair_batches,
    particles_of_species,
)
from glassdask.physics.motion.heterogeneity.pair_displacements import PairDisplacements, squared_lengths
from glassdask.physics.motion.unwrapping import followed

Floats = NDArray[np.float64]


def self_van_hove(
    positions_unwrapped: Any,
    species: ArrayLike,
    distance_edges: ArrayLike,
    frame_pairs: ArrayLike,
    *,
    box_lengths: ArrayLike | None = None,
    remove_drift: bool | None = None,
    dimension: int | None = None,
) -> Floats:
    """G_s of each pair of frames, species and bin of distances.

    Parameters
    ----------
    positions_unwrapped
        Positions followed through the periodic boundaries, shape (n_frames, N, d), NumPy or CuPy. [length]
    species
        0, 1, ... for A, B, ..., shape (N,).
    distance_edges
        Of the bins, increasing, from 0 or above; bin i is edges[i] ≤ r < edges[i+1], shape (n_bins + 1,). [length]
    frame_pairs
        Indices of frames (origin, end), shape (n_pairs, 2).
    box_lengths, remove_drift, dimension
        As for :func:`glassdask.self_intermediate_scattering`.

    Returns
    -------
    numpy.ndarray
        Shape (n_pairs, n_species, n_bins), float64, on the host; times the bins' volumes its sum is the share of particles that
        have not moved beyond the last edge. [1/length^d]

    Raises
    ------
    InvalidInput
        If shapes do not fit, edges do not increase, a pair names a frame that is not there, a position is not finite,
        positions look wrapped, the drift of a single particle is to be taken off, or three coordinates are given of a motion in two
        and `dimension` is not.

    Warns
    -----
    UserWarning
        If the drift of fewer than 100 particles is to be taken off.

    Examples
    --------
    Both particles are within the first bin, whose volume is 4π/3:

    >>> positions = np.array([[[0.0, 0, 0], [0, 0, 0]], [[0.5, 0, 0], [0, 0, 0.2]]])
    >>> G = self_van_hove(positions, [0, 0], [0.0, 1.0, 2.0], [[0, 1]])
    >>> (G * 4 * np.pi / 3).round(3).tolist()
    [[[1.0, 0.0]]]
    """
    groups = particles_of_species(species)
    xp = namespace(positions_unwrapped)
    positions = followed(in_dimension(xp.asarray(positions_unwrapped), dimension, box_lengths), box_lengths)
    pairs = checked_pairs(positions, groups, frame_pairs, 2 if positions.shape[-1] == 2 else 3)
    hove = SelfVanHove(species, distance_edges, remove_drift, xp, positions.shape[-1])

    def of_pairs(part: Any) -> Floats:
        return to_host(hove.of_displacements(displacements(positions, part, hove.is_at_rest)))

    found = pair_batches(xp).over(xp.asarray(pairs), of_pairs)
    rows = np.concatenate([np.empty((0, len(groups), hove.volumes.size)), *found])
    check_finite(rows, pairs)
    return rows


class SelfVanHove(PairDisplacements):
    """G_s in a pass over frames.

    Parameters
    ----------
    species, remove_drift, xp
        As for :class:`glassdask.physics.motion.heterogeneity.pair_displacements.PairDisplacements`.
    distance_edges
        Of the bins, shape (n_bins + 1,). [length]
    dimension
        d, 2 or 3.

    Attributes
    ----------
    volumes
        Of the bins' shells, on the host, shape (n_bins,). [length^d]
    """

    def __init__(
        self,
        species: ArrayLike,
        distance_edges: ArrayLike,
        remove_drift: bool | None = None,
        xp: ModuleType = np,
        dimension: int = 3,
    ):
        super().__init__(species, remove_drift, xp)
        edges = _checked_edges(distance_edges)
        self.volumes = np.diff(np.pi * edges**2 if dimension == 2 else 4.0 / 3.0 * np.pi * edges**3)
        self._edges, self._volumes = xp.asarray(edges), xp.asarray(self.volumes)

    def of_pairs(self, states: Sequence[Any], pairs: NDArray[np.int64]) -> Floats:
        """G_s of pairs of frames.

        Parameters
        ----------
        states
            Of frames (`state`).
        pairs
            Which of them are origin and end, shape (n_pairs, 2).

        Returns
        -------
        numpy.ndarray
            NaN where a position is not finite, shape (n_pairs, n_species, n_bins), on the host. [1/length^d]
        """
        return self.over(states, pairs, self.of_displacements)

    def of_displacements(self, moved: Any) -> Any:
        """G_s of displacements.

        Parameters
        ----------
        moved
            Shape (n_pairs, N, d), in the namespace. [length]

        Returns
        -------
        array
            Shape (n_pairs, n_species, n_bins), in the namespace. [1/length^d]
        """
        xp = self._xp
        r = xp.sqrt(squared_lengths(moved))
        # bin 0 holds what is nearer than the first edge, the last one what is not nearer than the last edge
        bins = xp.searchsorted(self._edges, r, side="right")
        n_bins, n_pairs = int(self._edges.size) + 1, len(r)
        bins = bins + n_bins * xp.arange(n_pairs)[:, None]
        found = []
        for particles in self.groups:
            counts = xp.bincount(xp.take(bins, particles, axis=1).ravel(), minlength=n_bins * n_pairs)
            found.append(counts.reshape(n_pairs, n_bins)[:, 1:-1] / (int(particles.size) * self._volumes))
        is_whole = xp.isfinite(r).all(axis=1)[:, None, None]
        return xp.where(is_whole, xp.stack(found, axis=1), xp.nan)


def _checked_edges(distance_edges: ArrayLike) -> Floats:
    edges = np.asarray(to_host(distance_edges), dtype=float)
    is_increasing = edges.ndim == 1 and edges.size >= 2 and np.all(np.isfinite(edges)) and np.all(np.diff(edges) > 0)
    if not is_increasing or edges[0] < 0:
        raise InvalidInput(
            "distance_edges must be at least two increasing lengths from 0 upwards; for bins of width 0.02 up to 5 give "
            "numpy.arange(251) * 0.02"
        )
    return edges

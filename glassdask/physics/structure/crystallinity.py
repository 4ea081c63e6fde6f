"""Whether a liquid has begun to crystallise: particles of its majority in solid-like surroundings, and their clusters.

The order parameter is the averaged bond order q̄6 of Lechner and Dellago, J. Chem. Phys. 129, 114707 (2008), of the species
with most particles among its own 12 nearest: the others, which sit between (B in the Kob–Andersen mixture), would hide the
fcc order of the majority. A liquid keeps q̄6 below 0.35 for all but 0.1 % of them, in clusters of one or two; thermal fcc has
0.41 to 0.56 (docs/equations.md, Estimators). The global Q6 misses small nuclei.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import to_host
from glassdask.errors import InvalidInput
from glassdask.physics.liquids.liquid import SPECIES
from glassdask.physics.structure.neighbours.freud_box import freud_box, freud_module

N_NEIGHBOURS = 12
SOLID_LIKE_Q6 = 0.35
#: Above this fraction in two consecutive blocks, or beyond this cluster once, a run counts as crystallised.
CRYSTALLISED_FRACTION = 0.02
CRYSTALLISED_CLUSTER = 30


class Crystallinity(NamedTuple):
    """Of one configuration.

    Attributes
    ----------
    q6
        q̄6 of each particle of the majority, in the order of the positions, shape (N_a,).
    solid_fraction
        Those with q̄6 > 0.35, as a fraction of N_a.
    largest_cluster
        Particles in the largest cluster of solid-like ones that are among each other's 12 nearest neighbours.
    """

    q6: NDArray[np.float64]
    solid_fraction: float
    largest_cluster: int


def crystallinity(positions: Any, box_lengths: ArrayLike, species: ArrayLike) -> Crystallinity:
    """Solid-like particles of the majority species of one configuration.

    Parameters
    ----------
    positions
        Wrapped or not, shape (N, 3). [sigma_AA]
    box_lengths
        L_x, L_y, L_z of the orthorhombic box, one number for a cube, or lattice vectors as the rows of a matrix, (3, 3). [sigma_AA]
    species
        0 for A, 1 for B, …, shape (N,).

    Returns
    -------
    Crystallinity
        q̄6 of shape (N_a,), the solid-like fraction, and the particles in their largest cluster. [1]

    Raises
    ------
    InvalidInput
        If shapes do not fit, a position is not finite, or the majority has not more than 12 particles.
    MissingComponent
        If freud is not installed.
    """
    freud = freud_module()
    majority = majority_of(to_host(positions), np.asarray(species), N_NEIGHBOURS, dimension=3)
    box, points = freud_box(majority, box_lengths, dimension=3)
    neighbours = (
        freud.locality.AABBQuery(box, points)
        .query(points, {"num_neighbors": N_NEIGHBOURS, "exclude_ii": True})
        .toNeighborList()
    )
    q6 = freud.order.Steinhardt(l=6, average=True).compute((box, points), neighbors=neighbours).particle_order
    is_solid = np.asarray(q6) > SOLID_LIKE_Q6
    largest = _largest_cluster(np.asarray(neighbours[:]), is_solid)
    return Crystallinity(np.asarray(q6, dtype=float), float(is_solid.mean()), largest)


def is_crystallised(solid_fraction_blocks: ArrayLike, largest_clusters: ArrayLike) -> bool:
    """The verdict on a run.

    Parameters
    ----------
    solid_fraction_blocks
        Mean solid-like fraction of each block of time, in order, shape (n_blocks,).
    largest_clusters
        Largest cluster of every configuration looked at, any shape.

    Returns
    -------
    bool
        True if the fraction exceeds 2 % in two consecutive blocks or a cluster exceeds 30 particles.

    Examples
    --------
    >>> is_crystallised([0.001, 0.03, 0.0], [4]), is_crystallised([0.001, 0.03, 0.04], [4])
    (False, True)
    """
    exceeds = np.asarray(solid_fraction_blocks, dtype=float) > CRYSTALLISED_FRACTION
    clusters = np.asarray(largest_clusters)
    has_large_cluster = bool(clusters.size and clusters.max() > CRYSTALLISED_CLUSTER)
    return has_large_cluster or bool(np.any(exceeds[1:] & exceeds[:-1]))


def _largest_cluster(bonds: NDArray[np.integer[Any]], is_solid: NDArray[np.bool_]) -> int:
    """Particles in the largest component of the graph of solid particles, bonds of shape (n_bonds, 2)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not is_solid.any():
        return 0
    bonds = bonds[is_solid[bonds].all(axis=1)]
    n = is_solid.size
    graph = coo_array((np.ones(len(bonds), np.int8), (bonds[:, 0], bonds[:, 1])), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    return int(np.bincount(label[is_solid]).max())


def majority_species(species: ArrayLike) -> int:
    """The species with most particles, the first of equals.

    Parameters
    ----------
    species
        0 for A, 1 for B, …, shape (N,).

    Returns
    -------
    int
        Its number, from 0 for A. [1]

    Examples
    --------
    >>> majority_species([0, 1, 1, 2]), majority_species([1, 0])
    (1, 0)
    """
    return int(np.bincount(np.asarray(species)).argmax())


def majority_of(
    positions: NDArray[Any], species: NDArray[Any], n_neighbours: int, dimension: int
) -> NDArray[np.float64]:
    """Positions of the species with most particles.

    Returns
    -------
    numpy.ndarray
        Shape (N_a, d). [length]

    Raises
    ------
    InvalidInput
        If shapes do not fit, a position is not finite, or there are not more particles than neighbours.
    """
    if positions.shape != (species.size, dimension) or not np.all(np.isfinite(positions)):
        raise InvalidInput(
            f"positions {positions.shape} must be finite, (N, {dimension}) for {species.size} entries of species"
        )
    majority = majority_species(species)
    points = positions[species == majority]
    if len(points) <= n_neighbours:
        raise InvalidInput(f"there are {len(points)} {SPECIES[majority]} particles; needed: more than {n_neighbours}")
    return points.astype(float)

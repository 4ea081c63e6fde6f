"""Order of a triangular crystal in two dimensions: how many particles of the majority sit in hexagons that point the same way.

    ψ_6,j = (1/6) Σ_k exp(6 i θ_jk),    ψ̄_6,j = (ψ_6,j + Σ_k ψ_6,k) / 7

over the six nearest of the same species, θ_jk the angle of the bond (Nelson and Halperin, Phys. Rev. B 19, 2457 (1979)). Averaged
over the neighbours as q̄_6 is in three dimensions, it tells a crystal from a fluid better than |ψ_6| does. Hard disks, 1024 of them
by Monte Carlo; they freeze at packing fractions between 0.70 and 0.72:

    packing fraction        0.40   0.55   0.65   0.68   0.70   0.73   0.76
    share with |ψ̄_6| > 0.6  0.00   0.02   0.15   0.27   0.57   0.96   1.00
    share with |ψ_6| > 0.7  0.05   0.14   0.32   0.40   0.57   0.85   0.95
    |mean of ψ_6|           0.01   0.02   0.04   0.12   0.47   0.79   0.87

It is a measure and no verdict: a dense fluid of disks has a quarter of its particles in such places, and crystals of other shapes,
as mixtures form them, are not seen.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import to_host
from glassdask.physics.structure.crystallinity import majority_of
from glassdask.physics.structure.neighbours.freud_box import freud_box, freud_module

N_NEIGHBOURS = 6
ORDERED_PSI6 = 0.6


class HexaticOrder(NamedTuple):
    """Of one configuration.

    Attributes
    ----------
    psi6
        ψ_6 of each particle of the majority, complex, in the order of the positions, shape (N_a,).
    ordered_fraction
        Those with |ψ̄_6| > 0.6, as a fraction of N_a.
    global_order
        |mean of ψ_6|: near 1 for a single crystal, of the order 1/√N_a for a fluid and for many crystals in all directions.
    """

    psi6: NDArray[np.complex128]
    ordered_fraction: float
    global_order: float


def hexatic_order(positions: Any, box_lengths: ArrayLike, species: ArrayLike) -> HexaticOrder:
    """Order of the majority species of one configuration in two dimensions.

    Parameters
    ----------
    positions
        Wrapped or not, shape (N, 2). [sigma_AA]
    box_lengths
        L_x, L_y, one number for a square, or lattice vectors as the rows of a matrix, (2, 2). [sigma_AA]
    species
        0 for A, 1 for B, …, shape (N,).

    Returns
    -------
    HexaticOrder
        ψ_6 of shape (N_a,), the ordered fraction, and the global order. [1]

    Raises
    ------
    InvalidInput
        If shapes do not fit, a position is not finite, or the majority has not more than 6 particles.
    MissingComponent
        If freud is not installed.
    """
    freud = freud_module()
    majority = majority_of(to_host(positions), np.asarray(species), N_NEIGHBOURS, dimension=2)
    box, points = freud_box(majority, box_lengths, dimension=2)
    neighbours = (
        freud.locality.AABBQuery(box, points)
        .query(points, {"num_neighbors": N_NEIGHBOURS, "exclude_ii": True})
        .toNeighborList()
    )
    order = freud.order.Hexatic(k=6).compute((box, points), neighbors=neighbours).particle_order
    psi6 = np.asarray(order, dtype=np.complex128)
    bonds = np.asarray(neighbours[:])
    averaged = psi6.copy()
    np.add.at(averaged, bonds[:, 0], psi6[bonds[:, 1]])
    is_ordered = np.abs(averaged) / (N_NEIGHBOURS + 1) > ORDERED_PSI6
    return HexaticOrder(psi6, float(is_ordered.mean()), float(np.abs(psi6.mean())))

"""Wahnström's equimolar Lennard-Jones mixture: additive, with one depth, of diameters 6:5 and masses 2:1.

A is the larger and heavier one. Where the smaller one is the unit, a density of 0.75 is 1.296 here, as 1.2^3 = 1.728;
temperatures are the same, and the unit of time is here 1.2 sqrt(2) times as long.
"""

from glassdask.physics.interactions.pair_potential import lennard_jones
from glassdask.physics.liquids.liquid import Liquid

EPSILON = {"AA": 1.0, "AB": 1.0, "BB": 1.0}
SIGMA = {"AA": 1.0, "AB": 11 / 12, "BB": 5 / 6}

LIQUID = Liquid(
    name="wahnstrom",
    title="Wahnström",
    mixture="Wahnström",
    composition={"A": 0.5, "B": 0.5},
    pairs=lennard_jones(EPSILON, SIGMA, cutoff=2.5),
    source="Wahnström, Phys. Rev. A 44, 3752 (1991)",
    masses={"A": 1.0, "B": 0.5},
)

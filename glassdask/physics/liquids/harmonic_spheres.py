"""Equimolar harmonic spheres, u = epsilon (1 - r/sigma_ab)^2 where they overlap: additive, of diameters 1:1.4.

A is the smaller one. Where a source has epsilon/2 before the square, its temperatures are half of these.
At low ones, some 1e-3, they are nearly hard, at a packing fraction of pi/6 rho (1 + 1.4^3)/2.
"""

from glassdask.physics.interactions.pair_potential import PairPotential
from glassdask.physics.interactions.repulsion import Harmonic
from glassdask.physics.liquids.liquid import Liquid

SIGMA = {"AA": 1.0, "AB": 1.2, "BB": 1.4}

LIQUID = Liquid(
    name="harmonic-spheres",
    title="Harmonic spheres",
    mixture="equimolar harmonic-sphere",
    composition={"A": 0.5, "B": 0.5},
    pairs={pair: PairPotential(1.0, sigma, sigma, Harmonic()) for pair, sigma in SIGMA.items()},
    source="Berthier and Witten, EPL 86, 10001 (2009); Phys. Rev. E 80, 021502 (2009)",
)

"""Equimolar soft spheres, u = epsilon (sigma_ab / r)^12: additive, of diameters 1:1.2 and masses 1:2.

A is the smaller and lighter one, as in the source, whose units are these. States depend on Gamma = rho l^3 (epsilon/T)^(1/4)
alone, l^3 = sum_ab x_a x_b sigma_ab^3; it slows down by orders of magnitude between Gamma = 1.15 and 1.55.
"""

from glassdask.physics.interactions.pair_potential import PairPotential
from glassdask.physics.interactions.repulsion import InversePower
from glassdask.physics.liquids.liquid import Liquid

SIGMA = {"AA": 1.0, "AB": 1.1, "BB": 1.2}

LIQUID = Liquid(
    name="soft-spheres",
    title="Soft spheres",
    mixture="equimolar soft-sphere",
    composition={"A": 0.5, "B": 0.5},
    pairs={pair: PairPotential(1.0, sigma, 2.5 * sigma, InversePower(exponent=12)) for pair, sigma in SIGMA.items()},
    source=(
        "Bernu, Hansen, Hiwatari and Pastore, Phys. Rev. A 36, 4891 (1987); masses of Yamamoto and Onuki, Phys. Rev. E 58, "
        "3515 (1998)"
    ),
    masses={"A": 1.0, "B": 2.0},
)

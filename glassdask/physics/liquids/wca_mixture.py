"""The equimolar WCA mixture, additive, of diameters 1:1.4: soft disks' and spheres' usual way to stay amorphous."""

from glassdask.physics.interactions.lennard_jones import MINIMUM, WeeksChandlerAndersen
from glassdask.physics.interactions.pair_potential import PairPotential
from glassdask.physics.liquids.liquid import Liquid

SIGMA = {"AA": 1.0, "AB": 1.2, "BB": 1.4}

LIQUID = Liquid(
    name="wca5050",
    title="WCA 50:50",
    mixture="equimolar WCA",
    composition={"A": 0.5, "B": 0.5},
    pairs={pair: PairPotential(1.0, sigma, MINIMUM * sigma, WeeksChandlerAndersen()) for pair, sigma in SIGMA.items()},
    source=(
        "potential of Weeks, Chandler and Andersen, J. Chem. Phys. 54, 5237 (1971); mixture of O'Hern, Langer, Liu and Nagel, "
        "Phys. Rev. Lett. 86, 111 (2001)"
    ),
)

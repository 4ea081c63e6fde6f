"""The Lennard-Jones fluid of one component, cut at 2.5 sigma and shifted, whose equation of state is known.

Its critical point is at T = 1.086, rho = 0.319; undercooled it crystallises at once.
"""

from glassdask.physics.interactions.pair_potential import lennard_jones
from glassdask.physics.liquids.liquid import Liquid

LIQUID = Liquid(
    name="lj1",
    title="One-component Lennard-Jones",
    mixture="one-component Lennard-Jones",
    composition={"A": 1.0},
    pairs=lennard_jones({"AA": 1.0}, {"AA": 1.0}, cutoff=2.5),
    source="Thol, Rutkai, Span, Vrabec and Lustig, Int. J. Thermophys. 36, 25 (2015)",
)

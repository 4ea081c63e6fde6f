"""The Kob–Andersen 80:20 mixture with Lennard-Jones interactions cut at 2.5 sigma_ab."""

from glassdask.physics.interactions.pair_potential import lennard_jones
from glassdask.physics.liquids.liquid import Liquid

EPSILON = {"AA": 1.0, "AB": 1.5, "BB": 0.5}
SIGMA = {"AA": 1.0, "AB": 0.8, "BB": 0.88}

LIQUID = Liquid(
    name="lj",
    title="Lennard-Jones",
    mixture="Kob–Andersen",
    composition={"A": 0.8, "B": 0.2},
    pairs=lennard_jones(EPSILON, SIGMA, cutoff=2.5),
    source="Kob and Andersen, Phys. Rev. E 51, 4626 (1995); eq. 9 of Ciarella et al. (2023)",
    critical_temperatures={1.2: 0.90, 1.4: 1.87, 1.6: 3.53, 1.8: 5.10},  # Table 1 of Ciarella et al.
)

"""The Kob–Andersen 80:20 mixture without its attraction: each pair cut at its minimum, 2^(1/6) sigma_ab."""

from dataclasses import replace

from glassdask.physics.interactions.lennard_jones import MINIMUM
from glassdask.physics.interactions.pair_potential import lennard_jones
from glassdask.physics.liquids.kob_andersen.lennard_jones import EPSILON, SIGMA
from glassdask.physics.liquids.kob_andersen.lennard_jones import LIQUID as WITH_ATTRACTION

LIQUID = replace(
    WITH_ATTRACTION,
    name="wca",
    title="WCA",
    pairs=lennard_jones(EPSILON, SIGMA, cutoff=MINIMUM),
    source="Weeks, Chandler and Andersen, J. Chem. Phys. 54, 5237 (1971); eq. 9 of Ciarella et al. (2023)",
    critical_temperatures={1.2: 0.74, 1.4: 1.77, 1.6: 3.49, 1.8: 5.10},  # Table 1 of Ciarella et al.
)

"""An inverse-power mixture with the structure and dynamics of Kob and Andersen's: u = 1.69 epsilon_ab (sigma_ab / r)^15.48.

Both numbers are fitted to fluctuations of energy and virial of the Lennard-Jones mixture at rho = 1.2; energies, lengths,
temperatures and densities are in the units of that mixture. Its states depend on rho^(15.48/3) / T alone.
"""

from dataclasses import replace

from glassdask.physics.interactions.pair_potential import PairPotential
from glassdask.physics.interactions.repulsion import InversePower
from glassdask.physics.liquids.kob_andersen.lennard_jones import EPSILON, SIGMA
from glassdask.physics.liquids.kob_andersen.lennard_jones import LIQUID as WITH_ATTRACTION

FORM = InversePower(exponent=15.48, prefactor=1.69)

LIQUID = replace(
    WITH_ATTRACTION,
    name="ipl-ka",
    title="Inverse power (Kob–Andersen)",
    mixture="inverse-power Kob–Andersen",
    pairs={pair: PairPotential(EPSILON[pair], SIGMA[pair], 2.5 * SIGMA[pair], FORM) for pair in EPSILON},
    source="Pedersen, Schrøder and Dyre, Phys. Rev. Lett. 105, 157801 (2010)",
    critical_temperatures={},
)

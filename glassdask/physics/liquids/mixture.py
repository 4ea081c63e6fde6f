"""The Kob–Andersen 80:20 mixture: its pair potentials (eq. 9 of the paper), composition and units of time.

Reduced units: length sigma_AA, energy epsilon_AA, mass m. Molecular dynamics counts time in
tau_LJ = (m sigma_AA^2 / epsilon_AA)^(1/2); data are given in tau_MD = (m sigma_AA^2 / 48 epsilon_AA)^(1/2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from glassdask.errors import InvalidInput

SPECIES = ("A", "B")
PAIRS = ("AA", "AB", "BB")
COMPOSITION = (0.8, 0.2)
#: epsilon_ab / epsilon_AA, sigma_ab / sigma_AA for each pair of species.
EPSILON = {"AA": 1.0, "AB": 1.5, "BB": 0.5}
SIGMA = {"AA": 1.0, "AB": 0.8, "BB": 0.88}
#: Cut-off in units of sigma_ab.
CUTOFF = {"lj": 2.5, "wca": 2.0 ** (1.0 / 6.0)}
#: One tau_MD in units of tau_LJ.
TAU_MD = 1.0 / math.sqrt(48.0)


@dataclass(frozen=True)
class PairPotential:
    """Truncated and shifted Lennard-Jones interaction of one pair of species.

    u(r) = 4 epsilon [(sigma/r)^12 − (sigma/r)^6] − u(r_c) for r < r_c, 0 beyond. [energy epsilon_AA]
    """

    epsilon: float
    sigma: float
    cutoff: float

    def energy(self, distance: np.ndarray) -> np.ndarray:
        """u(r) at distances r, any shape. [epsilon_AA]"""
        distance = np.asarray(distance, dtype=float)
        return np.where(distance < self.cutoff, self._unshifted(distance) - self._unshifted(self.cutoff), 0.0)

    def _unshifted(self, distance):
        attraction = (self.sigma / distance) ** 6
        return 4.0 * self.epsilon * attraction * (attraction - 1.0)


def pair_potentials(potential: str) -> dict[str, PairPotential]:
    """The three pair potentials of the mixture, keyed "AA", "AB", "BB".

    Parameters
    ----------
    potential
        ``"lj"`` (cut at 2.5 sigma_ab) or ``"wca"`` (cut at the minimum, 2^(1/6) sigma_ab).

    Raises
    ------
    InvalidInput
        If the potential is neither.
    """
    if potential not in CUTOFF:
        raise InvalidInput(f"potential is {potential!r}; allowed: {', '.join(map(repr, CUTOFF))}")
    return {pair: PairPotential(EPSILON[pair], SIGMA[pair], CUTOFF[potential] * SIGMA[pair]) for pair in PAIRS}


def n_particles(density: float, box_length: float) -> int:
    """N = rho L^3, rounded to the nearest whole number."""
    return round(density * box_length**3)


def species_counts(n: int) -> tuple[int, int]:
    """Numbers of A and B particles of N at the composition 80:20, the A count rounded to the nearest whole number."""
    n_a = round(COMPOSITION[0] * n)
    return n_a, n - n_a

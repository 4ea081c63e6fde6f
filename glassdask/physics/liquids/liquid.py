"""What a liquid is: its species, their fractions, and a pair potential for each pair of species.

Reduced units: length sigma_AA, energy epsilon_AA, mass m, the same for all species. Molecular dynamics counts time in
tau_LJ = (m sigma_AA^2 / epsilon_AA)^(1/2); data are given in tau_MD = (m sigma_AA^2 / 48 epsilon_AA)^(1/2).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from glassdask.errors import InvalidInput

#: Of every liquid so far, in the order of all arrays.
SPECIES = ("A", "B")
PAIRS = ("AA", "AB", "BB")
#: One tau_MD in units of tau_LJ.
TAU_MD = 1.0 / math.sqrt(48.0)
#: Where u(r) has its minimum. [sigma_ab]
MINIMUM = 2.0 ** (1.0 / 6.0)


@dataclass(frozen=True)
class PairPotential:
    """Truncated and shifted Lennard-Jones interaction of one pair of species.

    u(r) = 4 epsilon [(sigma/r)^12 − (sigma/r)^6] − u(r_c) for r < r_c, 0 beyond; eq. 9 of the paper.

    Parameters
    ----------
    epsilon
        Depth of the minimum. [epsilon_AA]
    sigma
        Where the potential, not shifted, is zero. [sigma_AA]
    cutoff
        r_c. [sigma_AA]
    """

    epsilon: float
    sigma: float
    cutoff: float

    @property
    def is_repulsive(self) -> bool:
        """Whether the pair only repels: cut at the minimum or before it."""
        return self.cutoff <= MINIMUM * self.sigma

    @property
    def force_jump(self) -> float:
        """|u'(r_c)|, by which the force jumps at the cut-off. [epsilon_AA / sigma_AA]"""
        core = (self.sigma / self.cutoff) ** 6
        return 24.0 * self.epsilon / self.cutoff * core * abs(2.0 * core - 1.0)

    @property
    def stiffness_jump(self) -> float:
        """|u''(r_c)|, by which the slope of the force jumps at the cut-off. [epsilon_AA / sigma_AA^2]"""
        core = (self.sigma / self.cutoff) ** 6
        return 24.0 * self.epsilon / self.cutoff**2 * core * abs(26.0 * core - 7.0)


def lennard_jones(epsilon: Mapping[str, float], sigma: Mapping[str, float], cutoff: float) -> dict[str, PairPotential]:
    """A pair potential for each pair, all cut at the same multiple of their own sigma.

    Parameters
    ----------
    epsilon, sigma
        By pair. [epsilon_AA, sigma_AA]
    cutoff
        r_c / sigma_ab.

    Returns
    -------
    dict of str to PairPotential
        By pair, in the order of `epsilon`.
    """
    return {pair: PairPotential(epsilon[pair], sigma[pair], cutoff * sigma[pair]) for pair in epsilon}


@dataclass(frozen=True)
class Liquid:
    """A mixture and its interactions: all that tells one liquid from another.

    Parameters
    ----------
    name
        Value of ``potential`` in a campaign file, in names of states, and in the cube; small letters.
    title
        Over figures.
    mixture
        What the mixture is called in prose; liquids that differ in their cut-offs alone share it.
    composition
        Fraction of the particles by species, in the order of all arrays.
    pairs
        Interaction by pair.
    source
        Where composition and interactions are from.
    critical_temperatures
        Published T_mct by density, which figures set beside the campaign's own. [epsilon_AA/k_B by sigma_AA^-3]

    Raises
    ------
    InvalidInput
        If species or pairs are not those of `SPECIES` and `PAIRS`, or the fractions don't sum to 1.

    Examples
    --------
    >>> from glassdask.physics.liquids.catalogue import liquid_named
    >>> liquid_named("wca").counts(1200), round(liquid_named("wca").largest_cutoff, 4)
    ((960, 240), 1.1225)
    """

    name: str
    title: str
    mixture: str
    composition: Mapping[str, float]
    pairs: Mapping[str, PairPotential]
    source: str
    critical_temperatures: Mapping[float, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what, found, allowed in (("species", self.composition, SPECIES), ("pairs", self.pairs, PAIRS)):
            if tuple(found) != allowed:
                raise InvalidInput(
                    f"{what} of the liquid {self.name!r} are {', '.join(found)}; allowed: {', '.join(allowed)}"
                )
        if not math.isclose(total := sum(self.composition.values()), 1.0):
            raise InvalidInput(f"composition of the liquid {self.name!r} sums to {total:g}; allowed: 1")

    @property
    def largest_cutoff(self) -> float:
        """r_c of the pair that reaches farthest. [sigma_AA]"""
        return max(pair.cutoff for pair in self.pairs.values())

    @property
    def is_repulsive(self) -> bool:
        """Whether no pair attracts."""
        return all(pair.is_repulsive for pair in self.pairs.values())

    def counts(self, n: int) -> tuple[int, ...]:
        """Numbers of particles by species among n, each rounded to the nearest whole number; the last takes the rest.

        Returns
        -------
        tuple of int
            In the order of `composition`; they sum to n.
        """
        all_but_last = [round(fraction * n) for fraction in self.composition.values()][:-1]
        return *all_but_last, n - sum(all_but_last)

    def share_of_pairs(self, pair: str) -> float:
        """Probability that two particles drawn at random are this pair, in either order; of all pairs it sums to 1.

        Returns
        -------
        float
            x_a² for equal species, 2 x_a x_b for different ones. [1]
        """
        shares = [self.composition[species] for species in pair]
        return math.prod(shares) * (1.0 if pair[0] == pair[1] else 2.0)

    @property
    def list_margin(self) -> float:
        """What a neighbour list holds beyond the cut-offs: the fastest of 0.1 … 0.4 for the Kob–Andersen mixture with and
        without attraction (LAMMPS, rho = 1.2, T = 1, N = 1200, the time step of the rule). [sigma_AA]"""
        return 0.3 if self.is_repulsive else 0.15

    def n_neighbours(self, density: float) -> float:
        """Pairs in a neighbour list, a particle: rho/2 Σ_ab x_a x_b 4π/3 (r_c,ab + margin)^3, as of a gas of density rho.

        Parameters
        ----------
        density
            rho. [sigma_AA^-3]

        Returns
        -------
        float
            Half of the mean number of neighbours, as each pair is held once. [1]
        """
        reach = [self.share_of_pairs(name) * (pair.cutoff + self.list_margin) ** 3 for name, pair in self.pairs.items()]
        return density * 2.0 * math.pi / 3.0 * sum(reach)

    def published_critical_temperature(self, density: float) -> float:
        """T_mct as published, at a density that agrees to 1e-5.

        Parameters
        ----------
        density
            rho. [sigma_AA^-3]

        Returns
        -------
        float
            NaN where nothing was published. [epsilon_AA/k_B]

        Examples
        --------
        >>> from glassdask.physics.liquids.catalogue import liquid_named
        >>> liquid_named("lj").published_critical_temperature(1.2)
        0.9
        """
        found = [T for rho, T in self.critical_temperatures.items() if math.isclose(rho, density, rel_tol=1e-5)]
        return found[0] if found else math.nan


def n_particles(density: float, box_length: float) -> int:
    """N = rho L^3, rounded to the nearest whole number.

    Parameters
    ----------
    density
        rho. [sigma_AA^-3]
    box_length
        L. [sigma_AA]

    Returns
    -------
    int
        N. [1]
    """
    return round(density * box_length**3)

"""What a liquid is: its species, their fractions and masses, and a pair potential for each pair of species.

Reduced units are those of the species A: length sigma_AA, energy epsilon_AA, mass m_A. Molecular dynamics counts time in
tau_LJ = (m_A sigma_AA^2 / epsilon_AA)^(1/2); data are given in tau_MD = (m_A sigma_AA^2 / 48 epsilon_AA)^(1/2).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.interactions.lennard_jones import MINIMUM
from glassdask.physics.interactions.pair_potential import PairPotential

#: Names of species; a liquid has the first n of them, in this order in all arrays.
SPECIES = ("A", "B", "C", "D", "E")
#: Room that a periodic box must have beyond twice the largest cut-off, for neighbour lists: half of it. [sigma_AA]
LIST_MARGIN = 0.5
#: One tau_MD in units of tau_LJ.
TAU_MD = 1.0 / math.sqrt(48.0)


def pairs_of(n_species: int) -> tuple[str, ...]:
    """Names of the pairs of n species, in the order of all arrays: the upper triangle, row by row.

    Returns
    -------
    tuple of str
        n (n + 1) / 2 names.

    Examples
    --------
    >>> pairs_of(2), pairs_of(3)
    (('AA', 'AB', 'BB'), ('AA', 'AB', 'AC', 'BB', 'BC', 'CC'))
    """
    names = [chr(ord("A") + a) for a in range(n_species)]
    return tuple(first + second for first, second in itertools.combinations_with_replacement(names, 2))


@dataclass(frozen=True)
class Liquid:
    """A mixture and its interactions: all that tells one liquid from another.

    Parameters
    ----------
    name
        Value of ``potential`` in a campaign file, in names of states, and in the cube: small letters, digits and ``-``.
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
    masses
        By species, that of A 1; without it all are 1. [m_A]
    critical_temperatures
        Published T_mct by density, which figures set beside the campaign's own. [epsilon_AA/k_B by sigma_AA^-3]

    Raises
    ------
    InvalidInput
        If species are not the first one to five of A … E, a pair or a mass is missing, the
        fractions don't sum to 1, a mass or a fraction is not above 0, or the units are not those of A.

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
    masses: Mapping[str, float] = field(default_factory=dict)
    critical_temperatures: Mapping[float, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= len(self.composition) <= len(SPECIES) or self.species != SPECIES[: len(self.composition)]:
            raise InvalidInput(
                f"species of the liquid {self.name!r} are {', '.join(self.composition)}; allowed: the first one to "
                f"{len(SPECIES)} of {', '.join(SPECIES)}, in this order"
            )
        if not self.masses:
            object.__setattr__(self, "masses", dict.fromkeys(self.species, 1.0))
        for what, found, allowed in (
            ("pairs", self.pairs, pairs_of(self.n_species)),
            ("masses", self.masses, self.species),
        ):
            if tuple(found) != allowed:
                raise InvalidInput(
                    f"{what} of the liquid {self.name!r} are {', '.join(found)}; allowed: {', '.join(allowed)}"
                )
        self._check_numbers()

    def _check_numbers(self) -> None:
        for what, values in (("composition", self.composition), ("mass", self.masses)):
            for species, value in values.items():
                if not (math.isfinite(value) and value > 0):
                    raise InvalidInput(
                        f"{what} of {species} of the liquid {self.name!r} is {value!r}; allowed: a finite number above 0"
                    )
        if not math.isclose(total := sum(self.composition.values()), 1.0):
            raise InvalidInput(f"composition of the liquid {self.name!r} sums to {total:g}; allowed: 1")
        of_a = self.pairs["AA"]
        units = {"mass of A": self.masses["A"], "sigma of AA": of_a.sigma, "epsilon of AA": of_a.epsilon}
        for what, value in units.items():
            if value != 1.0:
                raise InvalidInput(
                    f"{what} of the liquid {self.name!r} is {value:g}; allowed: 1, as it is the unit. Divide those of the "
                    "other species by it, and scale temperature and density"
                )

    def __hash__(self) -> int:
        """Of the name, which two different liquids seldom share; fields that are mappings have none."""
        return hash(self.name)

    @property
    def species(self) -> tuple[str, ...]:
        """Names of the species, in the order of all arrays."""
        return tuple(self.composition)

    @property
    def n_species(self) -> int:
        """How many species there are. [1]"""
        return len(self.composition)

    @property
    def pair_names(self) -> tuple[str, ...]:
        """Names of the pairs, in the order of all arrays."""
        return tuple(self.pairs)

    def pair(self, first: str, second: str) -> PairPotential:
        """The interaction of two species, in either order.

        Returns
        -------
        PairPotential
            Of `pairs`.
        """
        return self.pairs["".join(sorted((first, second)))]

    def record(self) -> dict[str, Any]:
        """All of it as plain data, from which `from_record` makes an equal one.

        Returns
        -------
        dict
            As a campaign's record, a request of a simulation and a cube hold it.
        """
        return {
            "name": self.name,
            "title": self.title,
            "mixture": self.mixture,
            "composition": dict(self.composition),
            "masses": dict(self.masses),
            "pairs": {name: pair.record() for name, pair in self.pairs.items()},
            "source": self.source,
            "critical_temperatures": [list(item) for item in self.critical_temperatures.items()],
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Liquid:
        """The liquid that `record` describes.

        Returns
        -------
        Liquid
            Checked as every liquid is.
        """
        pairs = {name: PairPotential.from_record(pair) for name, pair in record["pairs"].items()}
        published = {float(density): float(T) for density, T in record["critical_temperatures"]}
        return cls(**{**record, "pairs": pairs, "critical_temperatures": published})

    def drawn_energies(self) -> Iterator[tuple[str, NDArray[np.float64], NDArray[np.float64]]]:
        """u(r) of each pair as it is drawn: from 2 epsilon_AA, or its value at 0, to a little beyond the largest cut-off.

        Yields
        ------
        tuple
            The pair, r [sigma_AA] and u [epsilon_AA], both of one shape.
        """
        r = np.linspace(0.02, 1.05 * self.largest_cutoff, 800)
        for name, pair in self.pairs.items():
            u = pair.energy(r)
            is_drawn = u <= 2.0
            yield name, r[is_drawn], u[is_drawn]

    @property
    def largest_cutoff(self) -> float:
        """r_c of the pair that reaches farthest. [sigma_AA]"""
        return max(pair.cutoff for pair in self.pairs.values())

    @property
    def is_repulsive(self) -> bool:
        """Whether no pair attracts."""
        return all(pair.is_repulsive for pair in self.pairs.values())

    @property
    def is_of_the_paper(self) -> bool:
        """Whether its source is the paper whose method this package follows."""
        return "Ciarella" in self.source

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
        """What a neighbour list holds beyond the cut-offs: 0.45 (2^(1/6) / r_c)^1.37, to two digits, between 0.1 and 0.45.

        A longer cut-off has more pairs to pass over in a margin. The two ends, 0.45 and 0.15, are within 3 % of the fastest of
        0.1 … 0.6 for the Kob–Andersen mixture without and with attraction wherever T and rho are the paper's (LAMMPS,
        N = 1200, the time step of the rule: benchmarks/results/neighbour_margin.md). [sigma_AA]"""
        return min(max(round(0.45 * (MINIMUM / self.largest_cutoff) ** 1.37, 2), 0.1), 0.45)

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

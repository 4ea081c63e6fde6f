"""Liquids of each interaction, of one, two and three species: what engines are held to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glassdask.physics.interactions.form import Form
from glassdask.physics.interactions.lennard_jones import LennardJones, Mie
from glassdask.physics.interactions.pair_potential import PairPotential, Shift
from glassdask.physics.interactions.repulsion import Harmonic, Hertzian, InversePower, Yukawa
from glassdask.physics.interactions.tabulated import Tabulated
from glassdask.physics.liquids.catalogue import LIQUIDS
from glassdask.physics.liquids.liquid import Liquid, pairs_of
from glassdask.simulation.particles.particles import Particles

#: sigma and epsilon of up to three species, by pair.
SIGMA = {"AA": 1.0, "AB": 0.9, "AC": 1.05, "BB": 0.85, "BC": 0.95, "CC": 1.1}
EPSILON = {"AA": 1.0, "AB": 1.4, "AC": 0.9, "BB": 0.6, "BC": 1.1, "CC": 0.8}


def mixture(
    name: str,
    *forms: Form,
    cutoff: float,
    shift: Shift = Shift.ENERGY,
    composition: Sequence[float] = (0.6, 0.4),
    masses: Sequence[float] = (1.0, 1.0, 1.0),
) -> Liquid:
    """A liquid whose pairs take the forms in turn, each cut at `cutoff` sigma of its own."""
    species = "ABC"[: len(composition)]
    pairs = {
        pair: PairPotential(EPSILON[pair], SIGMA[pair], cutoff * SIGMA[pair], forms[i % len(forms)], shift)
        for i, pair in enumerate(pairs_of(len(species)))
    }
    by_species = dict(zip(species, masses, strict=False))
    return Liquid(name, name, name, dict(zip(species, composition, strict=True)), pairs, "a test", by_species)


def _table() -> Tabulated:
    """A coarse-grained liquid's kind of potential: steep, with a shallow well, at 200 distances."""
    x = np.linspace(0.6, 1.8, 200)
    u = (x**-8 - 1.2 * x**-4) * (1.8 - x) ** 3
    return Tabulated(tuple(x), tuple(u))


def pair_at(distance: float, pair: str, velocity=(0.0, 0.0, 0.0), box_length: float = 8.0) -> Particles:
    """Two particles of the species of `pair` at a distance along x, moving together."""
    positions = np.array([[-0.5 * distance, 0.0, 0.0], [0.5 * distance, 0.0, 0.0]])
    species = np.array(["AB".index(letter) for letter in pair])
    return Particles(positions, np.array([velocity, velocity]), np.zeros((2, 3), np.int64), species, box_length)


UNEQUAL_MASSES = mixture("masses", LennardJones(), cutoff=2.2, composition=(0.5, 0.3, 0.2), masses=(1.0, 0.3, 4.0))
THREE_SPECIES = mixture("three", LennardJones(), cutoff=2.2, composition=(0.5, 0.3, 0.2))
#: Three species of other masses in a box of 4, with engines that have no style of theirs.
SMALL_AND_HEAVY = mixture(
    "heavy",
    InversePower(12.0),
    cutoff=1.3,
    shift=Shift.FORCE,
    composition=(0.5, 0.3, 0.2),
    masses=(1.0, 0.3, 4.0),
)
HARMONIC = mixture("harmonic", Harmonic(), cutoff=1.0)
HERTZIAN = mixture("hertzian", Hertzian(), cutoff=1.0)
#: Of each interaction; with names that say which.
OTHERS = (
    THREE_SPECIES,
    UNEQUAL_MASSES,
    mixture("one", LennardJones(), cutoff=2.5, composition=(1.0,)),
    mixture("forces", LennardJones(), cutoff=2.2, shift=Shift.FORCE),
    mixture("mie", Mie(14.0, 7.0), cutoff=2.2),
    mixture("mie-forces", Mie(14.0, 7.0), cutoff=2.2, shift=Shift.FORCE),
    mixture("soft", InversePower(12.0), cutoff=2.0),
    mixture("soft-forces", InversePower(12.0), cutoff=2.0, shift=Shift.FORCE, composition=(0.5, 0.3, 0.2)),
    mixture("yukawa", Yukawa(4.0), cutoff=2.2),
    mixture("yukawa-one", Yukawa(4.0), cutoff=2.5, composition=(1.0,)),
    HARMONIC,
    HERTZIAN,
    mixture("table", _table(), cutoff=1.8),
    mixture("mixed", LennardJones(), Yukawa(4.0), Mie(18.0, 6.0), cutoff=2.2, shift=Shift.FORCE),
)
ALL = (*(LIQUIDS[name] for name in ("lj", "wca")), *OTHERS)

"""Lennard-Jones pairs as the numbers that an engine of such pairs is given."""

from __future__ import annotations

import numpy as np

from glassdask.physics.interactions.lennard_jones import LennardJones, Mie
from glassdask.physics.interactions.pair_potential import PairPotential, Shift
from glassdask.physics.liquids.liquid import Liquid
from glassdask.simulation.particles.particles import Floats, Particles


def is_lennard_jones(pair: PairPotential) -> bool:
    """4 (x^−12 − x^−6), cut anywhere and shifted either way."""
    return isinstance(pair.form, LennardJones) or pair.form == Mie(12.0, 6.0)


def is_all_lennard_jones(liquid: Liquid) -> bool:
    """Whether all pairs of a liquid are."""
    return all(map(is_lennard_jones, liquid.pairs.values()))


def lennard_jones_refusal(liquid: Liquid, particles: Particles | None, engine: str, most: int, for_more: str) -> str:
    """Why an engine of Lennard-Jones pairs and nearest images does not take a liquid, or so many particles in such a box, "" where
    it does.

    Parameters
    ----------
    liquid
        With pairs and cut-offs.
    particles
        Their number, at most `most`, and their box count; None where they are not known yet.
    engine, for_more
        Its name, and those of engines of more particles, for the message.
    """
    for name, pair in liquid.pairs.items():
        if not is_lennard_jones(pair):
            return (
                f"the pair {name} of the liquid {liquid.name!r} is {pair.form.name}, which the engine {engine!r} does not have; "
                "allowed: Lennard-Jones, WCA and Mie of 12 and 6 (or engine = 'lammps' or 'hoomd')"
            )
    if particles is None:
        return ""
    if not 2 <= (n := len(particles.species)) <= most:
        return f"there are {n} particles; allowed for the engine {engine!r}: 2 to {most} (or engine = {for_more})"
    if particles.box_length <= (least := 2.0 * liquid.largest_cutoff):
        return f"box_length is {particles.box_length:g}; allowed for {liquid.name!r}: above twice its largest cut-off, {least:g}"
    return ""


def lennard_jones_tables(liquid: Liquid) -> dict[str, Floats]:
    """What u(r) = R r^−12 − A r^−6 − u_c − (r − r_c) u'_c is made of.

    Parameters
    ----------
    liquid
        All of whose pairs are Lennard-Jones pairs.

    Returns
    -------
    dict of str to numpy.ndarray
        R and A (4 epsilon sigma^12 and 4 epsilon sigma^6), r_c, u(r_c) before it is shifted, and u'(r_c) where that is shifted,
        else 0; each of the shape (species, species). [units of epsilon_AA and sigma_AA]
    """
    tables = {
        name: np.zeros((liquid.n_species, liquid.n_species))
        for name in ("repulsion", "attraction", "cutoff", "energy_at_cutoff", "slope_at_cutoff")
    }
    for i, first in enumerate(liquid.species):
        for j, second in enumerate(liquid.species):
            pair = liquid.pair(first, second)
            tables["repulsion"][i, j] = repulsion = 4.0 * pair.epsilon * pair.sigma**12
            tables["attraction"][i, j] = attraction = 4.0 * pair.epsilon * pair.sigma**6
            tables["cutoff"][i, j] = r_c = pair.cutoff
            tables["energy_at_cutoff"][i, j] = repulsion / r_c**12 - attraction / r_c**6
            if pair.shift is Shift.FORCE:
                tables["slope_at_cutoff"][i, j] = (-12.0 * repulsion / r_c**12 + 6.0 * attraction / r_c**6) / r_c
    return tables

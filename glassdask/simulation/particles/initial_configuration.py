"""What a run starts from: particles anywhere in the box, pushed apart until no pair overlaps badly, or a given configuration; the
same for every engine."""

from __future__ import annotations

import numpy as np

from glassdask.errors import InvalidInput
from glassdask.physics.interactions.pair_potential import PairPotential
from glassdask.physics.liquids.catalogue import as_liquid
from glassdask.physics.liquids.liquid import LIST_MARGIN, Liquid, n_particles
from glassdask.simulation.particles.particles import Floats, Particles, maxwell_velocities, particle_masses, wrap

#: Pairs nearer than this fraction of sigma_ab are pushed apart; the engine's minimiser does the rest.
NO_OVERLAP = 0.9
#: But no farther than to this energy, so that soft spheres may overlap, at which there may be no room for anything else.
#: [epsilon_ab]
TOLERATED_ENERGY = 30.0
MAX_SWEEPS = 2000
#: Sweeps after which the worst overlap has to be smaller by 1 %, or there is no room; the minimiser gets what is there.
PATIENCE = 200
#: A pair may keep this fraction of its wanted distance missing: 0.81 sigma costs 40 epsilon, which no minimiser minds.
TOLERATED_OVERLAP = 0.1


def random_particles(
    liquid: Liquid | str, temperature: float, density: float, box_length: float, random: np.random.Generator
) -> Particles:
    """N = rho L^3 particles at random places without bad overlaps, with Maxwell velocities at `temperature`.

    Parameters
    ----------
    liquid
        What is simulated, or the name of a liquid of the catalogue; decides how small the box may be.
    temperature
        T. [epsilon_AA / k_B]
    density
        rho. [sigma_AA^-3]
    box_length
        L. [sigma_AA]
    random
        Source of all random numbers.

    Returns
    -------
    Particles
        Species by species; images 0, step 0.

    Raises
    ------
    InvalidInput
        If the box is smaller than twice the cut-off and the neighbour list's margin, or holds fewer than 10 particles.
    """
    liquid = as_liquid(liquid)
    n = n_particles(density, box_length)
    _refuse_small(liquid, n, box_length)
    species = np.repeat(np.arange(len(liquid.composition)), liquid.counts(n))
    positions = random.uniform(-0.5 * box_length, 0.5 * box_length, (n, 3))
    positions = _pushed_apart(positions, species, box_length, liquid, random)
    velocities = maxwell_velocities(particle_masses(liquid, species), temperature, random)
    return Particles(positions, velocities, np.zeros((n, 3), np.int64), species, box_length)


def given_particles(
    liquid: Liquid | str,
    temperature: float,
    box_length: float,
    positions: Floats,
    species: np.ndarray,
    random: np.random.Generator,
) -> Particles:
    """A given configuration with Maxwell velocities at `temperature`.

    Parameters
    ----------
    liquid, temperature, box_length, random
        As of `random_particles`.
    positions
        In [-L/2, L/2), shape (N, 3). [sigma_AA]
    species
        0 for A and so on, species by species, shape (N,).

    Returns
    -------
    Particles
        Images 0, step 0.

    Raises
    ------
    InvalidInput
        As of `random_particles`.
    """
    liquid = as_liquid(liquid)
    _refuse_small(liquid, len(species), box_length)
    velocities = maxwell_velocities(particle_masses(liquid, species), temperature, random)
    return Particles(positions, velocities, np.zeros(positions.shape, np.int64), species, box_length)


def _refuse_small(liquid: Liquid, n: int, box_length: float) -> None:
    smallest = 2.0 * (liquid.largest_cutoff + LIST_MARGIN)
    if box_length < smallest or n < 10:
        raise InvalidInput(
            f"box_length is {box_length} with {n} particles; allowed for {liquid.name!r}: at least {smallest:.2f} "
            "(twice the cut-off and the neighbour list's margin) and 10 particles"
        )


def _pushed_apart(
    positions: Floats, species: np.ndarray, box_length: float, liquid: Liquid, random: np.random.Generator
) -> Floats:
    """Move overlapping pairs apart, each partner by half of what is missing, until the worst overlap is tolerable.

    The sweeps are steepest descent in Σ (1 − r / d_ab)^2 over pairs nearer than d_ab = 0.9 sigma_ab, or less where spheres
    are soft, with a step that resolves a lone pair at once. At rho = 1.8 some 100 sweeps are enough.

    Returns
    -------
    numpy.ndarray
        Wrapped positions, shape (N, 3). [sigma_AA]
    """
    wanted_distance = np.array([[_wanted(liquid.pair(a, b)) for b in liquid.species] for a in liquid.species])
    best, last = np.inf, 0
    for sweep in range(MAX_SWEEPS):
        shift, worst = _overlap_shift(positions, species, box_length, wanted_distance, random)
        if worst < 0.99 * best:
            best, last = worst, sweep
        if worst < TOLERATED_OVERLAP or sweep - last > PATIENCE:
            break
        positions = wrap(positions + shift, box_length)[0]
    return positions


def _wanted(pair: PairPotential) -> float:
    """d_ab. [sigma_AA]"""
    tolerated = pair.distance_at(TOLERATED_ENERGY)
    return min(NO_OVERLAP * pair.sigma, tolerated / (1.0 - TOLERATED_OVERLAP))


def _overlap_shift(positions, species, box_length, wanted_distance, random) -> tuple[Floats, float]:
    """The displacement of each particle in one sweep, and the largest missing fraction of a wanted distance."""
    from scipy.spatial import cKDTree  # a third of a second to import, which continued runs do without

    tree = cKDTree(np.mod(positions + 0.5 * box_length, box_length), boxsize=box_length)
    i, j = tree.query_pairs(wanted_distance.max(), output_type="ndarray").T
    separation = positions[i] - positions[j]
    separation -= box_length * np.rint(separation / box_length)
    separation += 1e-9 * random.standard_normal(separation.shape)  # a direction even for two at the same place
    distance = np.linalg.norm(separation, axis=1)
    wanted = wanted_distance[species[i], species[j]]
    missing = np.maximum(1.0 - distance / wanted, 0.0)
    push = (0.5 * missing * wanted / distance)[:, None] * separation
    shift = np.zeros_like(positions)
    np.add.at(shift, i, push)
    np.subtract.at(shift, j, push)
    return shift, float(missing.max(initial=0.0))

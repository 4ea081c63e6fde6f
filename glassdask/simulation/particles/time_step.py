"""The time step of a state: the campaign's base step over the smallest whole number that keeps the energy quiet.

Without a thermostat the energy of a velocity-Verlet run does not drift, it wanders: each time that a pair crosses the
cut-off, the step in which this happens sees a force (LJ: the potential is shifted, its slope is not) or a stiffness
(WCA) that jumps, and makes an error of either sign. Per crossing it is ∝ v dt times the jump of the force, or ∝ (v dt)²
times the jump of the stiffness, and crossings come at a rate ∝ N rho v. After n steps the energy per particle has moved
by

    W = A k_B T (dt / dt_0)^a √(n / 1e5) √(1200 / N),    dt_0 = 0.03 tau_MD = 0.00433 tau_LJ,
    a = 3/2 and A = 5.1e-4 (T / T_0)^(−1/4) (rho / rho_0)^(1/2) for LJ,
    a = 5/2 and A = 1.1e-3 (T / T_0)^0.15 for WCA,          T_0 = 1, rho_0 = 1.2,

root mean square. With the same LJ potential shifted in force as well, the energy stayed within 3e-5 of k_B T at all of
these steps; so the cut-off is the cause, neither the neighbour lists (rebuilt in time, exactly) nor the core, as long
as dt √T < 0.0035. Beyond this, collisions are no longer resolved and the energy rises steadily.

Other liquids follow from these two by what their pair potentials do (no rule knows a name): A grows with the jumps at
their cut-offs, and the limit of the core with the time of a collision, √(μ / u''), of the stiffest pair: μ is its reduced
mass, u'' the largest curvature outwards from where two neighbours turn back, which meet with 2 k_B T more than the energy of
their mean distance: that of a close packing, 2^(1/6) rho^(−1/3), in proportion to sigma_ab. For LJ and WCA this time is the
same, as their cores are.

Measured, LAMMPS, 1e5 steps, root mean square over 8 to 16 runs of N = 259 (rho = 1.2) or 389 (1.8), times √(N / 1200):

| potential | rho | T    | dt_0 / dt | W / k_B T | by the formula |
|-----------|-----|------|-----------|-----------|----------------|
| LJ        | 1.2 | 1    | 1         | 4.8e-4    | 5.1e-4         |
| LJ        | 1.2 | 1    | 2         | 1.6e-4    | 1.8e-4         |
| LJ        | 1.2 | 1    | 4         | 6.5e-5    | 6.4e-5         |
| LJ        | 1.2 | 1    | 5         | 5.4e-5    | 4.6e-5         |
| LJ        | 1.2 | 0.45 | 5         | 3.8e-5    | 5.6e-5         |
| LJ        | 1.2 | 2    | 4         | 3.8e-5    | 5.4e-5         |
| LJ        | 1.8 | 6    | 4         | 5.0e-5    | 5.0e-5         |
| LJ        | 1.8 | 6    | 5         | 2.5e-5    | 3.6e-5         |
| WCA       | 1.2 | 1    | 1         | 9.7e-4    | 1.1e-3         |
| WCA       | 1.2 | 1    | 2         | 2.4e-4    | 1.9e-4         |
| WCA       | 1.2 | 1    | 3         | 7.9e-5    | 7.1e-5         |
| WCA       | 1.2 | 1    | 4         | 3.4e-5    | 3.4e-5         |
| WCA       | 1.2 | 0.45 | 4         | 2.1e-5    | 3.0e-5         |
| WCA       | 1.2 | 2    | 4         | 3.3e-5    | 3.8e-5         |
| WCA       | 1.8 | 6    | 4         | 4.3e-5    | 4.5e-5         |

Whole runs of 1e6 base steps at rho = 1.8, T = 6, dt_0 / dt = 4 (4e6 steps): WCA, N = 1800, drift −2.6e-4 k_B T, never more
than 3.8e-4 from the start; LJ, N = 389, −2.8e-4 and 6.0e-4. W grows as the root of the length: a run of 1e8 base steps
needs a tolerance of 1e-5 to stay within 1e-3 k_B T.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from glassdask.errors import InvalidInput
from glassdask.physics.interactions.lennard_jones import MINIMUM
from glassdask.physics.liquids.catalogue import as_liquid
from glassdask.physics.liquids.kob_andersen import lennard_jones, wca
from glassdask.physics.liquids.liquid import TAU_MD, Liquid

#: By default the energy moves less than 1e-4 k_B T per particle in 1e5 steps (N = 1200), as twice its standard deviation.
DRIFT_TOLERANCE = 1e-4
REFERENCE_STEP = 0.03
#: dt √T beyond which collisions of Kob–Andersen's particles are not resolved. [sigma_AA]
CORE_LIMIT = 0.0035
#: Below it their cores are hardly reached, and dt √T says nothing: what holds there for other liquids is taken from here.
_COLDEST = 0.2
#: Energy with which neighbours meet. [k_B T]
_MEETING_ENERGY = 2.0
#: Densities of the runs that the limit of the core is known from. [sigma_AA^-3]
_DENSITIES = (1.0, 1.8)


def time_step_divisor(
    liquid: Liquid | str, temperature: float, density: float, base_step: float, drift_tolerance: float = DRIFT_TOLERANCE
) -> int:
    """The smallest n for which the step base_step / n keeps the energy within the tolerance.

    Parameters
    ----------
    liquid
        What is simulated, or the name of a liquid of the catalogue.
    temperature
        T. [epsilon_AA / k_B]
    density
        rho. [sigma_AA^-3]
    base_step
        The campaign's base step. [tau_MD]
    drift_tolerance
        Twice the root mean square of the energy's movement per particle in 1e5 steps at N = 1200. [k_B T]

    Raises
    ------
    InvalidInput
        If the tolerance is not above 0.

    Examples
    --------
    >>> [time_step_divisor("lj", 1.0, 1.2, 0.03, tolerance) for tolerance in (1e-4, 1e-3)]
    [5, 2]
    >>> time_step_divisor("wca", 6.0, 1.8, 0.03)
    4
    """
    longest = longest_time_step(liquid, temperature, density, drift_tolerance)
    return max(1, math.ceil(base_step / longest - 1e-9))


def longest_time_step(liquid: Liquid | str, temperature: float, density: float, drift_tolerance: float) -> float:
    """The longest time step, in tau_MD, at which 2 W stays below the tolerance and collisions are resolved."""
    if not drift_tolerance > 0:
        raise InvalidInput(f"drift_tolerance is {drift_tolerance!r}; allowed: above 0, usually 1e-4 … 1e-3 (k_B T)")
    liquid = as_liquid(liquid)
    known = max(temperature, _COLDEST), min(max(density, _DENSITIES[0]), _DENSITIES[1])
    collision = collision_time(liquid, temperature, density) / collision_time(lennard_jones.LIQUID, *known)
    by_core = CORE_LIMIT / math.sqrt(known[0]) / TAU_MD * collision
    slowness = math.sqrt(
        min(liquid.masses.values())
    )  # of the lightest species, in units of the others' that were measured
    by_cutoff = [
        slowness * REFERENCE_STEP * (0.5 * drift_tolerance / amplitude) ** (1.0 / exponent)
        for amplitude, exponent in _wandering(liquid, temperature, density)
        if amplitude > 0.0
    ]
    return min([by_core, *by_cutoff])


def collision_time(liquid: Liquid, temperature: float, density: float) -> float:
    """√(μ_ab / u''_ab) of the stiffest pair where particles meet, with 2 μ_ab = 1 for equal masses. [tau_LJ]"""
    times = []
    for spacing, mass, inward, height, stiffness in _climbs(liquid):
        neighbours = height[min(int(inward.searchsorted(-spacing * density ** (-1.0 / 3.0))), len(inward) - 1)]
        meeting = int(height.searchsorted(neighbours + _MEETING_ENERGY * temperature))
        times.append(math.sqrt(mass / stiffness[min(meeting, len(inward) - 1)]))
    return min(times)


@lru_cache
def _climbs(liquid: Liquid) -> list[tuple[float, float, np.ndarray, np.ndarray, np.ndarray]]:
    """Of each pair the distance of neighbours at rho = 1, 2 μ, and what its particles climb, by -r. A campaign asks for it once
    a state."""
    mean = sum(liquid.share_of_pairs(name) * pair.sigma**3 for name, pair in liquid.pairs.items()) ** (1.0 / 3.0)
    found = []
    for name, pair in liquid.pairs.items():
        first, second = (liquid.masses[species] for species in name)
        r, height, stiffness = pair.climb()
        found.append((MINIMUM * pair.sigma / mean, 2.0 * first * second / (first + second), -r, height, stiffness))
    return found


def _wandering(liquid: Liquid, temperature: float, density: float) -> Iterator[tuple[float, float]]:
    """A and a of the module's formula, for the jump of the force at the cut-off and for that of its slope.

    Each was measured on one liquid; in another, A is larger by the ratio of their jumps.
    """
    force, stiffness = _jumps(liquid), _jumps(liquid, "stiffness_jump")
    yield 5.1e-4 * temperature**-0.25 * math.sqrt(density / 1.2) * force / _jumps(lennard_jones.LIQUID), 1.5
    yield 1.1e-3 * temperature**0.15 * stiffness / _jumps(wca.LIQUID, "stiffness_jump"), 2.5


@lru_cache
def _jumps(liquid: Liquid, name: str = "force_jump") -> float:
    """Root mean square over the crossings of a cut-off, whose number of a pair is ∝ x_a x_b r_c^2, but for a factor."""
    crossings = [
        liquid.share_of_pairs(pair) * (potential.cutoff * getattr(potential, name)) ** 2
        for pair, potential in liquid.pairs.items()
    ]
    return math.sqrt(sum(crossings))

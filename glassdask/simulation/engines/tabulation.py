"""Pair potentials as tables, for interactions of which an engine has no style of its own: how fine they are, and how exact.

Below a distance that particles never reach the energy goes on as a parabola in r, on which the force is ∝ r: tables begin
at r = 0, and no overlap of a random start is outside of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from glassdask.physics.interactions.pair_potential import PairPotential
from glassdask.physics.interactions.tabulated import Tabulated
from glassdask.physics.liquids.liquid import Liquid
from glassdask.simulation.particles.particles import Floats

#: Largest error of a table's force, as a part of |F| + epsilon / sigma of the pair.
TOLERANCE = 1e-6
#: Where that holds: from the energy on that no two particles have, thermal energies being a few epsilon; or of a potential
#: that is nowhere so high, from the last distance of `PairPotential.climb`. [epsilon]
HIGHEST_ENERGY = 1e2
#: Where the parabola begins; of the latter, at half of that distance. [epsilon]
_BEYOND = 1e4
_FEWEST, _MOST = 1000, 64_000


@dataclass(frozen=True)
class FiniteCore:
    """A pair potential for r < r_c, with u(r_0) + F(r_0) (r_0² − r²) / (2 r_0) in the place of what is below r_0.

    Parameters
    ----------
    pair
        The potential.
    """

    pair: PairPotential

    @property
    def exact_from(self) -> float:
        """Where tables have to be exact. [sigma_AA]"""
        return self.pair.distance_at(HIGHEST_ENERGY)

    @property
    def start(self) -> float:
        """r_0. [sigma_AA]"""
        start = self.pair.distance_at(_BEYOND)
        return start if start < self.exact_from else 0.5 * start

    def energy_and_force(self, r: Floats) -> tuple[Floats, Floats]:
        """u and −du/dr up to r_c, at which both are the limits from below. [epsilon_AA, epsilon_AA / sigma_AA]"""
        start = self.start
        inside = np.clip(r, start, np.nextafter(self.pair.cutoff, 0.0))
        force = self.pair.force(inside)
        below = np.minimum(r, start)
        core = force * (start**2 - below**2) / (2.0 * start)
        return self.pair.energy(inside) + np.where(r < start, core, 0.0), np.where(r < start, force * r / start, force)


@dataclass(frozen=True)
class PairTable:
    """Rows of one pair: distances, energies and forces, shape (n,). [sigma_AA, epsilon_AA, epsilon_AA / sigma_AA]"""

    r: Floats
    energy: Floats
    force: Floats


#: Forces at some distances by what an engine makes of a table.
Interpolation = Callable[[PairPotential, PairTable, Floats], Floats]


def pair_tables(
    liquid: Liquid, distances: Callable[[PairPotential, int], Floats], interpolated: Interpolation
) -> tuple[dict[str, PairTable], float]:
    """A table for each pair, all of one length: the shortest whose forces are exact to `TOLERANCE`.

    A table whose own force has kinks, as one that a campaign gives by energies and forces, may need more than 64,000 rows
    for that; it gets these.

    Parameters
    ----------
    liquid
        With the pairs.
    distances
        Those of an engine's table of a number of rows.
    interpolated
        What the engine makes of it.

    Returns
    -------
    tables, error
        By pair; and their largest error, between rows, as `TOLERANCE` counts it.
    """
    n = _FEWEST
    while True:
        tables = {}
        for name, pair in liquid.pairs.items():
            r = distances(pair, n)
            tables[name] = PairTable(r, *FiniteCore(pair).energy_and_force(r))
        error = max(_error(liquid.pairs[name], table, interpolated) for name, table in tables.items())
        if error <= TOLERANCE or n >= _MOST:
            return tables, error
        n *= 2


def _error(pair: PairPotential, table: PairTable, interpolated: Interpolation) -> float:
    """The largest at the middles between rows, but of the last two, of which an engine may cut off the jump."""
    middle = 0.5 * (table.r[1:-1] + table.r[:-2])
    # a given table has a kink of its force in its first row
    begin = 1.02 * pair.sigma * pair.form.x[0] if isinstance(pair.form, Tabulated) else 0.0
    middle = middle[middle > max(begin, FiniteCore(pair).exact_from)]
    exact = pair.force(middle)
    scale = np.abs(exact) + pair.epsilon / pair.sigma
    return float(np.max(np.abs(interpolated(pair, table, middle) - exact) / scale))


def stated(error: float) -> str:
    """How provenance names tables of this error."""
    return f"table, {error:.0e}"

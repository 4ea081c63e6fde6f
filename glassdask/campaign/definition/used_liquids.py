"""Whether the liquids of a campaign are used, and fit into its box: known before anything is simulated."""

from __future__ import annotations

from collections.abc import Sequence

from glassdask.campaign.definition.specification import Specification
from glassdask.errors import InvalidInput
from glassdask.physics.liquids.liquid import LIST_MARGIN, n_particles

#: Potential, density, temperature.
Thermodynamic = tuple[str, float, float]


def check_liquids(specification: Specification, points: Sequence[Thermodynamic]) -> None:
    """Refuses liquids that no state is of, and those whose cut-offs or species need a larger box.

    Raises
    ------
    InvalidInput
        With the key, its value and what is allowed.
    """
    densities: dict[str, list[float]] = {}
    for potential, density, _ in points:
        densities.setdefault(potential, []).append(density)
    for name in specification.liquid:
        if name not in densities:
            raise InvalidInput(
                f"liquid.{name} is declared and not used; allowed: potential = {name!r} in a [[grid]], or no such table"
            )
    for name, of_liquid in densities.items():
        _check_box(specification, name, min(of_liquid))


def _check_box(specification: Specification, name: str, density: float) -> None:
    liquid, box_length = specification.liquid_named(name), specification.system.box_length
    smallest = 2.0 * (liquid.largest_cutoff + LIST_MARGIN)
    if box_length < smallest:
        raise InvalidInput(
            f"system.box_length = {box_length:g}: the liquid {name!r} is cut at {liquid.largest_cutoff:g}; allowed: at least "
            f"{smallest:.4g}, twice the cut-off and the neighbour list's margin. Enlarge the box, or cut the liquid earlier"
        )
    counts = dict(zip(liquid.species, liquid.counts(n_particles(density, box_length)), strict=True))
    if min(counts.values()) < 1:
        rare = min(counts, key=lambda species: counts[species])
        raise InvalidInput(
            f"system.box_length = {box_length:g}: of the liquid {name!r} at density {density:g} it holds "
            f"{sum(counts.values())} particles and none of {rare}; allowed: a box with some of each species"
        )

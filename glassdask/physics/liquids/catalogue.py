"""Every liquid there is: each file below this folder that has a ``LIQUID`` declares one, and nothing else names it."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Sequence

from glassdask.errors import InvalidInput
from glassdask.physics import liquids
from glassdask.physics.liquids.liquid import Liquid


def _found() -> dict[str, Liquid]:
    """By name: first those with published critical temperatures, as the paper's; among equals in the order of names."""
    found: dict[str, Liquid] = {}
    for module in pkgutil.walk_packages(liquids.__path__, f"{liquids.__name__}."):
        if module.name == __name__:
            continue
        liquid = getattr(importlib.import_module(module.name), "LIQUID", None)
        if liquid is not None and found.setdefault(liquid.name, liquid) is not liquid:
            raise InvalidInput(f"two files declare the liquid {liquid.name!r}, one of them {module.name}: rename one")
    return dict(sorted(found.items(), key=lambda item: (not item[1].critical_temperatures, item[0])))


LIQUIDS = _found()
#: Values of ``potential``.
POTENTIALS = tuple(LIQUIDS)


def liquid_named(name: str) -> Liquid:
    """The liquid whose name is a value of ``potential``.

    Returns
    -------
    Liquid
        The one declared in a file of this folder.

    Raises
    ------
    InvalidInput
        If there is none of this name.

    Examples
    --------
    >>> liquid_named("lj").title
    'Lennard-Jones'
    """
    if name not in LIQUIDS:
        raise InvalidInput(unknown_liquid(name, POTENTIALS))
    return LIQUIDS[name]


def unknown_liquid(name: str, known: Sequence[str]) -> str:
    """What to say of a name that no liquid has.

    Returns
    -------
    str
        With the nearest of the known names, and all of them.
    """
    near = difflib.get_close_matches(str(name).strip().lower(), known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"potential is {name!r}; {hint}allowed: {', '.join(map(repr, known))}"


def as_liquid(liquid: Liquid | str) -> Liquid:
    """A liquid as it is, or the one of the catalogue that has this name.

    Returns
    -------
    Liquid
        For functions that take either.

    Raises
    ------
    InvalidInput
        If there is none of this name.
    """
    return liquid if isinstance(liquid, Liquid) else liquid_named(liquid)

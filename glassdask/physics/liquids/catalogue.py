"""Every liquid there is: each file of this folder that has a ``LIQUID`` declares one, and nothing else names it."""

from __future__ import annotations

import importlib
import pkgutil

from glassdask.errors import InvalidInput
from glassdask.physics import liquids
from glassdask.physics.liquids.liquid import Liquid


def _found() -> dict[str, Liquid]:
    """By name, in the order of the files' names."""
    found: dict[str, Liquid] = {}
    for module in pkgutil.iter_modules(liquids.__path__, f"{liquids.__name__}."):
        if module.name == __name__:
            continue
        liquid = getattr(importlib.import_module(module.name), "LIQUID", None)
        if liquid is not None and found.setdefault(liquid.name, liquid) is not liquid:
            raise InvalidInput(f"two files declare the liquid {liquid.name!r}, one of them {module.name}: rename one")
    return found


LIQUIDS = _found()
#: Values of ``potential``.
POTENTIALS = tuple(LIQUIDS)


def title_of(potential: object) -> str:
    """The liquid's title; the name itself where no file declares it, as in a cube from elsewhere.

    Returns
    -------
    str
        For figures and pages.
    """
    liquid = LIQUIDS.get(str(potential))
    return str(potential) if liquid is None else liquid.title


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
        meant = str(name).strip().lower()
        hint = f"did you mean {meant!r}? " if meant in LIQUIDS else ""
        raise InvalidInput(f"potential is {name!r}; {hint}allowed: {', '.join(map(repr, LIQUIDS))}")
    return LIQUIDS[name]

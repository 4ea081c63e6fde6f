"""Every observable there is: each file of `declared` that has an ``OBSERVABLE`` declares one, and nothing else names it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping

from glassdask.counted import did_you_mean
from glassdask.datasets.schema.variables import Variable
from glassdask.errors import InvalidInput
from glassdask.observables.observable import Observable

_FOLDER = "glassdask.observables.declared"


def _found() -> dict[str, Observable]:
    folder = importlib.import_module(_FOLDER)
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__))
    modules = {name: importlib.import_module(f"{_FOLDER}.{name}") for name in names}
    return {name: module.OBSERVABLE for name, module in modules.items() if hasattr(module, "OBSERVABLE")}


#: By the names of their files, in alphabetical order.
OBSERVABLES = _found()
#: Those that campaigns offer: what the stage `reduce` has is not among them.
OFFERED = {name: observable for name, observable in OBSERVABLES.items() if not observable.is_of_reduce}


def observables_named(names: Iterable[str]) -> dict[str, Observable]:
    """Observables by name, in the order of the catalogue, each once.

    Raises
    ------
    InvalidInput
        If there is none of a name; the most similar one is named.

    Examples
    --------
    >>> list(observables_named(["non_gaussian_parameter"]))
    ['non_gaussian_parameter']
    """
    wanted = list(names)
    for name in wanted:
        if name not in OBSERVABLES:
            hint = did_you_mean(name, list(OBSERVABLES))
            raise InvalidInput(f"there is no observable {name!r}: {hint}allowed: {', '.join(OBSERVABLES)}")
    return {name: OBSERVABLES[name] for name in OBSERVABLES if name in wanted}


def default_names(dimension: int = 3) -> tuple[str, ...]:
    """Of the observables that are computed unless somebody says otherwise, in so many dimensions."""
    return tuple(name for name, found in OFFERED.items() if found.is_default and dimension in found.dimensions)


def variables_of(observables: Mapping[str, Observable]) -> dict[str, Variable]:
    """The declarations of all variables of some observables."""
    return {name: variable for found in observables.values() for name, variable in found.variables.items()}

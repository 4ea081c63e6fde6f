"""A thermodynamic state of a campaign: potential, temperature, density and replica, with one canonical spelling."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from glassdask.errors import InvalidInput

#: What a liquid may be called: small letters, digits and "-", as its name is part of the names of folders.
LIQUID_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


#: Values that are kept as text and as rounded: more than there are temperatures in a campaign of 100,000 states.
_MOST_VALUES = 1 << 16


@lru_cache(maxsize=_MOST_VALUES)
def canonical(value: float) -> float:
    """The float nearest to `value` rounded to ten significant digits, so that ``0.1 * 3`` and ``0.3`` are one number."""
    return float(format(float(value), ".10g"))


@lru_cache(maxsize=_MOST_VALUES)
def decimal_text(value: float) -> str:
    """Shortest decimal spelling of `value` in plain notation, as used in folder names (``0.45``, ``1.0``).

    >>> decimal_text(0.1 * 3), decimal_text(1), decimal_text(0.00002)
    ('0.3', '1.0', '0.00002')
    """
    value = canonical(value)
    text = f"{value:.20f}".rstrip("0") if "e" in repr(value) else repr(value)
    return text + "0" if text.endswith(".") else text


def identifier_of(potential: str, temperature: float, density: float, replica: int) -> str:
    """The `StatePoint.identifier` of a state that is not made, as a hundred thousand of them take a while.

    >>> identifier_of("lj", 0.45, 1.2, 1)
    'lj_rho1.2_T0.45_r1'
    """
    return f"{potential}_rho{decimal_text(density)}_T{decimal_text(temperature)}_r{replica}"


@dataclass(frozen=True, order=True)
class StatePoint:
    """One state (potential, T, rho, replica) of a campaign.

    Parameters
    ----------
    potential
        Name of a liquid: one of the catalogue (``glassdask.physics.liquids``), such as ``"lj"``, or one that the campaign file
        declares.
    temperature
        k_B T / epsilon_AA, positive.
    density
        Total number density rho sigma_AA^3, positive.
    replica
        Number of the independent copy, from 0.

    Raises
    ------
    InvalidInput
        If a value is not finite or not positive, or the potential is no name of a liquid.

    Examples
    --------
    >>> StatePoint("lj", 0.1 * 3, 1.2) == StatePoint("lj", 0.3, 1.2)
    True
    >>> StatePoint("lj", 0.45, 1.2, 1).identifier
    'lj_rho1.2_T0.45_r1'
    """

    potential: str
    temperature: float
    density: float
    replica: int = 0

    def __post_init__(self) -> None:
        if not LIQUID_NAME.fullmatch(self.potential):
            raise InvalidInput(
                f"potential is {self.potential!r}; allowed: a small letter, then small letters, digits and '-', at most 32"
            )
        for name in ("temperature", "density"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise InvalidInput(f"{name} is {value!r}; allowed: a finite number above 0")
            if type(value) is not float or value != canonical(value):
                object.__setattr__(self, name, canonical(value))
        if self.replica < 0:
            raise InvalidInput(f"replica is {self.replica!r}; allowed: 0, 1, 2, …")

    @property
    def identifier(self) -> str:
        """Name of the state: unique in a campaign, safe as a folder name, readable on the Dask dashboard."""
        return identifier_of(self.potential, self.temperature, self.density, self.replica)

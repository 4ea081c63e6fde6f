"""A thermodynamic state of a campaign: potential, temperature, density and replica, with one canonical spelling."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from glassdask.errors import InvalidInput

#: What a liquid may be called: small letters, digits and "-", as its name is part of the names of folders.
LIQUID_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


def canonical(value: float) -> float:
    """The float nearest to `value` rounded to ten significant digits, so that ``0.1 * 3`` and ``0.3`` are one number."""
    return float(format(float(value), ".10g"))


@lru_cache(maxsize=4096)
def decimal_text(value: float) -> str:
    """Shortest decimal spelling of `value` in plain notation, as used in folder names (``0.45``, ``1.0``).

    >>> decimal_text(0.1 * 3), decimal_text(1), decimal_text(0.00002)
    ('0.3', '1.0', '0.00002')
    """
    value = canonical(value)
    text = f"{value:.20f}".rstrip("0") if "e" in repr(value) else repr(value)
    return text + "0" if text.endswith(".") else text


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
            if not (math.isfinite(value) and value > 0):
                raise InvalidInput(f"{name} is {value!r}; allowed: a finite number above 0")
            object.__setattr__(self, name, canonical(value))
        if self.replica < 0:
            raise InvalidInput(f"replica is {self.replica!r}; allowed: 0, 1, 2, …")

    @property
    def identifier(self) -> str:
        """Name of the state: unique in a campaign, safe as a folder name, readable on the Dask dashboard."""
        return f"{self.potential}_rho{decimal_text(self.density)}_T{decimal_text(self.temperature)}_r{self.replica}"

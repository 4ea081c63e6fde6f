"""Forms that only repel: inverse powers, Yukawa, and soft spheres that end where they touch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glassdask.errors import InvalidInput
from glassdask.physics.interactions.form import Floats, Form


@dataclass(frozen=True)
class InversePower(Form):
    """v(x) = C x^−n.

    Parameters
    ----------
    exponent
        n, above 3: so that the energy of a liquid is finite without a cut-off.
    prefactor
        C, above 0: for a liquid that keeps the unit of energy of another one, which it stands for.

    Raises
    ------
    InvalidInput
        If n is not above 3, or C not above 0.
    """

    exponent: float
    prefactor: float = 1.0

    name = "inverse power"

    def __post_init__(self) -> None:
        if not self.exponent > 3:
            raise InvalidInput(f"exponent is {self.exponent!r}; allowed: above 3")
        if not self.prefactor > 0:
            raise InvalidInput(f"prefactor is {self.prefactor!r}; allowed: above 0")

    @property
    def formula(self) -> str:
        """v(x) with its numbers."""
        return f"v(x) = {'' if self.prefactor == 1 else f'{self.prefactor:g} '}x^−{self.exponent:g}"

    def _energy(self, x: Floats) -> Floats:
        return self.prefactor * x**-self.exponent

    def _slope(self, x: Floats) -> Floats:
        return -self.prefactor * self.exponent * x ** (-self.exponent - 1)

    def _curvature(self, x: Floats) -> Floats:
        return self.prefactor * self.exponent * (self.exponent + 1) * x ** (-self.exponent - 2)


@dataclass(frozen=True)
class Yukawa(Form):
    """v(x) = exp(−κ (x − 1)) / x, which is 1 at contact.

    Parameters
    ----------
    screening
        κ, above 0. [1/sigma]

    Raises
    ------
    InvalidInput
        If κ is not above 0.
    """

    screening: float

    name = "Yukawa"

    def __post_init__(self) -> None:
        if not self.screening > 0:
            raise InvalidInput(f"screening is {self.screening!r}; allowed: above 0, in units of 1 / sigma of the pair")

    @property
    def formula(self) -> str:
        """v(x) with its numbers."""
        return f"v(x) = exp(−{self.screening:g} (x − 1)) / x"

    def _energy(self, x: Floats) -> Floats:
        return np.exp(-self.screening * (x - 1.0)) / x

    def _slope(self, x: Floats) -> Floats:
        return -self._energy(x) * (self.screening + 1.0 / x)

    def _curvature(self, x: Floats) -> Floats:
        return self._energy(x) * (self.screening**2 + 2.0 * self.screening / x + 2.0 / x**2)


class _ElasticSpheres(Form):
    """v(x) = (1 − x)^a below contact, x = 1, and 0 beyond."""

    usual_cutoff = 1.0
    has_fixed_cutoff = True
    _power: float

    @property
    def formula(self) -> str:
        """v(x) with its numbers."""
        return f"v(x) = (1 − x)^{self._power:g} for x < 1"

    def _energy(self, x: Floats) -> Floats:
        return _overlap(x) ** self._power

    def _slope(self, x: Floats) -> Floats:
        return -self._power * _overlap(x) ** (self._power - 1.0)

    def _curvature(self, x: Floats) -> Floats:
        """The limit from below at contact itself."""
        return self._power * (self._power - 1.0) * _overlap(x) ** (self._power - 2.0) * (x <= 1.0)


def _overlap(x: Floats) -> Floats:
    return np.maximum(1.0 - x, 0.0)


@dataclass(frozen=True)
class Harmonic(_ElasticSpheres):
    """v(x) = (1 − x)² below x = 1. Berthier and Witten, EPL 86, 10001 (2009)."""

    name = "harmonic"
    _power = 2.0


@dataclass(frozen=True)
class Hertzian(_ElasticSpheres):
    """v(x) = (1 − x)^(5/2) below x = 1: elastic spheres that touch."""

    name = "Hertzian"
    _power = 2.5

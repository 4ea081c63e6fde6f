"""Lennard-Jones, the same without its attraction, and Mie's generalisation to other exponents."""

from __future__ import annotations

from dataclasses import dataclass

from glassdask.errors import InvalidInput
from glassdask.physics.interactions.form import Floats, Form

#: Where the Lennard-Jones potential has its minimum. [sigma]
MINIMUM = 2.0 ** (1.0 / 6.0)


@dataclass(frozen=True)
class Mie(Form):
    """v(x) = C (x^−n − x^−m), C = n/(n−m) (n/m)^(m/(n−m)), so that the depth is 1.

    Mie, Ann. Phys. 316, 657 (1903).

    Parameters
    ----------
    repulsive_exponent, attractive_exponent
        n and m.

    Raises
    ------
    InvalidInput
        If not n > m > 0.
    """

    repulsive_exponent: float
    attractive_exponent: float

    name = "Mie"
    usual_cutoff = 2.5

    def __post_init__(self) -> None:
        if not self.repulsive_exponent > self.attractive_exponent > 0:
            raise InvalidInput(
                f"attractive_exponent is {self.attractive_exponent!r}, repulsive_exponent {self.repulsive_exponent!r}; "
                "allowed: 0 < attractive_exponent < repulsive_exponent"
            )

    @property
    def prefactor(self) -> float:
        """C. [1]"""
        n, m = self.repulsive_exponent, self.attractive_exponent
        return float(n / (n - m) * (n / m) ** (m / (n - m)))

    @property
    def formula(self) -> str:
        """v(x) with its numbers."""
        return f"v(x) = {self.prefactor:g} (x^−{self.repulsive_exponent:g} − x^−{self.attractive_exponent:g})"

    @property
    def minimum(self) -> float:
        """(n/m)^(1/(n−m)). [sigma]"""
        n, m = self.repulsive_exponent, self.attractive_exponent
        return float((n / m) ** (1.0 / (n - m)))

    def _energy(self, x: Floats) -> Floats:
        n, m = self.repulsive_exponent, self.attractive_exponent
        return self.prefactor * (x**-n - x**-m)

    def _slope(self, x: Floats) -> Floats:
        n, m = self.repulsive_exponent, self.attractive_exponent
        return self.prefactor * (m * x ** (-m - 1) - n * x ** (-n - 1))

    def _curvature(self, x: Floats) -> Floats:
        n, m = self.repulsive_exponent, self.attractive_exponent
        return self.prefactor * (n * (n + 1) * x ** (-n - 2) - m * (m + 1) * x ** (-m - 2))


@dataclass(frozen=True)
class LennardJones(Form):
    """v(x) = 4 (x^−12 − x^−6); eq. 9 of the paper."""

    name = "Lennard-Jones"
    usual_cutoff = 2.5

    @property
    def formula(self) -> str:
        """v(x) with its numbers."""
        return "v(x) = 4 (x^−12 − x^−6)"

    @property
    def minimum(self) -> float:
        """2^(1/6). [sigma]"""
        return MINIMUM

    def _energy(self, x: Floats) -> Floats:
        core = x**-6.0
        return 4.0 * core * (core - 1.0)

    def _slope(self, x: Floats) -> Floats:
        core = x**-6.0
        return -24.0 / x * core * (2.0 * core - 1.0)

    def _curvature(self, x: Floats) -> Floats:
        core = x**-6.0
        return 24.0 / x**2 * core * (26.0 * core - 7.0)


@dataclass(frozen=True)
class WeeksChandlerAndersen(LennardJones):
    """Lennard-Jones without its attraction: cut at the minimum, 2^(1/6) sigma. J. Chem. Phys. 54, 5237 (1971)."""

    name = "WCA"
    usual_cutoff = MINIMUM
    has_fixed_cutoff = True

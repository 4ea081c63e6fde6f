"""The truncated and shifted potential of one pair of species."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from glassdask.errors import InvalidInput
from glassdask.physics.interactions.form import Floats, Form
from glassdask.physics.interactions.lennard_jones import LennardJones, Mie, WeeksChandlerAndersen
from glassdask.physics.interactions.repulsion import Harmonic, Hertzian, InversePower, Yukawa
from glassdask.physics.interactions.tabulated import Tabulated

#: By name, in the order of messages.
FORMS: dict[str, type[Form]] = {
    form.name: form
    for form in (LennardJones, WeeksChandlerAndersen, Mie, InversePower, Yukawa, Harmonic, Hertzian, Tabulated)
}


class Shift(StrEnum):
    """What is made continuous at the cut-off."""

    ENERGY = "energy"
    FORCE = "energy and force"


@dataclass(frozen=True)
class PairPotential:
    """u(r) = epsilon [v(r/sigma) − v(r_c/sigma)] for r < r_c, 0 beyond; with v of `form`.

    Where the force is shifted, too, u(r) has epsilon (r − r_c)/sigma v'(r_c/sigma) less; Toxvaerd and Dyre, J. Chem. Phys. 134,
    081102 (2011).

    Parameters
    ----------
    epsilon
        Unit of energy of the pair. [epsilon_AA]
    sigma
        Unit of length of the pair. [sigma_AA]
    cutoff
        r_c. [sigma_AA]
    form
        v.
    shift
        Whether the energy alone is continuous at r_c, or the force as well.

    Raises
    ------
    InvalidInput
        If epsilon, sigma or the cut-off is not above 0, or the form has a cut-off of its own, which is another.
    """

    epsilon: float
    sigma: float
    cutoff: float
    form: Form = field(default_factory=LennardJones)
    shift: Shift = Shift.ENERGY

    def __post_init__(self) -> None:
        for key in ("epsilon", "sigma", "cutoff"):
            if not (np.isfinite(value := getattr(self, key)) and value > 0):
                raise InvalidInput(f"{key} is {value!r}; allowed: a finite number above 0")
        own = self.form.usual_cutoff
        if self.form.has_fixed_cutoff and own is not None and not np.isclose(self.cutoff, own * self.sigma, rtol=1e-9):
            raise InvalidInput(
                f"cutoff is {self.cutoff / self.sigma:g}; allowed for {self.form.name!r}: {own:g}, its own. Leave it out"
            )

    @property
    def is_repulsive(self) -> bool:
        """Whether the pair only repels: cut at the minimum or before it."""
        return self.cutoff <= self.form.minimum * self.sigma

    @property
    def force_jump(self) -> float:
        """By how much the force jumps at the cut-off: |u'(r_c)|, or 0 where it is shifted. [epsilon_AA / sigma_AA]"""
        return abs(self._slope_at_cutoff) if self.shift is Shift.ENERGY else 0.0

    @property
    def stiffness_jump(self) -> float:
        """|u''(r_c)|, by which the slope of the force jumps at the cut-off. [epsilon_AA / sigma_AA^2]"""
        return abs(float(self.epsilon / self.sigma**2 * self.form.curvature(self._end)))

    @property
    def _end(self) -> float:
        """The cut-off as the form counts it. [sigma]"""
        return self.cutoff / self.sigma

    @property
    def _slope_at_cutoff(self) -> float:
        return float(self.epsilon / self.sigma * self.form.slope(self._end))

    def energy(self, r: ArrayLike) -> Floats:
        """u(r).

        Parameters
        ----------
        r
            Distances, any shape. [sigma_AA]

        Returns
        -------
        numpy.ndarray
            Shape of r. [epsilon_AA]
        """
        r = np.asarray(r, dtype=np.float64)
        u = self.epsilon * (self.form.energy(r / self.sigma) - self.form.energy(self._end))
        if self.shift is Shift.FORCE:
            u = u - (r - self.cutoff) * self._slope_at_cutoff
        return np.where(r < self.cutoff, u, 0.0)

    def force(self, r: ArrayLike) -> Floats:
        """−u'(r).

        Parameters
        ----------
        r
            Distances, any shape. [sigma_AA]

        Returns
        -------
        numpy.ndarray
            Shape of r. [epsilon_AA / sigma_AA]
        """
        r = np.asarray(r, dtype=np.float64)
        slope = self.epsilon / self.sigma * self.form.slope(r / self.sigma)
        if self.shift is Shift.FORCE:
            slope = slope - self._slope_at_cutoff
        return np.where(r < self.cutoff, -slope, 0.0)

    def curvature(self, r: ArrayLike) -> Floats:
        """u''(r).

        Parameters
        ----------
        r
            Distances, any shape. [sigma_AA]

        Returns
        -------
        numpy.ndarray
            Shape of r. [epsilon_AA / sigma_AA^2]
        """
        r = np.asarray(r, dtype=np.float64)
        return np.where(r < self.cutoff, self.epsilon / self.sigma**2 * self.form.curvature(r / self.sigma), 0.0)

    def climb(self) -> tuple[Floats, Floats, Floats]:
        """What two particles climb as they come near: from the lowest of u inwards.

        Returns
        -------
        tuple of numpy.ndarray
            Distances, falling from the minimum or the cut-off on [sigma_AA]; u above its lowest there, never falling
            [epsilon_AA]; the largest u'' so far [epsilon_AA / sigma_AA^2]. Shape (2000,) each.
        """
        outer = min(self.form.minimum * self.sigma, self.cutoff) * (1.0 - 1e-12)
        r = outer * np.geomspace(1.0, 0.05, 2000)
        u = self.energy(r)
        return r, np.maximum.accumulate(u - u[0]), np.maximum.accumulate(self.curvature(r))

    def distance_at(self, energy: float) -> float:
        """The largest r at which u is so much above its lowest.

        Parameters
        ----------
        energy
            [epsilon of the pair]

        Returns
        -------
        float
            To 0.2 %; the last of `climb` where the potential nowhere is so high. [sigma_AA]
        """
        r, u, _ = self.climb()
        is_higher = u > energy * self.epsilon
        return float(r[np.argmax(is_higher)] if is_higher.any() else r[-1])

    def record(self) -> dict[str, Any]:
        """All of it as plain data, from which `from_record` makes an equal one.

        Returns
        -------
        dict
            Of the form, epsilon, sigma, cutoff and shift.
        """
        numbers = {"epsilon": self.epsilon, "sigma": self.sigma, "cutoff": self.cutoff, "shift": str(self.shift)}
        return {**self.form.record(), **numbers}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> PairPotential:
        """The potential that `record` describes.

        Returns
        -------
        PairPotential
            Checked as every potential is.
        """
        parameters = dict(record)
        kind = FORMS[parameters.pop("interaction")]
        epsilon, sigma, cutoff, shift = (parameters.pop(key) for key in ("epsilon", "sigma", "cutoff", "shift"))
        return cls(epsilon, sigma, cutoff, kind(**parameters), Shift(shift))


def lennard_jones(epsilon: Mapping[str, float], sigma: Mapping[str, float], cutoff: float) -> dict[str, PairPotential]:
    """A Lennard-Jones potential for each pair, all cut at the same multiple of their own sigma.

    Parameters
    ----------
    epsilon, sigma
        By pair. [epsilon_AA, sigma_AA]
    cutoff
        r_c / sigma_ab.

    Returns
    -------
    dict of str to PairPotential
        By pair, in the order of `epsilon`.
    """
    return {pair: PairPotential(epsilon[pair], sigma[pair], cutoff * sigma[pair]) for pair in epsilon}

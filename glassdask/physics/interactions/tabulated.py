"""A form given by a table of values, as from another program or a coarse-graining."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from glassdask.errors import InvalidInput
from glassdask.physics.interactions.form import Floats, Form

if TYPE_CHECKING:
    from scipy.interpolate import BPoly, CubicSpline

#: Fewest rows of a table.
FEWEST_ROWS = 16
#: How far from 0 the last energy of a table may be, as a part of its depth, or of its height where it only repels.
_ZERO = 1e-3
#: By how much a column of forces may leave the slope of the energies, as a part of the largest force where r is not smallest.
_FORCE_TOLERANCE = 0.05


@dataclass(frozen=True)
class Tabulated(Form):
    """v(x) from a table: a cubic Hermite spline through energies and forces, or through energies alone a cubic spline.

    Below the first x the energy goes on with the force of the first row; the last x is the cut-off.

    Parameters
    ----------
    x
        Distances, increasing. [sigma]
    u
        Energies, the last of them near 0. [epsilon]
    f
        Forces −dv/dx; None where the table has none. [epsilon / sigma]

    Raises
    ------
    InvalidInput
        If distances do not increase or are not positive, a value is not finite, there are fewer than 16 rows, the energy does
        not end near 0, or a force contradicts the slope of the energy.
    """

    x: tuple[float, ...]
    u: tuple[float, ...]
    f: tuple[float, ...] | None = None

    name = "table"
    has_fixed_cutoff = True

    def __post_init__(self) -> None:
        for key in ("x", "u", "f"):
            if (values := getattr(self, key)) is not None:
                object.__setattr__(self, key, tuple(map(float, values)))
        self._check_columns()
        scale = -min(self.u) if min(self.u) < 0 else max(self.u)
        if abs(self.u[-1]) > _ZERO * scale:
            raise InvalidInput(
                f"the table ends with u = {self.u[-1]:g} at r = {self.x[-1]:g}, a jump at the cut-off; allowed: a last u "
                f"within {_ZERO * scale:.2g} of 0. Go on to larger r, or shift the energies"
            )
        if self.f is not None:
            self._check_forces()

    def _check_columns(self) -> None:
        r, rows = np.array(self.x), len(self.x)
        if rows < FEWEST_ROWS:
            raise InvalidInput(f"the table has {rows} rows; allowed: at least {FEWEST_ROWS}")
        for key in ("x", "u", "f"):
            values = getattr(self, key)
            if values is not None and (len(values) != rows or not np.isfinite(values).all()):
                where = next((i for i, value in enumerate(values) if not np.isfinite(value)), len(values))
                raise InvalidInput(
                    f"the table's column {'r' if key == 'x' else key} has no finite number in row {where + 1}; allowed: finite"
                    " numbers, one a row"
                )
        if r[0] <= 0 or (np.diff(r) <= 0).any():
            where = 0 if r[0] <= 0 else int(np.argmax(np.diff(r) <= 0)) + 1
            raise InvalidInput(
                f"r of the table is {r[where]:g} in row {where + 1}; allowed: above 0 and above the row before"
            )

    def _check_forces(self) -> None:
        """Against the slope of a spline through the energies, between the rows that lie inside."""
        r, f = np.array(self.x), np.array(self.f)
        from scipy.interpolate import CubicSpline  # a third of a second to import

        slope = -CubicSpline(r, self.u)(r, 1)
        scale = np.maximum(np.abs(slope), 1e-3 * np.abs(slope).max())
        off = np.abs(f - slope)[2:-2] / scale[2:-2]
        if off.max() > _FORCE_TOLERANCE:
            where = int(off.argmax()) + 2
            raise InvalidInput(
                f"the table's force is {f[where]:g} at r = {r[where]:g}, where u falls with {slope[where]:g}; allowed: f = "
                f"−du/dr within {_FORCE_TOLERANCE:.0%}. Leave the column f out, or give closer rows"
            )

    @property
    def usual_cutoff(self) -> float:  # type: ignore[override]
        """The last distance. [sigma]"""
        return self.x[-1]

    @property
    def formula(self) -> str:
        """How many values there are, and between which distances."""
        return f"v(x) of a table of {len(self.x)} values from x = {self.x[0]:g} to {self.x[-1]:g}"

    @property
    def minimum(self) -> float:
        """Where the energy is lowest, if it is below its last; infinite where the table only repels. [sigma]"""
        lowest = int(np.argmin(self.u))
        return np.inf if self.u[lowest] >= self.u[-1] - 1e-12 else self.x[lowest]

    @cached_property
    def _spline(self) -> BPoly | CubicSpline:
        from scipy.interpolate import BPoly, CubicSpline

        if self.f is None:
            return CubicSpline(self.x, self.u)
        return BPoly.from_derivatives(self.x, np.array([self.u, [-force for force in self.f]]).T)

    def _energy(self, x: Floats) -> Floats:
        inner = np.maximum(x, self.x[0])
        value: Floats = self._spline(inner) + (x - inner) * self._spline(self.x[0], 1)
        return value

    def _slope(self, x: Floats) -> Floats:
        value: Floats = self._spline(np.maximum(x, self.x[0]), 1)
        return value

    def _curvature(self, x: Floats) -> Floats:
        return np.where(x < self.x[0], 0.0, self._spline(np.maximum(x, self.x[0]), 2))

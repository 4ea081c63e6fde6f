"""What a form of interaction offers: u, u' and u'' of a pair in its own units."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class Form(ABC):
    """v(x) = u(r) / epsilon at x = r / sigma, neither truncated nor shifted; a frozen dataclass of its own parameters.

    Subclasses that have a `name` are what a campaign file may call an ``interaction``.
    """

    #: Value of ``interaction`` in a campaign file.
    name: ClassVar[str]
    #: Cut-off where none is given; None where it must be. [sigma]
    usual_cutoff: float | None = None
    #: Whether this cut-off belongs to the form, so that no other can be asked for.
    has_fixed_cutoff: ClassVar[bool] = False

    @abstractmethod
    def _energy(self, x: Floats) -> Floats: ...

    @abstractmethod
    def _slope(self, x: Floats) -> Floats: ...

    @abstractmethod
    def _curvature(self, x: Floats) -> Floats: ...

    def energy(self, x: ArrayLike) -> Floats:
        """v(x).

        Parameters
        ----------
        x
            r / sigma, any shape.

        Returns
        -------
        numpy.ndarray
            Shape of x. [epsilon]
        """
        return np.asarray(self._energy(np.asarray(x, dtype=np.float64)))

    def slope(self, x: ArrayLike) -> Floats:
        """v'(x); x as of `energy`.

        Returns
        -------
        numpy.ndarray
            Shape of x. [epsilon / sigma]
        """
        return np.asarray(self._slope(np.asarray(x, dtype=np.float64)))

    def curvature(self, x: ArrayLike) -> Floats:
        """v''(x); x as of `energy`.

        Returns
        -------
        numpy.ndarray
            Shape of x. [epsilon / sigma^2]
        """
        return np.asarray(self._curvature(np.asarray(x, dtype=np.float64)))

    @property
    @abstractmethod
    def formula(self) -> str:
        """v(x) with its numbers, in words of a report."""

    @property
    def minimum(self) -> float:
        """Where v' = 0; infinite where the form only repels. [sigma]"""
        return math.inf

    def record(self) -> dict[str, Any]:
        """Name and parameters as plain data.

        Returns
        -------
        dict
            ``interaction``, and the fields of the dataclass.
        """
        return {"interaction": self.name, **asdict(self)}  # type: ignore[call-overload]

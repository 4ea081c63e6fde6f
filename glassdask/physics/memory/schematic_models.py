"""Schematic models: memory kernels of one or two correlators without wavenumbers, solved like all others.

| model | memory of dF/dt + Ω F + ∫ M dF = 0 | critical point |
|---|---|---|
| F1 | Ω v_1 F | v_1 = 1, continuous |
| F2 | Ω v_2 F² | v_2 = 4, f = ½ |
| F12 | Ω (v_1 F + v_2 F²) | v_2 = 1/λ², v_1 = (2λ − 1)/λ², f = 1 − λ, ½ < λ < 1 |
| Sjögren | Ω_s v_s F F_s, F from any of these | v_s f > 1 arrests F_s |
| exponential closure | K exp(−Ω t), of `memory_kernels.double_stretched_memory` | none |
| eq. 8 of the paper | `memory_kernels.double_stretched_memory` | none |

F2: Leutheusser, Phys. Rev. A 29, 2765 (1984); Bengtzelius, Götze and Sjölander, J. Phys. C 17, 5915 (1984). F12: Götze,
Z. Phys. B 56, 139 (1984). Sjögren, Phys. Rev. A 33, 1254 (1986).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class F12Kernel:
    """M = Ω (v_1 F + v_2 F²): F1 for v_2 = 0, F2 for v_1 = 0. Rows are independent models.

    Parameters
    ----------
    v_1, v_2
        Couplings, numbers or shape (n_rows,). [1]
    Omega
        Bare rate. [1/time, or 1/time² in Newtonian dynamics]
    """

    v_1: ArrayLike = 0.0
    v_2: ArrayLike = 0.0
    Omega: ArrayLike = 1.0
    is_given: bool = False

    def fill(self, place: int, F: Floats, M: Floats) -> None:  # noqa: ARG002
        """M of this F, shape (1, 1, n_rows)."""
        M[...] = np.asarray(self.Omega) * F * (np.asarray(self.v_1) + np.asarray(self.v_2) * F)


@dataclass(frozen=True)
class SjogrenKernel:
    """M_s = Ω_s v_s F F_s: a tagged particle in a liquid whose F is known.

    Parameters
    ----------
    collective
        F at every time of the grid, shape (n_times, 1, 1, n_rows) or (n_times, 1, 1, 1).
    v_s
        Coupling. [1]
    Omega
        Bare rate of the tagged particle. [1/time, or 1/time²]
    """

    collective: Floats
    v_s: ArrayLike
    Omega: ArrayLike = 1.0
    is_given: bool = False

    def fill(self, place: int, F: Floats, M: Floats) -> None:
        """M_s of this F_s at this time."""
        M[...] = np.asarray(self.Omega) * np.asarray(self.v_s) * self.collective[place] * F


def f12_critical_couplings(exponent_parameter: float) -> tuple[float, float]:
    """v_1 and v_2 on the critical line of the F12 model, (2λ − 1)/λ² and 1/λ².

    Returns
    -------
    tuple of float
        v_1 and v_2. [1]

    Raises
    ------
    InvalidInput
        If λ is not between ½ (the F2 model) and 1.

    Examples
    --------
    >>> f12_critical_couplings(0.5)
    (0.0, 4.0)
    """
    lam = exponent_parameter
    if not 0.5 <= lam < 1.0:
        raise InvalidInput(f"exponent_parameter is {lam}; allowed: from 1/2 up to, not including, 1")
    return (2.0 * lam - 1.0) / lam**2, 1.0 / lam**2

"""A measured static structure factor.

The package's normalisation is S_ab(k) = (1/N) <rho_a(k) rho_b*(k)>, with S_ab(k) → x_a δ_ab at large k.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from glassdask.physics.liquids.liquid import pairs_of


@dataclass(frozen=True, eq=False)
class MeasuredStructureFactor:
    """Partial structure factors S_ab(k) = (1/N) <rho_a(k) rho_b*(k)>, S_ab → x_a δ_ab at large k.

    Parameters
    ----------
    wavenumber
        k, shape (n_k,), float64, increasing [1/length, the unit of the file].
    partials
        S_ab, shape (n_pairs, n_k), float64 [1]: AA, AB, BB of a binary mixture, AA alone for one component, n (n+1)/2 of n
        species: AA, AB, AC, BB, BC, CC of three.
    errors
        Standard errors of `partials`, 0 or more, of the same shape; None where the file has none. [1]
    read
        How the file was understood, in a line.
    doubts
        What looks odd in it, in words.
    resolution
        By column, the smallest error of a single value that would have looked odd, shape (n_k,); None if not examined.
    """

    wavenumber: np.ndarray
    partials: np.ndarray
    errors: np.ndarray | None = None
    read: str = ""
    doubts: tuple[str, ...] = ()
    resolution: dict[str, np.ndarray] | None = None

    @property
    def n_species(self) -> int:
        """n, of the n (n+1)/2 pairs."""
        return (math.isqrt(8 * len(self.partials) + 1) - 1) // 2

    @property
    def pairs(self) -> tuple[str, ...]:
        """Names of the rows of `partials`."""
        return pairs_of(self.n_species)

    def total(self) -> np.ndarray:
        """S(k) of all particles, Σ_ab S_ab, shape (n_k,)."""
        return self.matrices().sum(axis=(1, 2))

    def main_peak(self) -> float | None:
        """k of the highest point of the total S(k); None if none inside the range is 20 % above its limit 1.

        What comes before the first S < 1 is left out: the rise to small k of a compressible or demixing sample.
        """
        total = self.total()
        first = int(np.argmax(total < 1))  # 0 if S is above 1 everywhere
        top = first + int(np.argmax(total[first:]))
        is_peak = total[first] < 1 and total[top] >= 1.2 and top < total.size - 1
        return float(self.wavenumber[top]) if is_peak else None

    def matrices(self) -> np.ndarray:
        """S_ab(k) as symmetric matrices, shape (n_k, n, n)."""
        return symmetric(self.partials)


def symmetric(pairs: np.ndarray) -> np.ndarray:
    """Rows of pairs, shape (n (n+1)/2, n_k), as symmetric matrices, shape (n_k, n, n)."""
    n = (math.isqrt(8 * len(pairs) + 1) - 1) // 2
    first, second = np.triu_indices(n)
    matrices = np.empty((pairs.shape[1], n, n))
    matrices[:, first, second] = matrices[:, second, first] = pairs.T
    return matrices

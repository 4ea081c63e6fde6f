"""What mode-coupling theory starts from: partial structure factors, density and composition, and what follows from them.

S_ab(k) = (1/N) <ρ_a(k) ρ_b*(k)> → x_a δ_ab at large k, and (S⁻¹)_ab = δ_ab / x_a − ρ c_ab (docs/equations.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.numerics.row_matrices import inverses
from glassdask.physics.structure.bipolar_grid import is_bipolar

Floats = NDArray[np.float64]


def matrix_of_pairs(partials: ArrayLike) -> Floats:
    """S_ab as a symmetric matrix, from its upper triangle AA, AB, BB, ….

    Parameters
    ----------
    partials
        Shape (n (n+1) / 2, …).

    Returns
    -------
    numpy.ndarray
        Shape (n, n, …), in the unit of the partials.

    Raises
    ------
    InvalidInput
        If their number is none of 1, 3, 6, ….

    Examples
    --------
    >>> matrix_of_pairs([1.0, 2.0, 3.0])
    array([[1., 2.],
           [2., 3.]])
    """
    pairs = np.asarray(partials, dtype=float)
    n = round((np.sqrt(8 * len(pairs) + 1) - 1) / 2) if pairs.ndim else 0
    if n < 1 or n * (n + 1) // 2 != len(pairs):
        raise InvalidInput(f"partials have the shape {pairs.shape}; allowed: 1, 3, 6, … of them (AA, AB, BB, …)")
    matrix = np.empty((n, n, *pairs.shape[1:]))
    for pair, a, b in zip(pairs, *np.triu_indices(n), strict=True):
        matrix[a, b] = matrix[b, a] = pair
    return matrix


def pairs_of_matrix(matrix: ArrayLike) -> Floats:
    """The upper triangle AA, AB, BB, … of a symmetric matrix.

    Parameters
    ----------
    matrix
        Shape (n, n, …).

    Returns
    -------
    numpy.ndarray
        Shape (n (n+1) / 2, …), in the unit of the matrix.
    """
    values = np.asarray(matrix)
    return values[np.triu_indices(values.shape[0])]


@dataclass(frozen=True, eq=False)
class StaticStructure:
    """The statics of a mixture of n species on the bipolar grid.

    Parameters
    ----------
    wavenumber
        k_i = (i + ½) dk, i = 0 … N_k − 1, shape (N_k,). [1/length]
    structure_factor
        S_ab(k), shape (n, n, N_k), or S(k) of one component, shape (N_k,). [1]
    density
        ρ = N/V of all species together. [1/length³]
    composition
        Mole fractions x_a, which sum to 1, shape (n,).

    Raises
    ------
    InvalidInput
        If the grid is not bipolar (`glassdask.physics.structure.table_on_grid` makes it so), shapes do not fit, a value is not
        finite, the composition does not sum to 1, or S is not symmetric and positive definite at some k.
    """

    wavenumber: Floats
    structure_factor: Floats
    density: float
    composition: Floats

    def __post_init__(self) -> None:
        k, S = np.asarray(self.wavenumber, dtype=float), np.asarray(self.structure_factor, dtype=float)
        S = S[None, None] if S.ndim == 1 else S
        x = np.atleast_1d(np.asarray(self.composition, dtype=float))
        for name, value in (("wavenumber", k), ("structure_factor", S), ("composition", x)):
            object.__setattr__(self, name, value)
        check_bipolar(k)
        _check_composition(x, S.shape)
        if not (np.isfinite(self.density) and self.density > 0):
            raise InvalidInput(f"density is {self.density}; allowed: a finite number above 0, N/V in 1/length³")
        if S.shape != (x.size, x.size, k.size):
            raise InvalidInput(
                f"structure_factor has the shape {S.shape}; allowed: (n, n, N_k) = {(x.size, x.size, k.size)}"
            )
        _check_positive_definite(k, S)

    @property
    def n_species(self) -> int:
        """n. [1]"""
        return self.composition.size

    @property
    def spacing(self) -> float:
        """dk. [1/length]"""
        return float(self.wavenumber[1] - self.wavenumber[0])

    @cached_property
    def inverse(self) -> Floats:
        """S⁻¹ of each k, shape (n, n, N_k). [1]"""
        return inverses(self.structure_factor)

    @cached_property
    def direct_correlation(self) -> Floats:
        """c_ab(k) = (δ_ab / x_a − (S⁻¹)_ab) / ρ, shape (n, n, N_k). [length³]"""
        return (np.diag(1.0 / self.composition)[:, :, None] - self.inverse) / self.density


def check_bipolar(k: Floats) -> None:
    """Raises InvalidInput unless k_i = (i + ½) dk."""
    if k.ndim != 1 or k.size < 4:
        raise InvalidInput(f"wavenumber has the shape {k.shape}; allowed: (N_k,) with N_k of 4 or more, 100 is usual")
    if not is_bipolar(k):
        raise InvalidInput(
            f"wavenumber begins with {', '.join(f'{value:g}' for value in k[:3])}; allowed: the bipolar grid "
            "(i + 1/2) dk, such as 0.2, 0.6, 1.0, …; glassdask.physics.structure.table_on_grid.on_bipolar_grid interpolates to it"
        )


def _check_composition(x: Floats, shape: tuple[int, ...]) -> None:
    if x.ndim != 1 or np.any(~(x > 0)):
        raise InvalidInput(f"composition is {x.tolist()}; allowed: a mole fraction above 0 for each species")
    if abs(x.sum() - 1.0) > 1e-6:
        fractions = ", ".join(f"{value:.6g}" for value in x / x.sum())
        raise InvalidInput(f"composition {x.tolist()} sums to {x.sum():g}; allowed: 1, as {fractions} does")
    if shape[:1] != (x.size,):
        raise InvalidInput(
            f"composition has {x.size} species and structure_factor {shape[0]}; allowed: the same number"
        )


def _check_positive_definite(k: Floats, S: Floats) -> None:
    if not np.all(np.isfinite(S)):
        at = k[~np.isfinite(S).all(axis=(0, 1))][0]
        raise InvalidInput(f"structure_factor is not finite at k = {at:g}; allowed: numbers; fill or leave out that k")
    if not np.allclose(S, np.swapaxes(S, 0, 1), rtol=1e-8, atol=1e-12):
        raise InvalidInput("structure_factor is not symmetric; allowed: S_ab = S_ba at every k")
    lowest = np.linalg.eigvalsh(np.moveaxis(S, 2, 0))[:, 0]
    if np.any(lowest <= 0):
        worst = int(np.argmin(lowest))
        raise InvalidInput(
            f"structure_factor is not positive definite at {np.count_nonzero(lowest <= 0)} of {k.size} wavenumbers "
            f"(smallest eigenvalue {lowest[worst]:.3g} at k = {k[worst]:g}); S is a matrix of mean squares, so this is "
            "noise, a wrong normalisation or a wrong sign of S_AB: average more, or look at that k"
        )

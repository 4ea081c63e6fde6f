"""S(k) of the runs of one density at several temperatures, and S(k, T) smooth in T through them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glassdask.physics.structure.static_structure import StaticStructure, matrix_of_pairs

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StructureSeries:
    """All runs of one density.

    Attributes
    ----------
    T, S
        Measured temperature [epsilon_AA/k_B] and S_ab(k) of each run, shapes (n_runs,) and (n_runs, n_pairs, N_k).
    groups
        Temperatures that they were meant to have, shape (n_runs,). [epsilon_AA/k_B]
    k
        Bipolar grid, shape (N_k,). [1/sigma_AA]
    density, composition
        ρ [1/sigma_AA^3] and x_a.
    """

    T: Floats
    S: Floats
    groups: Floats
    k: Floats
    density: float
    composition: Floats

    def chosen(self, keep: NDArray[np.bool_]) -> StructureSeries:
        """Some of them.

        Parameters
        ----------
        keep
            Which, shape (n_runs,).

        Returns
        -------
        StructureSeries
            In the same units.
        """
        return replace(self, T=self.T[keep], S=self.S[keep], groups=self.groups[keep])

    def structure(self, partials: Floats) -> StaticStructure:
        """S(k) as mode-coupling theory takes it.

        Parameters
        ----------
        partials
            S_ab(k), shape (n_pairs, N_k).

        Returns
        -------
        StaticStructure
            With density and composition of the runs. [1]
        """
        return StaticStructure(self.k, matrix_of_pairs(partials), self.density, self.composition)

    def smooth(self, form: TemperatureForm) -> SmoothStructure:
        """S(k, T) by least squares through these runs.

        Parameters
        ----------
        form
            Of S in T at each k.

        Returns
        -------
        SmoothStructure
            A function of T [epsilon_AA/k_B] that gives a `StaticStructure`.
        """
        centre = float(form.variable(self.T).mean())
        # about the mean, where the columns of the least squares are nearly orthogonal
        powers = (form.variable(self.T) - centre)[:, None] ** np.arange(form.degree + 1)
        flat = self.S.reshape(len(self.S), -1)
        coefficients, *_ = np.linalg.lstsq(powers, flat, rcond=None)
        return SmoothStructure(self, form, centre, np.asarray(coefficients, dtype=np.float64))


@dataclass(frozen=True)
class TemperatureForm:
    """S(k, T) is a polynomial of this degree in T, or in 1/T.

    Attributes
    ----------
    degree
        1 or more.
    is_inverse
        Whether in 1/T.
    """

    degree: int
    is_inverse: bool = False

    def variable(self, T: Floats) -> Floats:
        """What S is a polynomial of.

        Parameters
        ----------
        T
            Temperatures, of any shape. [epsilon_AA/k_B]

        Returns
        -------
        numpy.ndarray
            T or 1/T, of the same shape. [epsilon_AA/k_B, or its inverse]
        """
        return np.asarray(1.0 / T if self.is_inverse else T)

    def another(self, n_temperatures: int) -> TemperatureForm:
        """A form that is as good: of one degree more where the runs determine it, else the same in 1/T.

        Parameters
        ----------
        n_temperatures
            Distinct temperatures of the runs. One is left over by the higher degree, so that it goes not through every point.

        Returns
        -------
        TemperatureForm
            Over ± 10 % in T a line and the truth differ by about half of what lines in T and 1/T do.
        """
        if n_temperatures > self.degree + 2:
            return TemperatureForm(self.degree + 1, self.is_inverse)
        return TemperatureForm(self.degree, not self.is_inverse)


@dataclass(frozen=True)
class SmoothStructure:
    """S(k, T) as a polynomial in T or 1/T at each k.

    Attributes
    ----------
    runs, form
        What it was fitted to, and how.
    centre
        Mean of T or 1/T over the runs, about which the polynomial is. [epsilon_AA/k_B, or its inverse]
    coefficients
        Shape (degree + 1, n_pairs N_k).
    """

    runs: StructureSeries
    form: TemperatureForm
    centre: float
    coefficients: Floats

    def __call__(self, temperature: float) -> StaticStructure:
        x = float(self.form.variable(np.array(temperature))) - self.centre
        powers = x ** np.arange(len(self.coefficients))
        return self.runs.structure((powers @ self.coefficients).reshape(self.runs.S.shape[1:]))

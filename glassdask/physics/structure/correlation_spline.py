"""ρ c_ab(k) as an even spline, and the S(k) that follows from it: what `smooth_structure` fits to noisy data.

S = (X⁻¹ − ρ c)⁻¹,  X_ab = x_a δ_ab,   (k² + a²) ρ c_ab(k) = Σ_j b_j B_j(k)
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from glassdask.physics.structure.static_structure import matrix_of_pairs

Floats = NDArray[np.float64]
#: a, and the spacing of knots, for wavenumbers in units of (ρ / 1.2)^(1/3).
_A, _KNOTS = 6.0, 0.4
_DEGREE, _ORDER = 5, 4


class CorrelationSpline:
    """(k² + a²) ρ c_ab(k) in even B-splines, all pairs one after the other in b, and S of it.

    Parameters
    ----------
    table, at
        Wavenumbers of the data and where S is wanted, in units of (ρ / 1.2)^(1/3).
    composition
        x_a.
    """

    def __init__(self, table: Floats, at: Floats, composition: Floats):
        end = max(table[-1], at[-1])
        self._table, self.penalty = _basis(table, end)
        self._at, _ = _basis(at, end)
        self._limit = np.diag(1.0 / composition)[:, :, None]
        self._first, self._second = np.triu_indices(composition.size)
        self._rows = self.penalty.shape[0]
        self.rank = self._first.size * np.linalg.matrix_rank(self.penalty)

    def on_table(self, b: Floats) -> Floats | None:
        """S at the table's wavenumbers.

        Parameters
        ----------
        b
            Coefficients of all pairs, one pair after the other, shape (n_pairs n_coefficients,). [1]

        Returns
        -------
        numpy.ndarray or None
            Shape (n_pairs, n_k); None where it is not positive definite. [1]
        """
        return self._structure(b, self._table)

    def at(self, b: Floats) -> Floats | None:
        """S where it is wanted, as `on_table`.

        Returns
        -------
        numpy.ndarray or None
            Shape (n_pairs, n). [1]
        """
        return self._structure(b, self._at)

    def penalty_of(self, b: Floats) -> float:
        """Σ (Δ⁴ b)² of all pairs.

        Returns
        -------
        float
            [1]
        """
        rows = b.reshape(-1, self._rows)
        return float(np.einsum("pj,jl,pl->", rows, self.penalty, rows))

    def start(self, data: Floats, sigma: Floats) -> Floats:
        """Coefficients to begin with: of S with its eigenvalues above the noise, as stiff as allowed; 0 if that is no S.

        Parameters
        ----------
        data, sigma
            S of the table and its standard errors, shape (n_pairs, n_k). [1]

        Returns
        -------
        numpy.ndarray
            Coefficients, of the shape of b; S of them is positive definite. [1]
        """
        values, vectors = np.linalg.eigh(np.moveaxis(matrix_of_pairs(data), 2, 0))
        floor = np.maximum(0.02, 2.0 * sigma.max(axis=0))[:, None]
        inverse = (vectors / np.maximum(values, floor)[:, None, :]) @ np.swapaxes(vectors, 1, 2)
        c = (self._limit - np.moveaxis(inverse, 0, 2))[self._first, self._second]
        X, w = self._table, np.maximum(data[self._first == self._second].sum(axis=0), 0.05) ** 2
        H = X.T @ (w[:, None] ** 2 * X) + 0.01 * self.penalty + 1e-10 * np.eye(self._rows)
        b = np.linalg.solve(H, X.T @ (w**2 * c).T).T.ravel()
        while self.on_table(b) is None:
            b = 0.7 * b
        return b

    def equations(
        self, data: Floats, S: Floats, sigma: Floats, parameter: float, b: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """The linear equations of one step of Gauss and Newton.

        Parameters
        ----------
        data, S, sigma
            S of the table, of the coefficients, and standard errors, shape (n_pairs, n_k). [1]
        parameter
            λ.
        b
            Coefficients.

        Returns
        -------
        tuple of numpy.ndarray
            Hessian of half the loss, right-hand side, and the data's part of the Hessian, shapes (m, m), (m,), (m, m) for m
            coefficients. [1]
        """
        T = self._response(S)
        weighted = T / sigma[:, None, :] ** 2
        W = np.einsum("pci,pei->cei", weighted, T)
        n, m, X = T.shape[1], self._rows, self._table
        information = np.empty((n * m, n * m))
        for c in range(n):
            for e in range(n):
                information[c * m : (c + 1) * m, e * m : (e + 1) * m] = X.T @ (W[c, e][:, None] * X)
        rows = b.reshape(n, m)
        gradient = np.einsum("pci,pi->ci", weighted, data - S) @ X - parameter * rows @ self.penalty
        H = information + parameter * np.kron(np.eye(n), self.penalty)
        H[np.diag_indices_from(H)] *= 1.0 + 1e-10
        return H, gradient.ravel(), information

    def _structure(self, b: Floats, X: Floats) -> Floats | None:
        c = matrix_of_pairs(b.reshape(-1, self._rows) @ X.T)
        inverse = np.moveaxis(self._limit - c, 2, 0)
        try:
            np.linalg.cholesky(inverse)
        except np.linalg.LinAlgError:
            return None
        S: Floats = np.asarray(np.moveaxis(np.linalg.inv(inverse), 0, 2)[self._first, self._second], dtype=np.float64)
        return S

    def _response(self, S: Floats) -> Floats:
        """dS_ab / d(ρ c_cd) = S_ac S_db + S_ad S_cb (once where c = d), shape (n_pairs, n_pairs, n_k)."""
        M, (a, b) = matrix_of_pairs(S), (self._first[:, None], self._second[:, None])
        c, d = self._first[None], self._second[None]
        return M[a, c] * M[d, b] + np.where(c == d, 0.0, 1.0)[:, :, None] * M[a, d] * M[c, b]


def _basis(k: Floats, end: float) -> tuple[Floats, Floats]:
    """B_j(k) / (k² + a²) of even B-splines, shape (n, n_coefficients), and the matrix of Σ (Δ⁴ b)²."""
    from scipy.interpolate import BSpline

    n = math.ceil(end / _KNOTS - 1e-9)
    knots = np.arange(-n - _DEGREE, n + _DEGREE + 1) * _KNOTS
    full = knots.size - _DEGREE - 1
    half = full // 2
    fold = np.zeros((full, full - half))  # a coefficient is that of its mirror image, too
    fold[np.arange(full), np.maximum(np.arange(full), full - 1 - np.arange(full)) - half] = 1.0
    differences = np.diff(np.eye(full), _ORDER, axis=0) @ fold
    B = BSpline.design_matrix(k, knots, _DEGREE).toarray() @ fold
    return B / (k**2 + _A**2)[:, None], differences.T @ differences

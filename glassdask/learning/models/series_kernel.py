"""Covariance of level times of states of several liquids: a curve that all share, and straight lines that series add to it.

    K(x, x') = c + v g g' + s exp(−½ Σ_i (x_i − x_i')²/l_i²) + δ_series (a + b g g' + q g² g'²) + q' g² g'²

x are features of S(k) (:mod:`glassdask.learning.data.species_rows`), g the first of them, δ_series is 1 within one series. A state of a series
that was not learned from differs from the shared curve by as much as series do, which is in its error.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.gaussian_process.kernels import Hyperparameter, Kernel

Floats = NDArray[np.float64]
#: Bounds of variances, of ln t, and of lengths, in spreads of the features.
_VARIANCES, _LENGTHS = (1e-6, 30.0), (0.4, 50.0)
#: Prior variance of ln t: any.
_CONSTANT = 25.0


class SeriesKernel(Kernel):  # type: ignore[misc]
    """K of rows whose first column is the number of the series, the others scaled features.

    Parameters
    ----------
    slope, bend
        v and s. [1]
    lengths
        l of each feature, shape (n_features,).
    series_offset, series_slope
        a and b.
    curvature, series_curvature
        q' and q; 0 for none, and then they stay so.
    is_broad
        Whether series may have any line: a and b are as they are given.
    """

    def __init__(
        self,
        slope: float = 0.3,
        bend: float = 0.3,
        lengths: tuple[float, ...] = (2.0, 2.0),
        series_offset: float = 0.01,
        series_slope: float = 0.01,
        curvature: float = 0.0,
        series_curvature: float = 0.0,
        is_broad: bool = False,
    ):
        self.slope, self.bend, self.lengths = slope, bend, lengths
        self.series_offset, self.series_slope = series_offset, series_slope
        self.curvature, self.series_curvature, self.is_broad = curvature, series_curvature, is_broad

    # --- what scikit-learn asks of a kernel: its hyperparameters, in the order of theta -------------------------------

    @property
    def hyperparameter_bend(self) -> Hyperparameter:
        return _variance("bend")

    @property
    def hyperparameter_curvature(self) -> Hyperparameter:
        return _variance("curvature", is_fixed=not self.curvature)

    @property
    def hyperparameter_lengths(self) -> Hyperparameter:
        return Hyperparameter("lengths", "numeric", _LENGTHS, np.size(self.lengths))

    @property
    def hyperparameter_series_curvature(self) -> Hyperparameter:
        return _variance("series_curvature", is_fixed=not self.series_curvature)

    @property
    def hyperparameter_series_offset(self) -> Hyperparameter:
        return _variance("series_offset", is_fixed=self.is_broad)

    @property
    def hyperparameter_series_slope(self) -> Hyperparameter:
        return _variance("series_slope", is_fixed=self.is_broad)

    @property
    def hyperparameter_slope(self) -> Hyperparameter:
        return _variance("slope")

    def is_stationary(self) -> bool:
        """It is not: lines grow."""
        return False

    def diag(self, X: Floats) -> Floats:
        """K(x, x) of each row, shape (n,)."""
        g2 = X[:, 1] ** 2
        of_series = self.series_offset + self.series_slope * g2 + self.series_curvature * g2**2
        return np.asarray(_CONSTANT + self.slope * g2 + self.bend + self.curvature * g2**2 + of_series)

    def __call__(self, X: Floats, Y: Floats | None = None, eval_gradient: bool = False) -> Any:
        """K of rows, shape (n, m), and its derivatives by the logarithms of what is not fixed, shape (n, n, n_theta)."""
        terms = self._terms(X, X if Y is None else Y)
        K = _CONSTANT + sum(terms[name] for name in _TERMS)
        if not eval_gradient:
            return K
        free = [hyperparameter for hyperparameter in self.hyperparameters if not hyperparameter.fixed]
        columns = [column for one in free for column in self._derivatives(one.name, X, terms)]
        return K, np.stack(columns, axis=-1)

    def _terms(self, X: Floats, Y: Floats) -> dict[str, Floats]:
        product = np.outer(X[:, 1], Y[:, 1])
        is_same = X[:, 0][:, None] == Y[:, 0][None, :]
        lengths = np.asarray(self.lengths)
        apart = ((X[:, None, 1:] - Y[None, :, 1:]) / lengths) ** 2
        return {
            "slope": self.slope * product,
            "bend": self.bend * np.exp(-0.5 * apart.sum(axis=-1)),
            "series_offset": self.series_offset * is_same,
            "series_slope": self.series_slope * is_same * product,
            "series_curvature": self.series_curvature * is_same * product**2,
            "curvature": self.curvature * product**2,
        }

    def _derivatives(self, name: str, X: Floats, terms: dict[str, Floats]) -> list[Floats]:
        """Variances are linear in K; lengths are not."""
        if name != "lengths":
            return [terms[name]]
        apart = (X[:, None, 1:] - X[None, :, 1:]) ** 2 / np.asarray(self.lengths) ** 2
        return list(np.moveaxis(terms["bend"][..., None] * apart, -1, 0))


_TERMS = ("slope", "bend", "series_offset", "series_slope", "series_curvature", "curvature")


def _variance(name: str, is_fixed: bool = False) -> Hyperparameter:
    return Hyperparameter(name, "numeric", "fixed" if is_fixed else _VARIANCES)

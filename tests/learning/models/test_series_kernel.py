"""The covariance of level times: its formula, its derivatives, and what a series adds."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone

from glassdask.learning.models.series_kernel import SeriesKernel

X = np.array([[0, -1.0, 0.3], [0, 0.2, 0.1], [1, 0.4, -0.5], [2, 1.5, 0.9]])
FULL = SeriesKernel(0.3, 0.7, (1.2, 2.5), 0.05, 0.08, 0.02, 0.03)
BROAD = SeriesKernel(0.3, 0.7, (1.2, 2.5), 4.0, 4.0, 0.02, 0.03, is_broad=True)


def covariance(kernel: SeriesKernel, x: np.ndarray, y: np.ndarray) -> float:
    """The formula of the module, number by number."""
    g, h = x[1], y[1]
    apart = sum((a - b) ** 2 / length**2 for a, b, length in zip(x[1:], y[1:], kernel.lengths, strict=True))
    K = 25.0 + kernel.slope * g * h + kernel.bend * np.exp(-apart / 2) + kernel.curvature * (g * h) ** 2
    if x[0] == y[0]:
        K += kernel.series_offset + kernel.series_slope * g * h + kernel.series_curvature * (g * h) ** 2
    return float(K)


def test_it_is_its_formula():
    assert_allclose(FULL(X), [[covariance(FULL, x, y) for y in X] for x in X], rtol=1e-12)
    assert_allclose(FULL(X, X[:2]), FULL(X)[:, :2], rtol=1e-12)
    assert_allclose(FULL.diag(X), np.diag(FULL(X)), rtol=1e-12)


@pytest.mark.parametrize("kernel", [FULL, BROAD, SeriesKernel(lengths=(2.0,))], ids=["all", "broad", "one feature"])
def test_derivatives_are_those_by_the_logarithms_of_what_is_free(kernel: SeriesKernel):
    inputs = X[:, : 1 + np.size(kernel.lengths)]
    _, found = kernel(inputs, eval_gradient=True)
    step = 1e-5
    for i in range(kernel.theta.size):
        moved = [kernel.clone_with_theta(kernel.theta + sign * step * np.eye(kernel.theta.size)[i]) for sign in (1, -1)]
        assert_allclose(found[..., i], (moved[0](inputs) - moved[1](inputs)) / (2 * step), atol=1e-8)


def test_broad_lines_are_not_searched_for():
    names = {one.name for one in BROAD.hyperparameters if not one.fixed}
    assert names == {"slope", "bend", "lengths", "curvature", "series_curvature"}
    assert clone(BROAD) == BROAD

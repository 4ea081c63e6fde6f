"""Products and inverses, one row after the other, are those of linear algebra."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.physics.numerics.row_matrices import inverses, products


@pytest.mark.parametrize("n", [1, 2, 3])
def test_each_row_is_multiplied_and_inverted_as_a_matrix(n):
    """Rounding only: matrices of condition number below 100."""
    random = np.random.default_rng(n)
    left, right = random.normal(size=(2, n, n, 5)) + 3.0 * n * np.eye(n)[:, :, None]
    for r in range(5):
        np.testing.assert_allclose(products(left, right)[..., r], left[..., r] @ right[..., r], rtol=1e-13)
        np.testing.assert_allclose(inverses(left)[..., r], np.linalg.inv(left[..., r]), rtol=1e-13, atol=1e-15)
    identity = np.broadcast_to(np.eye(n)[:, :, None], left.shape)
    np.testing.assert_allclose(products(inverses(left), left), identity, rtol=0, atol=1e-13)

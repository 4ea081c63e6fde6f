"""S and c are two ways of saying the same; what cannot be a structure factor is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from glassdask.errors import InvalidInput
from glassdask.physics.structure.static_structure import StaticStructure, matrix_of_pairs, pairs_of_matrix

K = (np.arange(20) + 0.5) * 0.4
X = np.array([0.8, 0.2])


def ideal(x=X, k=K) -> np.ndarray:
    """x_a δ_ab: particles that know nothing of each other."""
    return np.diag(x)[:, :, None] * np.ones_like(k)


def structure(**changes: Any) -> StaticStructure:
    arguments: dict[str, Any] = {"wavenumber": K, "structure_factor": ideal(), "density": 1.2, "composition": X}
    return StaticStructure(**arguments | changes)


def test_an_ideal_gas_has_no_direct_correlation():
    assert_allclose(structure().direct_correlation, 0.0, rtol=0, atol=1e-15)


@given(n=st.integers(1, 3), density=st.floats(0.1, 2.0), seed=st.integers(0, 1000))
def test_Ornstein_and_Zernike_lead_from_c_to_S_and_back(n, density, seed):
    """(S⁻¹)_ab = δ_ab / x_a − ρ c_ab, rounding of matrices of condition number 100 or less."""
    random = np.random.default_rng(seed)
    x = random.dirichlet(5.0 * np.ones(n))
    c = random.normal(size=(n, n, 1)) * np.sin(K * random.uniform(0.5, 1.5)) / K
    c = 0.3 * (c + c.swapaxes(0, 1)) / n / density
    inverse = np.diag(1 / x)[:, :, None] - density * c
    S = np.moveaxis(np.linalg.inv(np.moveaxis(inverse, 2, 0)), 0, 2)
    S = 0.5 * (S + S.swapaxes(0, 1))
    if np.linalg.eigvalsh(np.moveaxis(S, 2, 0)).min() <= 0.01:
        return
    made = structure(structure_factor=S, density=density, composition=x)
    assert_allclose(made.direct_correlation, c, rtol=0, atol=1e-11)
    assert_allclose(made.inverse, inverse, rtol=1e-11, atol=1e-11)


def test_one_component_may_be_given_as_a_function():
    liquid = structure(structure_factor=1.0 + 0.5 * np.sin(K), density=0.9, composition=1.0)
    assert liquid.structure_factor.shape == (1, 1, 20)
    assert liquid.n_species == 1
    assert liquid.spacing == pytest.approx(0.4, rel=1e-14)
    assert_allclose(
        liquid.direct_correlation[0, 0], (1.0 - 1.0 / (1.0 + 0.5 * np.sin(K))) / 0.9, rtol=1e-13, atol=1e-15
    )


def test_pairs_are_the_upper_triangle_row_by_row():
    """AA, AB, BB, and of three species AA, AB, AC, BB, BC, CC."""
    pairs = np.arange(6.0)[:, None] * np.ones(4)
    matrix = matrix_of_pairs(pairs)
    assert matrix[..., 0].tolist() == [[0, 1, 2], [1, 3, 4], [2, 4, 5]]
    assert_array_equal(pairs_of_matrix(matrix), pairs)


@pytest.mark.parametrize("pairs", [np.ones((2, 5)), np.ones((0, 5)), 1.0])
def test_a_number_of_pairs_that_no_mixture_has_is_named(pairs):
    with pytest.raises(InvalidInput, match=r"allowed: 1, 3, 6, … of them"):
        matrix_of_pairs(pairs)


def changed(value: float, at: int = 7, a: int = 0, b: int = 0) -> np.ndarray:
    S = ideal()
    S[a, b, at] = value
    return S


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"composition": [0.8, 0.3]}, r"sums to 1.1; allowed: 1, as 0.727273, 0.272727 does"),
        ({"composition": [1.0, 0.0]}, "a mole fraction above 0 for each species"),
        ({"composition": [[0.8, 0.2]]}, "a mole fraction above 0 for each species"),
        ({"composition": [1.0]}, "composition has 1 species and structure_factor 2"),
        ({"density": 0.0}, r"density is 0.0; allowed: a finite number above 0, N/V"),
        ({"density": np.nan}, "density is nan"),
        ({"wavenumber": K[:-1]}, r"shape \(2, 2, 20\); allowed: \(n, n, N_k\) = \(2, 2, 19\)"),
        ({"structure_factor": ideal()[:, :1]}, r"shape \(2, 1, 20\); allowed: \(n, n, N_k\) = \(2, 2, 20\)"),
        ({"wavenumber": K[:3]}, r"N_k of 4 or more"),
        ({"wavenumber": K - 0.2}, r"begins with 0, 0.4, 0.8; allowed: the bipolar grid .*on_bipolar_grid interpolates"),
        ({"wavenumber": -K}, "begins with -0.2"),
        ({"wavenumber": np.where(K > 7, np.nan, K)}, "allowed: the bipolar grid"),
        ({"wavenumber": K * (1 + 1e-5 * (K > 7))}, "allowed: the bipolar grid"),
        ({"structure_factor": changed(np.nan)}, "not finite at k = 3; allowed: numbers"),
        ({"structure_factor": changed(0.1, b=1)}, "not symmetric; allowed: S_ab = S_ba"),
        ({"structure_factor": changed(-0.1)}, r"not positive definite at 1 of 20 .*eigenvalue -0.1 at k = 3\)"),
    ],
)
def test_what_is_no_structure_is_named(changes, message):
    with pytest.raises(InvalidInput, match=message):
        structure(**changes)


def test_partials_that_are_correlated_more_than_fully_are_named():
    """S_AB² > S_AA S_BB: the usual sign of another normalisation (S_ab → δ_ab) or of noise at small k."""
    S = ideal()
    S[0, 1] = S[1, 0] = 0.41
    with pytest.raises(InvalidInput, match="not positive definite at 20 of 20"):
        structure(structure_factor=S)


def test_grids_are_bipolar_to_a_part_in_a_million():
    """Numbers from a text file of seven digits are accepted."""
    assert structure(wavenumber=np.round(K * (1 + 3e-7), 7)).spacing == pytest.approx(0.4, rel=1e-6)

"""Baxter's factorisation against Wertheim's c(r), the equation of state, and hard cores themselves."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glassdask.errors import InvalidInput
from glassdask.physics.structure.percus_yevick import percus_yevick
from tests.physics.structure.test_wavenumber_bins import percus_yevick as wertheim

K = (np.arange(100) + 0.5) * 0.4


@pytest.mark.parametrize("packing", [0.1, 0.47, 0.55])
def test_one_component_is_the_solution_of_Wertheim_and_Thiele(packing):
    """c(r) by adaptive quadrature (1e-8) there, the factor of S⁻¹ by Gauss and Legendre here."""
    assert_allclose(percus_yevick(K, packing).structure_factor[0, 0], wertheim(K, packing), rtol=1e-7)


def test_density_is_that_of_the_packing_fraction():
    mixture = percus_yevick(K, 0.4, (1.0, 2.0), (0.75, 0.25))
    assert mixture.density * (0.75 + 0.25 * 8.0) * np.pi / 6 == pytest.approx(0.4)
    assert mixture.composition.tolist() == [0.75, 0.25]


@pytest.mark.parametrize("composition", [(0.5, 0.5), (0.1, 0.9)])
def test_equal_diameters_are_one_component(composition):
    """S_ab = x_a x_b (S − 1) + x_a δ_ab: species are names only."""
    x = np.array(composition)
    S = percus_yevick(K, 0.5).structure_factor[0, 0]
    mixture = percus_yevick(K, 0.5, (1.0, 1.0), composition)
    assert_allclose(
        mixture.structure_factor, np.multiply.outer(np.outer(x, x), S - 1) + np.diag(x)[:, :, None], atol=1e-12
    )


def test_unit_of_length_does_not_matter():
    plain, larger = percus_yevick(K, 0.5, (0.8, 1.0), (0.3, 0.7)), percus_yevick(K / 3, 0.5, (2.4, 3.0), (0.3, 0.7))
    assert_allclose(larger.structure_factor, plain.structure_factor, rtol=1e-10)
    assert larger.density == pytest.approx(plain.density / 27)


@pytest.mark.parametrize(("diameters", "composition"), [((1.0,), (1.0,)), ((0.6, 1.0), (0.7, 0.3))])
def test_compressibility_is_that_of_the_equation_of_state(diameters, composition):
    """Σ_ab x_a x_b (S⁻¹)_ab at k → 0 is d(βP)/dρ at constant composition, of the compressibility equation

    βP π/6 = ξ_0/(1−ξ_3) + 3 ξ_1 ξ_2/(1−ξ_3)² + 3 ξ_2³/(1−ξ_3)³ (Lebowitz 1964); k = 0.002 costs 1e-5.
    """
    d, x = np.array(diameters), np.array(composition)

    def pressure(density):
        xi_0, xi_1, xi_2, xi_3 = (np.pi / 6 * density * (x * d**power).sum() for power in range(4))
        return 6 / np.pi * (xi_0 / (1 - xi_3) + 3 * xi_1 * xi_2 / (1 - xi_3) ** 2 + 3 * xi_2**3 / (1 - xi_3) ** 3)

    liquid = percus_yevick(K * 0.01, 0.45, diameters, composition)
    density, step = liquid.density, 1e-5
    slope = (pressure(density + step) - pressure(density - step)) / (2 * step)
    assert x @ liquid.inverse[:, :, 0] @ x == pytest.approx(slope, rel=1e-4)


def test_direct_correlation_ends_at_contact_and_is_that_of_the_core():
    """c_ab(r) = 0 beyond d_ab is the closure: of c(k) transformed back, a tenth of its size within, 1 % is left beyond.

    The transform ends at k = 320, where a jump in c(r) is smeared over 0.02.
    """
    k = (np.arange(4000) + 0.5) * 0.08
    d, x = np.array([0.7, 1.0]), (0.4, 0.6)
    c = percus_yevick(k, 0.45, d, x).direct_correlation
    window = np.cos(np.pi / 2 * k / k[-1]) ** 2
    for a, b in ((0, 0), (0, 1), (1, 1)):
        contact = 0.5 * (d[a] + d[b])
        r = contact + np.concatenate([-np.linspace(0.1, 0.3, 10), np.linspace(0.1, 1.0, 40)])
        c_r = (np.sin(np.outer(r, k)) / r[:, None]) @ (k * c[a, b] * window) * 0.08 / (2 * np.pi**2)
        assert np.all(c_r[:10] < -1.0)
        assert_allclose(c_r[10:], 0.0, atol=0.01)


def test_partials_approach_the_ideal_gas():
    """S_ab → x_a δ_ab: c falls as k⁻², so that S − 1 is below 0.02 at k = 200 and four times that at 100."""
    k = (np.arange(1000) + 0.5) * 0.2
    mixture = percus_yevick(k, 0.5, (0.8, 1.0), (0.2, 0.8))
    ideal = np.diag([0.2, 0.8])[:, :, None]
    far, near = (
        np.abs(mixture.structure_factor - ideal)[..., part].max() for part in (slice(-50, None), slice(400, 450))
    )
    assert far < 0.02
    assert far < 0.35 * near


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.0,), "packing_fraction is 1; allowed: above 0 and below 0.7405"),
        ((0.0,), "packing_fraction is 0;"),
        ((np.nan,), "packing_fraction is nan"),
        ((0.5, (1.0, 0.8)), r"diameters are \[1.0, 0.8\]; allowed: one above 0 for each of 1 species"),
        ((0.5, (1.0, 0.0), (0.5, 0.5)), "one above 0 for each of 2 species"),
        ((0.5, (1.0, 0.8), (0.5, 0.6)), "sums to 1.1"),
    ],
)
def test_what_are_no_hard_spheres_is_named(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        percus_yevick(K, *arguments)

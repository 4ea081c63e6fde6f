"""Coarser bins, filled bins, and the main peak of a known structure factor."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad_vec
from scipy.optimize import minimize_scalar

from glassdask.errors import InvalidInput
from glassdask.physics.structure.columns.structure_plan import structure_plan
from glassdask.physics.structure.structure_factor import structure_factor
from glassdask.physics.structure.wavenumber_bins import fill_empty_bins, peak, peak_half_width, peak_interval, rebin
from glassdask.physics.structure.wavevectors import octant

FINE = np.arange(801) * 0.05
COARSE = np.arange(101) * 0.4
CENTRES = 0.5 * (COARSE[1:] + COARSE[:-1])


def percus_yevick(k, packing: float = 0.47):
    """S(k) of hard spheres of diameter 1 in the Percus–Yevick closure (Wertheim 1963), from its c(r) by quadrature."""
    a = (1 + 2 * packing) ** 2 / (1 - packing) ** 4
    b = -6 * packing * (1 + packing / 2) ** 2 / (1 - packing) ** 4
    k = np.asarray(k, dtype=float)
    c, _ = quad_vec(lambda r: -(a + b * r + packing * a / 2 * r**3) * 4 * np.pi * r * np.sin(k * r) / k, 0, 1)
    return 1 / (1 - 6 * packing / np.pi * c)


def test_merged_fine_bins_are_the_coarse_bins():
    random = np.random.default_rng(0)
    positions, species = 5.0 * random.random((2, 80, 3)), np.arange(80) % 5 // 4
    fine = structure_factor(positions, 5.0, species, np.arange(161) * 0.05, "float64")
    coarse = structure_factor(positions, 5.0, species, np.arange(21) * 0.4, "float64")
    values, count = rebin(fine.partials, fine.count, 8)
    wavenumber, _ = rebin(fine.wavenumber, fine.count, 8)
    assert np.array_equal(count, coarse.count)
    np.testing.assert_allclose(values, coarse.partials, rtol=0, atol=1e-12)
    np.testing.assert_allclose(wavenumber, coarse.wavenumber, rtol=1e-13)


def test_only_bin_0_is_filled_in_a_box_of_10_and_a_parabola_is_met_exactly():
    lattice = octant(10.0, COARSE)
    parabolas = np.array([[0.05, 0.02], [-0.02, -0.003], [0.09, 0.01]])

    def S(k):
        return parabolas[:, :1] + parabolas[:, 1:] * k**2

    filled = fill_empty_bins(S(lattice.wavenumber), lattice.wavenumber, lattice.count, CENTRES)
    assert np.flatnonzero(filled.is_filled).tolist() == [0]
    np.testing.assert_allclose(filled.partials[:, 0], S(CENTRES)[:, 0], rtol=1e-12)
    np.testing.assert_array_equal(filled.partials[:, 1:], S(lattice.wavenumber)[:, 1:])


def test_hard_sphere_liquid_is_continued_to_small_k():
    """Noise-free, at half the dense liquid's peak density; the next term of the series, k⁴, costs under 3 %."""
    lattice = octant(10.0, COARSE)
    S = percus_yevick(np.where(lattice.count, lattice.wavenumber, 1.0))
    partials = np.where(lattice.count, [S, 0 * S, S], np.nan)
    filled = fill_empty_bins(partials, lattice.wavenumber, lattice.count, CENTRES)
    assert filled.partials[0, 0] == pytest.approx(float(percus_yevick(CENTRES[0])), rel=0.03)


def test_filled_matrix_stays_positive():
    """A noisy fit that falls below zero is replaced by the lowest filled bin."""
    lattice = octant(10.0, COARSE)
    k = np.where(lattice.count, lattice.wavenumber, 1.0)
    S = np.array([0.03 * k**2 - 0.01, 0 * k, 0.2 + 0 * k])
    assert np.all(S[0, 1:] > 0)
    filled = fill_empty_bins(S, lattice.wavenumber, lattice.count, CENTRES)
    np.testing.assert_array_equal(filled.partials[:, 0], S[:, 1])


def test_filled_matrix_stays_positive_where_only_its_determinant_would_not():
    lattice = octant(10.0, COARSE)
    k = np.where(lattice.count, lattice.wavenumber, 1.0)
    S = np.array([0.05 + 0 * k, np.maximum(0.06 - 0.03 * k**2, 0.0), 0.05 + 0 * k])
    assert np.all(S[0, 1:] * S[2, 1:] > S[1, 1:] ** 2)
    filled = fill_empty_bins(S, lattice.wavenumber, lattice.count, CENTRES, n_fitted=2)
    np.testing.assert_array_equal(filled.partials[:, 0], S[:, 1])


def test_a_bin_of_many_vectors_counts_as_many_bins_of_one():
    k, count, S = np.array([1.0, 2.0, 3.0, 4.0]), np.array([3, 1, 2, 1]), np.array([0.1, 0.3, 0.2, 0.9])

    def at_half(k, count, S):
        """Value of an empty bin in front of these."""
        partials = np.insert(S, 0, np.nan) * np.array([[1.0], [0.0], [1.0]])
        wavenumber, centres = np.insert(k, 0, np.nan), np.insert(k, 0, 0.5)
        return fill_empty_bins(partials, wavenumber, np.insert(count, 0, 0), centres, k.size).partials[0, 0]

    one_by_one = at_half(np.repeat(k, count), np.ones(7, int), np.repeat(S, count))
    assert at_half(k, count, S) == pytest.approx(one_by_one, rel=1e-12)


def test_gap_between_filled_bins_is_bridged_by_a_straight_line():
    wavenumber, count = np.array([np.nan, 1.6, 2.3, np.nan, 4.2, 5.7]), np.array([0, 6, 12, 0, 24, 6])
    S = np.where(count, 0.1 * wavenumber, np.nan) * np.array([[1.0], [0.0], [1.0]])
    filled = fill_empty_bins(S, wavenumber, count, np.arange(6) + 0.5, n_fitted=2)
    assert filled.partials[0, 3] == pytest.approx(0.35)
    assert filled.is_filled.tolist() == [True, False, False, True, False, False]


def test_peak_of_a_hard_sphere_liquid_is_found_without_bias_in_the_lattice_bins_of_a_box_of_10():
    lattice = octant(10.0, FINE)
    S = percus_yevick(np.where(lattice.count, lattice.wavenumber, 1.0))
    true = minimize_scalar(lambda k: -float(percus_yevick(k)), bounds=(6, 8), method="bounded")
    found = peak(lattice.wavenumber, S, lattice.count)
    assert found.wavenumber == pytest.approx(true.x, abs=0.005)
    assert found.value == pytest.approx(-true.fun, rel=0.01)


def test_peak_of_a_cubic_is_met_exactly_by_uneven_numbers_of_vectors():
    """Which a parabola would not: it takes 3e-4 off the height, and even more where vectors pile up faster."""
    k = FINE[:-1] + 0.025
    x = k - 7.2
    found = peak(k, 3.0 - x**2 + 0.5 * x**3, k**6, search=(6.5, 8.0))
    assert found.wavenumber == pytest.approx(7.2, abs=0.002)
    assert found.value == pytest.approx(3.0, abs=1e-5)


def test_one_vector_among_millions_moves_no_peak():
    lattice = octant(10.0, FINE)
    k, S = lattice.wavenumber, percus_yevick(np.where(lattice.count, lattice.wavenumber, 1.0))
    count = 1_000_000 * lattice.count
    clean, spoiled = peak(k, S, count), int(np.argmin(np.abs(FINE - 7.0)))
    S[spoiled], count[spoiled] = 5.0 * S[spoiled], 1
    assert np.allclose(peak(k, S, count), clean, rtol=0, atol=0.003)


def test_peak_is_robust_against_the_noise_of_few_frames():
    """Twenty frames: each vector's S is exponentially distributed, so a bin's noise is S/sqrt(n/2 · frames)."""
    lattice = octant(10.0, FINE)
    S = percus_yevick(np.where(lattice.count, lattice.wavenumber, 1.0))
    exact = peak(lattice.wavenumber, S, lattice.count)
    random = np.random.default_rng(0)
    noise = S / np.sqrt(10.0 * lattice.count.clip(1)) * random.normal(size=(50, S.size))
    found = np.array([peak(lattice.wavenumber, S + eps, lattice.count) for eps in noise])
    scatter = found.std(axis=0)
    assert scatter[0] < 0.03
    assert scatter[1] < 0.03 * exact.value
    assert np.all(np.abs(found.mean(axis=0) - exact) < 5 * scatter / np.sqrt(50) + [0.003, 0.005])


def test_bad_input_is_named():
    count = octant(10.0, FINE).count
    k = np.where(count, FINE[:-1], np.nan)
    with pytest.raises(InvalidInput, match="3 by 3"):
        rebin(k, count, 3)
    with pytest.raises(InvalidInput, match="S_AA has no peak between"):
        peak(k, -FINE[:-1], count)
    with pytest.raises(InvalidInput, match="no peak between k = 50"):
        peak(k, FINE[:-1], count, search=(50, 60))
    with pytest.raises(InvalidInput, match=r"4 bins within 0.1"):
        peak(k, FINE[:-1], count, half_width=0.1)
    with pytest.raises(
        InvalidInput, match=r"between k = 4.0 and 12.0; take bins that go beyond 5\.9\d, where they end"
    ):
        peak(k[:120], FINE[:120], count[:120])
    with pytest.raises(InvalidInput, match="2 of 3 bins hold"):
        fill_empty_bins(np.ones((3, 3)), [np.nan, 1.0, 2.0], [0, 6, 6], [0.5, 1.0, 2.0])


@pytest.mark.parametrize("density", [0.3, 0.8, 1.2, 2.0, 5.0])
def test_the_main_peak_lies_where_it_is_looked_for(density):
    """Neighbours of a dense liquid are about 1.1 rho^(-1/3) apart: k_p ≈ 6.8 rho^(1/3), with room on both sides."""
    lower, upper = peak_interval(density)
    assert lower < 0.75 * 6.8 * density ** (1 / 3)
    assert upper > 1.3 * 6.8 * density ** (1 / 3)


def test_for_kob_andersen_it_is_looked_for_as_ever():
    assert {peak_interval(density) for density in (1.0, 1.2, 1.4, 1.6, 1.8)} == {(4.0, 12.0)}


@pytest.mark.parametrize("density", [0.01, 0.4, 0.9, 1.2, 1.6, 30.0])
def test_in_a_plane_it_lies_at_the_root_of_the_density(density):
    """4π/(√3 a) of a triangular lattice of spacing a = (2/(√3 rho))^(1/2), which is 6.75 rho^(1/2)."""
    lattice = 4 * np.pi / np.sqrt(3) / np.sqrt(2 / (np.sqrt(3) * density))
    lower, upper = peak_interval(density, dimension=2)
    assert lower < 0.75 * lattice
    assert upper > 1.3 * lattice


@pytest.mark.parametrize("unit", [0.1, 1.0, 3.4])
def test_a_peak_is_found_in_any_unit_of_length(unit):
    """Hard spheres whose diameter is one of any number of units."""
    density = 0.47 * 6 / np.pi
    k = (np.arange(640) + 0.5) * 0.025
    S, count = percus_yevick(k), np.rint(1000 * k**2).astype(int)
    expected = peak(k, S, count)
    other = density / unit**3
    found = peak(k / unit, S, count, peak_interval(other), peak_half_width(other))
    assert found.wavenumber * unit == pytest.approx(expected.wavenumber, abs=0.01)
    assert found.value == pytest.approx(expected.value, rel=0.01)


def test_empty_bins_of_a_plane_are_filled_from_small_wavenumbers():
    """A parabola in k, in bins of the vectors of a square; the lowest two hold none."""
    plan = structure_plan(10.0, np.zeros(2, int), COARSE, dimension=2)
    S = 0.05 + 0.02 * np.where(plan.count, plan.wavenumber, np.nan) ** 2
    filled = fill_empty_bins(S[None], plan.wavenumber, plan.count, CENTRES)
    assert filled.is_filled[0]
    np.testing.assert_allclose(filled.partials[0, 0], 0.05 + 0.02 * CENTRES[0] ** 2, rtol=1e-12)

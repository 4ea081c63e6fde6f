"""Noisy tables of S(k): noise is found and taken off, what is left open is drawn, and nothing smooth is touched."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.physics.structure.percus_yevick import percus_yevick
from glassdask.physics.structure.smooth_structure import roughness, smooth_structure
from glassdask.physics.structure.static_structure import matrix_of_pairs, pairs_of_matrix
from glassdask.physics.structure.table_on_grid import on_bipolar_grid

K = bipolar_wavenumbers()
ONE = percus_yevick(K, 0.5)
MIXTURE = percus_yevick(K, 0.5, (1.0, 0.88), (0.8, 0.2))
LIQUIDS = pytest.mark.parametrize("exact", [ONE, MIXTURE], ids=["one component", "mixture"])


def noisy(exact, sigma, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """S without and with noise."""
    S = pairs_of_matrix(exact.structure_factor)
    return S, S + np.random.default_rng(seed).normal(0.0, sigma, S.shape)


@LIQUIDS
@pytest.mark.parametrize("has_errors", [True, False])
def test_more_than_half_of_the_noise_is_taken_off(exact, has_errors):
    """Of a hundred numbers of each pair some thirty are free: √0.3 of the noise is left."""
    S, data = noisy(exact, 0.01)
    errors = np.full(S.shape, 0.01) if has_errors else None
    found = smooth_structure(K, data, K, exact.composition, errors=errors)
    assert np.std(found.partials - S) < 0.6 * np.std(data - S)
    assert 0.1 * S.size < found.degrees_of_freedom < 0.6 * S.size
    assert_allclose(np.sqrt(np.mean(found.noise**2)), 0.01, rtol=0.3)


@LIQUIDS
def test_what_noise_made_negative_is_positive_definite_again(exact):
    """S(0) is 0.016 or so, noise 0.03: some of the lowest rows are below zero."""
    _, data = noisy(exact, 0.03)
    assert np.linalg.eigvalsh(np.moveaxis(matrix_of_pairs(data), 2, 0)).min() < 0
    found = smooth_structure(K, data, K, exact.composition, errors=np.full(data.shape, 0.03))
    for partials in (found.partials, *found.draws(5)):
        assert np.linalg.eigvalsh(np.moveaxis(matrix_of_pairs(partials), 2, 0)).min() > 0


def test_draws_scatter_as_the_fit_is_uncertain():
    """Mean over k of the square of (fit − S) / standard deviation of the draws: 1 for six copies, to 40 %."""
    ratios = []
    for seed in range(6):
        S, data = noisy(ONE, 0.01, seed)
        found = smooth_structure(K, data, K, ONE.composition, errors=np.full(S.shape, 0.01))
        spread = np.std(found.draws(60), axis=0)
        ratios.append(np.mean(((found.partials - S) / spread) ** 2))
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.4)


def test_noise_that_falls_with_k_is_found_as_such():
    """As of a simulation, where more wavevectors are averaged: relative errors of 0.1 / k."""
    sigma = ONE.structure_factor[0] * 0.1 / K
    _, data = noisy(ONE, sigma)
    found = smooth_structure(K, data, K, ONE.composition)
    for part in (slice(15, 40), slice(60, 100)):
        assert np.median(found.noise[0, part] / sigma[0, part]) == pytest.approx(1.0, abs=0.6)


def test_errors_that_are_too_small_are_said_and_raised():
    S, data = noisy(ONE, 0.01)
    found = on_bipolar_grid(K, data, ONE.density, errors=np.full(S.shape, 0.002))
    assert any("rougher than its errors allow" in warning for warning in found.warnings)
    assert found.smooth is not None
    assert found.smooth.noise.mean() == pytest.approx(0.01, rel=0.3)


@pytest.mark.parametrize("spacing", [0.05, 0.1, 0.4])
def test_roughness_is_the_size_of_the_noise(spacing):
    """Median of a thousand or a hundred differences of neighbours: 25 % at the coarsest."""
    k = bipolar_wavenumbers(spacing, int(40 / spacing))
    S = percus_yevick(k, 0.5).structure_factor[0]
    assert roughness(k, S)[0] < 1e-4
    assert roughness(k, S + np.random.default_rng(3).normal(0, 0.01, S.shape))[0] == pytest.approx(0.01, rel=0.25)


def test_a_fine_noisy_table_is_smoothed_on_its_way_to_the_grid():
    """800 rows with noise of 0.05: splines through them would bring all of it."""
    k = bipolar_wavenumbers(0.05, 800)
    data = percus_yevick(k, 0.5).structure_factor[0] + np.random.default_rng(3).normal(0, 0.05, 800)
    found = on_bipolar_grid(k[4:], data[:, 4:], ONE.density)
    exact = percus_yevick(found.wavenumber, 0.5).structure_factor[0, 0]
    assert found.error_source == "roughness"
    assert np.std(found.partials[0] - exact) < 0.02


def test_digits_are_no_noise():
    """Four digits after the point are an error of 3e-5: the table is left as it is."""
    assert on_bipolar_grid(K, np.round(ONE.structure_factor[0], 4), ONE.density).smooth is None

"""Overlap and chi_4 in a pass, of particles that move alone and of particles that move together."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from scipy.stats import chi2

from glassdask.observables.catalogue import observables_named
from glassdask.observables.pass_over_frames import measure
from tests.observables.known_frames import KnownFrames, linear_pairs, setting_of, walkers

CHOSEN = observables_named(["overlap"])


def test_independent_particles_have_the_chi_4_of_a_coin(xp: ModuleType) -> None:
    """N var(q) = Q (1 − Q); |Δr|²/(s² t) is chi-squared with three degrees of freedom."""
    lags = [1, 2, 4, 8]
    frames = walkers(400, 200, 0.1)
    frames.species[120:] = 1
    found = measure(frames, linear_pairs(400, lags), CHOSEN, setting_of(frames, lags, xp))
    Q = chi2.cdf(0.09 / (0.01 * np.array(lags)), 3)
    assert np.all(np.abs(found["overlap"] - Q) < 5 * found["overlap_error"])
    for name in ("four_point_susceptibility", "total_four_point_susceptibility"):
        assert np.all(np.abs(found[name] - Q * (1 - Q)) < 5 * found[f"{name}_error"])
        assert np.all(found[f"{name}_error"] < 0.1)


def test_particles_that_all_jump_at_once_have_the_chi_4_of_all_of_them() -> None:
    """Each step all stay or all go, with probability 1/2: q is 0 or 1, chi_4 = N/4 at lag 1."""
    random = np.random.default_rng(2)
    jumps = np.where(random.random(2000) < 0.5, 1.0, 0.0)[:, None, None] * np.array([1.0, 0.0, 0.0])
    frames = KnownFrames(np.cumsum(jumps, axis=0) + np.zeros((1, 40, 1)), 10.0)
    found = measure(frames, linear_pairs(2000, [0, 1]), CHOSEN, setting_of(frames, [0, 1]))
    assert found["four_point_susceptibility"][0, 0] == 0.0
    # the variance of 2000 coins is known to 1/2000 of itself here, as q (1 − q) is flat at 1/2
    np.testing.assert_allclose(found["four_point_susceptibility"][0, 1], 10.0, rtol=0.01)


def lattice(n: int, dimension: int) -> np.ndarray:
    """Sites of spacing 1 with their box of length n."""
    return np.stack(np.meshgrid(*dimension * [np.arange(float(n))], indexing="ij"), axis=-1).reshape(-1, dimension)


def test_bonds_of_a_crystal_stay_but_those_of_particles_that_leave() -> None:
    """One of 216 leaves into the middle of a cube: its six bonds of 648 are broken."""
    sites = lattice(6, 3)
    left = sites.copy()
    left[0] += 2.5
    frames = KnownFrames(np.stack([sites, sites + 0.05, left]), 6.0)
    setting = setting_of(frames, [1, 2], neighbour_distance=1.2, broken_distance=1.5)
    pairs = [np.array([[0, 1]]), np.array([[0, 2]])]
    found = measure(frames, pairs, observables_named(["bond_breaking"]), setting)
    np.testing.assert_allclose(found["total_bond_breaking"], [1.0, 642 / 648], rtol=1e-14)
    np.testing.assert_allclose(found["bond_breaking"][0], found["total_bond_breaking"], rtol=1e-14)


def test_a_plane_that_drifts_and_bends_slowly_does_not_move_relative_to_the_cage() -> None:
    """A wave of amplitude 1 over 40 sites moves neighbours by 1 − cos(2π/40) of it against each other, 0.01."""
    sites = lattice(40, 2)
    wave = np.stack([np.zeros(1600), np.sin(2 * np.pi * sites[:, 0] / 40)], axis=1)
    frames = KnownFrames(np.stack([sites, sites + wave + 0.3]), 40.0)
    setting = setting_of(frames, [1], neighbour_distance=1.2, wavenumbers=(2 * np.pi,))
    chosen = observables_named(["cage_relative", "mean_squared_displacement"])
    found = measure(frames, [np.array([[0, 1]])], chosen, setting)
    assert found["mean_squared_displacement"][0, 0] > 0.5
    assert found["cage_relative_displacement"][0, 0] < 1e-4
    assert found["cage_relative_scattering"][0, 0] > 0.999

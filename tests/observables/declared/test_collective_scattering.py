"""Collective scattering in a pass: of independent walkers, of a crystal, and beside S(k)."""

from __future__ import annotations

from types import ModuleType

import numpy as np

import glassdask
from glassdask.observables.catalogue import observables_named
from glassdask.observables.pass_over_frames import measure
from tests.observables.known_frames import KnownFrames, linear_pairs, setting_of, walkers

LAGS = [0, 1, 2, 4, 8]
CHOSEN = observables_named(["collective_scattering"])


def test_walkers_scatter_as_their_self_part_and_unlike_ones_not_at_all(xp: ModuleType) -> None:
    """Independent particles: F_aa = x_a exp(-k² s² t/2), F_AB = 0."""
    frames = walkers(80, 300, 0.1)
    frames.species[200:] = 1
    found = measure(frames, linear_pairs(80, LAGS), CHOSEN, setting_of(frames, LAGS, xp, wavenumbers=(5.0, 9.0)))
    k = found["chosen_wavenumber"]
    np.testing.assert_allclose(k, [5.0, 9.0], atol=0.05)  # of shells of half-width 0.1
    decay = np.exp(-0.5 * k[:, None] ** 2 * 0.01 * np.array(LAGS))
    for pair, share in enumerate((2 / 3, 0.0, 1 / 3)):
        deviation = found["collective_scattering"][pair] - share * decay
        # 200 vectors of frames that are some steps apart say about 1,000 times the same: 5 standard errors of 1/sqrt(1000)
        assert np.abs(deviation).max() < 5 * max(share, 0.3) / np.sqrt(1000)


def test_at_the_beginning_it_is_the_structure_factor() -> None:
    frames = walkers(6, 300, 0.1)
    frames.species[200:] = 1
    setting = setting_of(frames, [0], wavenumbers=(5.0,), max_vectors=10**6)
    found = measure(frames, linear_pairs(6, [0]), CHOSEN, setting)
    positions = np.array([frames.positions(i) for i in range(6)])
    S = glassdask.structure_factor(positions, 10.0, frames.species, [4.9, 5.1], precision="float64")
    np.testing.assert_allclose(found["collective_scattering"][:, 0, 0], S.partials[:, 0], rtol=1e-10)


def test_a_crystal_that_does_not_move_scatters_for_ever_with_n() -> None:
    sites = np.stack(np.meshgrid(*3 * [np.arange(4.0)], indexing="ij"), axis=-1).reshape(-1, 3)
    frames = KnownFrames(np.repeat(sites[None], 9, axis=0), 4.0)
    setting = setting_of(frames, [0, 1, 8], wavenumbers=(2 * np.pi,), shell_half_width=1e-6)
    found = measure(frames, linear_pairs(9, [0, 1, 8]), CHOSEN, setting)
    np.testing.assert_allclose(found["collective_scattering"], 64.0, rtol=1e-12)


def test_a_wavenumber_that_a_small_box_has_not_is_that_of_the_nearest_shells() -> None:
    """The least is 2π/10, the next √2 times that: 0.75 lies between."""
    frames = walkers(3, 30, 0.1)
    setting = setting_of(frames, [0], wavenumbers=(0.75,), shell_half_width=0.02)
    found = measure(frames, linear_pairs(3, [0]), CHOSEN, setting)
    assert 0.2 * np.pi < found["chosen_wavenumber"][0] < 0.2 * np.pi * np.sqrt(2), "the mean over both"

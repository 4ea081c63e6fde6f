"""Observables of single frames, of an ideal gas and of a crystal."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from glassdask.observables.catalogue import observables_named
from glassdask.observables.pass_over_frames import measure
from tests.observables.known_frames import KnownFrames, setting_of


def ideal_gas(n_frames: int, n: int) -> KnownFrames:
    positions = np.random.default_rng(3).uniform(0.0, 10.0, (n_frames, n, 3))
    return KnownFrames(positions, 10.0, np.arange(n) % 3 // 2)


def test_g_of_r_of_an_ideal_gas_is_1_less_the_particle_itself(xp: ModuleType) -> None:
    frames = ideal_gas(40, 150)
    chosen = observables_named(["pair_distribution"])
    setting = setting_of(frames, [], xp)
    found = measure(frames, [], chosen, setting)
    g, error, r = found["pair_distribution"], found["pair_distribution_error"], setting.distances
    assert g.shape == (3, r.size) == (3, 250)
    assert np.isfinite(g).all(), "5 is half of the box"
    outer = r > 1.0
    for i, expected in enumerate((1 - 1 / 100, 1.0, 1 - 1 / 50)):
        # a mean over 200 bins: five of its standard errors, were they independent
        deviation, sigma = g[i, outer] - expected, error[i, outer]
        assert abs(deviation.mean()) < 5 * np.sqrt((sigma**2).sum()) / sigma.size


def test_g_of_r_ends_at_half_of_the_box() -> None:
    frames = ideal_gas(4, 150)
    found = measure(frames, [], observables_named(["pair_distribution"]), setting_of(frames, [], distance=7.0))
    is_known = np.isfinite(found["pair_distribution"]).all(axis=0)
    assert is_known[:250].all()
    assert not is_known[250:].any()

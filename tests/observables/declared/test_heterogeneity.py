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

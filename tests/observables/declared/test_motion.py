"""Observables of the motion of single particles, of walkers whose answers are known."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from scipy.stats import chi2

from glassdask.observables.catalogue import observables_named
from glassdask.observables.pass_over_frames import measure
from tests.observables.known_frames import linear_pairs, setting_of, walkers

LAGS = [0, 1, 2, 4, 8, 16]


def test_the_mean_squared_displacement_of_walkers_is_2_d_D_t(xp: ModuleType) -> None:
    frames = walkers(60, 400, 0.1)
    chosen = observables_named(["mean_squared_displacement"])
    found = measure(frames, linear_pairs(60, LAGS), chosen, setting_of(frames, LAGS, xp))
    deviation = found["mean_squared_displacement"][0] - 3 * 0.01 * np.array(LAGS)
    assert np.all(np.abs(deviation) <= 5 * found["mean_squared_displacement_error"][0])


def test_alpha_2_of_gaussian_walkers_is_0(xp: ModuleType) -> None:
    frames = walkers(60, 400, 0.1)
    chosen = observables_named(["non_gaussian_parameter"])
    found = measure(frames, linear_pairs(60, LAGS), chosen, setting_of(frames, LAGS, xp))
    alpha_2, error = (found[f"non_gaussian_parameter{end}"][0] for end in ("", "_error"))
    assert np.isnan(alpha_2[0])
    assert np.all(np.abs(alpha_2[1:]) < 5 * error[1:])
    assert np.all(error[1:] < 0.05)


def test_alpha_2_of_fast_and_slow_walkers_is_that_of_their_mixture() -> None:
    """Half of them with steps twice as long: <s²> = 5/2, <s⁴> = 17/2 in units of the short ones, alpha_2 = 9/25."""
    frames = walkers(60, 4000, np.where(np.arange(4000) % 2, 0.1, 0.2))
    chosen = observables_named(["non_gaussian_parameter"])
    found = measure(frames, linear_pairs(60, LAGS), chosen, setting_of(frames, LAGS))
    alpha_2, error = (found[f"non_gaussian_parameter{end}"][0] for end in ("", "_error"))
    assert np.all(np.abs(alpha_2[1:] - 9 / 25) < 5 * error[1:])
    assert abs(found["alpha2_peak"][0] - 9 / 25) < 5 * max(found["alpha2_peak_error"][0], error[1:].max())
    assert found["alpha2_peak_time"][0] in LAGS or 1 <= found["alpha2_peak_time"][0] <= 16


def test_walkers_diffuse_with_their_own_coefficient_in_space_and_in_a_plane() -> None:
    """D = s²/2 a step in any dimension."""
    lags = [0, *range(1, 9), 12, 16, 24, 32, 48, 64]
    for dimension in (2, 3):
        frames = walkers(300, 300, 0.1, dimension)
        chosen = observables_named(["diffusion"])
        found = measure(frames, linear_pairs(300, lags), chosen, setting_of(frames, lags))
        D, error = found["diffusion_coefficient"][0], found["diffusion_coefficient_error"][0]
        assert abs(D - 0.005) < 5 * error
        assert error < 0.05 * D
        assert 0 < found["diffusion_window_start"][0] < found["diffusion_window_end"][0] / 3


def test_the_van_hove_function_of_walkers_is_a_gaussian(xp: ModuleType) -> None:
    frames = walkers(60, 400, 0.1)
    lags = [0, 1, 2, 8, 16]
    setting = setting_of(frames, lags, xp, distance=2.0)
    chosen = observables_named(["van_hove"])
    found = measure(frames, linear_pairs(60, lags), chosen, setting)
    t = found["van_hove_time"][:2]
    assert t.tolist() == [1.0, 8.0]
    assert np.isnan(found["van_hove_time"][2:]).all()
    edges = setting.distance_edges
    share = found["van_hove"][0, :2] * np.diff(4 / 3 * np.pi * edges**3)
    expected = np.diff(chi2.cdf(edges**2 / (0.01 * t[:, None]), 3), axis=1)
    np.testing.assert_allclose(share.sum(axis=1), 1.0, rtol=1e-12)
    # counts in a bin are Poisson's; origins that are nearer than the lag share its steps, and count t times
    n = 400 * (60 - t[:, None])
    assert np.all(np.abs(share - expected) < 5 * np.sqrt(t[:, None] * (expected + 1 / n) / n))

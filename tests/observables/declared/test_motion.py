"""Observables of the motion of single particles, of walkers whose answers are known."""

from __future__ import annotations

from types import ModuleType

import numpy as np

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

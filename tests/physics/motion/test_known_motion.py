"""Motion whose answers are known, from positions to curves: the whole chain of lags, pairs, estimators and averages."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

import glassdask
from glassdask.physics.motion.lag_average import LagAverage, lag_average
from glassdask.physics.motion.lag_times import frame_steps
from glassdask.physics.motion.mean_squared_displacement import NonGaussianCurve, non_gaussian_curve

K = np.array([1.0, 3.0, 7.2])


class Curves(NamedTuple):
    lag_times: np.ndarray
    F: LagAverage
    msd: LagAverage
    alpha_2: NonGaussianCurve


def curves_of(positions, times, dimension) -> Curves:
    """Of particles of one species, at lags short against a block of the error bars."""
    lags = glassdask.lag_pairs(times)
    species, given = np.zeros(positions.shape[1], int), {"box_lengths": np.inf, "remove_drift": False}
    F = glassdask.self_intermediate_scattering(positions, species, K, lags.all_pairs, **given)[:, 0]
    second, fourth = glassdask.displacement_moments(positions, species, lags.all_pairs, **given)
    averages = [lag_average(values, lags.pairs, times) for values in (F, second[:, 0], fourth[:, 0])]
    return Curves(lags.lag_times, averages[0], averages[1], non_gaussian_curve(averages[1], averages[2], dimension))


def ornstein_uhlenbeck(times, n, d, length, relaxation, seed):
    """Overdamped particles on harmonic springs, exactly, from equilibrium, at any times."""
    random = np.random.default_rng(seed)
    positions = np.empty((len(times), n, d))
    positions[0] = random.normal(scale=length, size=(n, d))
    for i, kept in enumerate(np.exp(-np.diff(times) / relaxation), start=1):
        positions[i] = kept * positions[i - 1] + random.normal(scale=length * np.sqrt(1 - kept**2), size=(n, d))
    return positions


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("schedule", ["linear", "blocks", "irregular"])
def test_particles_on_springs_have_their_plateau(d, schedule):
    """<Δr²> = 2 d l² (1 − e^(−t/τ)), F_s = exp[−k² l² (1 − e^(−t/τ))], α_2 = 0: within 5 errors, of ten blocks 8 (Student)."""
    times = {
        "linear": np.arange(600.0),
        "blocks": frame_steps(40, 64, 3).astype(float),
        "irregular": np.cumsum(np.random.default_rng(1).exponential(1.0, 600)),
    }[schedule]
    l, tau = 0.3, 8.0
    found = curves_of(ornstein_uhlenbeck(times, 60, d, l, tau, seed=d), times, d)
    t = found.lag_times
    moved = l**2 * (1 - np.exp(-t / tau))
    is_short = (t > 0) & (t < 0.1 * np.ptp(times))
    for values, error, expected in (
        (found.msd.mean, found.msd.standard_error, 2 * d * moved),
        (found.F.mean, found.F.standard_error, np.exp(-np.outer(moved, K**2))),
        (found.alpha_2.value, found.alpha_2.standard_error, np.zeros(t.size)),
    ):
        assert np.all(np.abs(values - expected)[is_short] < 8 * error[is_short])
    assert found.msd.mean[-1] == pytest.approx(2 * d * l**2, rel=0.2)
    D = glassdask.diffusion_coefficient(t, found.msd.mean, found.msd.blocks, dimension=d)
    assert np.isnan(D.value)
    assert D.reason


@pytest.mark.parametrize("d", [2, 3])
def test_free_flight_is_that_of_maxwells_velocities(d):
    """<Δr²> = d v² t², F_s = exp(−k² v² t²/2) over velocities drawn once: 5 standard errors of 40,000 particles."""
    n, v = 40_000, 0.05
    positions = np.arange(5.0)[:, None, None] * np.random.default_rng(4).normal(scale=v, size=(n, d))
    F = glassdask.self_intermediate_scattering(
        positions, np.zeros(n, int), K, [[0, t] for t in range(5)], box_lengths=np.inf, remove_drift=False
    )[:, 0]
    expected = np.exp(-0.5 * np.outer(np.arange(5.0) ** 2, (K * v) ** 2))
    assert np.all(np.abs(F - expected) <= 5 * np.sqrt((1 - expected**2) / n) + 1e-12)
    msd = glassdask.mean_squared_displacement(positions, np.zeros(n, int), [[0, 4], [1, 2]], box_lengths=np.inf)
    np.testing.assert_allclose(msd[:, 0], d * v**2 * np.array([16.0, 1.0]), rtol=5 * np.sqrt(2 / (d * n)))

"""The diffusion coefficient of walkers, of particles in cages and of those that never diffuse."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.physics.motion.curves.diffusion import diffusion_coefficient
from glassdask.physics.motion.lag_average import LagAverage, lag_average
from glassdask.physics.motion.lag_pairs import lag_pairs
from glassdask.physics.motion.mean_squared_displacement import mean_squared_displacement


def measured(walk, times) -> tuple[np.ndarray, LagAverage]:
    """Mean squared displacement of particles of one species."""
    lags = lag_pairs(times)
    values = mean_squared_displacement(walk, np.zeros(walk.shape[1], int), lags.all_pairs, box_lengths=np.inf)
    return lags.lag_times, lag_average(values[:, 0], lags.pairs, times)


def walkers(D, d, n=40, n_frames=600, spacing=0.5, seed=0):
    steps = np.random.default_rng(seed).normal(scale=np.sqrt(2 * D * spacing), size=(n_frames, n, d))
    return np.cumsum(steps, axis=0), spacing * np.arange(n_frames)


@pytest.mark.parametrize("d", [2, 3])
def test_walkers_diffuse_as_they_step_and_errors_are_the_scatter(d):
    """60 runs: D to 5 standard errors of their mean; errors of 10 blocks are the scatter of D to 30 %."""
    D, found = 0.3, []
    for seed in range(60):
        lag_times, msd = measured(*walkers(D, d, seed=seed))
        found.append(diffusion_coefficient(lag_times, msd.mean, msd.blocks, dimension=d))
    values, errors = np.array([(one.value, one.standard_error) for one in found]).T
    assert abs(values.mean() - D) < 5 * values.std() / np.sqrt(60)
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(values.std(), rel=0.3)
    assert np.abs((values - D) / errors).max() < 6  # of Student's t with nine degrees of freedom
    assert {one.reason for one in found} == {""}
    assert min(one.window[1] for one in found) >= 10


def test_rattling_in_a_cage_is_no_diffusion_but_its_offset():
    """An Ornstein–Uhlenbeck particle carried along by a slow walker: 6 D t + 6 l² (1 − exp(−t/τ))."""
    D, l_2, tau = 1e-4, 0.01, 1.0
    t = np.geomspace(0.01, 1e5, 120)
    msd = 6 * D * t + 6 * l_2 * (1 - np.exp(-t / tau))
    found = diffusion_coefficient(t, msd)
    assert found.value == pytest.approx(D, rel=1e-9)
    assert found.offset == pytest.approx(6 * l_2, rel=1e-6)
    # 6 D t/(6 D t + 6 l²) > 0.9 from t = 9 l²/D on
    assert found.window[0] == pytest.approx(900, rel=0.15)


@pytest.mark.parametrize("t_end", [0.3, 3.0, 300.0])
def test_a_run_that_ends_ballistic_or_in_the_cage_has_none(t_end):
    """Free flight, then a plateau, then diffusion from 1e4 on: also at the bend, where the exponent passes through 1."""
    t = np.geomspace(0.001, 1e6, 400)
    t = t[t <= t_end]
    msd = 0.06 * (1 - np.exp(-((t / 0.3) ** 2))) + 6e-6 * t
    found = diffusion_coefficient(t, msd)
    assert np.isnan([found.value, found.standard_error, found.offset, *found.window]).all()
    assert found.n_lags == 0
    assert "run longer" in found.reason


def test_subdiffusion_is_named():
    found = diffusion_coefficient(np.geomspace(1, 1e4, 60), np.geomspace(1, 1e4, 60) ** 0.6)
    assert found.reason == "the mean squared displacement grows as t^0.6 at the longest lags, not as t; run longer"
    assert found.exponent == pytest.approx(0.6)


def test_what_nobody_measured_is_left_out():
    lag_times, msd = measured(*walkers(0.3, 3))
    holes = msd.mean.copy()
    holes[[3, 7]] = np.nan
    found, whole = (diffusion_coefficient(lag_times, curve, msd.blocks) for curve in (holes, msd.mean))
    assert found.n_lags == whole.n_lags - 2
    assert found.value == pytest.approx(whole.value, abs=whole.standard_error)
    assert "0 lags have a mean squared displacement" in diffusion_coefficient([0.0, 1.0], [0.0, np.nan]).reason


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lag_times": [1.0, 1.0]}, "must increase from 0 or above"),
        ({"msd": [1.0]}, r"msd \(1,\) be of their shape"),
        ({"msd_blocks": [[1.0]]}, r"msd_blocks has the shape \(1, 1\); expected \(n_blocks, 2\)"),
        ({"dimension": 1}, "dimension is 1; allowed: 2, 3"),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(InvalidInput, match=message):
        diffusion_coefficient(**({"lag_times": [1.0, 2.0], "msd": [1.0, 2.0]} | change))

"""Runs in equilibrium pass; runs that age, drift or are short are named, with the reason."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from glassdask.errors import InvalidInput
from glassdask.physics.motion.equilibration import Tolerances, equilibration


def correlated_series(memory: float, n: int, n_series: int, seed: int = 0):
    """x_i = memory · x_{i−1} + noise, variance 1, started in equilibrium."""
    random = np.random.default_rng(seed)
    noise = random.normal(size=(n_series, n)) * np.sqrt(1 - memory**2)
    first = random.normal(size=(n_series, 1))
    return lfilter([1.0], [1.0, -memory], noise, axis=1, zi=memory * first)[0]


LAGS = np.geomspace(0.1, 100, 30)


def production(seed: int = 0, n_blocks: int = 10):
    """Energy and temperature fluctuate as in N = 1200; F_s of both species scatters by 0.02 from block to block."""
    noise = correlated_series(0.8, 1000, 2, seed)
    random = np.random.default_rng(seed)
    shape = (n_blocks, 2, 1)
    decay = np.exp(-((LAGS / np.array([[5.0], [3.0]])) ** 0.7))
    blocks = decay + 0.02 * random.normal(size=shape) * decay * (1 - decay) * 4
    return {
        "potential_energy": -6.5 + 0.02 * noise[0],
        "temperature": 0.6 + 0.015 * noise[1],
        "scattering_blocks": blocks,
        "relaxation_times": [5.0, 3.0],
        "production_time": 200.0,
    }


def test_stationary_runs_pass():
    verdicts = [equilibration(**production(seed)) for seed in range(100)]
    # Four comparisons at 1e-3 each, and errors known from few blocks: fewer than 3 of 100.
    assert sum(not verdict.is_equilibrated for verdict in verdicts) < 3


def test_ageing_energy_is_found():
    run = production()
    run["potential_energy"] = run["potential_energy"] - 0.05 * np.linspace(0, 1, 1000)
    verdict = equilibration(**run)
    assert not verdict.is_equilibrated
    assert len(verdict.reasons) == 1
    assert "potential energy per particle moved by -0.0" in verdict.reasons[0]


def test_heating_is_found():
    run = production()
    run["temperature"] = run["temperature"] + np.linspace(0, 0.04, 1000)
    (reason,) = equilibration(**run).reasons
    assert "temperature moved by +0.0" in reason


def test_trifling_drift_of_a_precise_run_is_allowed():
    run = production()
    run["potential_energy"] = -6.5 + 1e-6 * np.arange(1000)
    assert equilibration(**run).is_equilibrated


def test_tolerance_of_the_energy_is_a_share_of_the_temperature():
    """A step of 0.015 between the halves is 2.5 % of k_BT = 0.6 and 0.75 % of k_BT = 2; 1 % is allowed."""
    run = production() | {"potential_energy": np.repeat([-6.5, -6.485], 500)}
    assert not equilibration(**run).is_equilibrated
    assert equilibration(**run | {"temperature": 2.0 / 0.6 * run["temperature"]}).is_equilibrated


@pytest.mark.parametrize(("errors", "is_equilibrated"), [(4.31, True), (4.33, False)])
def test_a_change_of_the_energy_is_judged_by_the_table_of_student(errors, is_equilibrated):
    """Two-sided, p = 0.001, 12 degrees of freedom: 4.318. Residuals of ±d without mean or trend in each half of eight
    blocks, six degrees of freedom each: the mean is known to √(8 d² / 6 / 8), the difference to √2 times that."""
    noise = 0.1 * np.tile([1.0, -1.0, -1.0, 1.0], 4)
    change = errors * np.sqrt(2) * 0.1 / np.sqrt(6)
    run = production() | {"potential_energy": noise + np.repeat([0.0, change], 8)}
    assert equilibration(**run, tolerances=Tolerances(energy=0.0)).is_equilibrated is is_equilibrated


@pytest.mark.parametrize(("errors", "is_equilibrated"), [(99.5, True), (100.5, False)])
def test_a_change_of_the_scattering_is_judged_by_the_table_of_student(errors, is_equilibrated):
    """Two blocks of m ± d in each half know their mean to d, with 2 degrees of freedom together, for which t² = 2 (1 −
    p)² / (p (2 − p)): at p = 0.001 / (5 lags · 2 species) t = 99.99."""
    d = 1e-3
    blocks = np.array([0.2 + d, 0.2 - d, 0.2 + d, 0.2 - d])[:, None, None] * np.ones((1, 2, 1))
    blocks[2:, 0] += errors * np.sqrt(2) * d
    run = production() | {"scattering_blocks": blocks}
    assert equilibration(**run).is_equilibrated is is_equilibrated


def test_slowing_dynamics_are_found():
    run = production()
    slower = np.exp(-((LAGS / 8.0) ** 0.7))
    run["scattering_blocks"][5:, 0] += slower - np.exp(-((LAGS / 5.0) ** 0.7))
    (reason,) = equilibration(**run).reasons
    assert "of A differs by up to 0.1" in reason


def test_production_must_be_long_against_both_species():
    run = production() | {"production_time": 40.0}
    (reason,) = equilibration(**run).reasons
    assert reason.startswith("production is 8 relaxation times of A long; needed: 10")
    assert equilibration(**run, tolerances=Tolerances(relaxation_times=5)).is_equilibrated


def test_glass_is_a_verdict_not_an_error():
    run = production() | {"relaxation_times": [np.nan, 3.0]}
    (reason,) = equilibration(**run).reasons
    assert "F_s(k_p, t) of A did not fall to 1/e" in reason


def test_lags_that_one_half_lacks_are_not_compared():
    run = production()
    run["scattering_blocks"][:, :, 20:] = 7.0
    run["scattering_blocks"][4:, :, 20:] = np.nan
    assert equilibration(**run).is_equilibrated
    run["scattering_blocks"][1:] = np.nan
    assert "produce longer" in equilibration(**run).reasons[0]


def test_bad_input_is_named():
    with pytest.raises(InvalidInput, match="potential_energy"):
        equilibration(**production() | {"potential_energy": [1.0, 2.0]})
    with pytest.raises(InvalidInput, match="temperature"):
        equilibration(**production() | {"temperature": np.full(10, np.nan)})
    with pytest.raises(InvalidInput, match="scattering_blocks"):
        equilibration(**production(n_blocks=3))

"""Sampled energies: bounded memory, error bars, the mean energy at a temperature, and drift."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.errors import SimulationFailed
from glassdask.simulation.engines.engine import Thermo
from glassdask.simulation.records.thermo_series import (
    HEAT_CAPACITY,
    MAX_SAMPLES,
    ThermoSeries,
    energy_at_temperature,
    energy_drift,
    mean_and_error,
)


class RampEngine:
    """Stands at a step and reports energies that grow with it."""

    step = 0

    def thermo(self) -> Thermo:
        return Thermo(-6.0 + 1e-6 * self.step, 1.5, 1.0, 9.0)


def sampled(n_steps: int, interval: int = 16) -> ThermoSeries:
    series, engine = ThermoSeries(interval, 1.0), RampEngine()
    while series.next_step <= n_steps:
        engine.step = series.next_step
        series.record(engine)  # type: ignore[arg-type]
    return series


def test_samples_are_evenly_spaced_and_never_more_than_the_limit():
    series = sampled(16 * 3 * MAX_SAMPLES)
    assert MAX_SAMPLES / 2 <= len(series) <= MAX_SAMPLES
    assert set(np.diff(series.steps)) == {series.interval}
    assert series.interval in (16 * 4, 16 * 8)
    assert series.steps[0] == 0
    np.testing.assert_allclose(series.column("potential_energy"), -6.0 + 1e-6 * series.steps, rtol=1e-15)


def test_a_series_is_the_same_after_a_checkpoint():
    series = sampled(1000)
    copy = ThermoSeries.from_arrays(series.arrays("production"), "production", 1.0)
    assert copy.next_step == series.next_step
    for name, array in series.arrays("x").items():
        np.testing.assert_array_equal(copy.arrays("x")[name], array)


@pytest.mark.parametrize("values", [(np.nan, 1.5, 1.0, 9.0), (-6.0, 1.5, 1.0, np.inf), (-6.0, 18.0, 12.0, 9.0)])
def test_nan_and_explosions_are_seen(values):
    engine = RampEngine()
    engine.thermo = lambda: Thermo(*values)  # type: ignore[method-assign]
    with pytest.raises(SimulationFailed, match="at step 0") as caught:
        ThermoSeries(16, 1.0).record(engine)  # type: ignore[arg-type]
    assert caught.value.reason == "diverged"


def test_the_error_of_a_correlated_series_is_that_of_its_independent_samples():
    random = np.random.default_rng(2)
    errors = []
    for _ in range(200):
        independent = random.standard_normal(160)
        errors.append(mean_and_error(np.repeat(independent, 10))[1])
    # 1/√160 on average; an estimate from 16 blocks scatters by 18 %, 200 of them by 1.3 %
    assert np.mean(np.square(errors)) == pytest.approx(1 / 160, rel=0.1)
    assert np.isnan(mean_and_error(np.ones(31))[1])


def test_the_bath_s_noise_cancels_in_the_energy_at_a_temperature():
    random = np.random.default_rng(3)
    bath = np.cumsum(random.standard_normal(2000)) * 0.001  # slow heating and cooling by the thermostat
    flicker = 0.02 * random.standard_normal(2000)
    temperature = 1.0 + bath + flicker
    energy = -4.5 + HEAT_CAPACITY * bath
    mean, error = energy_at_temperature(energy, temperature, 1.0)
    assert abs(mean + 4.5) < 5 * error
    assert error < 0.1 * np.std(energy)
    assert abs(np.mean(energy) + 4.5) > 5 * error  # the plain mean misses


def test_drift_is_the_slope_times_the_length_whatever_the_noise():
    steps = np.arange(0, 100_000, 100)
    noise = 1e-4 * np.random.default_rng(0).standard_normal(len(steps))
    drift, largest = energy_drift(steps, -4.5 + 3e-9 * steps + noise)
    # the slope of a line through 1000 values of scatter 1e-4: √12 1e-4 / √1000 over the whole length
    assert drift == pytest.approx(3e-4, abs=5 * np.sqrt(12) * 1e-4 / np.sqrt(1000))
    assert 3e-4 < largest < 1e-3


def test_drift_does_not_depend_on_the_step_at_which_a_run_begins():
    steps = np.arange(0, 1000, 10)
    energy = -4.5 + 1e-6 * steps.astype(np.float64)
    assert energy_drift(steps + 5000, energy) == pytest.approx(energy_drift(steps, energy), rel=1e-9)


def test_the_temperature_counts_the_three_conserved_momenta():
    """3/2 a particle for two particles: K = 3 = (3/2) T with 3N − 3 = 3 degrees of freedom."""
    np.testing.assert_allclose(sampled(100).temperature(2), 2.0, rtol=1e-15)


def test_the_error_of_two_values_a_block_is_that_of_a_sample():
    """Sixteen blocks of 0 and 1 in turn: variance 1/4 · 16/15 of one, error √(4/15)/4."""
    assert mean_and_error(np.repeat([0.0, 1.0] * 8, 2)) == pytest.approx((0.5, np.sqrt(4 / 15) / 4), rel=1e-12)


def test_the_largest_deviation_is_from_where_the_run_began():
    assert energy_drift(np.arange(4), np.array([0.0, 1.0, -3.0, 1.0]))[1] == pytest.approx(3.0)

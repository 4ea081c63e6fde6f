"""The running estimate of the relaxation time, on motions whose relaxation time is known."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.simulation.particles.particles import Particles
from glassdask.simulation.run.relaxation_monitor import WAVENUMBER, RelaxationMonitor, self_correlation


class BrownianEngine:
    """Free Brownian particles: F_s(k, t) = exp(−k² D t) exactly, so F_s = 1/e at t = 1 / (k² D)."""

    def __init__(self, relaxation_steps: float, n: int = 4000, seed: int = 0):
        self.step = 0
        self._width = np.sqrt(2.0 / (WAVENUMBER**2 * relaxation_steps))
        self._positions = np.zeros((n, 3))
        self._random = np.random.default_rng(seed)

    def run_to(self, step: int) -> None:
        width = self._width * np.sqrt(step - self.step)
        self._positions = self._positions + width * self._random.standard_normal(self._positions.shape)
        self.step = step

    def snapshot(self) -> Particles:
        n = len(self._positions)
        return Particles(self._positions, np.zeros((n, 3)), np.zeros((n, 3), int), np.zeros(n, int), 10.0, self.step)


def watch(monitor: RelaxationMonitor, engine: BrownianEngine, end: int) -> None:
    while monitor.next_step <= end:
        engine.run_to(monitor.next_step)
        monitor.record(engine)  # type: ignore[arg-type]
    engine.run_to(end)


def test_gaussian_displacements_give_the_gaussian_correlation():
    displacements = 0.1 * np.random.default_rng(0).standard_normal((100_000, 3))
    # the mean of 1e5 values of scatter 0.2
    assert self_correlation(displacements) == pytest.approx(np.exp(-0.5 * (WAVENUMBER * 0.1) ** 2), abs=0.003)


def test_a_decay_that_has_been_seen_is_measured():
    monitor, engine = RelaxationMonitor(2), BrownianEngine(1000.0)
    watch(monitor, engine, 1600)
    steps, is_bound = monitor.estimate(engine.step)
    assert not is_bound
    assert steps == pytest.approx(1000.0, rel=0.08)  # 4000 particles: 0.01 in F_s; a chord over 15 % in time


def test_before_the_decay_the_age_is_a_lower_bound():
    monitor, engine = RelaxationMonitor(1), BrownianEngine(100_000.0)
    watch(monitor, engine, 3000)
    assert monitor.estimate(engine.step) == (3000.0, True)


def test_a_system_that_slows_down_is_followed():
    monitor, engine = RelaxationMonitor(1), BrownianEngine(500.0)
    watch(monitor, engine, 1200)
    engine._width /= np.sqrt(20.0)
    watch(monitor, engine, 8000)
    steps, is_bound = monitor.estimate(engine.step)
    assert is_bound
    assert steps > 4000


def test_looking_costs_only_a_logarithm_of_snapshots():
    monitor, engine = RelaxationMonitor(1), BrownianEngine(300.0, n=200)
    looks = 0
    while monitor.next_step <= 10_000_000:
        engine.run_to(monitor.next_step)
        monitor.record(engine)  # type: ignore[arg-type]
        looks += 1
    assert looks < 1000


def test_a_checkpoint_keeps_everything():
    for end in (3, 400, 1600):
        monitor, engine = RelaxationMonitor(2), BrownianEngine(1000.0)
        watch(monitor, engine, end)
        copy = RelaxationMonitor.from_arrays(monitor.arrays("m"), "m")
        assert copy.next_step == monitor.next_step
        assert copy.estimate(end) == monitor.estimate(end)
        copy_engine = BrownianEngine(1000.0)
        copy_engine.__dict__ |= engine.__dict__ | {"_random": np.random.default_rng(9)}
        engine._random = np.random.default_rng(9)
        watch(monitor, engine, 5000)
        watch(copy, copy_engine, 5000)
        assert copy.estimate(5000) == monitor.estimate(5000)

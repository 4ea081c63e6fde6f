"""The beginning of F tells atoms from colloids, by closed forms, with and without noise; what contradicts it is said."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.fits.refinement.memory_fit import accurate_solution
from glassdask.fits.target.short_times import ShortTimes, note_on_dynamics, short_times
from glassdask.fits.target.target import Target
from glassdask.physics.memory.dynamics import Dynamics
from glassdask.physics.memory.memory_kernels import StretchedMemory
from tests.exact_memories import exact_scattering

T = np.geomspace(0.01, 100.0, 80)


def beginning(A: float, tau: float, Omega: float, dynamics: Dynamics, noise: float = 0.0, seed: int = 1) -> ShortTimes:
    F = exact_scattering(T, A, tau, Omega, dynamics)
    error = np.full(T.size, noise) if noise else None
    found = short_times(Target(T, F + noise * np.random.default_rng(seed).standard_normal(T.size), error))
    assert found is not None
    return found


@pytest.mark.parametrize(("A", "tau", "Omega"), [(60.0, 0.3, 20.0), (100.0, 0.1, 20.0), (8.0, 1.0, 1.0)])
def test_atoms_begin_ballistically(A, tau, Omega) -> None:
    """2 less what the memory has done until 1 − F is seen: 0.01 without noise, a quarter where 10⁻³ hides the first times."""
    found = beginning(A, tau, Omega, "newtonian")
    assert found.slope == pytest.approx(2.0, abs=0.03)
    for noisy in (beginning(A, tau, Omega, "newtonian", 1e-3, seed) for seed in range(5)):
        assert noisy.is_ballistic
        assert noisy.is_above_1


@pytest.mark.parametrize(("A", "tau", "Omega"), [(3.0, 2.0, 1.0), (10.0, 5.0, 2.0)])
def test_colloids_begin_linearly(A, tau, Omega) -> None:
    """1 less what the memory has done until 1 − F is seen: 0.04 and, where it is five times Ω, 0.11."""
    assert beginning(A, tau, Omega, "overdamped").slope == pytest.approx(0.94, abs=0.06)
    for noisy in (beginning(A, tau, Omega, "overdamped", 1e-3, seed) for seed in range(5)):
        assert not noisy.is_above_1
        assert not noisy.is_ballistic
        assert not noisy.is_below_1


def test_a_stretched_exponential_has_no_beginning() -> None:
    """1 − exp(−(t/5)^0.6) goes as t^0.6, at any time."""
    found = short_times(Target(T, np.exp(-((T / 5.0) ** 0.6))))
    assert found is not None
    assert found.slope == pytest.approx(0.6, abs=0.02)
    assert found.is_below_1


@pytest.mark.parametrize("seed", range(10))
def test_a_beginning_that_noise_hides_speaks_for_no_other_dynamics(seed) -> None:
    """Of atoms in a cage 1 − F rises to 0.04 within the noise, and what is seen is the cage: that is not overdamped."""
    t, noise = np.geomspace(0.03, 1000.0, 40), 2e-3
    memory = StretchedMemory.from_invariants(0.0, [40.0, 20.0], [0.3, 30.0], [1.8, 0.7])
    F = accurate_solution(memory, 1.0, t, "newtonian")[0] + noise * np.random.default_rng(seed).standard_normal(t.size)
    for error in (None, np.full(t.size, noise)):
        assert note_on_dynamics(short_times(Target(t, F, error)), "newtonian") == []


def test_a_beginning_that_is_not_in_the_data_is_none() -> None:
    """F has fallen to half at the first time; or all the data are one value."""
    assert short_times(Target(T, 0.5 * np.exp(-T))) is None
    assert short_times(Target(T, np.ones(T.size))) is None


@pytest.mark.parametrize(
    ("slope", "dynamics", "words"),
    [
        (1.95, "overdamped", "give --dynamics newtonian"),
        (1.35, "overdamped", "try --dynamics newtonian"),
        (0.6, "overdamped", "begins before its first time"),
        (1.0, "newtonian", "give --dynamics overdamped"),
        (0.6, "newtonian", "give --dynamics overdamped"),
        (0.97, "overdamped", None),
        (1.9, "newtonian", None),
        (1.4, "newtonian", None),  # ballistic motion, slowed down by the memory before it is seen
    ],
)
def test_a_beginning_that_contradicts_the_dynamics_is_said(slope, dynamics: Dynamics, words) -> None:
    notes = note_on_dynamics(ShortTimes(slope, 0.01, 0.01, 0.04), dynamics)
    assert (notes == []) == (words is None)
    for note in notes:
        assert words in note
        assert f"d ln(1-F)/d ln t is {slope:.2f} ± 0.01 from t = 0.01 to 0.04 (overdamped 1, ballistic 2)" in note


def test_an_error_of_the_slope_is_doubt() -> None:
    """1.3 ± 0.1 contradicts nothing, nor does 0.6 ± 0.1."""
    assert note_on_dynamics(ShortTimes(1.3, 0.1, 0.01, 0.04), "overdamped") == []
    assert note_on_dynamics(ShortTimes(0.6, 0.1, 0.01, 0.04), "overdamped") == []
    assert note_on_dynamics(None, "overdamped") == []

"""An accurate solution is as good as it says, of memories that decay and of memories that vibrate, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.physics.memory.accurate_candidates import AccurateSolver, ExtrapolatedSolver
from glassdask.physics.memory.dynamics import Dynamics
from glassdask.physics.memory.memory_candidates import CandidateSolver
from tests.exact_memories import exact_scattering

T = np.geomspace(0.01, 100.0, 80)


def row_of(A: float, tau: float, Omega: float) -> np.ndarray:
    return np.array([[Omega, 0.0, A, tau, 1.0]])


@pytest.mark.parametrize(
    ("A", "tau", "Omega", "dynamics"),
    [
        (3.0, 2.0, 1.0, "overdamped"),
        (10.0, 5.0, 2.0, "overdamped"),
        (100.0, 0.1, 20.0, "newtonian"),
        (8.0, 1.0, 1.0, "newtonian"),
        (60.0, 0.3, 20.0, "newtonian"),
    ],
)
def test_the_error_is_within_its_estimate_and_the_tolerance(A, tau, Omega, dynamics: Dynamics) -> None:
    """Measured: a half of the estimate where F vibrates, a third where it decays. The largest counts: the sign that the
    scheme gives the error is one thing, its size at each single time another."""
    exact = exact_scattering(T, A, tau, Omega, dynamics)
    for tolerance in (1e-4, 5e-6):
        found = AccurateSolver(T, dynamics, tolerance).solution(row_of(A, tau, Omega))
        assert np.abs(found.F - exact).max() <= found.largest_error <= tolerance


def test_what_vibrates_takes_more_steps_and_is_right_where_128_are_not() -> None:
    """Newtonian, Ω = 20, M = 60 e^(−t/0.3): a fixed N = 128 is off by 6e-4."""
    exact = exact_scattering(T, 60.0, 0.3, 20.0, "newtonian")
    fixed = CandidateSolver(T, "newtonian", 128, 0.005).solve(row_of(60.0, 0.3, 20.0))[0]
    assert np.abs(fixed - exact).max() > 5e-4
    found = AccurateSolver(T, "newtonian", 5e-6).solution(row_of(60.0, 0.3, 20.0))
    assert np.abs(found.F - exact).max() < 5e-6
    assert found.n_half > 128


def test_a_solution_nearby_says_where_to_begin() -> None:
    """The same N, the same F, without the coarser ones before."""
    solver = AccurateSolver(T, "newtonian", 5e-6)
    first = solver.solution(row_of(60.0, 0.3, 20.0))
    again = solver.solution(row_of(60.0, 0.3, 20.0), near=first)
    assert again.n_half == first.n_half
    np.testing.assert_array_equal(again.F, first.F)


def test_a_memory_that_no_step_follows_says_so() -> None:
    """Forty periods, damping Aτ/2 = 0.015."""
    t = np.geomspace(0.01, 250.0, 40)
    found = AccurateSolver(t, "newtonian", 5e-6).solution(row_of(0.3, 0.1, 1.0))
    assert found.largest_error > 1e-3


def test_extrapolation_is_of_fourth_order_s_size_and_a_correction_is_added() -> None:
    """Of M = 3 e^(−t/2) N = 128 leaves 1e-6, extrapolated with N = 64 2e-8."""
    exact = exact_scattering(T, 3.0, 2.0, 1.0, "overdamped")
    solver = ExtrapolatedSolver(T, "overdamped")
    F = solver.solve(row_of(3.0, 2.0, 1.0))[0]
    assert np.abs(F - exact).max() < 1e-7
    mended = solver.corrected(exact - F).solve(row_of(3.0, 2.0, 1.0))[0]
    np.testing.assert_allclose(mended, exact, rtol=0, atol=1e-15)

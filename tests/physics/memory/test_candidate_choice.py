"""Each batch goes where it was measured to be quicker; the measurements are real, on solvers that differ in speed."""

from __future__ import annotations

import time

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from glassdask.physics.memory.candidate_choice import QuickerSolver, Speed, measured_speed
from glassdask.physics.memory.memory_candidates import CandidateSolver, with_modes

TIMES = np.geomspace(0.01, 100.0, 30)
ROWS = np.array([[1.0, 0.0, 2.0, 1.0, 0.3, 5.0, 0.9, 0.7], [1.0, 0.1, 1.0, 3.0, 0.1, 20.0, 1.0, 0.6]])


class Far(CandidateSolver):
    """A solver with a way to it, as a device has: a time for each batch."""

    def solve(self, candidates: ArrayLike, least_rates: ArrayLike = 0.0) -> NDArray[np.float64]:
        time.sleep(0.02)
        return super().solve(candidates, least_rates)


def test_a_far_but_quick_solver_is_for_large_batches() -> None:
    """The near one takes N = 128 steps a half block, the far one 16: some 60 times less for each candidate."""
    chosen = QuickerSolver(CandidateSolver(TIMES, n_half=128), Far(TIMES, n_half=16))
    assert chosen.break_even == float("inf"), "not yet known"
    near, far = (solver.solve(ROWS) for solver in (chosen.host, chosen.device))
    found = chosen.solve(ROWS)
    np.testing.assert_array_equal(found, near)
    assert not np.array_equal(near, far)
    n = round(chosen.break_even)
    assert 2 < n < 2000
    np.testing.assert_array_equal(chosen.solve(np.resize(ROWS, (n - 1, 8)))[:2], near)
    np.testing.assert_array_equal(chosen.solve(np.resize(ROWS, (n + 2, 8)))[:2], far)


def test_a_device_that_is_never_quicker_is_never_used() -> None:
    chosen = QuickerSolver(CandidateSolver(TIMES, n_half=16), Far(TIMES, n_half=128))
    np.testing.assert_array_equal(chosen.solve(ROWS), chosen.host.solve(ROWS))
    assert chosen.break_even == float("inf")


@pytest.mark.parametrize(
    ("host", "device", "break_even"),
    [
        (Speed(0.0, 1.0), Speed(10.0, 0.0), 10.0),
        (Speed(1.0, 1.0), Speed(10.0, 0.5), 18.0),
        (Speed(1.0, 1.0), Speed(0.5, 0.5), 0.0),
        (Speed(0.0, 1.0), Speed(10.0, 1.0), np.inf),
        (Speed(2.0, 1.0), Speed(1.0, 1.0), 0.0),
    ],
)
def test_break_even_is_where_the_lines_cross(host: Speed, device: Speed, break_even: float) -> None:
    chosen = QuickerSolver(CandidateSolver(TIMES), CandidateSolver(TIMES))
    chosen.speeds = host, device
    assert chosen.break_even == pytest.approx(break_even)
    if np.isfinite(break_even):
        n = int(break_even) + 1
        assert device.seconds(n) < host.seconds(n)


def test_speeds_are_those_of_the_solver() -> None:
    """The way of a quick one; the steps of a slow one, whose batches differ by more than a busy machine's pauses."""
    assert measured_speed(Far(TIMES, n_half=16), ROWS).latency > 0.019
    assert measured_speed(Far(TIMES, n_half=128), ROWS).each > 0


@pytest.mark.parametrize("dynamics", ["overdamped", "newtonian"])
def test_modes_without_amplitude_change_nothing(dynamics) -> None:
    solver = CandidateSolver(TIMES, dynamics)
    np.testing.assert_array_equal(solver.solve(with_modes(ROWS, 4)), solver.solve(ROWS))
    np.testing.assert_array_equal(with_modes(ROWS, 2), ROWS)


@pytest.mark.parametrize("xp", ["numpy", pytest.param("cupy", marks=pytest.mark.gpu)], indirect=True)
def test_a_device_is_chosen_for_a_batch_that_is_worth_it(xp) -> None:
    """On NumPy both sides are one solver; on a GPU the large batch takes the fused kernel and agrees with the core's."""
    chosen = QuickerSolver(CandidateSolver(TIMES), CandidateSolver(TIMES, xp=xp))
    rows = np.resize(ROWS, (8192, 8))
    np.testing.assert_allclose(chosen.solve(rows), chosen.host.solve(rows), atol=1e-10)

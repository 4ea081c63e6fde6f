"""Many candidates in one compiled loop: the numbers of the general solver, of the slow one and of the closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glassdask.errors import InvalidInput
from glassdask.fits.refinement.memory_fit import accurate_solution
from glassdask.physics.compiled import memory_at
from glassdask.physics.memory.dynamics import DYNAMICS
from glassdask.physics.memory.memory_candidates import CandidateSolver, _stencil
from glassdask.physics.memory.memory_equation import GivenMemory, solve_memory_equation
from glassdask.physics.memory.memory_kernels import StretchedMemory
from glassdask.physics.memory.time_doubling import DoublingGrid
from tests.reference.memory_equation import extrapolated as slow_solution

ONE = np.ones((1, 1, 1))
#: Ω, K, A, τ, b
GLASS = StretchedMemory.from_invariants(0.4, [8.0, 2.0], [0.05, 3.0], [0.8, 1.3])


def solved(row, times, dynamics="overdamped", n_half=128, start=0.004) -> np.ndarray:
    """F of one candidate."""
    return CandidateSolver(np.asarray(times, dtype=float), dynamics, n_half, start).solve(row)[0]


def extrapolated(row, times, dynamics="overdamped", n_half=128, start=0.004) -> np.ndarray:
    coarse, fine = (solved(row, times, dynamics, n, start) for n in (n_half, 2 * n_half))
    return (4.0 * fine - coarse) / 3.0


def random_candidates(n: int) -> np.ndarray:
    """Two modes over nine decades of time, half of them liquids, half with a plateau; Ω = 1."""
    rng = np.random.default_rng(7)
    K = np.where(rng.random(n) < 0.5, 0.0, rng.uniform(0.0, 5.0, n))
    A, tau = 10 ** rng.uniform(-1, 2, (n, 2)), 10 ** rng.uniform(-4, 5, (n, 2))
    return np.column_stack([np.ones(n), K, A, tau, rng.uniform(0.3, 1.2, (n, 2))])


# --- other code, the same numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dynamics", DYNAMICS)
@pytest.mark.parametrize("n_half", [4, 6, 16, 32])
def test_same_numbers_as_the_general_solver(dynamics, n_half):
    """On one grid, at its own times, the schemes are the same.

    1e-10: rounding, magnified by second differences of small steps; exp(−u) is a polynomial, good to 1e-13, where u is
    small. n_half / 2 odd and even: the sum over the past ends differently.
    """
    Omega, end, start = 1.5, 20.0, 0.005
    row = GLASS.candidate(Omega)
    fastest = Omega + float(GLASS(0.0))
    first_block = np.sqrt(start / fastest) if dynamics == "newtonian" else start / fastest
    grid = DoublingGrid.reaching(n_half, first_block / (2 * n_half), end)
    general = solve_memory_equation(
        GivenMemory(GLASS(grid.times)[:, None, None, None]), Omega * ONE, ONE, grid, dynamics
    )
    assert general.has_converged
    assert_allclose(solved(row, grid.times, dynamics, n_half, start), general.F[:, 0, 0, 0], rtol=0, atol=1e-10)


@pytest.mark.parametrize("dynamics", DYNAMICS)
def test_agrees_with_the_slow_solver(dynamics):
    """Uniform steps and nothing forgotten, extrapolated at h = 0.03: b = 1 and 2, where M is smooth. 5e-6: 2e-6 is found."""
    memory = StretchedMemory.from_invariants(0.3, [2.0, 1.0], [0.7, 1.5], [1.0, 2.0])
    slow = slow_solution(
        lambda t, F: np.full((1, 1), memory(t)),  # noqa: ARG005
        np.array([[1.5]]),
        np.eye(1),
        3.0 / 96,
        96,
        dynamics,
    )
    times = np.linspace(0.0, 3.0, 97)
    assert_allclose(extrapolated(memory.candidate(1.5), times, dynamics), slow[:, 0, 0], rtol=0, atol=5e-6)


@pytest.mark.parametrize("dynamics", DYNAMICS)
@pytest.mark.parametrize("n_exp", [1, 3, 4])
def test_any_number_of_modes_between_the_times_of_the_grid(dynamics, n_exp):
    """Against cubic splines through the general solver's F on a grid of its own, both extrapolated.

    5e-6 where nothing oscillates; Newtonian F does, with steps at the end of a tenth of the period: 6e-5 is found.
    """
    memory = StretchedMemory.from_invariants(
        0.2, 20.0 / (1.0 + np.arange(n_exp)), 0.2 * 10.0 ** np.arange(n_exp), 0.6 + 0.2 * np.arange(n_exp)
    )
    grid = DoublingGrid.reaching(64, 1e-5, 100.0)
    F = []
    for g in (grid, grid.halved()):
        M = GivenMemory(memory(g.times)[:, None, None, None])
        F.append(solve_memory_equation(M, ONE, ONE, g, dynamics).F[:, 0, 0, 0])
    times = np.geomspace(1e-3, 100.0, 37)
    tolerance = 5e-6 if dynamics == "overdamped" else 2e-4
    general = grid.interpolated((4.0 * F[1][grid.places_in_halved()] - F[0]) / 3.0, times)
    assert_allclose(extrapolated(memory.candidate(1.0), times, dynamics, 256), general, rtol=0, atol=tolerance)


# --- closed forms ---------------------------------------------------------------------------------------------------


def test_memory_of_one_exponential_has_a_closed_form():
    """M = e^{−t}, Ω = 1: two exponentials (docs/equations.md); extrapolated at N = 128, 1e-7 of N⁻⁴."""
    t, root = np.concatenate([[0.0], np.geomspace(1e-3, 30.0, 50)]), np.sqrt(5.0)
    fast, slow = (-3.0 - root) / 2.0, (-3.0 + root) / 2.0
    exact = ((1.0 + root) * np.exp(slow * t) + (root - 1.0) * np.exp(fast * t)) / (2.0 * root)
    assert_allclose(extrapolated([1.0, 0.0, 1.0, 1.0, 1.0], t), exact, rtol=0, atol=1e-7)


@pytest.mark.parametrize("Omega", [1.0, 30.0])
def test_no_modes_and_no_plateau_is_an_exponential_or_a_cosine(Omega):
    """Two columns are a candidate too. 5e-6: the end of a period is followed with steps of a hundredth of it."""
    t = np.linspace(0.0, 3.0, 20) / Omega
    assert_allclose(extrapolated([Omega, 0.0], t), np.exp(-Omega * t), rtol=0, atol=1e-7)
    t = np.linspace(0.0, 2 * np.pi, 20) / np.sqrt(Omega)
    assert_allclose(extrapolated([Omega, 0.0], t, "newtonian"), np.cos(np.sqrt(Omega) * t), rtol=0, atol=5e-6)


@pytest.mark.parametrize("K", [0.5, 2.0, 10.0])
def test_constant_memory_is_a_glass(K):
    """F = (K + Ω e^{−(Ω+K)t}) / (Ω + K): the arrested part K/(Ω+K) stays, ten decades later too."""
    t = np.concatenate([np.linspace(0.0, 5.0, 20), [1e3, 1e10]])
    exact = (K + np.exp(-(1.0 + K) * t)) / (1.0 + K)
    assert_allclose(extrapolated([1.0, K], t), exact, rtol=0, atol=1e-6)
    assert solved([1.0, K], t)[-1] == pytest.approx(K / (1.0 + K), abs=1e-9)


@pytest.mark.parametrize("dynamics", DYNAMICS)
def test_times_that_end_within_the_first_block(dynamics):
    """1 − Ω t + Ω(Ω + M)t²/2 (or t², t⁴): nothing is left to be solved, and the next order is (Ω + M)³t³/6 = 2e-10."""
    t = np.linspace(0.0, 1e-4, 5)
    exact = 1.0 - t + 0.5 * t**2 * 11.0 if dynamics == "overdamped" else 1.0 - t**2 / 2
    assert_allclose(solved([1.0, 0.0, 10.0, 1.0, 1.0], t, dynamics), exact, rtol=0, atol=1e-9)


# --- accuracy -------------------------------------------------------------------------------------------------------


def test_error_falls_as_the_inverse_square_of_N():
    """Four between N = 32, 64 and 128, over 14 decades and for 16 memories that share a grid; 4.05 and 4.04 are measured."""
    rows, t = random_candidates(16), np.geomspace(1e-7, 1e7, 71)
    F = {n: CandidateSolver(t, "overdamped", n, 0.004).solve(rows) for n in (32, 64, 128, 256, 512)}
    exact = (4.0 * F[512] - F[256]) / 3.0
    errors = np.array([np.abs(F[n] - exact).max() for n in (32, 64, 128)])
    assert errors[0] < 3e-4
    assert_allclose(errors[:-1] / errors[1:], 4.0, rtol=0.1)


def test_error_of_the_accurate_solution_is_a_millionth():
    """14 decades, the worst of 64 memories: 2e-7 from a solution with twice as many, and ten times shorter, steps.

    The estimate covers the error but for the expansion in the first block, which both N share: 6e-8, 1e-7 allowed.
    """
    rows, t = random_candidates(64), np.geomspace(1e-7, 1e7, 71)
    coarse, fine = (CandidateSolver(t, "overdamped", n, 4e-4).solve(rows) for n in (512, 1024))
    exact = (4.0 * fine - coarse) / 3.0
    for row, F in zip(rows, exact, strict=True):
        memory = StretchedMemory.from_invariants(row[1], row[2:4], row[4:6], row[6:8])
        found, estimate = accurate_solution(memory, 1.0, t, "overdamped")
        assert np.abs(found - F).max() < 1e-6
        assert np.abs(found - F).max() < estimate + 1e-7


def test_exponentials_are_good_to_the_last_bit_but_one_and_nothing_beyond_40():
    """A series and a power of 2 stand for exp(−u); e^−40 = 4e-18. (t/τ)^b grows by the factor given, and is kept."""
    u = np.concatenate([[0.0, 1e-6, 39.999, 40.001, 1e300, np.inf], np.linspace(0.0, 40.0, 100_000)])
    zero, ones, M, powers = np.zeros(u.size), np.ones((1, u.size)), np.empty(u.size), 0.5 * u[None]
    memory_at(zero, ones, powers, 2.0 * ones, M)
    expected = np.where(u < 40.0, np.exp(-u), 0.0)
    assert_allclose(M, expected, rtol=4.5e-16, atol=0)
    assert_allclose(powers[0], u, rtol=0, atol=0)
    memory_at(zero + 0.5, 2.0 * ones, powers, ones, M)
    assert_allclose(M, 0.5 + 2.0 * expected, rtol=4.5e-16, atol=0)


@pytest.mark.parametrize(
    ("time", "places", "weights"),
    [
        (0.105, [9, 10, 11, 12], [-1, 9, 9, -1]),
        (0.005, [0, 1, 2, 3], [5, 15, -5, 1]),
        (0.315, [29, 30, 31, 32], [1, -5, 15, 5]),
    ],
)
def test_half_way_between_two_times_the_weights_of_four_points_are_sixteenths(time, places, weights):
    """Two on either side; at the ends of a block those next to it."""
    found_places, found_weights = _stencil(DoublingGrid(16, 0.01, 3), time)
    assert found_places == places
    assert_allclose(16.0 * np.array(found_weights), weights, rtol=1e-9)


def test_a_weakly_damped_oscillation_is_told_by_its_error():
    """Newtonian, forty periods, damping Aτ/2 = 0.015: steps that double cannot follow it; at Aτ/2 = 1.5 they can."""
    t = np.geomspace(0.01, 250.0, 40)
    weak, strong = (StretchedMemory.from_invariants(0.0, [A], [0.1], [1.0]) for A in (0.3, 30.0))
    assert accurate_solution(weak, 1.0, t, "newtonian")[1] > 1e-3
    assert accurate_solution(strong, 1.0, t, "newtonian")[1] < 1e-5


# --- rows and packs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n_half", "start", "tolerance"), [(32, 0.04, 1e-4), (128, 0.004, 2e-6)])
def test_neighbours_move_a_candidate_by_no_more_than_its_error(n_half, start, tolerance):
    """A faster row in the pack shortens the first block of all: 4e-5 for the search's block, 3e-7 for the report's.

    Either is below the error of N⁻² that the answers have anyway, 7e-5 and 4e-6.
    """
    rows, t = random_candidates(130), np.geomspace(1e-7, 1e7, 71)  # three packs
    solver = CandidateSolver(t, "overdamped", n_half, start)
    together = solver.solve(rows)
    alone = np.vstack([solver.solve(row) for row in rows])
    assert np.isfinite(together).all()
    assert_allclose(together, alone, rtol=0, atol=tolerance)


def test_order_of_rows_is_nothing_to_a_candidate():
    """One pack, sorted by speed: the same loop in another order of its rows."""
    rows, t = random_candidates(40), np.geomspace(1e-3, 1e3, 20)
    solver = CandidateSolver(t)
    order = np.random.default_rng(1).permutation(40)
    assert_allclose(solver.solve(rows[order]), solver.solve(rows)[order], rtol=1e-9, atol=1e-12)


BAD_ROWS = {
    "negative memory": [1.0, 0.0, -50.0, 1.0, 1.0],
    "negative rate": [-1.0, 0.0, 0.5, 1.0, 1.0],
    "NaN": [1.0, np.nan, 1.0, 1.0, 1.0],
    "NaN time": [1.0, 0.0, 1.0, np.nan, 1.0],
    "infinite amplitude": [1.0, 0.0, np.inf, 1.0, 1.0],
    "overflow": [1e308, 0.0, 1e308, 1.0, 1.0],
    "rate of 1e100": [1.0, 0.0, 1e100, 1.0, 1.0],
    "negative time": [1.0, 0.0, 1.0, -1.0, 0.5],
    "no stretch": [1.0, 0.0, 1.0, 1.0, 0.0],
}


@pytest.mark.parametrize("dynamics", DYNAMICS)
@pytest.mark.parametrize("bad", BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_a_row_that_is_no_memory_is_NaN_and_spoils_no_other(dynamics, bad):
    """In the middle of the pack; the others as they are without it, to rounding in another loop length."""
    good = np.array([[1.0, 0.0, A, 1.0, 0.7] for A in (0.3, 20.0, 5.0, 1.0)])
    solver = CandidateSolver(np.geomspace(1e-3, 30.0, 20), dynamics)
    F = solver.solve(np.vstack([good[:2], bad, good[2:]]))
    assert np.isnan(F[2]).all()
    assert_allclose(np.delete(F, 2, axis=0), solver.solve(good), rtol=1e-9, atol=1e-12)


def test_a_row_that_grows_in_the_course_is_NaN_and_spoils_no_other():
    """M begins at 10 and is −50 from t = 0.1 on: F leaves every bound. Others differ by the discretisation they share."""
    good = np.array([[1.0, 0.0, 2.0, 2.0, 1.0, 2.0, 1.0, 1.0], [1.0, 0.5, 2.0, 0.1, 0.1, 2.0, 0.8, 0.8]])
    growing = [1.0, 0.0, 60.0, -50.0, 0.1, 1e3, 1.0, 1.0]
    solver = CandidateSolver(np.geomspace(1e-3, 30.0, 20))
    F = solver.solve(np.vstack([good[:1], growing, good[1:]]))
    assert np.isnan(F[1]).all()
    assert_allclose(F[[0, 2]], solver.solve(good), rtol=0, atol=3e-4)


def test_slow_and_fast_rates_meet_in_one_call():
    """Ω + M(0) from 1e-6 to 1e12: each decays exponentially at its own rate, 3e-3 at N = 32."""
    rates = 10.0 ** np.arange(-6, 13)
    t = np.geomspace(1e-13, 1e7, 60)
    F = CandidateSolver(t).solve(np.column_stack([rates, 0 * rates]))
    assert_allclose(F, np.exp(-rates[:, None] * t), rtol=0, atol=3e-3)


def test_no_rows_are_no_answers():
    assert CandidateSolver(np.array([1.0, 2.0])).solve(np.zeros((0, 5))).shape == (0, 2)


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_columns", [1, 3, 4, 6, 7])
def test_columns_must_make_whole_modes(n_columns):
    with pytest.raises(InvalidInput, match=f"candidates have {n_columns} columns; allowed: 2 \\+ 3 n"):
        CandidateSolver(np.array([1.0, 2.0])).solve(np.ones((3, n_columns)))


@pytest.mark.parametrize(
    "times", [[], [0.0], [-1.0, 1.0], [1.0, 1.0], [2.0, 1.0], [1.0, np.nan], [1.0, np.inf], [[1.0]]]
)
def test_times_must_increase(times):
    with pytest.raises(InvalidInput, match="times must increase from 0 or later and be finite"):
        CandidateSolver(np.array(times))


def test_dynamics_are_named():
    with pytest.raises(InvalidInput, match="dynamics is 'brownian'; allowed: 'newtonian', 'overdamped'"):
        CandidateSolver(np.array([1.0]), "brownian")  # type: ignore[arg-type]


def test_an_odd_number_of_steps_is_refused():
    with pytest.raises(InvalidInput, match="n_half is 5; allowed: an even number"):
        CandidateSolver(np.array([1.0]), n_half=5).solve([1.0, 0.0])


@pytest.mark.parametrize(
    ("xp", "n_rows"), [("strict", 8), pytest.param("cupy", 500, marks=pytest.mark.gpu)], indirect=["xp"]
)
@pytest.mark.parametrize("dynamics", DYNAMICS)
def test_a_gpu_gives_the_same_at_the_times_asked_for(xp, n_rows, dynamics):
    times, rows = np.geomspace(1e-3, 1e4, 60), random_candidates(n_rows)
    host = CandidateSolver(times, dynamics).solve(rows)
    device = CandidateSolver(times, dynamics, xp=xp).solve(rows)
    assert_allclose(device, host, rtol=0, atol=1e-9)

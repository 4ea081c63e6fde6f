"""Fast solver, slow solver and closed form agree; the error falls as N⁻²; what fails is said, row by row."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import expm
from scipy.special import ive

from glassdask.errors import InvalidInput
from glassdask.physics.memory.dynamics import DYNAMICS
from glassdask.physics.memory.memory_equation import GivenMemory, first_step_for, solve_memory_equation
from glassdask.physics.memory.memory_solution import MemorySolution, extrapolate
from glassdask.physics.memory.schematic_models import F12Kernel
from glassdask.physics.memory.time_doubling import DoublingGrid
from tests.reference.memory_equation import extrapolated as slow_solution

ONE = np.ones((1, 1, 1))


def F1_model(grid: DoublingGrid) -> tuple[MemorySolution, np.ndarray]:
    """M = F: solved, and e^{−2t} [I_0(2t) + I_1(2t)], an algebraic decay t^(−1/2)."""
    t = grid.times
    return solve_memory_equation(F12Kernel(v_1=1.0), ONE, ONE, grid), ive(0, 2 * t) + ive(1, 2 * t)


def one_exponential(grid: DoublingGrid) -> tuple[MemorySolution, np.ndarray]:
    """M = e^{−t}: solved, and the sum of two exponentials of docs/equations.md."""
    t, root = grid.times, np.sqrt(5.0)
    fast, slow = (-3.0 - root) / 2.0, (-3.0 + root) / 2.0
    exact = ((1.0 + root) * np.exp(slow * t) + (root - 1.0) * np.exp(fast * t)) / (2.0 * root)
    return solve_memory_equation(given(np.exp(-t)), ONE, ONE, grid), exact


def given(M: np.ndarray) -> GivenMemory:
    """A memory of one species; one row, or rows last."""
    return GivenMemory(M.reshape(len(M), 1, 1, -1))


def extrapolated(kernel_on, Omega, F_0, grid: DoublingGrid, dynamics="overdamped") -> MemorySolution:
    """From a grid and its half; `kernel_on` makes the memory of each."""
    coarse, fine = (solve_memory_equation(kernel_on(g), Omega, F_0, g, dynamics) for g in (grid, grid.halved()))
    return extrapolate(coarse, fine)


def largest_error(solution: MemorySolution, exact: np.ndarray) -> float:
    return float(np.abs(solution.F[:, 0, 0, 0] - exact).max())


def exponential_memory_as_linear_system(t, Omega: float, A: float, tau: float, dynamics: str) -> np.ndarray:
    """F for M = A e^{−t/τ}: G = ∫ M dF obeys dG/dt = A dF/dt − G/τ, so that (F, dF/dt, G) is a matrix exponential.

    By eigenvectors, which scipy's `expm` confirms at a few times.
    """
    if dynamics == "newtonian":
        generator = np.array([[0.0, 1.0, 0.0], [-Omega, 0.0, -1.0], [0.0, A, -1.0 / tau]])
        start = np.array([1.0, 0.0, 0.0])
    else:
        generator = np.array([[-Omega, -1.0], [-A * Omega, -A - 1.0 / tau]])
        start = np.array([1.0, 0.0])
    rates, modes = np.linalg.eig(generator)
    F = ((np.exp(t[:, None] * rates) * np.linalg.solve(modes, start.astype(complex))) @ modes[0]).real
    for time, value in zip(t[::200], F[::200], strict=True):
        assert value == pytest.approx((expm(time * generator) @ start)[0], abs=1e-11)
    return F


# --- closed forms and the order of convergence ----------------------------------------------------------------------


@pytest.mark.parametrize("case", [F1_model, one_exponential])
def test_error_falls_as_the_inverse_square_of_N(case):
    """Four between N, 2N and 4N, less the next order: 5 % at N = 16. Over five decades of time."""
    grids = [DoublingGrid.reaching(16, 0.0025 / 32, 200.0)]
    grids += [grids[0].halved(), grids[0].halved().halved()]
    errors = [largest_error(*case(grid)) for grid in grids]
    assert errors[0] < 2.5e-4
    assert_allclose([errors[0] / errors[1], errors[1] / errors[2]], 4.0, rtol=0.05)


@pytest.mark.parametrize("case", [F1_model, one_exponential])
def test_extrapolation_takes_the_second_order_away(case):
    """At N = 32 the N⁻² errors are 5e-5 and 1e-5; what is left is below 1e-6, and the estimate covers it."""
    grid = DoublingGrid.reaching(32, 0.0025 / 64, 200.0)
    (coarse, exact), (fine, _) = case(grid), case(grid.halved())
    best = extrapolate(coarse, fine)
    assert largest_error(coarse, exact) > 1e-5
    assert largest_error(best, exact) < 1e-6
    assert largest_error(best, exact) < best.error[0] < 2e-5
    assert best.has_converged
    assert best.n_evaluations == coarse.n_evaluations + fine.n_evaluations
    assert best.most_iterations == max(coarse.most_iterations, fine.most_iterations)


def test_algebraic_decay_is_followed_for_ten_decades():
    """F1 to t = 1e6, where F = (π t)^(−1/2): the relative error does not grow with time (N⁻² of order 1e-3 at N = 32)."""
    solution, exact = F1_model(DoublingGrid.reaching(32, 0.0025 / 64, 1e6))
    assert_allclose(solution.F[:, 0, 0, 0], exact, rtol=1e-3)
    assert solution.F[-1, 0, 0, 0] == pytest.approx((np.pi * 1e6) ** -0.5, rel=1e-3)


@pytest.mark.parametrize("dynamics", DYNAMICS)
def test_no_memory_is_an_exponential_or_a_cosine(dynamics):
    """A cosine of one period; extrapolated at N = 64, whose steps at the end are a fiftieth of it: 3e-5."""
    rate = 2.0
    h = first_step_for(rate * ONE, 0 * ONE, 64, dynamics)
    grid = DoublingGrid.reaching(64, h, 2 * np.pi / np.sqrt(rate))
    best = extrapolated(lambda g: given(0 * g.times), rate * ONE, ONE, grid, dynamics)
    exact = np.exp(-rate * grid.times) if dynamics == "overdamped" else np.cos(np.sqrt(rate) * grid.times)
    assert largest_error(best, exact) < 5e-5


@pytest.mark.parametrize("C", [0.5, 2.0, 10.0])
def test_constant_memory_is_an_oscillation_about_the_arrested_part(C):
    """Newtonian: F = [C + Ω cos(√(Ω + C) t)] / (Ω + C), one period at N = 64: 2e-5 or less is measured, 5e-5 asked."""
    Omega = 1.0
    grid = DoublingGrid.reaching(64, first_step_for(ONE, C * ONE, 64, "newtonian"), 2 * np.pi / np.sqrt(Omega + C))
    exact = (C + Omega * np.cos(np.sqrt(Omega + C) * grid.times)) / (Omega + C)
    best = extrapolated(lambda g: given(np.full(g.times.size, C)), Omega * ONE, ONE, grid, "newtonian")
    assert largest_error(best, exact) < 5e-5


@pytest.mark.parametrize("C", [0.5, 2.0, 10.0])
def test_constant_memory_leaves_the_arrested_part(C):
    """Overdamped: F → C / (Ω + C), the glass of a frozen surrounding; at the end e^{−(Ω+C)t} is below 1e-13."""
    grid = DoublingGrid.reaching(32, first_step_for(ONE, C * ONE, 32), 20.0)
    solution = solve_memory_equation(given(np.full(grid.times.size, C)), ONE, ONE, grid)
    assert solution.F[-1, 0, 0, 0] == pytest.approx(C / (1.0 + C), abs=1e-9)


@pytest.mark.parametrize(
    ("dynamics", "Omega", "A", "tau", "tolerance"),
    [
        ("overdamped", 1.0, 5.0, 0.1, 2e-6),
        ("overdamped", 0.2, 30.0, 10.0, 2e-6),
        ("newtonian", 1.0, 20.0, 0.2, 2e-6),
        ("newtonian", 1.0, 5.0, 0.1, 2e-4),  # two damped periods
    ],
)
def test_memory_of_one_exponential_is_a_linear_system(dynamics, Omega, A, tau, tolerance):
    """Extrapolated at N = 64: 4e-7 where nothing oscillates, 8e-5 where it does (the steps at the end are 0.3 long)."""
    grid = DoublingGrid.reaching(64, first_step_for(Omega * ONE, A * ONE, 64, dynamics), 30.0)
    best = extrapolated(lambda g: given(A * np.exp(-g.times / tau)), Omega * ONE, ONE, grid, dynamics)
    exact = exponential_memory_as_linear_system(grid.times, Omega, A, tau, dynamics)
    assert largest_error(best, exact) < tolerance
    assert largest_error(best, exact) < best.error[0]


@pytest.mark.parametrize("dynamics", DYNAMICS)
def test_first_block_is_good_to_what_its_step_promises(dynamics):
    """2e-8 of F_0 at its end, where the memory is one exponential that does not decay within it."""
    Omega, A, tau = 3.0, 40.0, 10.0
    h = first_step_for(Omega * ONE, A * ONE, 16, dynamics)
    grid = DoublingGrid(16, h, 0)
    solution = solve_memory_equation(given(A * np.exp(-grid.times / tau)), Omega * ONE, ONE, grid, dynamics)
    assert largest_error(solution, exponential_memory_as_linear_system(grid.times, Omega, A, tau, dynamics)) < 2e-8


def test_first_step_suits_the_fastest_row_and_the_sum_over_species():
    """‖Ω + M‖ = 2 + 8 in the second row: 2N h = 0.005 / 10, or (2N h)² = 0.01 / 10."""
    Omega = np.stack([np.eye(2), np.array([[2.0, 0.0], [0.0, 1.0]])], axis=2)
    M_0 = np.stack([np.zeros((2, 2)), np.array([[0.0, -8.0], [0.0, 0.0]])], axis=2)
    assert first_step_for(Omega, M_0, 16) == pytest.approx(0.0005 / 32)
    assert first_step_for(Omega, M_0, 16, "newtonian") == pytest.approx(np.sqrt(0.001) / 32)


# --- matrices, against the slow solver ------------------------------------------------------------------------------

OMEGA_2 = np.array([[1.5, -0.4], [-0.2, 0.8]])
S_2 = np.array([[1.2, 0.3], [0.3, 0.9]])


def given_matrix(t, F=None):  # noqa: ARG001
    """Not symmetric, and with three different times: products in the wrong order give another F."""
    return np.array([[2.0 * np.exp(-t), 0.9 * np.exp(-t / 3.0)], [-0.3 * np.exp(-t), 1.0 / (1.0 + t)]])


def matrix_functional(t, F):  # noqa: ARG001
    """A quadratic functional of F that is neither symmetric nor diagonal."""
    return np.array([[1.5 * F[0, 0] ** 2, 0.5 * F[0, 0] * F[0, 1]], [0.2 * F[1, 1], 1.1 * F[1, 1] ** 2]])


class MatrixKernel:
    """`matrix_functional` in every row."""

    is_given = False

    def fill(self, place, F, M):  # noqa: ARG002
        for r in range(F.shape[2]):
            M[..., r] = matrix_functional(0.0, F[..., r])


@pytest.mark.parametrize("dynamics", DYNAMICS)
@pytest.mark.parametrize("is_given", [True, False])
def test_two_species_agree_with_the_slow_solver(dynamics, is_given):
    """Up to t = 3; the slow solver's step of 0.03 is extrapolated: 1e-7. N = 64 extrapolated: 1e-6 (Newtonian 3e-6)."""
    h = first_step_for(OMEGA_2[..., None], given_matrix(0.0)[..., None], 64, dynamics)
    grid = DoublingGrid.reaching(64, h, 3.0)

    def kernel_on(g):
        return GivenMemory(np.array([given_matrix(t) for t in g.times])[..., None]) if is_given else MatrixKernel()

    best = extrapolated(kernel_on, OMEGA_2[..., None], S_2[..., None], grid, dynamics)
    memory = given_matrix if is_given else matrix_functional
    slow = slow_solution(memory, OMEGA_2, S_2, 3.0 / 96, 96, dynamics)
    shared = [int(np.flatnonzero(np.isclose(grid.times, t))[0]) for t in (0.75, 1.5, 2.25, 3.0)]
    assert_allclose(best.F[shared, ..., 0], slow[24::24], rtol=0, atol=5e-6)
    assert best.F[-1, 0, 1, 0] != pytest.approx(best.F[-1, 1, 0, 0], abs=1e-3)  # F need not be symmetric


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_matrix_that_is_not_finite_is_diverged(bad):
    """The inverse of a matrix with NaN raises nothing either."""
    grid = DoublingGrid.reaching(16, 1e-4, 3.0)
    M = np.array([given_matrix(t) for t in grid.times])[..., None] * np.array([1.0, bad])
    Omega, S = (np.repeat(matrix[..., None], 2, axis=2) for matrix in (OMEGA_2, S_2))
    solution = solve_memory_equation(GivenMemory(M), Omega, S, grid)
    assert solution.outcome.tolist() == ["converged", "diverged"]
    assert np.all(np.isfinite(solution.F[..., 0]))


def test_species_may_be_mixed_by_any_matrix():
    """F → T F T⁻¹, Ω and M alike, is the same equation: 1e-12, rounding of matrices of condition number 10."""
    T = np.array([[1.0, 0.4, 0.0], [-0.3, 1.2, 0.5], [0.2, 0.0, 0.8]])
    Omega, M_0 = np.diag([1.0, 2.0, 0.5]), np.diag([3.0, 1.0, 8.0])
    grid = DoublingGrid.reaching(16, 1e-5, 10.0)
    decay = np.exp(-grid.times)[:, None, None, None]

    def solved(Omega, M_0):
        M = GivenMemory(decay * M_0[..., None])
        return solve_memory_equation(M, Omega[..., None], np.eye(3)[..., None], grid).F[..., 0]

    back = np.linalg.inv(T)
    plain, mixed = solved(Omega, M_0), solved(T @ Omega @ back, T @ M_0 @ back)
    assert_allclose(mixed, T @ plain @ back, rtol=0, atol=1e-12)
    assert_allclose(plain[:, 0, 1], 0.0, rtol=0, atol=1e-15)


# --- rows, and what goes wrong in them ------------------------------------------------------------------------------


def grid_of_rows(dynamics) -> DoublingGrid:
    return DoublingGrid.reaching(16, first_step_for(ONE, 50 * ONE, 16, dynamics), 10.0)


@pytest.mark.parametrize("dynamics", DYNAMICS)
@pytest.mark.parametrize("bad", [-50.0, np.nan, np.inf, 1e308])
def test_a_diverging_row_is_named_and_leaves_the_others_alone(dynamics, bad):
    """NaN from there to the end in that row; the rest is as if it were not there, to rounding in another loop length.

    Negative memory makes F grow, and numbers that overflow are no better.
    """
    grid = grid_of_rows(dynamics)
    M = np.array([1.0, bad, 0.3, 20.0, 5.0]) * np.exp(-grid.times)[:, None]
    five = np.ones((1, 1, 5))
    together = solve_memory_equation(given(M), five, five, grid, dynamics)
    good = [0, 2, 3, 4]
    assert together.outcome[good].tolist() == ["converged"] * 4
    for r in good:
        alone = solve_memory_equation(given(M[:, r].copy()), ONE, ONE, grid, dynamics)
        assert_allclose(together.F[..., r], alone.F[..., 0], rtol=1e-12, atol=1e-14)
    assert together.outcome[1] == "diverged"
    assert not together.has_converged
    F = together.F[:, 0, 0, 1]
    lost = int(np.flatnonzero(np.isnan(F))[0])
    assert np.all(np.isnan(F[lost:]))
    assert np.all(np.isnan(together.M[lost:, 0, 0, 1]))
    assert np.all(np.abs(F[:lost]) <= 1e3)
    if bad == -50.0:
        assert np.abs(F[lost - 1]) > 100.0  # up to there it grew, and that is kept
        alone = solve_memory_equation(given(M[:, 1].copy()), ONE, ONE, grid, dynamics)
        assert alone.outcome.tolist() == ["diverged"]
        assert_allclose(alone.F[:lost, 0, 0, 0], F[:lost], rtol=1e-12)
        assert np.all(np.isnan(alone.F[lost:]))


def test_a_row_is_judged_by_its_own_beginning():
    """The equation is linear: a millionth of F(0) is a millionth of F, and is lost where the other is."""
    grid = DoublingGrid.reaching(16, 1e-5, 0.4)
    F_0 = np.array([[[1.0, 1e-6]]])
    M = given(-50.0 * np.exp(-grid.times)[:, None] * np.ones(2))
    solution = solve_memory_equation(M, np.ones_like(F_0), F_0, grid)
    assert solution.outcome.tolist() == ["diverged", "diverged"]
    assert_allclose(1e6 * solution.F[..., 1], solution.F[..., 0], rtol=1e-9)


@pytest.mark.parametrize("n_half", [4, 6, 10])
def test_divergence_in_the_last_steps_is_seen(n_half):
    """|F| passes 1000 near t = 0.2: whatever the end, "converged" means below 1000."""
    for end in np.linspace(0.1, 0.4, 13):
        grid = DoublingGrid.reaching(n_half, 1e-5, end)
        solution = solve_memory_equation(given(-50.0 * np.exp(-grid.times)), ONE, ONE, grid)
        is_lost = bool(np.isnan(solution.F).any())
        assert (solution.outcome[0] == "diverged") == is_lost
        assert np.nanmax(np.abs(solution.F)) <= 1e3


def test_iterations_that_are_spent_end_the_solution():
    """NaN from the first doubled step on that takes a second iteration, what was found before it kept, and no endless loop."""
    grid = DoublingGrid.reaching(16, 1e-4, 10.0)
    solution = solve_memory_equation(F12Kernel(v_2=3.0), ONE, ONE, grid, most_iterations=1)
    assert solution.outcome.tolist() == ["not_resolved"]
    enough = solve_memory_equation(F12Kernel(v_2=3.0), ONE, ONE, grid)
    is_lost = np.isnan(solution.F[:, 0, 0, 0])
    first = int(np.argmax(is_lost))
    assert 33 <= first < grid.times.size - 1
    assert np.all(is_lost[first:])
    assert_allclose(solution.F[:first], enough.F[:first], rtol=0, atol=1e-15)
    assert enough.has_converged
    assert 1 < enough.most_iterations < 20
    assert np.all(np.isfinite(enough.F))


def test_a_functional_that_explodes_is_diverged():
    """M = −50 F²: negative feedback that grows with what it feeds."""
    grid = grid_of_rows("overdamped")
    solution = solve_memory_equation(F12Kernel(v_2=-50.0), ONE, ONE, grid)
    assert solution.outcome.tolist() == ["diverged"]
    assert np.isnan(solution.F[-1, 0, 0, 0])


def test_tolerance_bounds_the_error_of_the_iteration():
    """A hundred times the tolerance covers the errors of all steps of nine doublings."""
    grid = DoublingGrid.reaching(16, 1e-4, 1.0)
    loose, tight = (
        solve_memory_equation(F12Kernel(v_2=3.9), ONE, ONE, grid, tolerance=tolerance) for tolerance in (1e-6, 1e-13)
    )
    assert loose.n_evaluations < tight.n_evaluations
    assert_allclose(loose.F, tight.F, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("A", "tau", "damping"),
    [(0.0, 0.1, 0.0), (0.3, 0.1, 0.015), (0.3, 10.0, 0.01), (3.0, 10.0, 0.04), (3.0, 0.1, 0.15)],
)
@pytest.mark.parametrize("N", [16, 64])
def test_converged_means_below_the_resolution(A, tau, damping, N):
    """Newtonian, forty free periods: doubling steps cannot follow an oscillation that lives for several of them.

    `damping` is A τ / 2 of a fast memory, A / (2 τ (1 + A)) of a slow one.
    """
    end = 250.0
    grid = DoublingGrid.reaching(N, first_step_for(ONE, A * ONE, N, "newtonian"), end)
    best = extrapolated(lambda g: given(A * np.exp(-g.times / tau)), ONE, ONE, grid, "newtonian")
    exact = exponential_memory_as_linear_system(grid.times, 1.0, A, tau, "newtonian")
    if best.has_converged:
        assert largest_error(best, exact) < 0.01
    else:
        assert best.outcome.tolist() == ["not_resolved"]
    if damping < 0.1:
        assert best.outcome.tolist() == ["not_resolved"]


def test_extrapolation_keeps_what_went_wrong_before():
    """Also where only one of the two solutions failed."""
    grid = DoublingGrid.reaching(16, 1e-4, 10.0)
    kernel = F12Kernel(v_2=3.0)
    good = {g: solve_memory_equation(kernel, ONE, ONE, g) for g in (grid, grid.halved())}
    bad = {g: solve_memory_equation(kernel, ONE, ONE, g, most_iterations=1) for g in (grid, grid.halved())}
    for coarse, fine in ((good[grid], bad[grid.halved()]), (bad[grid], good[grid.halved()])):
        assert extrapolate(coarse, fine).outcome.tolist() == ["not_resolved"]
    assert extrapolate(good[grid], good[grid.halved()]).has_converged


# --- a source -------------------------------------------------------------------------------------------------------


def test_displacement_without_memory_is_free_diffusion():
    """dδ/dt = 6 D from δ = 0 is a straight line, which the scheme follows to rounding."""
    grid = DoublingGrid.reaching(16, 1e-6, 1e6)
    D = np.array([[[0.5, 2.0]]])
    zero = np.zeros_like(D)
    solution = solve_memory_equation(given(np.zeros((grid.times.size, 2))), zero, zero, grid, source=6.0 * D)
    assert solution.has_converged  # though it ends at 1e7: what a source feeds may grow
    assert_allclose(solution.F[:, 0, 0], 6.0 * grid.times[:, None] * D[0, 0], rtol=1e-12)


def test_displacement_without_memory_is_ballistic_in_newtonian_dynamics():
    """d²δ/dt² = 6 v² is a parabola, exact for differences of second order: rounding of 1/h² differences."""
    grid = DoublingGrid.reaching(16, 1e-3, 1e3)
    zero = 0 * ONE
    solution = solve_memory_equation(given(0 * grid.times), zero, zero, grid, "newtonian", source=6.0 * 0.7)
    assert_allclose(solution.F[1:, 0, 0, 0], 3.0 * 0.7 * grid.times[1:] ** 2, rtol=1e-9)


def test_constant_force_against_a_memory_and_a_spring():
    """F' + F + ∫ M dF = s with s = 2 and F(0) = 0 is 2 (1 − F₀₁): the equation is linear. 1e-12: the same steps."""
    grid = DoublingGrid.reaching(16, 1e-4, 10.0)
    M = given(3.0 * np.exp(-grid.times))
    relaxed = solve_memory_equation(M, ONE, ONE, grid)
    driven = solve_memory_equation(M, ONE, 0 * ONE, grid, source=2.0)
    assert_allclose(driven.F, 2.0 * (1.0 - relaxed.F), rtol=0, atol=1e-12)


# --- bad input ------------------------------------------------------------------------------------------------------


def test_bad_input_is_named():
    grid = DoublingGrid(16, 1e-4, 2)
    M = given(0 * grid.times)
    with pytest.raises(InvalidInput, match="dynamics is 'brownian'; allowed: 'newtonian', 'overdamped'"):
        solve_memory_equation(M, ONE, ONE, grid, "brownian")  # type: ignore[arg-type]
    for Omega, F_0 in ((1.0, 1.0), (ONE, np.ones((1, 1, 2))), (np.ones((1, 2, 3)), np.ones((1, 2, 3)))):
        with pytest.raises(InvalidInput, match=r"allowed: \(n, n, n_rows\) for both"):
            solve_memory_equation(M, Omega, F_0, grid)
    solution = solve_memory_equation(M, ONE, ONE, grid)
    with pytest.raises(InvalidInput, match=r"allowed: DoublingGrid\(n_half=32, .*coarse.grid.halved\(\)"):
        extrapolate(solution, solution)
    for rate in (0.0, np.inf, np.nan):
        with pytest.raises(InvalidInput, match="allowed: a finite rate above 0"):
            first_step_for(rate * ONE, 0 * ONE, 16)

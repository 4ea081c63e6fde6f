"""Mode-coupling theory in time: species that are names only, short times, long times, and the limit of small k."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.interpolate import CubicSpline

from glassdask.errors import InvalidInput
from glassdask.physics.memory.dynamics import DYNAMICS
from glassdask.physics.memory.memory_equation import solve_memory_equation
from glassdask.physics.memory.time_doubling import DoublingGrid
from glassdask.physics.mode_coupling.mode_coupling_dynamics import mode_coupling_dynamics
from glassdask.physics.mode_coupling.mode_coupling_kernels import (
    CollectiveKernel,
    TaggedKernel,
    bare_rates,
    displacement_memory,
    tagged_vertices,
)
from glassdask.physics.mode_coupling.nonergodicity import nonergodicity_parameter
from glassdask.physics.motion.curves.relaxation_time import relaxation_time
from glassdask.physics.structure.percus_yevick import percus_yevick
from glassdask.physics.structure.static_structure import StaticStructure
from tests.reference.mode_coupling import collective_memory, tagged_memory

#: Up to k = 20 hard spheres arrest at a packing fraction of 0.5214.
K = (np.arange(50) + 0.5) * 0.4
X = np.array([0.3, 0.7])


def mixture() -> StaticStructure:
    """Two diameters, a liquid."""
    return percus_yevick(K, 0.5, (0.8, 1.0), (0.3, 0.7))


# --- what the kernels are -------------------------------------------------------------------------------------------


def test_kernels_are_the_sums_over_vertices():
    """With density, composition and mobilities: 1e-12 of √(M_aa M_bb), as for the sums themselves."""
    liquid, mu = mixture(), [0.5, 2.0]
    S, c, rho = liquid.structure_factor, liquid.direct_correlation, liquid.density
    F = S * np.exp(-0.1 * K)
    slow = collective_memory(K, F, c, rho, [0.3, 0.7], mu)
    size = np.sqrt(np.einsum("aak,bbk->abk", slow, slow))
    assert np.all(np.abs(CollectiveKernel(liquid, mu)(F) - slow) <= 1e-11 * size)
    F_s = np.exp(-0.01 * np.outer([1.0, 2.0], K**2))
    M_s = np.empty((1, 1, 2 * K.size))
    TaggedKernel(liquid, F[None], mu).fill(0, F_s.reshape(1, 1, -1), M_s)
    assert_allclose(M_s.reshape(2, -1), tagged_memory(K, F_s, F, c, rho, mu), rtol=1e-12)


def test_memory_of_the_displacement_is_that_of_a_tagged_particle_at_small_k():
    """M_s(k → 0) but for the share 1/(2i + 1)² that the grid loses: the next term is of order (k d)², 3 % at k = 0.5."""
    k = (np.arange(200) + 0.5) * 0.1
    liquid, mu = percus_yevick(k, 0.5, (0.8, 1.0), (0.3, 0.7)), [0.5, 2.0]
    F, F_s = liquid.structure_factor[None], np.exp(-0.01 * np.outer([1.0, 2.0], k**2))
    kernel = TaggedKernel(liquid, F, mu)
    M_s = np.empty((1, 1, 2 * k.size))
    kernel.fill(0, F_s.reshape(1, 1, -1), M_s)
    M_0 = displacement_memory(liquid, kernel.W, F_s[None], mu)
    i = np.arange(1, 5)
    expected = np.outer(M_0[0], 1.0 - 1.0 / (2 * i + 1.0) ** 2)
    assert_allclose(M_s.reshape(2, -1)[:, 1:5], expected, rtol=0.03)


def test_bare_rates_let_each_species_start_on_its_own():
    """Ω S = μ_a k² x_a δ_ab."""
    liquid, mu = mixture(), np.array([0.5, 2.0])
    start = np.einsum("abk,bck->ack", bare_rates(liquid, mu), liquid.structure_factor)
    assert_allclose(start, np.diag(mu * X)[:, :, None] * K**2, rtol=1e-10, atol=1e-10)


# --- two identical species are one ----------------------------------------------------------------------------------


def solved_on(grid: DoublingGrid, structure: StaticStructure, dynamics):
    """F_ab(k,t) and F_s(k,t) of one grid of times, from the parts."""
    S, n = structure.structure_factor, structure.n_species
    kernel, Omega = CollectiveKernel(structure), bare_rates(structure, 1.0)
    collective = solve_memory_equation(kernel, Omega, S, grid, dynamics, tolerance=1e-13)
    Omega_s = np.tile(K**2, n)[None, None]
    tagged = solve_memory_equation(
        TaggedKernel(structure, collective.F), Omega_s, np.ones_like(Omega_s), grid, dynamics, tolerance=1e-13
    )
    assert collective.has_converged
    assert tagged.has_converged
    return collective.F, tagged.F.reshape(-1, n, K.size)


@pytest.mark.parametrize("dynamics", DYNAMICS)
def test_two_identical_species_are_one_component(dynamics):
    """F_ab = x_a x_b (F − F_s) + δ_ab x_a F_s at every k and t, near the transition, both decays included.

    On one grid of times the discrete equations have this identity as well; 1e-9 is what iterations that end at 1e-13
    leave after the slow decay, which amplifies.
    """
    grid = DoublingGrid.reaching(16, 1e-7 if dynamics == "overdamped" else 2e-5, 1e3)
    F, F_s = solved_on(grid, percus_yevick(K, 0.51), dynamics)
    F_ab, F_a = solved_on(grid, percus_yevick(K, 0.51, (1.0, 1.0), X), dynamics)
    assert F_s[-1, 0, 16] < 1e-3
    expected = np.outer(X, X)[:, :, None] * (F - F_s[:, None]) + np.diag(X)[:, :, None] * F_s[:, None]
    assert_allclose(F_ab, expected, rtol=0, atol=1e-9)
    assert_allclose(F_a, np.repeat(F_s, 2, axis=1), rtol=0, atol=1e-9)


def test_whole_solutions_of_them_agree_within_their_error_estimates():
    """Each chooses its own grid of times; mobilities of one number or two."""
    one = mode_coupling_dynamics(percus_yevick(K, 0.5), 100.0, is_extrapolated=True)
    two = mode_coupling_dynamics(percus_yevick(K, 0.5, (1.0, 1.0), X), 100.0, mobility=(1.0, 1.0), is_extrapolated=True)
    assert (one.outcome, two.outcome) == ("converged", "converged")
    times = np.geomspace(1e-5, 100.0, 60)
    error = one.error + two.error
    assert error < 2e-4
    S = percus_yevick(K, 0.5).structure_factor.max()
    F, F_ab = (solution.collective.grid.interpolated(solution.F, times) for solution in (one, two))
    assert_allclose(F_ab.sum(axis=(1, 2)), F[:, 0, 0], rtol=0, atol=error * S)
    F_s, F_a = (solution.collective.grid.interpolated(solution.F_s, times) for solution in (one, two))
    assert_allclose(F_a, np.repeat(F_s, 2, axis=1), rtol=0, atol=error)
    delta, delta_a = (s.collective.grid.interpolated(s.mean_squared_displacement, times[-1:]) for s in (one, two))
    assert_allclose(delta_a, np.repeat(delta, 2, axis=1), rtol=error)


# --- short times ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dynamics", DYNAMICS)
def test_particles_start_on_their_own(dynamics):
    """First time: F = S − μ_a k² x_a δ_ab t, F_s = 1 − μ_a k² t, δ = 6 μ_a t; Newtonian with t²/2 for t.

    The next order is ‖Ω + M‖ t / 2 of that, 1e-4 at most at the end of 2N steps of N = 16 divided by 32.
    """
    liquid, mu = mixture(), np.array([0.5, 2.0])
    solution = mode_coupling_dynamics(liquid, 1.0, dynamics, mu, n_half=16)
    assert solution.outcome == "converged"
    assert_allclose(solution.F[0], liquid.structure_factor, rtol=0)
    assert_allclose(solution.F_s[0], 1.0, rtol=0)
    assert_allclose(solution.mean_squared_displacement[0], 0.0, rtol=0)
    grown = solution.t[1] if dynamics == "overdamped" else solution.t[1] ** 2 / 2
    lost = (solution.F[0] - solution.F[1]) / grown / K**2
    assert_allclose(lost, np.diag(mu * X)[:, :, None] * np.ones_like(K), rtol=1e-4, atol=1e-4)
    assert_allclose((1.0 - solution.F_s[1]) / grown / K**2, np.outer(mu, np.ones_like(K)), rtol=2e-4)
    assert_allclose(solution.mean_squared_displacement[1], 6.0 * mu * grown, rtol=2e-4)


@pytest.mark.parametrize(("packing", "is_collective_faster"), [(0.3, False), (0.5, True)])
def test_first_block_is_short_for_collective_and_tagged_particles(packing, is_collective_faster):
    """2N h ‖Ω + M(0)‖ ≤ 0.005 for both, whichever is faster; up to a time that suits the steps of the slower one."""
    liquid = percus_yevick(K, packing)
    start = mode_coupling_dynamics(liquid, 1e-3, n_half=16)
    collective = (bare_rates(liquid, 1.0) + start.M[0]).max()
    tagged = (K**2 + start.M_s[0]).max()
    assert (collective > tagged) == is_collective_faster
    solution = mode_coupling_dynamics(liquid, 2**10 * 0.005 / min(collective, tagged), n_half=16)
    assert solution.t[32] * max(collective, tagged) <= 0.005 * (1.0 + 1e-9)


@pytest.mark.parametrize(("dynamics", "power"), [("overdamped", 1), ("newtonian", 2)])
def test_mobility_is_the_unit_of_time(dynamics, power):
    """Twice the mobility halves the times; in Newtonian dynamics a quarter of the mass does. To the last bits."""
    liquid = mixture()
    slow = mode_coupling_dynamics(liquid, 20.0, dynamics, n_half=16)
    fast = mode_coupling_dynamics(liquid, 10.0, dynamics, 2.0**power, n_half=16)
    assert_allclose(2.0 * fast.t, slow.t, rtol=1e-14)
    for name in ("F", "F_s", "mean_squared_displacement"):
        assert_allclose(getattr(fast, name), getattr(slow, name), rtol=1e-9, atol=1e-14)
    assert_allclose(fast.M, 2.0**power * slow.M, rtol=1e-9, atol=1e-12)
    assert_allclose(fast.M_s, 2.0**power * slow.M_s, rtol=1e-9, atol=1e-12)


# --- the limit of small k -------------------------------------------------------------------------------------------


def test_displacement_is_the_curvature_of_F_s_at_small_k():
    """1 − F_s = k² δ / 6 at k = 0.35 … 0.55, from free to caged to diffusing motion over six decades of time.

    Less (k² δ)²/72 (Gaussian), 1 % where k² δ/6 = 0.02; and 1 / (2i + 1)² that the grid takes from M_s, 2 % at i = 3.
    """
    k = (np.arange(150) + 0.5) * 0.1
    solution = mode_coupling_dynamics(percus_yevick(k, 0.5), 10.0, n_half=16)
    for i in (3, 4, 5):
        expected = k[i] ** 2 * solution.mean_squared_displacement[:, 0] / 6.0
        is_small = (expected < 0.02) & (solution.t > 0)
        ratio = (1.0 - solution.F_s[is_small, 0, i]) / expected[is_small]
        assert np.all(ratio < 1.0 + 1.2 / (2 * i + 1) ** 2)
        assert np.all(ratio > 1.0 - 0.015)
        assert solution.t[is_small][-1] > 0.1  # far beyond the first decay: free motion would be at 1 − F_s ≫ 0.02


@pytest.mark.parametrize("dynamics", DYNAMICS)
def test_diffusion_coefficient_is_the_time_integral_of_the_memory(dynamics):
    """δ'(∞) = 6 μ / (1 + ∫M_0 dt), without the 1 in Newtonian dynamics: 1e-4, as the errors of 1e-4 of δ cancel."""
    mu = 0.7
    solution = mode_coupling_dynamics(percus_yevick(K, 0.4), 200.0, dynamics, mu, is_extrapolated=True)
    t, delta = solution.t, solution.mean_squared_displacement[:, 0]
    friction = float(CubicSpline(t, solution.displacement.M[:, 0, 0, 0]).integrate(0.0, t[-1]))
    slope = (delta[-1] - delta[-9]) / (t[-1] - t[-9])
    assert slope == pytest.approx(6.0 * mu / (friction + (dynamics == "overdamped")), rel=1e-4)


# --- long times -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dynamics", DYNAMICS)
@pytest.mark.parametrize("packing", [0.53, 0.55])
def test_a_glass_stops_at_its_long_time_limit(dynamics, packing):
    """Ten decades later: independent of dynamics, of mobilities and of the steps; 1e-8 for iterations that end at 1e-10.

    The displacement stops at 6 μ / M_0(∞).
    """
    glass = percus_yevick(K, packing, (0.8, 1.0), (0.3, 0.7))
    limit = nonergodicity_parameter(glass)
    assert limit.state == "glass"
    mu = np.array([0.5, 2.0])
    solution = mode_coupling_dynamics(glass, 1e7, dynamics, mu, n_half=16)
    assert solution.outcome == "converged"
    assert_allclose(solution.F[-1], limit.F, rtol=0, atol=1e-8)
    assert_allclose(solution.F_s[-1], limit.F_s, rtol=0, atol=1e-8)
    M_0 = displacement_memory(glass, tagged_vertices(glass, limit.F[None]), limit.F_s[None], mu)[0]
    assert_allclose(solution.mean_squared_displacement[-1], 6.0 * mu / M_0, rtol=1e-6)


def test_liquid_forgets():
    """D k² t is 90 at k = 0.6, and without memory 4000 at k = 0.2."""
    solution = mode_coupling_dynamics(percus_yevick(K, 0.51), 1e5, n_half=16)
    assert np.abs(solution.F[-1]).max() < 1e-8
    assert np.abs(solution.F_s[-1]).max() < 1e-8


def test_relaxation_time_of_sixteen_steps_is_good_to_three_parts_in_a_thousand():
    """Against N = 64, extrapolated, at a packing of 0.51, where F_s relaxes three decades later than a free particle."""
    liquid = percus_yevick(K, 0.51)
    rough = mode_coupling_dynamics(liquid, 100.0, n_half=16)
    exact = mode_coupling_dynamics(liquid, 100.0, n_half=64, is_extrapolated=True)
    tau, tau_exact = (relaxation_time(s.t, s.F_s[:, 0, 17]).value for s in (rough, exact))
    assert tau_exact > 200.0 / K[17] ** 2
    assert tau == pytest.approx(tau_exact, rel=3e-3)
    assert exact.error < 1e-4
    assert np.isnan(rough.error)


# --- what goes wrong ------------------------------------------------------------------------------------------------


def test_iterations_that_are_spent_are_said():
    """The collective equation fails first, and what follows from its NaN is not the reason."""
    solution = mode_coupling_dynamics(mixture(), 10.0, n_half=16, most_iterations=1)
    assert solution.outcome == "not_resolved"
    assert np.all(np.isnan(solution.F[-1]))


def test_the_lowest_wavenumber_does_not_judge_the_solution():
    """On the bipolar grid it has hardly a memory and oscillates on and on in Newtonian dynamics; all others decay."""
    solution = mode_coupling_dynamics(percus_yevick(K, 0.5), 10.0, "newtonian", is_extrapolated=True)
    assert solution.collective.outcome[0] == "not_resolved"
    assert np.all(solution.collective.outcome[1:] == "converged")
    assert solution.outcome == "converged"
    assert solution.error < 0.01 < solution.collective.error[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mobility": (1.0, 0.0)}, "mobility is .*allowed: one number above 0, or one for each of 2 species"),
        ({"mobility": (1.0, 1.0, 1.0)}, "or one for each of 2 species"),
        ({"mobility": np.nan}, "mobility is"),
        ({"end_time": -1.0}, "end_time is -1"),
        ({"dynamics": "ballistic"}, "dynamics is 'ballistic'"),
        ({"n_half": 7}, "n_half is 7"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        mode_coupling_dynamics(mixture(), **{"end_time": 1.0} | arguments)

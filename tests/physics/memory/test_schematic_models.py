"""Models without wavenumbers: where they arrest, at which height, and with which exponents they slow down."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from glassdask.errors import InvalidInput
from glassdask.physics.memory.memory_equation import MemoryKernel, solve_memory_equation
from glassdask.physics.memory.memory_solution import MemorySolution
from glassdask.physics.memory.schematic_models import (
    F12Kernel,
    SjogrenKernel,
    f12_critical_couplings,
)
from glassdask.physics.memory.time_doubling import DoublingGrid
from glassdask.physics.mode_coupling.stability import critical_exponents
from glassdask.physics.motion.curves.relaxation_time import relaxation_time

ONE = np.ones((1, 1, 1))


def solved(kernel: MemoryKernel, end_time: float, n_half: int = 32, dynamics="overdamped") -> MemorySolution:
    """Ω = 1, F(0) = 1; the first block ends at 5e-4, for ‖Ω + M‖ of 10 at the most."""
    grid = DoublingGrid.reaching(n_half, 5e-4 / (2 * n_half), end_time)
    return solve_memory_equation(kernel, ONE, ONE, grid, dynamics)


def last(solution: MemorySolution) -> float:
    assert solution.has_converged
    return float(solution.F[-1, 0, 0, 0])


def arrested_part(v_1: float, v_2: float) -> float:
    """Largest f of f / (1 − f) = v_1 f + v_2 f²."""
    return (v_2 - v_1 + np.sqrt((v_2 - v_1) ** 2 - 4 * v_2 * (1 - v_1))) / (2 * v_2)


# --- where they arrest ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("v", [0.5, 0.9, 1.1, 3.0])
def test_F1_arrests_continuously_at_v_1(v):
    """f = max(0, 1 − 1/v), ten decades later, to the tolerance of the iterations."""
    assert last(solved(F12Kernel(v_1=v), 1e8)) == pytest.approx(max(0.0, 1.0 - 1.0 / v), abs=1e-8)


@pytest.mark.parametrize("dynamics", ["overdamped", "newtonian"])
@pytest.mark.parametrize("v", [4.01, 4.5, 6.0])
def test_F2_arrests_above_4(v, dynamics):
    """f = ½ (1 + √(1 − 4/v)) ≥ ½; 5e-8: iterations that end at 1e-10, over the gap of 0.05 at v = 4.01, in each step."""
    solution = solved(F12Kernel(v_2=v), 1e8, dynamics=dynamics)
    assert last(solution) == pytest.approx(0.5 + np.sqrt(0.25 - 1.0 / v), abs=5e-8)


def test_F2_decays_below_4_after_a_plateau_at_one_half():
    """At a distance of 1e-4: within 0.02 of ½ for more than two decades, then to zero."""
    solution = solved(F12Kernel(v_2=4.0 * (1.0 - 1e-4)), 1e9)
    assert last(solution) == pytest.approx(0.0, abs=1e-8)
    on_plateau = solution.grid.times[np.abs(solution.F[:, 0, 0, 0] - 0.5) < 0.02]
    assert on_plateau[-1] / on_plateau[0] > 100.0


@pytest.mark.parametrize("lam", [0.6, 0.7, 0.8])
def test_F12_arrests_at_1_minus_lambda_on_its_critical_line(lam):
    """A share of ε = 1e-4 above the line f = 1 − λ + λ √ε, to order ε, and exactly what the quadratic equation says.

    1e-8: iterations that end at 1e-10, over the gap of the slow mode, √ε.
    """
    v_1, v_2 = (1.0001 * v for v in f12_critical_couplings(lam))
    f = last(solved(F12Kernel(v_1, v_2), 1e12))
    assert f == pytest.approx(arrested_part(v_1, v_2), abs=1e-8)
    assert f == pytest.approx(1.0 - lam + lam * np.sqrt(1e-4), abs=1e-4)
    assert last(solved(F12Kernel(0.9998 * v_1, 0.9998 * v_2), 1e16)) == pytest.approx(0.0, abs=1e-8)


@given(st.floats(0.5, 0.999))
def test_critical_line_of_F12_is_where_two_solutions_meet(lam):
    """v_1 f + v_2 f² touches f / (1 − f) at f = 1 − λ: equal in value and in slope, and λ = (1 − f)³ v_2 (Götze)."""
    v_1, v_2 = f12_critical_couplings(lam)
    f = 1.0 - lam
    assert v_1 * f + v_2 * f**2 == pytest.approx(f / (1.0 - f), rel=1e-9)
    assert v_1 + 2.0 * v_2 * f == pytest.approx(1.0 / (1.0 - f) ** 2, rel=1e-9)
    assert (1.0 - f) ** 3 * v_2 == pytest.approx(lam, rel=1e-9)


# --- how they slow down ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lam", [0.6, 0.7])
def test_critical_decay_has_the_exponent_a(lam):
    """F − f_c ∝ t^−a at the critical point, between t = 1e6 and 1e7: corrections of t^−a, 1e-3, are left."""
    solution = solved(F12Kernel(*f12_critical_couplings(lam)), 1e7, n_half=64)
    assert solution.has_converged
    t, above = solution.grid.times, solution.F[:, 0, 0, 0] - (1.0 - lam)
    early = int(np.searchsorted(t, 1e6))
    found = -np.log(above[-1] / above[early]) / np.log(t[-1] / t[early])
    assert found == pytest.approx(critical_exponents(lam)[0], rel=2e-3)


@pytest.mark.parametrize("lam", [0.6, 0.7, 0.8])
def test_relaxation_times_diverge_with_the_exponent_gamma(lam):
    """τ ∝ ε^−γ, γ = 1/2a + 1/2b, between ε = 1e-3 and 1e-4: corrections of √ε, 0.5 % asked, 0.2 % found."""
    a, b = critical_exponents(lam)
    tau = []
    for distance in (1e-3, 1e-4):
        v_1, v_2 = (v * (1.0 - distance) for v in f12_critical_couplings(lam))
        solution = solved(F12Kernel(v_1, v_2), 100.0 * distance**-3.0)
        assert solution.has_converged
        tau.append(relaxation_time(solution.grid.times, solution.F[:, 0, 0, 0], threshold=(1.0 - lam) / 2).value)
    assert np.log10(tau[1] / tau[0]) == pytest.approx(0.5 / a + 0.5 / b, rel=5e-3)


@pytest.mark.parametrize("v_2", [3.99, 4.01])
def test_error_falls_as_the_inverse_square_of_N_near_the_critical_point(v_2):
    """Over nine decades, plateau included: what happened within the first steps is not forgotten.

    Four between N = 64, 128 and 256; the next order is 5 % there, and 16 % at N = 16.
    """
    grid = DoublingGrid.reaching(64, 5e-4 / 128, 1e5)
    grids = [grid, grid.halved(), grid.halved().halved()]
    F = [solve_memory_equation(F12Kernel(v_2=v_2), ONE, ONE, g, tolerance=1e-12).F for g in grids]
    first, second = grids[0].places_in_halved(), grids[1].places_in_halved()
    coarse, fine = np.abs(F[1][first] - F[0]).max(), np.abs(F[2][second] - F[1]).max()
    assert coarse / fine == pytest.approx(4.0, rel=0.08)


# --- rows and units -------------------------------------------------------------------------------------------------


def test_rows_are_independent_models():
    """Each to the tolerance of iterations that go on until all have ended, at 1e-10: 1e-7 after the decay at v = 3.9."""
    v_1, v_2 = np.array([0.0, 0.5, 0.9]), np.array([3.9, 1.0, 0.0])
    grid = DoublingGrid.reaching(16, 1e-5, 1e4)
    three = np.ones((1, 1, 3))
    together = solve_memory_equation(F12Kernel(v_1, v_2), three, three, grid)
    for r in range(3):
        alone = solve_memory_equation(F12Kernel(v_1[r], v_2[r]), ONE, ONE, grid)
        assert_allclose(together.F[..., r], alone.F[..., 0], rtol=0, atol=1e-7)


@pytest.mark.parametrize(("dynamics", "power"), [("overdamped", 1), ("newtonian", 2)])
def test_bare_rate_is_the_unit_of_time(dynamics, power):
    """Ω = 4 (or 16 = 4²): a quarter of the time. Powers of two: rounding in another order only."""
    Omega = 4.0**power
    grid = DoublingGrid.reaching(16, 1e-4, 40.0)
    fast = DoublingGrid(grid.n_half, grid.first_step / 4.0, grid.n_levels)
    slow = solve_memory_equation(F12Kernel(1.0, 2.0), ONE, ONE, grid, dynamics)
    quick = solve_memory_equation(F12Kernel(1.0, 2.0, Omega), Omega * ONE, ONE, fast, dynamics)
    assert_allclose(quick.F, slow.F, rtol=0, atol=1e-9)
    assert_allclose(quick.M, Omega * slow.M, rtol=0, atol=1e-7)


# --- a tagged particle ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("v_s", [0.5, 1.2, 2.0, 5.0, 20.0])
def test_tagged_particle_is_arrested_where_v_s_f_exceeds_1(v_s):
    """f_s = max(0, 1 − 1/(v_s f)): in F2 at v = 5, f = 0.7236, so that v_s = 1.2 is still mobile."""
    glass = solved(F12Kernel(v_2=5.0), 1e8)
    f = last(glass)
    tagged = solve_memory_equation(SjogrenKernel(glass.F, v_s), ONE, ONE, glass.grid)
    assert last(tagged) == pytest.approx(max(0.0, 1.0 - 1.0 / (v_s * f)), abs=1e-8)


def test_tagged_particle_of_many_couplings_and_rates():
    """Rows of the tagged particle in one liquid; at short times F_s = 1 − Ω_s t."""
    liquid = solved(F12Kernel(v_2=3.0), 10.0)
    v_s, Omega_s = np.array([0.0, 5.0, 5.0]), np.array([1.0, 1.0, 0.3])
    tagged = solve_memory_equation(
        SjogrenKernel(liquid.F, v_s, Omega_s), Omega_s[None, None], np.ones((1, 1, 3)), liquid.grid
    )
    t = liquid.grid.times
    assert_allclose((1.0 - tagged.F[1, 0, 0]) / t[1], Omega_s, rtol=1e-4)
    assert_allclose(tagged.F[:, 0, 0, 0], np.exp(-t), rtol=0, atol=1e-4)  # v_s = 0: N⁻² of N = 32
    assert np.all(tagged.F[1:, 0, 0, 1] > tagged.F[1:, 0, 0, 0])
    assert np.all(tagged.F[1:, 0, 0, 2] > tagged.F[1:, 0, 0, 1])


@pytest.mark.parametrize("lam", [0.49, 1.0, np.nan])
def test_critical_line_ends_at_one_half_and_one(lam):
    with pytest.raises(InvalidInput, match="exponent_parameter is"):
        f12_critical_couplings(lam)

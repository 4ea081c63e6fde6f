"""Long-time limits: known transitions, the largest solution, and never a glass that is none."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glassdask.physics.compiled import next_limit
from glassdask.physics.mode_coupling.mode_coupling_kernels import CollectiveKernel, displacement_memory, tagged_vertices
from glassdask.physics.mode_coupling.nonergodicity import CollectiveIteration, nonergodicity_parameter
from glassdask.physics.structure.percus_yevick import percus_yevick
from glassdask.physics.structure.static_structure import StaticStructure

K = (np.arange(100) + 0.5) * 0.4


def plain_map(structure: StaticStructure, F: np.ndarray) -> np.ndarray:
    """(Ω + M)⁻¹ M S, matrix by matrix: docs/equations.md (E5) as it stands there, with mobilities 1."""
    S, x = structure.structure_factor, structure.composition
    M = CollectiveKernel(structure)(F)
    result = np.empty_like(F)
    for i, k in enumerate(structure.wavenumber):
        Omega = k**2 * x[:, None] * np.linalg.inv(S[..., i])
        result[..., i] = np.linalg.solve(Omega + M[..., i], M[..., i] @ S[..., i])
    return result


def test_hard_spheres_arrest_between_0_515_and_0_517():
    """Percus–Yevick, N_k = 100, dk = 0.4: 0.51591213 (Franosch et al. 1997)."""
    liquid, glass = (nonergodicity_parameter(percus_yevick(K, packing)) for packing in (0.515, 0.517))
    assert (liquid.state, glass.state) == ("liquid", "glass")
    assert not liquid.F.any()
    assert not liquid.F_s.any()
    assert glass.F[0, 0, 17] > 2.0


def test_binary_glass_of_another_code():
    """d = (0.8, 1), x = (0.2, 0.8), packing 0.55: Σ F = 45.50146332 in the tests of ModeCouplingTheory.jl.

    Their table of S(k) differs from the Percus–Yevick solution by up to 5e-5, which moves the sum by 1e-5: 3e-5 is asked.
    From that solution itself it is 45.500985628, to the tolerance of 1e-10 of each of 400 numbers.
    """
    glass = nonergodicity_parameter(percus_yevick(K, 0.55, (0.8, 1.0), (0.2, 0.8)))
    assert glass.state == "glass"
    assert glass.F.sum() == pytest.approx(45.50146332, rel=3e-5)
    assert glass.F.sum() == pytest.approx(45.500985628, abs=1e-7)


@pytest.mark.parametrize(
    "structure",
    [percus_yevick(K, 0.5165), percus_yevick(K, 0.55), percus_yevick(K, 0.53, (0.6, 1.0), (0.4, 0.6))],
    ids=["near the transition", "one component", "two components"],
)
def test_leaps_change_the_way_and_not_the_end(structure):
    """Plain iteration from S to the last digit: within the tolerance of 1e-10, of S; and neither map moves the result."""
    fast = nonergodicity_parameter(structure)
    assert fast.state == "glass"
    size = np.sqrt(np.einsum("aak,bbk->abk", structure.structure_factor, structure.structure_factor))
    assert np.all(np.abs(plain_map(structure, fast.F) - fast.F) < 1e-10 * size)
    F, change, n = structure.structure_factor, np.inf, 0
    while change > 1e-14:
        new = plain_map(structure, F)
        F, change, n = new, np.max(np.abs(new - F) / size), n + 1
    assert np.all(np.abs(fast.F - F) < 1.5e-10 * size)
    assert fast.iterations < n
    assert fast.residual < 1e-10


@pytest.mark.parametrize("n_species", [1, 2, 3])
def test_an_iteration_is_the_map_matrix_by_matrix(n_species: int):
    """And tells how far it went, in units of the scale, beside the change before; what is not finite is told too."""
    structure = percus_yevick(K, 0.5, np.linspace(0.8, 1.0, n_species), np.full(n_species, 1 / n_species))
    iteration, F = CollectiveIteration(structure), 0.7 * structure.structure_factor
    before = np.random.default_rng(0).normal(size=F.shape)
    expected, change = plain_map(structure, F) - F, before.copy()
    there = (iteration.S, iteration.inverse, iteration.kernel.c, iteration.kernel.factor, iteration.scale, change)
    size, largest, *sums = next_limit(F, *there)
    assert_allclose(change, expected, rtol=0, atol=1e-12 * np.abs(F).max())
    assert_allclose(F, 0.7 * structure.structure_factor + expected, rtol=0, atol=1e-12 * np.abs(F).max())
    assert size == pytest.approx((np.abs(F) / iteration.scale).max())
    assert largest == pytest.approx((np.abs(change) / iteration.scale).max())
    assert sums == pytest.approx([(change * before).sum(), (before**2).sum(), (change**2).sum()])
    F[0, 0, 3] = np.nan
    assert np.isnan(next_limit(F, *there)[:2]).all()


def test_a_limit_is_reached_from_that_of_a_larger_coupling():
    """Both are from above: the sequence ends at the largest solution, in the liquid and in the glass."""
    iteration = CollectiveIteration(percus_yevick(K, 0.52))
    iteration.coupling = 1.1
    above = iteration.run(1e-10, 10_000)[0]
    for coupling, state in ((1.01, "glass"), (0.9, "liquid")):
        iteration.coupling = coupling
        (F, found, n, _), (from_S, same, n_from_S, _) = (iteration.run(1e-10, 10_000, start) for start in (above, None))
        assert found == same == state
        assert_allclose(F, from_S, rtol=0, atol=1e-9)
        assert n <= n_from_S


@pytest.mark.parametrize("packing", [0.5165, 0.53, 0.55])
def test_residual_is_the_distance_to_the_solution(packing):
    """At the tolerance of 1e-10; near the transition successive changes are a hundredth of what is left.

    To a tenth there, where one mode is slow; deep in the glass faster ones take part, and it is too large by a half.
    """
    glass = percus_yevick(K, packing)
    exact, found = nonergodicity_parameter(glass, 1e-13), nonergodicity_parameter(glass)
    distance = np.max(np.abs(found.F - exact.F) / glass.structure_factor)
    assert found.residual < 1e-10
    assert (0.9 if packing < 0.52 else 0.6) * found.residual < distance < 1.1 * found.residual


@pytest.mark.parametrize("distance", [1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
def test_state_is_right_on_both_sides_of_the_transition(distance):
    """The critical packing fraction is known to 2e-8 of itself; leaps must not jump over the solution of a glass."""
    for side, state in ((-1, "liquid"), (1, "glass")):
        assert nonergodicity_parameter(percus_yevick(K, 0.51591213 * (1 + side * distance))).state == state


@pytest.mark.parametrize("packing", [0.515, 0.5158, 0.51592, 0.516, 0.53])
@pytest.mark.parametrize("most_iterations", [1, 2, 5, 30])
def test_iterations_that_are_spent_are_no_glass(packing, most_iterations):
    """On either side of the transition; what was reached lies above the solution, as the sequence falls to it."""
    structure = percus_yevick(K, packing)
    spent = nonergodicity_parameter(structure, most_iterations=most_iterations)
    assert spent.state == "not_converged"
    assert spent.iterations == most_iterations
    assert not spent.residual < 1e-10
    assert np.all(spent.F[0, 0] <= structure.structure_factor[0, 0])
    assert np.all(spent.F >= nonergodicity_parameter(structure).F)


def test_no_leap_goes_below_the_solution():
    """Near the transition, where leaps are long: from below, a glass is taken for a liquid."""
    iteration = CollectiveIteration(percus_yevick(K, 0.5165))
    solution = iteration.run(1e-13, 10_000)[0]
    for most in range(10, 200, 10):
        assert np.all(iteration.run(1e-13, most)[0] >= solution - 1e-12 * iteration.scale)


def test_glass_grows_stiffer_with_packing():
    """At every k, collective F / S and tagged F_s; both lie between 0 and 1."""
    before = np.zeros((2, K.size))
    for packing in (0.516, 0.517, 0.53, 0.55, 0.58):
        structure = percus_yevick(K, packing)
        glass = nonergodicity_parameter(structure)
        f = np.array([glass.F[0, 0] / structure.structure_factor[0, 0], glass.F_s[0]])
        assert np.all(f > before)
        assert np.all(f < 1.0)
        before = f


def test_arrested_part_of_a_mixture_is_a_part():
    """0 ≤ F ≤ S as matrices, at every k."""
    structure = percus_yevick(K, 0.55, (0.8, 1.0), (0.2, 0.8))
    glass = nonergodicity_parameter(structure)
    for matrices in (glass.F, structure.structure_factor - glass.F):
        assert np.linalg.eigvalsh(np.moveaxis(matrices, 2, 0)).min() > 0.0


def test_tagged_particle_is_found_in_its_cage():
    """F_s → 1 for k → 0 as k² / (k² + M_0), where M_0 of the displacement is less by the share that the grid loses.

    The next term is of order (k r)² ≪ 1e-2 with the cage's r ≈ 0.1. The grid has no memory at k = dk/2, where F_s is 0.89.
    """
    structure = percus_yevick(K, 0.52)
    glass = nonergodicity_parameter(structure)
    M_0 = displacement_memory(structure, tagged_vertices(structure, glass.F[None]), glass.F_s[None], 1.0)[0, 0]
    i = np.arange(1, 4)
    expected = K[i] ** 2 / M_0 / (1.0 - 1.0 / (2 * i + 1.0) ** 2)
    assert_allclose(1.0 - glass.F_s[0, i], expected, rtol=0.01)
    assert np.all(1.0 - glass.F_s[0, i] < 0.01)


def test_tagged_particle_of_one_component_is_the_same_in_any_mixture_of_names():
    """Two species of one diameter: equal F_s, and F_ab = x_a x_b (F − F_s) + δ_ab x_a F_s; 1e-9, the iterations'."""
    x = np.array([0.3, 0.7])
    one = nonergodicity_parameter(percus_yevick(K, 0.53))
    two = nonergodicity_parameter(percus_yevick(K, 0.53, (1.0, 1.0), x))
    assert_allclose(two.F_s, np.repeat(one.F_s, 2, axis=0), rtol=0, atol=1e-9)
    expected = np.multiply.outer(np.outer(x, x), one.F[0, 0] - one.F_s[0]) + np.multiply.outer(np.diag(x), one.F_s[0])
    assert_allclose(two.F, expected, rtol=0, atol=1e-9)


def test_small_particles_stay_mobile_in_the_glass_of_large_ones():
    """Diameter 0.1: F_s falls to zero, to within the tolerance over the distance of its own transition."""
    glass = nonergodicity_parameter(percus_yevick(K, 0.54, (0.1, 1.0), (0.02, 0.98)))
    assert glass.state == "glass"
    assert np.all(glass.F_s[0] < 1e-8)
    assert np.all(glass.F_s[1, 1:10] > 0.9)


def test_tagged_particles_that_are_not_there_yet_are_not_converged():
    """Small spheres in a glass of large ones, near the size at which they become mobile: F_s creeps, F does not."""
    structure = percus_yevick(K, 0.55, (0.15, 1.0), (0.05, 0.95))
    whole = nonergodicity_parameter(structure)
    assert whole.state == "glass"
    assert 0.1 < whole.F_s[0, 5] < 0.2
    assert whole.F_s[1, 5] > 0.9
    spent = nonergodicity_parameter(structure, most_iterations=whole.iterations)
    assert (spent.iterations, spent.state) == (whole.iterations, "not_converged")
    assert_allclose(spent.F, whole.F, rtol=1e-12)

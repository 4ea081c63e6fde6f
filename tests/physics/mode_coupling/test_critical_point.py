"""Where the glass begins: known critical points, exponents, and the same λ in statics and in dynamics."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import gamma

from glassdask.errors import InvalidInput
from glassdask.physics.mode_coupling.critical_point import NotConverged, critical_point
from glassdask.physics.mode_coupling.mode_coupling_dynamics import mode_coupling_dynamics
from glassdask.physics.mode_coupling.mode_coupling_kernels import CollectiveKernel
from glassdask.physics.mode_coupling.nonergodicity import nonergodicity_parameter
from glassdask.physics.mode_coupling.stability import critical_exponents, stability
from glassdask.physics.motion.curves.relaxation_time import relaxation_time
from glassdask.physics.numerics.row_matrices import inverses
from glassdask.physics.structure.percus_yevick import percus_yevick
from glassdask.physics.structure.static_structure import StaticStructure


def wavenumbers(count: int, spacing: float = 0.4) -> np.ndarray:
    return (np.arange(count) + 0.5) * spacing


def hard_spheres(count: int = 50, spacing: float = 0.4):
    """S(k) as a function of the packing fraction; up to k = 20 where nothing else is said."""
    k = wavenumbers(count, spacing)
    return lambda packing: percus_yevick(k, packing)


@pytest.fixture(scope="module")
def up_to_20():
    """Hard spheres up to k = 20: quick, and critical at 0.5214."""
    return critical_point(hard_spheres(), 0.51, 0.53, distance=1e-6)


# --- known answers --------------------------------------------------------------------------------------------------


def test_critical_packing_fraction_of_hard_spheres():
    """Percus–Yevick, N_k = 100, dk = 0.4: 0.51591213(1) and λ = 0.735 (Franosch et al. 1997)."""
    found = critical_point(hard_spheres(100), 0.51, 0.53, distance=1e-5)
    assert found.control == pytest.approx(0.51591213, abs=2e-8)
    assert found.exponent_parameter == pytest.approx(0.735, abs=0.001)
    assert (found.a, found.b) == (pytest.approx(0.312, abs=0.001), pytest.approx(0.583, abs=0.001))
    assert 0 < found.distance <= 1e-5
    assert found.glass.state == "glass"


@pytest.mark.parametrize(
    ("count", "spacing", "packing", "last_digit"), [(50, 0.4, 0.5214, 1e-4), (200, 0.2, 0.51588, 1e-5)]
)
def test_critical_packing_fraction_depends_on_the_grid_as_known(count, spacing, packing, last_digit):
    """Cut-off 20 (arXiv:1407.3921) and a spacing of 0.2: to the digits given."""
    found = critical_point(hard_spheres(count, spacing), 0.51, 0.53)
    assert found.control == pytest.approx(packing, abs=last_digit / 2)


@pytest.mark.parametrize(("distance", "error"), [(1e-3, 1e-5), (1e-4, 1e-7), (1e-5, 1e-8)])
def test_error_is_a_hundredth_of_the_distance_or_less(up_to_20, distance, error):
    """From inside the glass; λ to a thousandth."""
    found = critical_point(hard_spheres(), 0.51, 0.53, distance)
    assert found.distance <= distance
    assert found.control == pytest.approx(up_to_20.control, rel=error)
    assert found.exponent_parameter == pytest.approx(up_to_20.exponent_parameter, abs=1e-3)


@pytest.mark.parametrize("bracket", [(0.48, 0.55), (0.3, 0.65), (0.52, 0.5225)], ids=str)
def test_the_bracket_has_no_part_in_the_answer(up_to_20, bracket):
    """Far solutions, of which (1 − E_0)² is not yet linear, are left behind before anything is promised.

    The last solution moves the point by more than what is left, so that the errors quoted are upper bounds.
    """
    found = critical_point(hard_spheres(), *bracket)
    assert abs(found.control - up_to_20.control) <= max(found.control_error, 1e-8)
    assert found.control_error <= 1e-5 * found.control
    for name in ("exponent_parameter", "a", "b"):
        error = getattr(found, f"{name}_error")
        assert abs(getattr(found, name) - getattr(up_to_20, name)) <= max(error, 1e-4)
        assert error < 0.005


@pytest.mark.parametrize("turned", [lambda x: -x, lambda x: 1 / x], ids=["negative", "inverse"])
def test_any_control_parameter_will_do(up_to_20, turned):
    """One that grows towards the liquid, as temperature does: the same point, to the error of this distance."""
    found = critical_point(lambda x: hard_spheres()(turned(x)), turned(0.51), turned(0.53), 1e-4)
    assert turned(found.control) == pytest.approx(up_to_20.control, rel=1e-6)
    assert found.exponent_parameter == pytest.approx(up_to_20.exponent_parameter, abs=1e-3)


def test_names_of_species_do_not_move_the_critical_point(up_to_20):
    """Two species of one diameter have modes of their own, which are not the slow one."""
    found = critical_point(lambda x: percus_yevick(wavenumbers(50), x, (1.0, 1.0), (0.3, 0.7)), 0.51, 0.53, 1e-4)
    assert found.control == pytest.approx(up_to_20.control, rel=1e-7)
    assert found.exponent_parameter == pytest.approx(up_to_20.exponent_parameter, abs=1e-3)


def test_relaxation_times_diverge_with_the_exponent_that_the_statics_tell(up_to_20):
    """τ ∝ (φ_c − φ)^−γ, γ = 1/2a + 1/2b from λ of the glass: 2.163 of dynamics between 1e-4 and 1e-5 in the liquid.

    Corrections to this power law fall as the square root of the distance: 0.3 % is asked, 0.06 % is found.
    """
    exponent = 0.5 / up_to_20.a + 0.5 / up_to_20.b
    tau = []
    for distance in (1e-4, 1e-5):
        liquid = hard_spheres()(up_to_20.control * (1.0 - distance))
        solution = mode_coupling_dynamics(liquid, 1e3 * distance**-2.4, n_half=32)
        assert solution.outcome == "converged"
        peak = solution.F[:, 0, 0, 17] / solution.F[0, 0, 0, 17]
        tau.append(relaxation_time(solution.t, peak, threshold=0.3).value)
    assert np.log10(tau[1] / tau[0]) == pytest.approx(exponent, rel=3e-3)


# --- stability matrix -----------------------------------------------------------------------------------------------


def jacobian_of_the_map(structure: StaticStructure, F: np.ndarray) -> np.ndarray:
    """Of F → S − (S⁻¹ + m[F])⁻¹ in symmetric matrices, by central differences."""
    kernel, S = CollectiveKernel(structure), structure.structure_factor
    upper = np.triu_indices(structure.n_species)
    to_m = 1.0 / (structure.wavenumber**2 * structure.composition[:, None, None])

    def mapped(change):
        h = np.zeros_like(F)
        h[upper] = change.reshape(-1, F.shape[2])
        h[upper[::-1]] = h[upper]
        return (S - inverses(structure.inverse + kernel(F + h) * to_m))[upper].ravel()

    size, step = upper[0].size * F.shape[2], 1e-5
    return np.array([(mapped(step * row) - mapped(-step * row)) / (2 * step) for row in np.eye(size)]).T


@pytest.mark.parametrize(
    "structure",
    [percus_yevick(wavenumbers(30, 0.5), 0.55), percus_yevick(wavenumbers(25, 0.6), 0.55, (0.8, 1.0), (0.2, 0.8))],
    ids=["one component", "two components"],
)
def test_eigenvalue_is_that_of_the_derivative_of_the_map(structure):
    """Central differences with a step of 1e-5: 1e-6 of rounding and of third derivatives."""
    glass = nonergodicity_parameter(structure)
    values = np.linalg.eigvals(jacobian_of_the_map(structure, glass.F))
    assert stability(structure, glass).eigenvalue == pytest.approx(values.real.max(), abs=1e-6)
    assert np.abs(values).max() == pytest.approx(values.real.max(), abs=1e-12)  # Perron and Frobenius


def test_plain_iteration_slows_down_by_the_eigenvalue():
    """Late changes of F → S − (S⁻¹ + m[F])⁻¹ shrink by E_0 a step: 1e-4 after 150 steps, the next mode being gone."""
    structure = percus_yevick(wavenumbers(50), 0.53)
    kernel, k, S = CollectiveKernel(structure), structure.wavenumber, structure.structure_factor
    F, changes = S, []
    for _ in range(150):
        new = S - 1.0 / (structure.inverse + kernel(F) / k**2)
        changes.append(np.abs(new - F).max())
        F = new
    E_0 = stability(structure, nonergodicity_parameter(structure)).eigenvalue
    assert changes[100] / changes[99] == pytest.approx(E_0, rel=1e-4)


def test_square_of_the_gap_is_linear_in_the_distance(up_to_20):
    """(1 − E_0)² / ε is constant but for √ε: 1 % between 1e-4 and 3e-5, where the gap itself halves."""
    ratios, exponents = [], []
    for distance in (1e-4, 3e-5):
        structure = hard_spheres()(up_to_20.control * (1.0 + distance))
        found = stability(structure, nonergodicity_parameter(structure))
        ratios.append((1.0 - found.eigenvalue) ** 2 / distance)
        exponents.append(found.exponent_parameter)
    assert ratios[0] == pytest.approx(ratios[1], rel=0.01)
    gaps = np.array([up_to_20.exponent_parameter - lam for lam in exponents])
    assert_allclose(gaps[0] / gaps[1], np.sqrt(1e-4 / 3e-5), rtol=0.1)  # λ is reached as the gap closes


def test_a_liquid_has_no_stability_matrix():
    liquid = hard_spheres()(0.5)
    with pytest.raises(InvalidInput, match="limit is 'liquid'; allowed: 'glass'"):
        stability(liquid, nonergodicity_parameter(liquid))


# --- exponents ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lam", [0.5, 0.50001, 0.6, 0.735, 0.9, 0.999])
def test_exponents_solve_their_equations(lam):
    """Γ(1−a)² / Γ(1−2a) = λ = Γ(1+b)² / Γ(1+2b): brentq's 2e-12 times slopes of order 1."""
    a, b = critical_exponents(lam)
    assert 0 < a < 0.3953
    assert 0 < b <= 1
    assert gamma(1 - a) ** 2 / gamma(1 - 2 * a) == pytest.approx(lam, abs=1e-10)
    assert gamma(1 + b) ** 2 / gamma(1 + 2 * b) == pytest.approx(lam, abs=1e-10)


def test_known_exponents():
    """λ = 1/2 (the F2 model): a = 0.395, b = 1; hard spheres, 0.735: 0.312 and 0.583; λ → 1: both vanish."""
    assert critical_exponents(0.5) == (pytest.approx(0.395, abs=5e-4), 1.0)
    assert critical_exponents(0.735) == (pytest.approx(0.312, abs=5e-4), pytest.approx(0.583, abs=5e-4))
    assert max(critical_exponents(1 - 1e-6)) < 0.001


@pytest.mark.parametrize("lam", [0.49, 1.0, np.nan])
def test_exponents_of_no_fold_are_named(lam):
    with pytest.raises(InvalidInput, match="exponent_parameter is"):
        critical_exponents(lam)


# --- what goes wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("liquid", "glass", "message"),
    [
        (0.50, 0.51, "glass = 0.51 is in the state 'liquid'; allowed: values on the two sides"),
        (0.53, 0.55, "liquid = 0.53 is in the state 'glass'"),
        (0.55, 0.50, "liquid = 0.55 is in the state 'glass'"),
    ],
)
def test_values_on_one_side_are_named(liquid, glass, message):
    with pytest.raises(InvalidInput, match=message):
        critical_point(hard_spheres(), liquid, glass)


def test_iterations_that_are_spent_are_named():
    """Enough at the two ends, not enough in between: no answer rather than a wrong one."""
    with pytest.raises(NotConverged, match="did not converge in 150 iterations; allow more, or stop"):
        critical_point(hard_spheres(), 0.50, 0.54, distance=1e-6, most_iterations=150)
    with pytest.raises(InvalidInput, match="in the state 'not_converged'"):
        critical_point(hard_spheres(), 0.50, 0.54, most_iterations=3)

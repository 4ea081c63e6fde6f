"""Master functions of the β relaxation: published amplitudes, both limits, the equation itself, and a solved model beside them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.interpolate import CubicSpline

from glassdask.errors import InvalidInput
from glassdask.physics.memory.memory_equation import solve_memory_equation
from glassdask.physics.memory.schematic_models import F12Kernel
from glassdask.physics.memory.time_doubling import DoublingGrid
from glassdask.physics.mode_coupling.beta_scaling import SIDES, beta_correlator, von_schweidler_amplitude

LAMBDAS = (0.6, 0.735, 0.85)
ONE = np.ones((1, 1, 1))


def test_von_schweidlers_amplitude_of_hard_spheres() -> None:
    """λ = 0.735: B = 0.836 (Franosch et al. 1997)."""
    assert von_schweidler_amplitude(0.735) == pytest.approx(0.836, abs=5e-4)


@pytest.mark.parametrize("lam", LAMBDAS)
def test_the_amplitude_does_not_hang_on_the_step(lam: float) -> None:
    """Four times as many steps, not extrapolated: to 1e-4."""
    fine = beta_correlator(lam, "liquid", 1e9, 512)
    assert -fine.correlator[-1] / fine.time[-1] ** fine.b == pytest.approx(von_schweidler_amplitude(lam), rel=1e-4)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("lam", LAMBDAS)
def test_it_begins_as_the_critical_decay(lam: float, side: str) -> None:
    """g t^a → 1, with a correction of t^2a."""
    found = beta_correlator(lam, side)
    early = found.time[:10]
    ratio = found.correlator[:10] * early**found.a
    assert np.all(np.abs(ratio - 1) < 3 * early ** (2 * found.a))


@pytest.mark.parametrize("lam", LAMBDAS)
def test_a_glass_ends_on_its_plateau(lam: float) -> None:
    found = beta_correlator(lam, "glass")
    assert found.correlator[-1] == pytest.approx((1 - lam) ** -0.5, rel=1e-6)
    assert (np.diff(found.correlator) < 1e-9).all()


@pytest.mark.parametrize("lam", LAMBDAS)
def test_a_liquid_falls_as_von_schweidler_has_it(lam: float) -> None:
    found = beta_correlator(lam, "liquid")
    late = found.time > 1e5
    slope = np.polyfit(np.log(found.time[late]), np.log(-found.correlator[late]), 1)[0]
    assert slope == pytest.approx(found.b, abs=1e-3)


@pytest.mark.parametrize("side", SIDES)
def test_it_solves_its_equation(side: str) -> None:
    """Integrated once, ∫ g(t−t') g(t') dt' = ± t + λ ∫ g², by adaptive quadrature of a spline through g t^a; to 1e-4 of the
    largest term, with a fine step."""
    lam, sign = 0.735, SIDES[side]
    found = beta_correlator(lam, side, 300.0, 512)
    smooth = CubicSpline(np.log(found.time), found.correlator * found.time**found.a)
    first = found.time[0]

    def g(t: float) -> float:
        return float(smooth(np.log(max(t, first)))) * t**-found.a

    for t in (0.5, 3.0, 100.0):
        # both ends of the convolution are singular: twice its half, with t' = u^4
        folded = (
            2
            * quad(
                lambda u, t=t: g(t - u**4) * g(u**4) * 4 * u**3, 0, (t / 2) ** 0.25, epsabs=1e-6, epsrel=1e-6, limit=200
            )[0]
        )
        square = quad(lambda u: g(u**4) ** 2 * 4 * u**3, 0, t**0.25, epsabs=1e-6, epsrel=1e-6, limit=200)[0]
        assert folded - sign * t - lam * square == pytest.approx(0, abs=1e-4 * max(t, lam * square))


def test_a_liquid_near_its_critical_point_lies_on_it() -> None:
    """F12 at λ = 0.7, 1e-8 below the critical point: φ − f^c from 0.1 to 10 t_σ, time and height taken from its zero and the slope
    there; to 1.5 %. The next order is as |σ|^½, and 3 % at 1e-6."""
    lam = 0.7
    change, grid = 1 - 1e-8, DoublingGrid.reaching(64, 4e-6, 1e16)
    kernel = F12Kernel((2 * lam - 1) / lam**2 * change, change / lam**2)
    solution = solve_memory_equation(kernel, ONE, ONE, grid, "overdamped", tolerance=1e-11, most_iterations=5000)
    log_t = np.log(grid.times[1:])
    of_model = CubicSpline(log_t, solution.F[1:, 0, 0, 0] - (1 - lam))
    master = beta_correlator(lam, "liquid")
    of_master = CubicSpline(np.log(master.time), master.correlator)
    zero, own_zero = (float(curve.roots(extrapolate=False)[0]) for curve in (of_master, of_model))
    amplitude = of_model(own_zero, 1) / of_master(zero, 1)
    x = np.linspace(np.log(0.1), np.log(10.0), 15)
    np.testing.assert_allclose(of_model(x + own_zero - zero) / amplitude, of_master(x), rtol=0.015)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0.5, "liquid"), "exponent_parameter is 0.5"),
        ((1.0, "liquid"), "exponent_parameter is 1"),
        ((float("nan"), "liquid"), "exponent_parameter is nan"),
        ((0.7, "crystal"), "side is 'crystal'; allowed: 'glass', 'liquid'"),
        ((0.7, "glass", 0.0), "end is 0"),
        ((0.7, "glass", 1.0, 4), "n_half is 4"),
    ],
)
def test_what_is_not_allowed_is_named(arguments, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        beta_correlator(*arguments)

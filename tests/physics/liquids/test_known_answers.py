"""What is known of each liquid of the catalogue from elsewhere: numbers as printed, closed forms, exact laws."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import gamma

from glassdask.physics.interactions.lennard_jones import MINIMUM, LennardJones
from glassdask.physics.interactions.pair_potential import PairPotential
from glassdask.physics.liquids.catalogue import LIQUIDS, liquid_named

ADDITIVE = ("harmonic-spheres", "soft-spheres", "wahnstrom", "wca5050")
#: Gamma and T of the three-dimensional states at rho = 0.8 of Yamamoto and Onuki, Phys. Rev. E 58, 3515 (1998).
SOFT_STATES = {1.15: 0.772, 1.3: 0.473, 1.4: 0.352, 1.45: 0.306, 1.5: 0.267, 1.55: 0.234}


def second_virial_coefficient(pair: PairPotential, T: float) -> float:
    """B2 = 2 pi Int (1 - exp(-u/T)) r^2 dr, of what lies within the cut-off; below 0.1 the exponential is 0."""
    core = 0.1 if pair.energy(0.1) > 40 * T else 0.0
    points = [core, *np.linspace(0.8, 1.5, 8) * pair.sigma, pair.cutoff]
    inside = sum(
        quad(lambda r: -np.expm1(-pair.energy(r) / T) * r**2, low, high, epsabs=1e-11, limit=200)[0]
        for low, high in itertools.pairwise(points)
        if high > low
    )
    return 2 * np.pi * (inside + core**3 / 3)


@pytest.mark.parametrize("name", LIQUIDS)
def test_a_liquid_says_where_it_is_from_and_is_its_record(name):
    liquid = liquid_named(name)
    assert any(f"({year})" in liquid.source for year in range(1950, 2030))
    assert type(liquid).from_record(liquid.record()) == liquid


@pytest.mark.parametrize("name", ADDITIVE)
def test_unlike_spheres_touch_at_the_mean_of_their_diameters(name):
    aa, ab, bb = (pair.sigma for pair in liquid_named(name).pairs.values())
    assert ab == pytest.approx((aa + bb) / 2)


@pytest.mark.parametrize(("name", "n_a"), [("ka21", 800), ("ka31", 900), ("lj", 960)])
def test_kob_andersen_mixtures_differ_in_their_composition_alone(name, n_a):
    liquid = liquid_named(name)
    assert liquid.counts(1200) == (n_a, 1200 - n_a)
    assert liquid.pairs == liquid_named("lj").pairs


def test_three_to_one_is_next_to_the_eutectic():
    """At 26 % B; Pedersen, Schrøder and Dyre, Phys. Rev. Lett. 120, 165501 (2018)."""
    away = {name: abs(liquid_named(name).composition["B"] - 0.26) for name in ("lj", "ka31", "ka21")}
    assert min(away, key=away.__getitem__) == "ka31"


def test_the_inverse_power_is_as_steep_and_as_stiff_as_lennard_jones_where_particles_meet():
    """The power that n = -2 - r u'''/u'' ascribes to Lennard-Jones is 15.48 a little beyond sigma; there u'' agree to a tenth."""
    inverse, lj = liquid_named("ipl-ka").pairs["AA"].form, LennardJones()

    def power(x: float) -> float:
        return float(-2 - x * (lj.curvature(x + 1e-5) - lj.curvature(x - 1e-5)) / 2e-5 / lj.curvature(x))

    alike = brentq(lambda x: power(x) - 15.48, 0.9, MINIMUM)
    assert 1.0 < alike < 1.1
    assert inverse.curvature(alike) == pytest.approx(lj.curvature(alike), rel=0.1)


def test_the_inverse_power_scales_as_the_paper_says():
    """gamma = n/3 = 5.16: at twice the density forces are 2^(gamma + 1/3) times as large."""
    pair = liquid_named("ipl-ka").pairs["AB"]
    assert pair.force(0.8 * 2 ** (-1 / 3)) == pytest.approx(2 ** (5.16 + 1 / 3) * pair.force(0.8))
    assert pair.force(0.8) == pytest.approx(15.48 * 1.69 * 1.5 / 0.8)


def test_wahnstroms_units_are_those_of_the_larger_particle():
    """rho = 0.75 in units of the smaller one is 1.296 here, where it is a dense liquid: at 0.75 it would boil."""
    liquid = liquid_named("wahnstrom")
    assert liquid.pairs["BB"].sigma ** 3 == pytest.approx(0.75 / 1.296)
    assert liquid.masses == {"A": 1.0, "B": 0.5}
    depths = [float(pair.energy(MINIMUM * pair.sigma)) for pair in liquid.pairs.values()]
    assert depths == pytest.approx([-1 + 0.016316891] * 3)  # 4 (2.5^-6 - 2.5^-12) above the minimum


@pytest.mark.parametrize("T", [0.3, 2.0])
def test_soft_spheres_have_the_second_virial_coefficient_of_an_inverse_power(T):
    """2 pi/3 sigma^3 T^(-1/4) Gamma(3/4), but for the cut-off, which takes 2 pi/9 (1 + 3) sigma^3 2.5^-9 / (4 T)."""
    for pair in liquid_named("soft-spheres").pairs.values():
        exact = 2 * np.pi / 3 * pair.sigma**3 * T**-0.25 * gamma(0.75)
        assert second_virial_coefficient(pair, T) == pytest.approx(exact, rel=1e-3 / T)


def test_soft_spheres_are_at_the_couplings_that_were_published():
    liquid = liquid_named("soft-spheres")
    l3 = sum(liquid.share_of_pairs(name) * pair.sigma**3 for name, pair in liquid.pairs.items())
    found = [0.8 * l3 * T**-0.25 for T in SOFT_STATES.values()]
    assert found == pytest.approx(list(SOFT_STATES), abs=2e-3)  # temperatures have three digits


def test_harmonic_spheres_are_hard_when_cold_and_an_ideal_gas_when_hot():
    """B2 goes to 2 pi/3 sigma^3, as exp(-u/T) to a step of width T^(1/2), and to pi/15 sigma^3 / T."""
    for pair in liquid_named("harmonic-spheres").pairs.values():
        hard = 2 * np.pi / 3 * pair.sigma**3
        assert second_virial_coefficient(pair, 1e-8) == pytest.approx(hard, rel=5e-4)
        assert second_virial_coefficient(pair, 1e3) == pytest.approx(hard / 10 / 1e3, rel=1e-3)


@pytest.mark.parametrize("T", [0.7, 1.0, 1.5])
def test_wca_spheres_have_the_diameters_of_verlet_and_weis(T):
    """d = Int (1 - exp(-u/T)) dr, which Phys. Rev. A 5, 939 (1972) fits as (0.3837 + 1.068/T) / (0.4293 + 1/T)."""
    for pair in liquid_named("wca5050").pairs.values():
        beyond, _ = quad(lambda r, u=pair.energy: -np.expm1(-u(r) / T), 0.5 * pair.sigma, pair.cutoff)
        diameter = beyond / pair.sigma + 0.5
        assert diameter == pytest.approx((0.3837 + 1.068 / T) / (0.4293 + 1 / T), rel=2e-3)


def test_one_component_lennard_jones_has_its_boyle_temperature():
    """3.4179 where nothing is cut off; cut at 2.5 and shifted it attracts less, so that B2 is above 0 there."""
    pair = liquid_named("lj1").pairs["AA"]
    assert second_virial_coefficient(replace(pair, cutoff=60.0), 3.417928) == pytest.approx(0.0, abs=1e-3)
    assert 0.1 < second_virial_coefficient(pair, 3.417928) < 1.0

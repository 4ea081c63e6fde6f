"""Every form is one function, its slope and its curvature; truncation leaves no step, and a record gives the potential again."""

from __future__ import annotations

import json

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.physics.interactions.form import Form
from glassdask.physics.interactions.lennard_jones import MINIMUM, LennardJones, Mie, WeeksChandlerAndersen
from glassdask.physics.interactions.pair_potential import FORMS, PairPotential, Shift
from glassdask.physics.interactions.repulsion import Harmonic, Hertzian, InversePower, Yukawa
from glassdask.physics.interactions.tabulated import Tabulated

_ROWS = np.linspace(0.8, 2.5, 200)
EXAMPLES: dict[str, Form] = {
    "Lennard-Jones": LennardJones(),
    "WCA": WeeksChandlerAndersen(),
    "Mie": Mie(repulsive_exponent=18, attractive_exponent=6),
    "inverse power": InversePower(exponent=15.48, prefactor=1.69),
    "Yukawa": Yukawa(screening=3.0),
    "harmonic": Harmonic(),
    "Hertzian": Hertzian(),
    "table": Tabulated(tuple(_ROWS), tuple((2.5 - _ROWS) ** 3), tuple(3 * (2.5 - _ROWS) ** 2)),
}
FORM = pytest.mark.parametrize("form", EXAMPLES.values(), ids=list(EXAMPLES))
SHIFT = pytest.mark.parametrize("shift", list(Shift))


def of(form: Form, shift: Shift = Shift.ENERGY) -> PairPotential:
    """A pair with units of its own, cut where the form ends or else at 2 sigma."""
    end = form.usual_cutoff if form.has_fixed_cutoff else 2.0
    assert end is not None
    return PairPotential(1.5, 0.8, end * 0.8, form, shift)


def test_every_form_has_an_example() -> None:
    assert list(EXAMPLES) == list(FORMS)
    assert all(type(EXAMPLES[name]) is kind for name, kind in FORMS.items())


@SHIFT
@FORM
def test_force_and_curvature_are_slopes(form: Form, shift: Shift) -> None:
    """By central differences, with an error of some h² v'''' where v changes over 0.1 sigma: a part in 1e5."""
    pair, h = of(form, shift), 1e-5
    r = np.linspace(0.85, 0.97, 13) * min(pair.cutoff, 1.2)
    assert pair.force(r) == pytest.approx((pair.energy(r - h) - pair.energy(r + h)) / (2 * h), rel=1e-5)
    assert pair.curvature(r) == pytest.approx((pair.force(r - h) - pair.force(r + h)) / (2 * h), rel=1e-5)


@SHIFT
@FORM
def test_what_is_shifted_has_no_step_at_the_cutoff(form: Form, shift: Shift) -> None:
    pair, h = of(form, shift), 1e-9
    inside, beyond = pair.cutoff - h, pair.cutoff + h
    assert pair.energy(inside) == pytest.approx(0.0, abs=1e-6)
    assert pair.energy(beyond) == pair.force(beyond) == pair.curvature(beyond) == 0.0
    assert abs(pair.force(inside)) == pytest.approx(pair.force_jump, abs=1e-6)
    assert (shift is Shift.ENERGY) or pair.force_jump == 0.0


@SHIFT
@FORM
def test_a_record_is_plain_data_that_gives_an_equal_potential(form: Form, shift: Shift) -> None:
    pair = of(form, shift)
    assert PairPotential.from_record(json.loads(json.dumps(pair.record()))) == pair


@pytest.mark.parametrize("form", [LennardJones(), Mie(18, 6), Mie(8, 5)])
def test_a_well_has_the_depth_epsilon_at_its_minimum(form: Form) -> None:
    assert form.energy(form.minimum) == pytest.approx(-1.0)
    assert form.slope(form.minimum) == pytest.approx(0.0, abs=1e-12)


def test_mie_12_6_is_lennard_jones() -> None:
    x = np.linspace(0.8, 3.0, 23)
    for of_form in ("energy", "slope", "curvature"):
        assert getattr(Mie(12, 6), of_form)(x) == pytest.approx(getattr(LennardJones(), of_form)(x))


def test_wca_is_lennard_jones_above_its_depth() -> None:
    """u + epsilon where it repels: the force is the same."""
    wca, lj = of(WeeksChandlerAndersen()), of(LennardJones())
    r = np.linspace(0.6, 0.999, 20) * MINIMUM * 0.8
    assert wca.is_repulsive
    assert not lj.is_repulsive
    assert wca.force(r) == pytest.approx(lj.force(r))
    assert wca.energy(0.8) == pytest.approx(1.5)


def test_only_lennard_jones_and_mie_attract() -> None:
    assert [name for name, form in EXAMPLES.items() if not of(form).is_repulsive] == ["Lennard-Jones", "Mie"]


def test_hertzian_spheres_are_softer_at_contact_than_harmonic_ones() -> None:
    """(1 − r)^(5/2): the curvature goes to 0 at contact, where that of harmonic spheres is 2."""
    assert Harmonic().curvature(1.0) == 2.0
    assert Hertzian().curvature([0.99, 1.0]) == pytest.approx([3.75 * 0.1, 0.0])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: PairPotential(-1.0, 1.0, 2.5), "epsilon is -1.0; allowed: a finite number above 0"),
        (lambda: PairPotential(1.0, np.nan, 2.5), "sigma is nan"),
        (lambda: PairPotential(1.0, 1.0, np.inf), "cutoff is inf"),
        (lambda: PairPotential(1.0, 1.0, 1.5, Harmonic()), "cutoff is 1.5; allowed for 'harmonic': 1, its own"),
        (lambda: Mie(6, 12), "attractive_exponent is 12, repulsive_exponent 6"),
        (lambda: InversePower(3.0), "exponent is 3.0; allowed: above 3"),
        (lambda: InversePower(12.0, prefactor=0.0), "prefactor is 0.0; allowed: above 0"),
        (lambda: Yukawa(0.0), "screening is 0.0; allowed: above 0"),
    ],
)
def test_what_cannot_be_is_refused(make, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        make()

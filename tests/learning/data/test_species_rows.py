"""What theory makes of S(k), species by species."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from glassdask.learning.data.species_rows import COLUMNS, SpeciesRows
from tests.learning.hard_spheres import COMPOSITION, make_hard_spheres
from tests.learning.synthetic import make_samples
from tests.learning.test_many_liquids import joined, of_liquid

SAMPLES = make_hard_spheres(np.array([1.0, 1.5, 2.2]))
ROWS = SpeciesRows.of(SAMPLES)


def test_the_large_spheres_are_caged_closer():
    """A smaller sphere moves further in the same cage: its plateau is lower, ln(−ln f) higher."""
    plateau = ROWS.columns[:, COLUMNS.index("plateau")].reshape(3, 2)
    assert ROWS.is_known.all()
    assert (plateau[:, 1] > plateau[:, 0]).all()


def test_a_colder_state_is_closer_to_the_glass():
    inverse = ROWS.columns[ROWS.species == 0, COLUMNS.index("inverse_coupling")]
    assert (np.diff(inverse) < 0).all()  # T = 1.0, 1.5, 2.2


def test_free_flight_is_the_same_for_all():
    """F = exp(−k_p² (k_BT/m) t²/2): the first level is passed at one t/t_0, of any temperature and mass, to the peak's own error."""
    masses = np.tile([1.0, 4.0], (3, 1))
    t = np.geomspace(1e-3, 10.0, 200)
    peaks = np.exp(-ROWS.log_unit[::2]) / np.sqrt(SAMPLES.temperature)
    speed = np.sqrt(SAMPLES.temperature[:, None] / masses)
    F = np.exp(-0.5 * (peaks[:, None, None] * speed[:, None, :] * t[None, :, None]) ** 2)
    unknown = np.full(F.shape, np.nan)
    flying = replace(SAMPLES, mass=masses, lag_time=t, scattering=F, scattering_error=unknown, theory=unknown)
    first = SpeciesRows.of(flying).level_times[:, 0]
    np.testing.assert_allclose(first, 0.5 * np.log(2 * 0.002), atol=0.01)


def test_mass_is_told_in_units_of_the_mean():
    heavy = SpeciesRows.of(replace(SAMPLES, mass=np.tile([1.0, 6.0], (3, 1))))
    mean = COMPOSITION[0] + 6 * COMPOSITION[1]
    np.testing.assert_allclose(heavy.columns[:2, COLUMNS.index("mass")], np.log([1 / mean, 6 / mean]), atol=0.02)


def test_liquids_of_one_two_and_three_species_stand_in_one_table():
    rows = SpeciesRows.of(joined(of_liquid("one", 1), of_liquid("two", 2), of_liquid("three", 3)))
    counts = [int((np.char.startswith(rows.series, name)).sum()) for name in ("one", "two", "three")]
    assert counts == [8, 16, 24]


def test_a_structure_that_nature_cannot_have_has_no_features():
    made_up = make_samples(4)
    broken = replace(made_up, structure_factor=-np.abs(made_up.structure_factor))
    assert not SpeciesRows.of(broken).is_known.any()


@pytest.mark.parametrize("row", range(3))
def test_the_plateau_is_the_theorys_own(row: int):
    """Long-time limit of the tagged map iterated plainly, one part in a hundred above g_c, to 1e-3."""
    from glassdask.physics.mode_coupling.mode_coupling_kernels import CollectiveKernel, TaggedKernel
    from tests.learning.hard_spheres import K, structure

    here = structure(float(SAMPLES.temperature[row]))
    g, S = 1.01 * float(SAMPLES.critical_coupling[row]), here.structure_factor
    collective, F = CollectiveKernel(here), here.structure_factor.copy()
    inverse = np.linalg.inv(np.moveaxis(S, 2, 0))
    for _ in range(400):
        m = g * np.moveaxis(collective.reduced(F), 2, 0)
        F = S - np.moveaxis(np.linalg.inv(inverse + m), 0, 2)
    tagged, k_squared = TaggedKernel(here, F[None]), np.tile(K**2, 2)
    F_s, M = np.ones((1, 1, k_squared.size)), np.empty((1, 1, k_squared.size))
    for _ in range(400):
        tagged.fill(0, F_s, M)
        F_s = g * M / (k_squared + g * M)
    peak = np.exp(-ROWS.log_unit[2 * row]) / np.sqrt(SAMPLES.temperature[row])
    plain = [np.interp(peak, K, of_one) for of_one in F_s.reshape(2, -1)]
    found = np.exp(-np.exp(ROWS.columns[2 * row : 2 * row + 2, COLUMNS.index("plateau")]))
    np.testing.assert_allclose(found, plain, atol=1e-3)

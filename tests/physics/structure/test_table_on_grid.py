"""Tables of S(k) that people have: exact ones are met, missing rows filled, coarse ones named; hard spheres are the judge."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from glassdask.errors import InvalidInput
from glassdask.physics.mode_coupling.critical_point import critical_point
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers, is_bipolar
from glassdask.physics.structure.percus_yevick import percus_yevick
from glassdask.physics.structure.static_structure import StaticStructure, pairs_of_matrix
from glassdask.physics.structure.table_on_grid import TableOnGrid, on_bipolar_grid

GRID = bipolar_wavenumbers()
PACKING = 0.5
DENSITY = 6 * PACKING / np.pi


def hard_spheres(k: np.ndarray, packing: float = PACKING) -> np.ndarray:
    """S at wavenumbers of any kind: every n-th of a bipolar grid fine enough to hold them."""
    fine = bipolar_wavenumbers(0.02, 2100)
    places = np.round(k / 0.02 - 0.5).astype(int)
    assert_allclose(fine[places], k, rtol=0, atol=1e-9)
    return percus_yevick(fine, packing).structure_factor[0, 0, places]


def table(spacing: float, offset: float = 0.0, packing: float = PACKING) -> tuple[np.ndarray, np.ndarray]:
    """k = 0.01 + offset + spacing, + 2 spacing, … up to 40: all of them on the fine grid."""
    k = 0.01 + offset + spacing * np.arange(1, int((39.9 - offset) / spacing) + 1)
    return k, hard_spheres(k, packing)


def error_of(found: TableOnGrid) -> float:
    """Largest error of S on its grid."""
    exact = percus_yevick(found.wavenumber, PACKING).structure_factor[0, 0]
    return float(np.abs(found.partials[0] - exact).max())


def test_a_bipolar_table_is_left_as_it_is():
    S = percus_yevick(GRID, PACKING).structure_factor[0, 0]
    found = on_bipolar_grid(GRID, S, DENSITY)
    assert_array_equal(found.wavenumber, GRID)
    assert_array_equal(found.partials[0], S)
    assert (found.notes, found.warnings, found.error_source) == ([], [], None)


@pytest.mark.parametrize(("spacing", "error"), [(0.2, 1e-5), (0.4, 1e-5), (0.8, 2e-4), (1.0, 1e-3)])
def test_a_smooth_table_is_met_between_its_rows(spacing, error):
    """Where S has a peak of 3.3, cubic splines of S are off by 0.005, 0.13, 0.5, 0.5: those of 1/S by a part of that."""
    found = on_bipolar_grid(*table(spacing, 0.1), DENSITY)
    assert is_bipolar(found.wavenumber)
    assert found.smooth is None
    assert error_of(found) < error
    assert (found.every_second is not None) == bool(found.warnings) == (spacing > 0.56)


@pytest.mark.parametrize("first", [1, 2, 4])
def test_rows_missing_at_the_lower_end_are_filled_and_the_spacing_is_kept(first):
    """S is even in k and smooth there: 1 % of 0.0157 at the lowest."""
    S = percus_yevick(GRID, PACKING).structure_factor[0, 0]
    found = on_bipolar_grid(GRID[first:], S[first:], DENSITY)
    assert_allclose(found.wavenumber, GRID, rtol=1e-12)
    assert_allclose(found.partials[0], S, rtol=0.01)
    assert f"rows missing below k = {GRID[first]:.4g} were filled" in found.notes[0]


def test_the_critical_packing_is_that_of_the_grid_where_the_table_lies_between_its_rows():
    """Rows at 0.3, 0.7, … on the grid 0.2, 0.6, …: 0.515912 (Franosch et al. 1997) to 1e-6; parabolas were off by 1.4e-3."""

    def structure(packing: float) -> StaticStructure:
        k = bipolar_wavenumbers(0.2, 201)[1::2]
        S = percus_yevick(bipolar_wavenumbers(0.2, 201), packing).structure_factor[0, 0, 1::2]
        found = on_bipolar_grid(k, S, 6 * packing / np.pi)
        assert_allclose(found.wavenumber, GRID, rtol=1e-9)
        return StaticStructure(found.wavenumber, found.partials[0], 6 * packing / np.pi, np.ones(1))

    assert critical_point(structure, 0.51, 0.53).control == pytest.approx(0.51591213, abs=2e-6)


def test_two_species_are_interpolated_as_a_matrix():
    """Every second row of a mixture's fine table, back on the rows left out."""
    fine = bipolar_wavenumbers(0.2, 200)
    mixture = percus_yevick(fine, 0.5, (0.8, 1.0), (0.2, 0.8))
    S = pairs_of_matrix(mixture.structure_factor)
    k = fine[1::3]  # 0.3, 0.9, …
    found = on_bipolar_grid(k, S[:, 1::3], mixture.density, (0.2, 0.8))
    exact = percus_yevick(found.wavenumber, 0.5, (0.8, 1.0), (0.2, 0.8)).structure_factor
    assert_allclose(found.partials, pairs_of_matrix(exact), rtol=0, atol=1e-4)


@pytest.mark.parametrize("density", [0.3, 1.2, 1.8])
def test_spacing_scales_with_the_distance_of_particles(density):
    """dk = 0.4 (ρ/1.2)^(1/3), one hundred of them where they were measured, if the table's own spacing is too fine."""
    unit = (density / 1.2) ** (1 / 3)
    k = np.arange(1, 1000) * 0.045 * unit
    found = on_bipolar_grid(k, 1.0 / (1.0 + 20.0 * np.exp(-(((k / unit) / 4) ** 2))), density)
    assert_allclose(found.wavenumber, unit * GRID, rtol=1e-12)
    assert_allclose(found.partials[0], 1.0 / (1.0 + 20.0 * np.exp(-((GRID / 4) ** 2))), rtol=1e-8)
    assert "interpolated to the bipolar grid" in found.notes[0]


def test_a_table_that_ends_before_the_second_peak_is_named():
    k = 0.1 * np.arange(1, 150)
    with pytest.raises(
        InvalidInput, match=r"S\(k\) ends at k = 14.9; needed: up to 16 at the least .*, 40 for numbers"
    ):
        on_bipolar_grid(k, np.ones_like(k), 1.2)

"""Mode-coupling theory of one structure factor, as JSON and as a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from glassdask.datasets.netcdf import read_netcdf, write_netcdf
from glassdask.errors import InvalidInput
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.physics.structure.percus_yevick import percus_yevick
from glassdask.stages.solve_mct.theory_answer import dynamics_in_words, theory_json
from glassdask.stages.solve_mct.theory_of_structure import StructureTheory, theory_arrays, theory_of_structure

K = bipolar_wavenumbers(0.4, 50)


@pytest.fixture(scope="module")
def liquid() -> StructureTheory:
    return theory_of_structure(percus_yevick(K, 0.5, (0.8, 1.0), (0.2, 0.8)), wavenumber=7.2)


@pytest.fixture(scope="module")
def glass() -> StructureTheory:
    return theory_of_structure(percus_yevick(K, 0.55, (0.8, 1.0), (0.2, 0.8)), end_time=1e4)


def test_a_liquid_relaxes_and_a_larger_particle_more_slowly(liquid: StructureTheory) -> None:
    found = theory_json(theory_arrays(liquid))
    assert (found["outcome"], found["time_domain"]) == ("liquid", "converged")
    assert found["wavenumber"] == pytest.approx(7.0)
    assert 0 < found["relaxation_time"]["A"] < found["relaxation_time"]["B"]
    assert found["largest_eigenvalue"] is None
    assert not np.any(found["nonergodicity"]["AB"])


def test_a_glass_is_arrested_and_says_how_stable_it_is(glass: StructureTheory) -> None:
    found = theory_json(theory_arrays(glass))
    assert found["outcome"] == "glass"
    assert found["relaxation_time"] == {"A": None, "B": None}
    assert 0 < found["largest_eigenvalue"] < 1
    assert len(found["nonergodicity"]["BB"]) == len(found["k"]) == 50
    assert 0.9 < max(found["nonergodicity"]["BB"]) < 1


def test_heavy_particles_start_more_slowly_and_end_where_light_ones_do() -> None:
    """F_s = 1 − k² k_BT t²/(2 m_s) at first; the long-time limit knows no mass. Two species that differ in mass alone."""
    twins, T, masses = percus_yevick(K, 0.53, (1.0, 1.0), (0.5, 0.5)), 2.0, [1.0, 9.0]
    theory = theory_of_structure(twins, "newtonian", T, end_time=1e4, masses=masses)
    solution = theory.solution
    fallen = (1.0 - solution.F_s[1]) / (solution.t[1] ** 2 / 2)
    expected = T * np.outer(1.0 / np.array(masses), K**2)
    np.testing.assert_allclose(fallen, expected, rtol=1e-3)  # the memory's share is of order (Ω + M) t², 1e-4 here
    np.testing.assert_allclose(solution.F_s[-1], theory.limit.F_s, atol=1e-4)
    answer = theory_json(theory_arrays(theory))
    assert (answer["temperature"], answer["masses"]) == (T, masses)
    assert dynamics_in_words("newtonian", T, masses).startswith(
        "newtonian dynamics with k_BT/m = 2, masses 1, 9; times in"
    )


def test_equal_masses_change_no_bit() -> None:
    one, other = (
        theory_of_structure(percus_yevick(K, 0.4), "newtonian", 2.0, end_time=1.0, masses=masses)
        for masses in (None, [1.0])
    )
    np.testing.assert_array_equal(one.solution.F, other.solution.F)
    np.testing.assert_array_equal(one.solution.F_s, other.solution.F_s)


@pytest.mark.parametrize("masses", [[1.0, 2.0], [0.0], [np.inf]])
def test_masses_that_cannot_be_are_refused(masses: list[float]) -> None:
    with pytest.raises(InvalidInput, match=r"masses are .*; allowed: 1 finite numbers above 0, one for each species"):
        theory_of_structure(percus_yevick(K, 0.4), "newtonian", masses=masses)
    with pytest.raises(InvalidInput, match="masses have no part in overdamped dynamics"):
        theory_of_structure(percus_yevick(K, 0.4), masses=masses)


def test_the_file_holds_every_curve(glass: StructureTheory, tmp_path: Path) -> None:
    """F at t = 0 is S; the last F is the long-time limit, to what the grid resolves."""
    write_netcdf(theory_arrays(glass).dataset(), tmp_path / "F.nc", {})
    data = read_netcdf(tmp_path / "F.nc")
    assert data["scattering"].dims == ("pair", "k", "t")
    np.testing.assert_allclose(data["scattering"].isel(t=0), data["structure_factor"], rtol=1e-12)
    np.testing.assert_allclose(data["self_scattering"].isel(t=0), 1.0, rtol=1e-12)
    np.testing.assert_allclose(data["scattering"].isel(t=-1), data["nonergodicity"], atol=1e-4)
    np.testing.assert_allclose(data["self_scattering"].isel(t=-1), data["self_nonergodicity"], atol=1e-4)
    mixed = data["memory"].sel(species="A", other_species="B") * 0.8  # x_b M_ab is symmetric for equal mobilities
    np.testing.assert_allclose(mixed, data["memory"].sel(species="B", other_species="A") * 0.2, rtol=1e-9, atol=1e-9)
    assert data.attrs["long_time_limit"] == "glass"
    assert data.attrs["density"] == glass.solution.structure.density


def test_a_wavenumber_beyond_the_grid_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"wavenumber is 30; allowed: above 0 up to 19\.8"):
        theory_of_structure(percus_yevick(K, 0.5), wavenumber=30.0)

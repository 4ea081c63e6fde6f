"""`glassdask.mode_coupling_theory` and `critical_temperatures`: values of files, Datasets and arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import glassdask
from glassdask.datasets.netcdf import read_netcdf
from glassdask.errors import InvalidInput
from glassdask.physics.structure.static_structure import pairs_of_matrix

FINE = glassdask.bipolar_wavenumbers(0.05, 800)
COARSE = glassdask.bipolar_wavenumbers(0.4, 50)


def test_another_grid_is_interpolated_and_that_is_said() -> None:
    """Fine points of a dense liquid give the critical-eigenvalue neighbourhood of the bipolar S(k): still a glass."""
    spheres = glassdask.percus_yevick(FINE, 0.53)
    S = xr.Dataset({"structure_factor": ("k", spheres.structure_factor[0, 0, 4:])}, {"k": FINE[4:]})
    theory = glassdask.mode_coupling_theory(S, density=spheres.density, end_time=100.0)
    assert theory.data.attrs["long_time_limit"] == "glass"
    assert "interpolated to the bipolar grid" in theory.notes[0]
    assert theory.read is not None
    assert theory.read.startswith("Dataset; k = ")


def test_a_dataset_and_arrays_say_the_same(tmp_path: Path) -> None:
    """Of a mixture, with a mobility; the file holds what the Dataset does."""
    spheres = glassdask.percus_yevick(COARSE, 0.45, (0.8, 1.0), (0.2, 0.8))
    S = pairs_of_matrix(spheres.structure_factor)
    table = xr.Dataset({"structure_factor": (("pair", "k"), S)}, {"pair": ["AA", "AB", "BB"], "k": COARSE})
    options = {"diffusivity": 2.0, "end_time": 10.0, "wavenumber": 7.0, "resamples": 0}
    ours = glassdask.mode_coupling_theory(table, density=spheres.density, composition=(0.2, 0.8), **options)
    exact = glassdask.mode_coupling_theory(spheres, **options)
    xr.testing.assert_allclose(ours.data, exact.data)
    assert list(ours.data["species"].values) == ["A", "B"]
    assert (exact.read, exact.source, exact.notes) == (None, None, [])
    ours.write(tmp_path / "F.nc")
    xr.testing.assert_identical(read_netcdf(tmp_path / "F.nc").drop_attrs(), ours.data.drop_attrs())
    with pytest.raises(InvalidInput, match="has its own density"):
        glassdask.mode_coupling_theory(spheres, density=1.0)


def test_a_dataset_that_is_none_of_S_says_what_is_wanted() -> None:
    with pytest.raises(InvalidInput, match="the Dataset has the variables S; allowed: one is structure_factor"):
        glassdask.mode_coupling_theory(xr.Dataset({"S": ("k", np.ones(50))}, {"k": COARSE}), density=1.0)


def test_an_unfinished_campaign_has_critical_temperatures_of_what_is_there(tiny_copy: Path) -> None:
    said: list[str] = []
    found = glassdask.critical_temperatures(tiny_copy, say=said.append)
    assert said == []
    assert dict(found["critical_temperature"].sizes) == {"potential": 2, "rho": 1}
    (tiny_copy.with_suffix("") / "states" / "wca_rho1.2_T2.0_r0" / "fit_memory.json").unlink()
    again = glassdask.critical_temperatures(tiny_copy, say=said.append)
    assert said == ["the campaign is unfinished: 2 of 3 states"]
    assert again["message"].sel(potential="lj").item() == found["message"].sel(potential="lj").item()
    assert again["message"].sel(potential="wca").item().startswith("no run in equilibrium")

"""Opening a campaign: lazily, by any of its names, and with the paper's normalisation."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import glassdask
from glassdask.campaign.definition.campaign import Campaign
from glassdask.datasets.store import open_state
from glassdask.errors import InvalidInput
from glassdask.state_point import StatePoint


@pytest.fixture
def cube(tiny: Campaign):
    with glassdask.open_campaign(tiny.folder) as data:
        yield data


def test_the_cube_has_the_dimensions_that_were_asked_for(cube) -> None:
    assert cube["structure_factor"].dims == ("potential", "T", "rho", "pair", "k")
    assert cube["self_intermediate_scattering"].dims == ("potential", "T", "rho", "species", "k", "t")
    np.testing.assert_allclose(cube["k"], (np.arange(100) + 0.5) * 0.4, rtol=1e-12)
    for name, variable in cube.variables.items():
        assert variable.attrs["long_name"], name
        if variable.dtype.kind in "fi":
            assert variable.attrs["units"], name


def test_arrays_stay_on_disk_until_they_are_used(cube) -> None:
    large = [name for name, variable in cube.data_vars.items() if variable.ndim > 3]
    assert large
    assert not any(cube[name].variable._in_memory for name in large)
    cube["structure_factor"].sel(potential="lj", T=1.0, rho=1.2, pair="AA").values  # noqa: B018  reads this part
    assert not cube["self_intermediate_scattering"].variable._in_memory


def test_folder_file_and_cube_open_the_same(tiny_file: Path, tiny: Campaign) -> None:
    for path in (tiny_file, tiny.folder, str(tiny.folder), tiny.folder / "observables.nc"):
        with glassdask.open_campaign(path) as data:
            assert data.attrs["campaign"] == tiny.identity


def test_a_file_that_names_its_folder_is_followed(tiny_copy: Path) -> None:
    shutil.move(tiny_copy.with_suffix(""), tiny_copy.parent / "elsewhere")
    tiny_copy.write_text(tiny_copy.read_text().replace("[campaign]", '[campaign]\nfolder = "elsewhere"'))
    with glassdask.open_campaign(tiny_copy) as data:
        assert data.attrs["title"] == "tiny"


@pytest.mark.parametrize("name", ["nowhere", "nowhere.toml", "nowhere.nc"])
def test_what_is_not_there_says_how_to_make_it(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="nowhere"):
        glassdask.open_campaign(tmp_path / name)


def test_a_ragged_campaign_has_missing_states(cube) -> None:
    assert cube.glass.status.sel(potential="wca", T=1.0, rho=1.2) == "missing"
    assert np.isnan(cube["structure_factor"].sel(potential="wca", T=1.0)).all()
    measured = {(p, T, rho) for status in ("done", "not_equilibrated") for p, T, rho in cube.glass.states(status)}
    assert measured == {("lj", 1.0, 1.2), ("lj", 2.0, 1.2), ("wca", 2.0, 1.2)}


def test_the_papers_normalisation_starts_at_the_peak_of_the_structure_factor(cube) -> None:
    """Eq. 1: F_s^aa(k_p, 0) = S^aa(k_p), and the shape is that of the normalised function."""
    paper = cube.glass.paper_scattering.sel(potential="lj", T=1.0, rho=1.2)
    peak = cube["peak_structure_factor"].sel(potential="lj", T=1.0, rho=1.2)
    np.testing.assert_allclose(paper.isel(t=0), peak, rtol=1e-12)
    assert peak.sel(species="A") > 1.5, "the main peak of a dense liquid"
    ratio = paper / peak
    np.testing.assert_allclose(ratio, cube["peak_scattering"].sel(potential="lj", T=1.0, rho=1.2), rtol=1e-6)


def test_a_state_is_opened_by_its_point(tiny: Campaign) -> None:
    state = tiny.states[0]
    data = open_state(tiny.folder, state)
    assert (data["T"].item(), data["rho"].item(), str(data["potential"].values)) == (1.0, 1.2, "lj")
    with glassdask.open_campaign(tiny.folder) as cube:
        own = cube["structure_factor"].sel(potential="lj", T=1.0, rho=1.2)
        np.testing.assert_array_equal(own, data["structure_factor"])
    with pytest.raises(InvalidInput, match=r"lj_rho1\.2_T7\.0_r0"):
        open_state(tiny.folder, StatePoint("lj", 7.0, 1.2))


def test_a_cube_of_the_first_version_has_the_present_names(tmp_path: Path) -> None:
    """0.1.0 called χ² per point memory_chi2; its own cube of 64 states is among the benchmarks' records."""
    of_first_version = Path(__file__).parents[2] / "benchmarks" / "results" / "workstation-observables.nc"
    path = shutil.copy(of_first_version, tmp_path / "observables.nc")
    with glassdask.open_campaign(path) as data:
        assert "memory_chi2" not in data
        assert not data["memory_chi2_per_point"].variable._in_memory
        chi2 = data["memory_chi2_per_point"].sel(dynamics="newtonian", n_exp=2)
        assert float(chi2.median()) < 1.2  # a mean over the times: the sum would be 30 times that
    Path(path).write_bytes(b"")  # the file was closed

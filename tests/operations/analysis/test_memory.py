"""`glassdask.fit_memory` of files and Datasets, and `memory_fits` of a campaign: their values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import glassdask
from glassdask.campaign.definition.campaign import Campaign
from glassdask.datasets.netcdf import read_netcdf
from glassdask.errors import InvalidInput
from tests.stages.fit_memory.known_memory import NOISE, TIMES, csv_file, known_curve, simple_curve

#: Few points, one mode: a fit of these takes a moment.
SHORT = np.geomspace(0.05, 50.0, 20)
SIMPLE = xr.Dataset({"F": ("t", simple_curve(SHORT))}, {"t": SHORT})


def numbers(**options) -> dict[str, Any]:
    """All of a fit of the simple curve but the time that it took."""
    answer = glassdask.fit_memory(SIMPLE, n_exp=[1], **options).as_dict()
    for about in answer["species"].values():
        for fit in about["fits"]:
            del fit["seconds"]
    return answer


def test_a_dataset_in_a_dataset_out(tmp_path: Path) -> None:
    found = glassdask.fit_memory(SIMPLE, n_exp=[1])
    assert found.data["F_fit"].dims == ("species", "n_exp", "t")
    np.testing.assert_allclose(found.data["F_fit"].squeeze(), SIMPLE["F"], atol=2e-3)
    assert found.read.startswith("Dataset; t = ")
    found.write(tmp_path / "memory.nc")
    xr.testing.assert_equal(read_netcdf(tmp_path / "memory.nc")["M"], found.data["M"])


def test_a_state_with_two_species() -> None:
    F = simple_curve(SHORT)
    data = xr.Dataset({"peak_scattering": (("species", "t"), [F, F])}, {"species": ["A", "B"], "t": SHORT})
    data["peak_scattering_error"] = 0 * data["peak_scattering"] + NOISE
    found = glassdask.fit_memory(data, dynamics="overdamped", omega=(1, 2), fit_omega=True, n_exp=[1])
    assert found.data["known_omega"].values.tolist() == [1.0, 2.0]
    np.testing.assert_allclose(found.data["omega"], 1.0, atol=0.05)
    assert any("M_AB is unconstrained" in note for note in found.notes)


def test_times_in_another_unit_are_told_and_earlier_ones_left_out(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "F.csv", t=TIMES / np.sqrt(48.0), F=known_curve("newtonian"))
    found = glassdask.fit_memory(path, dynamics="newtonian", omega=[1], n_exp=[1], t_min=0.1)
    assert any("its times may be in another unit" in note for note in found.notes)
    assert found.data["points"].item() == int((TIMES / np.sqrt(48.0) >= 0.1).sum())
    assert np.isnan(found.data["chi2_per_point"].item())


def test_missing_values_and_a_plateau_are_noted() -> None:
    early = SIMPLE.isel(t=SHORT < 3.0)
    found = glassdask.fit_memory(early.where(early["t"] != early["t"][2]), omega=[1], n_exp=[1])
    assert "F of A: 1 of 12 values are not finite or have no error and are left out" in found.notes
    assert any("has not decayed at the last time" in note for note in found.notes)


def test_a_killed_fit_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    """Half of the generations are lost: they are searched again with the same random numbers, to the same end."""
    checkpoint = tmp_path / "fit.json"
    first = numbers(checkpoint=checkpoint)
    content = json.loads(checkpoint.read_text())
    searched = content["answers"]
    content["answers"] = {name: losses[: len(losses) // 2] for name, losses in searched.items()}
    checkpoint.write_text(json.dumps(content))
    assert numbers(checkpoint=checkpoint) == first
    again = json.loads(checkpoint.read_text())["answers"]
    assert {name: len(losses) for name, losses in again.items()} == {n: len(found) for n, found in searched.items()}


def test_the_seed_is_all_that_chance_has() -> None:
    assert numbers(omega=[1], seed=7, bootstrap=3) == numbers(omega=[1], seed=7, bootstrap=3)


def test_numbers_that_cannot_be_are_refused() -> None:
    with pytest.raises(InvalidInput, match="n_exp is"):
        glassdask.fit_memory(SIMPLE, n_exp=[5])
    with pytest.raises(InvalidInput, match="Omega is -1; allowed: finite rates above 0"):
        glassdask.fit_memory(SIMPLE, omega=[-1])


def test_the_fits_of_a_campaign_are_those_of_its_files(tiny: Campaign) -> None:
    found = glassdask.memory_fits(tiny.folder)
    assert [one.state for one in found] == [state.identifier for state in tiny.states]
    assert all(one.data["memory_bic"].size == 8 for one in found)

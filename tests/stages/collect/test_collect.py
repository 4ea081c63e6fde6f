"""Stage collect: the cube of what there is, whatever became of the states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import glassdask
from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files.failure import write_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.status import campaign_status
from glassdask.errors import InvalidInput
from glassdask.stages.collect.campaign_cube import write_cube


def collected(campaign: Campaign):
    """The cube, written anew from the states' files."""
    path = write_cube(campaign.folder, campaign_status(campaign.folder), campaign.specification, campaign.identity)
    return glassdask.open_campaign(path)


def test_the_cube_holds_every_state(tiny: Campaign, tiny_copy: Path) -> None:
    copy = load_campaign(tiny_copy)
    (copy.folder / "observables.nc").unlink()
    with collected(copy) as cube, glassdask.open_campaign(tiny.folder) as original:
        assert cube.drop_attrs().identical(original.drop_attrs())
        assert cube.attrs["source"] == original.attrs["source"]
        assert cube.attrs["seed"] == "7"


def test_what_became_of_a_state_is_told(tiny_copy: Path) -> None:
    campaign = load_campaign(tiny_copy)
    waiting, failed, _ = campaign.states
    finished = [item.status for item in campaign_status(campaign.folder)][2]
    for state in (waiting, failed):
        (state_folder(campaign.folder, state.identifier) / "reduce.json").unlink()
    write_failure(state_folder(campaign.folder, failed.identifier), "reduce", "code", "KeyError: 'x'", 3)
    with collected(campaign) as cube:
        for state, status in zip(campaign.states, ("missing", "failed", finished), strict=True):
            place = {"potential": state.potential, "T": state.temperature, "rho": state.density}
            assert cube.glass.status.sel(place) == status
            assert np.isfinite(cube["pressure"].sel(place)) == (status == finished)


def test_a_campaign_where_nothing_is_done_has_a_cube_too(tiny_copy: Path) -> None:
    campaign = load_campaign(tiny_copy)
    for state in campaign.states:
        (state_folder(campaign.folder, state.identifier) / "simulate.json").unlink()
    with collected(campaign) as cube:
        assert (cube.glass.status == "missing").all()
        assert cube.attrs["source"] == ""


def test_another_end_of_the_theory_needs_another_solution(tiny_copy: Path) -> None:
    tiny_copy.write_text(tiny_copy.read_text().replace("end_time = 1.0e4", "end_time = 1.5e4"))
    with pytest.raises(InvalidInput, match=r"mode_coupling\.nc: its t_mct grid .* --redo-changed"):
        collected(load_campaign(tiny_copy))


def test_another_k_grid_needs_another_reduction(tiny_copy: Path) -> None:
    tiny_copy.write_text(tiny_copy.read_text().replace("[wavenumbers]", "[wavenumbers]\ncount = 50"))
    with pytest.raises(InvalidInput, match=r"its k grid \(100 values\) .* --redo-changed"):
        collected(load_campaign(tiny_copy))

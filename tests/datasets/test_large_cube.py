"""A cube that is larger than memory is the same cube."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.status import campaign_status
from glassdask.datasets import CUBE
from glassdask.stages.collect import campaign_cube


def written(campaign: Campaign) -> xr.Dataset:
    statuses = list(campaign_status(campaign.folder))
    path = campaign_cube.write_cube(campaign.folder, statuses, campaign.specification, campaign.identity)
    with xr.open_dataset(path, engine="netcdf4") as cube:
        found = cube.load()
    found.attrs.pop("history")
    return found


def test_parts_make_the_whole(tiny_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One temperature at a time, one state being gone: every number, type, attribute and what stands where nothing is known."""
    campaign = load_campaign(tiny_copy)
    shutil.rmtree(state_folder(campaign.folder, campaign.states[1].identifier))
    whole = written(campaign)
    monkeypatch.setattr(campaign_cube, "MOST_BYTES", 0)
    parts = written(campaign)
    xr.testing.assert_identical(parts, whole)
    for name, variable in whole.variables.items():
        one, other = variable.encoding, parts[name].encoding
        assert parts[name].dtype == variable.dtype, name
        assert str(one.get("_FillValue")) == str(other.get("_FillValue")), name
        assert (one.get("zlib"), one.get("fletcher32")) == (other.get("zlib"), other.get("fletcher32")), name
    assert np.isfinite(parts["structure_factor"]).any()
    assert (campaign.folder / CUBE).is_file()

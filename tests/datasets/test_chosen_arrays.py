"""Chosen variables of a file: what a Dataset of all of it holds, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from glassdask.datasets.campaign_grids import on_campaign_grids
from glassdask.datasets.chosen_arrays import ChosenArrays, read_arrays
from glassdask.datasets.netcdf import read_netcdf
from glassdask.state_point import StatePoint
from tests.datasets.synthetic import COORDINATES, state_entry


def test_they_are_those_of_the_whole_file(tmp_path: Path) -> None:
    for path in state_entry(tmp_path, StatePoint("lj", 1.0, 1.2), 2.5).paths:
        whole = read_netcdf(path)
        found = read_arrays(path, map(str, whole.variables))
        assert set(found.values) == set(whole.variables)
        assert found.attributes == whole.attrs
        for name, array in found.values.items():
            assert found.dimensions[name] == whole[name].dims
            np.testing.assert_array_equal(array, whole[name].values, err_msg=name)
        assert found.dataset().identical(
            whole.drop_attrs(deep=True)
            .assign_attrs(whole.attrs)
            .reset_coords()
            .set_coords([name for name in whole.coords if name in whole.dims])
        )


def test_what_a_file_lacks_is_left_out_and_nothing_else_is_read(tmp_path: Path) -> None:
    path = state_entry(tmp_path, StatePoint("lj", 1.0, 1.2), 2.5).paths[0]
    assert set(read_arrays(path, ["k", "no_such_thing"]).values) == {"k"}


def test_a_variable_of_an_older_version_is_found_by_its_present_name(tmp_path: Path) -> None:
    xr.Dataset({"memory_chi2": ("x", [1.0, np.nan])}).to_netcdf(tmp_path / "old.nc")
    found = read_arrays(tmp_path / "old.nc", ["memory_chi2_per_point"])
    np.testing.assert_array_equal(found.values["memory_chi2_per_point"], [1.0, np.nan])


def test_a_damaged_file_is_no_empty_one(tmp_path: Path) -> None:
    (tmp_path / "cut.nc").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(40))
    with pytest.raises((OSError, RuntimeError)):
        read_arrays(tmp_path / "cut.nc", ["k"])


def test_species_pairs_and_times_lie_where_xarray_puts_them() -> None:
    """A liquid of the first and third species, and times of which the campaign has others between."""
    grids = COORDINATES | {"species": np.array(["A", "B", "C"]), "pair": np.array(["AA", "AB", "AC", "BB", "BC", "CC"])}
    random = np.random.default_rng(3)
    own = {"species": ["A", "C"], "pair": ["AA", "AC", "CC"], "t": grids["t"][[0, 2, 3]]}
    data = xr.Dataset(
        {
            "peak_scattering": (("species", "t"), random.random((2, 3))),
            "structure_factor": (("pair", "k"), random.random((3, 3))),
            "n_origins": ("t", np.array([7, 5, 2], dtype=np.int32)),
            "pressure": 1.5,
        },
        own,
    )
    found = ChosenArrays(
        {str(n): v.values for n, v in data.variables.items()},
        {str(n): tuple(map(str, v.dims)) for n, v in data.variables.items()},
        {},
    )
    expected = data.reindex({name: grids[name] for name in own})
    for name, array in on_campaign_grids(found, grids).items():
        if name not in own:
            np.testing.assert_array_equal(array, expected[name].values, err_msg=name)

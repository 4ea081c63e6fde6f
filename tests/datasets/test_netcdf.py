"""Files: what the schema says is what is written and read back, compressed and with checksums."""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

import glassdask
from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.datasets.netcdf import dataset, read_netcdf, write_netcdf
from glassdask.datasets.schema.variables import (
    BLOCK_VARIABLES,
    COORDINATES,
    CRITICAL_VARIABLES,
    CUBE_VARIABLES,
    MEMORY_PARAMETER_VARIABLES,
    MEMORY_VARIABLES,
    MODE_COUPLING_VARIABLES,
    STATE_VARIABLES,
    STRUCTURE_VARIABLES,
    THERMO_VARIABLES,
    VARIABLES,
    state_coordinates,
)
from glassdask.errors import InvalidInput
from glassdask.simulation.engines.engine_choice import ENGINES
from glassdask.state_point import StatePoint
from tests.command_line import python
from tests.datasets import synthetic

SCHEMAS = {
    "state": VARIABLES,
    "theory": MODE_COUPLING_VARIABLES,
    "blocks": BLOCK_VARIABLES,
    "memories": MEMORY_VARIABLES,
    "parameters of memories": MEMORY_PARAMETER_VARIABLES,
    "critical points": CRITICAL_VARIABLES,
    "theory of a structure": STRUCTURE_VARIABLES,
    "cube": CUBE_VARIABLES,
    "thermo": THERMO_VARIABLES,
}
STATE = StatePoint("lj", 1.0, 1.2)


@pytest.mark.parametrize(
    ("name", "variable"), [(name, variable) for schema in SCHEMAS.values() for name, variable in schema.items()]
)
def test_every_variable_has_a_unit_a_meaning_and_known_dimensions(name: str, variable) -> None:
    assert variable.units
    assert variable.long_name
    assert set(variable.dims) <= set(COORDINATES)
    assert variable.combine in ("mean", "error", "any", "sum")
    if variable.combine == "error":
        assert STATE_VARIABLES[name.removesuffix("_error")].dims == variable.dims
        assert STATE_VARIABLES[name.removesuffix("_error")].units == variable.units


def test_every_coordinate_has_a_meaning_and_numbers_a_unit() -> None:
    assert all("long_name" in attributes for attributes in COORDINATES.values())
    words = {"potential", "pair", "species", "other_species", "replica", "dynamics", "parameter", "other_parameter"}
    words |= {"model", "examination", "state", "error_bar", "error_source", "knowledge", "question"}
    assert {name for name, attributes in COORDINATES.items() if "units" not in attributes} == words


def test_a_state_reads_back_as_it_was(tmp_path: Path) -> None:
    entry = synthetic.state_entry(tmp_path, STATE, 0.125)
    parts = [read_netcdf(path) for path in entry.paths]
    assert [set(part.data_vars) for part in parts] == [
        set(VARIABLES),
        set(MODE_COUPLING_VARIABLES),
        set(MEMORY_VARIABLES),
    ]
    data = xr.merge(parts, compat="equals", join="exact", combine_attrs="drop_conflicts")
    for name, variable in STATE_VARIABLES.items():
        assert data[name].dims == variable.dims
        assert data[name].dtype == np.dtype(variable.dtype)
        assert (data[name].attrs["units"], data[name].attrs["long_name"]) == (variable.units, variable.long_name)
    assert {name: data[name].item() for name in ("potential", "T", "rho", "replica")} == state_coordinates(STATE)
    np.testing.assert_array_equal(data["structure_factor"], np.full((3, 3), 0.125))


def test_a_file_says_where_it_comes_from(tmp_path: Path) -> None:
    entry = synthetic.state_entry(tmp_path, STATE, 1.0)
    attributes = read_netcdf(entry.paths[0]).attrs
    assert attributes["Conventions"].startswith("CF-")
    assert attributes["glassdask_version"] == glassdask.__version__
    assert "doi:10.1088/2632-2153/acc7e1" in attributes["references"]
    assert attributes["source"] == "lammps 1 (cpu)"
    assert glassdask.__version__ in attributes["history"]


def test_the_files_of_a_real_state_name_engine_seed_and_campaign(tiny: Campaign) -> None:
    for state in tiny.states:
        for name in ("observables.nc", "simulation.nc", "mode_coupling.nc", "memory.nc"):
            attributes = read_netcdf(state_folder(tiny.folder, state.identifier) / name).attrs
            assert attributes["title"] == state.identifier
            assert attributes["seed"] == str(tiny.seed_of(state))
            assert attributes["campaign"] == tiny.identity
            assert attributes["source"].split()[0] in ENGINES


def test_numbers_are_compressed_and_carry_a_checksum(tiny: Campaign) -> None:
    """One flipped byte of an unprotected netCDF file is silently wrong; with Fletcher-32 it is an error."""
    cube = tiny.folder / "observables.nc"
    for path in (cube, *(tiny.folder / "states").glob("*/*.nc")):
        with netCDF4.Dataset(path) as stored:
            for name, variable in stored.variables.items():
                if variable.ndim and np.dtype(variable.dtype).kind in "fiu":
                    filters = variable.filters()
                    assert filters["zlib"], f"{name} of {path}"
                    assert filters["fletcher32"], f"{name} of {path}"


def test_a_flipped_byte_of_the_data_is_an_error(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).random((3, 3))
    data = dataset({"structure_factor": noise}, {}, VARIABLES)
    path = tmp_path / "noise.nc"
    write_netcdf(data, path, {})
    whole = path.read_bytes()
    # zlib leaves the header 0x78 at the beginning of the only compressed chunk
    starts = [i for i in range(len(whole) - 1) if whole[i] == 0x78 and whole[i + 1] in (0x5E, 0x9C, 0x01)]
    content = bytearray(whole)
    content[starts[-1] + 20] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises((OSError, RuntimeError)):
        read_netcdf(path)


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    data = xr.Dataset({"bad": ("x", np.array([object()]))})
    with pytest.raises((TypeError, ValueError)):
        write_netcdf(data, tmp_path / "bad.nc", {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"structure_facter": np.zeros((3, 3))}, "'structure_facter' is no variable of the dataset"),
        ({"structure_factor": np.zeros(3)}, "structure_factor has shape (3,)"),
    ],
)
def test_what_the_schema_does_not_know_is_refused(values: dict, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        dataset(values, {}, VARIABLES)
    assert words in str(caught.value)


_AT_ONCE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from glassdask.datasets.netcdf import read_netcdf, write_netcdf
from glassdask.stages.collect.campaign_figures import draw_campaign_figures
from glassdask.stages.collect.state_curves import state_curves

def use(number):
    if number == 0:
        assert draw_campaign_figures(campaign / "observables.nc", campaign / "critical_temperature.nc", Path(sys.argv[2]))
        return
    for _ in range(4):
        data = read_netcdf(home / "observables.nc")
        write_netcdf(data, Path(sys.argv[2]) / f"{number}.nc", {})
        assert "F_mct_A" in state_curves(home)

home = Path(sys.argv[1])
campaign = home.parent.parent
with ThreadPoolExecutor(4) as threads:
    list(threads.map(use, range(4)))
"""


def test_threads_read_and_write_at_once(tiny: Campaign, tmp_path: Path) -> None:
    """As those of a driver do that is watched; HDF5's library would end the process."""
    python(_AT_ONCE, state_folder(tiny.folder, tiny.states[0].identifier), tmp_path)


def test_variables_of_older_versions_have_their_present_names(tmp_path: Path) -> None:
    xr.Dataset({"memory_chi2": ("n_exp", [3.0, 1.0]), "memory_bic": ("n_exp", [9.0, 4.0])}).to_netcdf(tmp_path / "m.nc")
    data = read_netcdf(tmp_path / "m.nc")
    assert set(data.data_vars) == {"memory_chi2_per_point", "memory_bic"}
    assert data["memory_chi2_per_point"].values.tolist() == [3.0, 1.0]

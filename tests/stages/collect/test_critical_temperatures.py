"""Critical temperatures of a campaign: of every (potential, density), from runs in equilibrium alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.status import campaign_status
from glassdask.datasets.netcdf import dataset, read_netcdf, write_netcdf
from glassdask.datasets.schema.variables import (
    CRITICAL_VARIABLES,
    MODE_COUPLING_VARIABLES,
    VARIABLES,
    state_coordinates,
)
from glassdask.outcome import Status
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.physics.structure.percus_yevick import percus_yevick
from glassdask.physics.structure.static_structure import pairs_of_matrix
from glassdask.stages.collect.critical_temperatures import critical_temperatures, write_critical_temperatures
from glassdask.state_point import StatePoint
from tests.stages.sections import sections

K = bipolar_wavenumbers(0.4, 40)
TABLES = sections(system={"box_length": 10.0}, wavenumbers={"count": 40})


@dataclass(frozen=True)
class Item:
    state: StatePoint
    status: Status = Status.DONE


def write_state(folder: Path, state: StatePoint, packing: float, reason: str = "", has_fine: bool = True) -> None:
    """The two files of a state whose S(k) is that of a mixture of hard spheres."""
    home = folder / "states" / state.identifier
    home.mkdir(parents=True)
    S = pairs_of_matrix(percus_yevick(K, packing, (1.0, 0.88), (0.8, 0.2)).structure_factor)
    coordinates = {"k": K, "pair": ["AA", "AB", "BB"], **state_coordinates(state)}
    theory = dataset({"mct_structure_factor": S}, coordinates, MODE_COUPLING_VARIABLES)
    write_netcdf(theory, home / "mode_coupling.nc", {"mct_reason": reason})
    fine = np.arange(K.size * 8) * 0.05 + 0.025
    values = {
        "measured_temperature": state.temperature * 1.001,
        "mean_wavenumber_fine": fine,
        "structure_factor_fine": pairs_of_matrix(
            percus_yevick(fine, packing, (1.0, 0.88), (0.8, 0.2)).structure_factor
        ),
    }
    if not has_fine:
        values = {"measured_temperature": values["measured_temperature"]}
    coordinates = {"k_fine": fine, "pair": ["AA", "AB", "BB"], **state_coordinates(state)}
    observed = dataset(values, coordinates, VARIABLES)
    write_netcdf(observed, home / "observables.nc", {})


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    """LJ at two densities, WCA at one: bracketed; one temperature; without equilibrium."""
    folder = tmp_path_factory.mktemp("campaign")
    items = []
    for T in (0.9, 0.95, 1.0, 1.05, 1.1):
        items.append(Item(StatePoint("lj", T, 1.0)))
        write_state(folder, items[-1].state, 0.55 - 0.2 * (T - 0.9))
    items.append(Item(StatePoint("lj", 1.0, 1.1)))
    write_state(folder, items[-1].state, 0.5)
    items += [
        Item(StatePoint("wca", 1.0, 1.0), Status.NOT_EQUILIBRATED),
        Item(StatePoint("wca", 1.1, 1.0), Status.WAITING),
    ]
    write_state(folder, items[-2].state, 0.53)
    unusable = Item(StatePoint("lj", 1.3, 1.0))
    write_state(folder, unusable.state, 0.4, "noise")
    return critical_temperatures(folder, [*items, unusable], TABLES)


def test_each_potential_and_density_has_its_verdict(found: xr.Dataset) -> None:
    words = found["verdict"].attrs["flag_meanings"].split()
    verdicts = {(p, r): words[int(found["verdict"].sel(potential=p, rho=r))] for p in ("lj", "wca") for r in (1.0, 1.1)}
    assert verdicts == {
        ("lj", 1.0): "found",
        ("lj", 1.1): "too_few_temperatures",
        ("wca", 1.0): "too_few_temperatures",
        ("wca", 1.1): "missing",
    }
    assert "no run in equilibrium" in str(found["message"].sel(potential="wca", rho=1.0).values)


def test_what_was_found_is_complete(found: xr.Dataset) -> None:
    here = found.sel(potential="lj", rho=1.0)
    assert set(found.data_vars) == set(CRITICAL_VARIABLES)
    assert 0.9 < float(here["critical_temperature"]) < 1.1
    part = here["critical_temperature_error_part"].sel
    statistics, window, spacing = (float(part(error_source=name)) for name in ("statistics", "window", "spacing"))
    assert np.isnan(float(part(error_source="finite_size")))  # no other box
    assert 0 < statistics < 0.01  # the curvature of S in T: there is no noise
    assert 0 < window < 0.01
    assert 0 < spacing < 0.01
    squares = float((here["critical_temperature_error_part"] ** 2).sum())
    assert float(here["critical_temperature_error"]) == pytest.approx(squares**0.5)
    assert int(here["n_runs"]) == 5  # the unusable run is none of them
    assert 0 < float(here["exponent_a"]) < 0.4 < float(here["exponent_b"]) < 1
    f = here["critical_nonergodicity"].sel(pair="AA").values
    assert 0.5 < f.max() < 1
    assert np.isnan(found["critical_temperature"].sel(potential="wca").values).all()


def test_without_fine_bins_of_every_run_windows_are_not_looked_at(tmp_path: Path) -> None:
    """A state of three lacks them, as one that somebody brings; the rest of the budget stands."""
    items = [Item(StatePoint("lj", T, 1.0)) for T in (0.9, 1.0, 1.1)]
    for item in items:
        packing = 0.55 - 0.2 * (item.state.temperature - 0.9)
        write_state(tmp_path, item.state, packing, has_fine=item.state.temperature != 1.0)
    part = critical_temperatures(tmp_path, items, TABLES)["critical_temperature_error_part"].squeeze()
    assert np.isnan(part.sel(error_source=["window", "statistics"])).all()
    assert (part.sel(error_source=["interpolation", "end", "spacing"]) > 0).all()


def test_the_file_holds_the_same(found: xr.Dataset, tmp_path: Path) -> None:
    path = write_critical_temperatures(found, tmp_path, "abc")
    again = read_netcdf(path)
    xr.testing.assert_allclose(again.drop_vars("message"), found.drop_vars("message"))
    assert again["message"].values.tolist() == found["message"].values.tolist()


def test_a_campaign_of_hot_liquids_says_where_its_critical_temperatures_lie(tiny: Campaign) -> None:
    """Real runs at T = 1 and 2, above T_mct of LJ, 0.90; one WCA temperature."""
    data = critical_temperatures(tiny.folder, list(campaign_status(tiny.folder)), tiny.specification)
    lj = data.sel(potential="lj", rho=1.2)
    assert np.isnan(float(lj["critical_temperature"]))
    assert str(lj["message"].values)

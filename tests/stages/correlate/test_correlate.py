"""Stage correlate: of walkers whose answers are known, in files of the package's own, simulated or imported; and in the cube."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import glassdask
from glassdask.campaign.definition.campaign import Campaign
from glassdask.datasets.netcdf import dataset, write_netcdf
from glassdask.datasets.schema.variables import VARIABLES
from glassdask.observables.catalogue import OFFERED, default_names, observables_named, variables_of
from glassdask.stages.contract.context import Execution, StageContext, StageResult
from glassdask.stages.contract.registry import STAGES, STATE_STAGES
from glassdask.stages.contract.sections import ObservablesSection, Sections
from glassdask.stages.correlate import CORRELATIONS
from glassdask.stages.correlate.run import correlate
from glassdask.stages.reduce import OBSERVABLES
from tests.stages.sections import sections
from tests.stages.synthetic_state import STATE, write_state

K_P, BASE_STEP = 7.0, 0.03
#: Of the walkers of `write_state`, in a base step and along an axis.
STEP = 1e-3


def tables(**observables: Any) -> Sections:
    return sections(time_step={}, frames={"block_length": 64}, observables=observables)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state of 250 walkers and 16 blocks, of which nothing but k_p is known."""
    folder = tmp_path_factory.mktemp("state")
    write_state(folder, 250, 16, 64)
    write_netcdf(dataset({"peak_wavenumber": K_P}, {}, VARIABLES), folder / OBSERVABLES, {"status": "done"})
    return folder


def run(home: Path, work: Path, array: str = "numpy", **observables: Any) -> tuple[xr.Dataset, StageResult]:
    work.mkdir(exist_ok=True)
    called: list[None] = []
    execution = Execution(array=array)
    context = StageContext(
        STATE, tables(**observables), home, work, execution=execution, keep_alive=lambda: called.append(None)
    )
    result = correlate(context)
    assert len(called) > 100, "the lease is kept alive"
    return xr.load_dataset(work / CORRELATIONS), result


@pytest.fixture(scope="module")
def measured(home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[xr.Dataset, StageResult]:
    return run(home, tmp_path_factory.mktemp("work"), wavenumbers=[3.0], frames=10)


def test_it_is_the_last_stage_of_a_state_and_none_of_the_older_ones_depends_on_it() -> None:
    assert STATE_STAGES[-1].name == "correlate"
    assert not [stage.name for stage in STATE_STAGES if "correlate" in stage.needs]
    assert not [stage.name for stage in STATE_STAGES[:-1] if "observables" in stage.sections]
    assert "correlate" in STAGES["collect"].needs


def test_the_product_holds_every_variable_with_its_unit(measured: tuple[xr.Dataset, StageResult]) -> None:
    data, _ = measured
    declared = variables_of(observables_named(default_names()))
    assert set(data.data_vars) == set(declared)
    assert all(data[name].attrs["units"] == variable.units for name, variable in declared.items())


def test_walkers_are_what_is_known_of_them(measured: tuple[xr.Dataset, StageResult]) -> None:
    data, result = measured
    D = STEP**2 / (2 * BASE_STEP)
    deviation = data["diffusion_coefficient"] - D
    assert np.all(np.abs(deviation) < 5 * data["diffusion_coefficient_error"])
    assert result.summary["diffusion_coefficient_A"] == pytest.approx(D, rel=0.1)
    later = data["t"] > 0
    alpha_2, error = (data[f"non_gaussian_parameter{end}"].where(later, drop=True) for end in ("", "_error"))
    assert float((np.abs(alpha_2) > 5 * error).sum()) == 0
    assert np.allclose(data["overlap"].dropna("t"), 1.0)
    assert data["chosen_wavenumber"].values == pytest.approx([K_P, 3.0], abs=0.1)


def test_a_campaign_may_ask_for_less(home: Path, tmp_path: Path) -> None:
    data, result = run(home, tmp_path, compute=["non_gaussian_parameter"])
    assert set(data.data_vars) == set(OFFERED["non_gaussian_parameter"].variables)
    assert set(result.summary) == {"alpha2_peak_A", "alpha2_peak_B"}
    nothing, result = run_of_nothing(home, tmp_path / "none")
    assert (len(nothing.data_vars), result.summary) == (0, {})


def run_of_nothing(home: Path, work: Path) -> tuple[xr.Dataset, StageResult]:
    work.mkdir()
    result = correlate(StageContext(STATE, tables(compute=[]), home, work))
    return xr.load_dataset(work / CORRELATIONS), result


@pytest.mark.usefixtures("device")
def test_arrays_of_a_device_give_the_same(home: Path, tmp_path: Path) -> None:
    """On the strict stand-in; to rounding, and of g(r) but for distances at the edge of a bin."""
    names = list(OFFERED)
    on_host, _ = run(home, tmp_path / "host", compute=names, frames=3)
    on_device, result = run(home, tmp_path / "device", "cupy", compute=names, frames=3)
    assert result.provenance["array"] == "cupy"
    for name in on_host.data_vars:
        loose: dict[str, Any] = (
            {"atol": 0.05} if str(name).startswith("pair_distribution") else {"rtol": 1e-7, "atol": 1e-9}
        )
        np.testing.assert_allclose(on_device[name], on_host[name], err_msg=name, **loose)


def test_messages_name_key_value_and_what_is_allowed() -> None:
    with pytest.raises(ValueError, match="'overlap'"):
        ObservablesSection(compute=["overlop"])
    with pytest.raises(ValueError, match="allowed: each once"):
        ObservablesSection(compute=["overlap", "overlap"])
    with pytest.raises(ValueError, match=r"broken_distance = 1 is below neighbour_distance = 1\.4"):
        ObservablesSection(broken_distance=1.0)


def test_a_campaign_has_them_in_its_cube(tiny: Campaign) -> None:
    with glassdask.open_campaign(tiny.folder) as cube:
        data = cube.load()
    for name, variable in variables_of(observables_named(default_names())).items():
        assert data[name].dims == ("potential", "T", "rho", *variable.dims)
    hot = data.sel(potential="lj", T=2.0, rho=1.2)
    F, S = hot["collective_scattering"].sel(pair="AA", chosen=0), hot["peak_structure_factor"].sel(species="A")
    assert float(F[0]) == pytest.approx(float(S), rel=0.15)  # the mean of a shell beside the top of the peak
    # all but the last lags, which few origins have: F decays from S towards 0
    assert float(F.dropna("t")[-3:].mean()) < 0.3 * float(F[0])
    g = hot["pair_distribution"].sel(pair="AA")
    assert float(g.sel(r=0.5, method="nearest")) == 0.0
    assert 2.0 < float(g.max()) < 4.0
    assert 1.0 < float(g["r"][int(g.argmax("r"))]) < 1.2
    D = float(hot["diffusion_coefficient"].sel(species="A"))
    assert 1e-3 < D < 1e-1
    assert np.isnan(data["overlap"].sel(potential="wca", T=1.0)).all(), "a state that the campaign has not"

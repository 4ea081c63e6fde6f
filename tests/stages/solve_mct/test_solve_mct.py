"""Stage solve_mct: a plain function of a folder; what the theory makes of a liquid, of a glass, and of what it cannot take."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import glassdask
from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import describe_files, read_record, write_record
from glassdask.campaign.files.status import campaign_status
from glassdask.campaign.work.execution import execute
from glassdask.campaign.work.state_stages import next_stage, stage_job
from glassdask.campaign.work.verify import send_back
from glassdask.datasets.netcdf import dataset, read_netcdf, write_netcdf
from glassdask.datasets.schema.variables import (
    MODE_COUPLING_VARIABLES,
    VARIABLES,
    state_coordinates,
)
from glassdask.errors import LeaseLost
from glassdask.outcome import ModeCouplingState
from glassdask.physics.liquids.catalogue import liquid_named
from glassdask.physics.structure.percus_yevick import percus_yevick
from glassdask.physics.structure.static_structure import pairs_of_matrix
from glassdask.stages.collect.campaign_cube import write_cube
from glassdask.stages.contract.context import Execution, StageContext, StageResult
from glassdask.stages.contract.grids import mode_coupling_times, wavenumber_edges
from glassdask.stages.contract.sections import ModeCouplingSection, Sections, WavenumbersSection
from glassdask.stages.fit_memory import STAGE as FIT_MEMORY
from glassdask.stages.solve_mct import STAGE as SOLVE_MCT
from glassdask.stages.solve_mct import theory_solution
from glassdask.stages.solve_mct.run import partials_for_theory, solve_mct, structure_for_theory
from glassdask.state_point import StatePoint
from tests.stages.sections import sections

#: Up to k = 24: the theory is as well defined as up to 40, and faster.
WAVENUMBERS = WavenumbersSection(count=60, structure_frames=20)
MODE_COUPLING = ModeCouplingSection(end_time=1e5, n_half=16)
DIAMETERS, COMPOSITION, N = (1.0, 0.88), (0.8, 0.2), 1000
STATE = StatePoint("lj", 1.0, 1.0)


@dataclass(frozen=True)
class Solved:
    """A stage's result with its file."""

    result: StageResult
    data: xr.Dataset

    @property
    def state(self) -> str:
        return ModeCouplingState.flagged(self.data["mct_state"])


def hard_spheres(packing: float) -> tuple[np.ndarray, float]:
    """S_AA, S_AB, S_BB of a mixture on the fine grid, and L of a box of N spheres."""
    _, edges = wavenumber_edges(WAVENUMBERS)
    structure = percus_yevick(0.5 * (edges[1:] + edges[:-1]), packing, DIAMETERS, COMPOSITION)
    return pairs_of_matrix(structure.structure_factor), (N / structure.density) ** (1 / 3)


def write_observables(folder: Path, partials: np.ndarray, status: str = "done") -> None:
    """An ``observables.nc`` as `reduce` leaves it, with this S(k) in fine bins; other numbers mean nothing."""
    _, edges = wavenumber_edges(WAVENUMBERS)
    fine = 0.5 * (edges[1:] + edges[:-1])
    sizes = {"pair": 3, "species": 2, "k": WAVENUMBERS.count, "k_fine": fine.size, "t": 4}
    values = {name: np.ones([sizes[dim] for dim in variable.dims]) for name, variable in VARIABLES.items()}
    values |= {"structure_factor_fine": partials, "mean_wavenumber_fine": fine, "peak_wavenumber": np.array(7.1)}
    attributes = {"title": STATE.identifier, "source": "lammps 1 (cpu)", "seed": "3", "n_particles": N}
    attributes |= {"status": status, "status_reasons": "" if status == "done" else f"{status} it is"}
    write_netcdf(dataset(values, state_coordinates(STATE), VARIABLES), folder / "observables.nc", attributes)


def tables_of(box_length: float, **section: Any) -> Sections:
    mode_coupling = {**MODE_COUPLING.model_dump(), **section}
    return sections(
        system={"box_length": box_length}, wavenumbers=WAVENUMBERS.model_dump(), mode_coupling=mode_coupling
    )


def solved(folder: Path, partials: np.ndarray, box_length: float, status: str = "done", **section: Any) -> Solved:
    """The stage on an S(k), in a fresh folder."""
    (folder / "work").mkdir(parents=True)
    write_observables(folder, partials, status)
    tables = tables_of(box_length, **section)
    execution = Execution(campaign="a name")
    result = solve_mct(StageContext(STATE, tables, folder, folder / "work", execution=execution))
    return Solved(result, read_netcdf(folder / "work" / "mode_coupling.nc"))


@pytest.fixture(scope="module")
def liquid(tmp_path_factory: pytest.TempPathFactory) -> Solved:
    return solved(tmp_path_factory.mktemp("liquid") / "state", *hard_spheres(0.48))


@pytest.fixture(scope="module")
def glass(tmp_path_factory: pytest.TempPathFactory) -> Solved:
    return solved(tmp_path_factory.mktemp("glass") / "state", *hard_spheres(0.53))


# --- a state that was simulated ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def state(tiny: Campaign) -> StatePoint:
    return tiny.states[1]


@pytest.fixture(scope="module")
def home(tiny: Campaign, state: StatePoint) -> Path:
    return state_folder(tiny.folder, state.identifier)


def test_a_notebook_gets_what_the_campaign_got(tiny: Campaign, state: StatePoint, home: Path, tmp_path: Path) -> None:
    """No Dask, no lease, no campaign: a context of plain data and two folders; the lease is kept alive meanwhile."""
    calls: list[None] = []
    tables = tiny.specification.only(SOLVE_MCT.sections)
    context = StageContext(state, tables, home, tmp_path, keep_alive=lambda: calls.append(None))
    result = solve_mct(context)
    assert calls
    assert (result.outcome, result.files) == ("done", ("mode_coupling.nc",))
    record = read_record(home, "solve_mct")
    assert record is not None
    assert result.status == record.status
    measured = read_record(home, "reduce")
    assert measured is not None
    assert (measured.summary | result.summary).keys() == record.summary.keys()
    again, product = (read_netcdf(folder / "mode_coupling.nc") for folder in (tmp_path, home))
    for name in map(str, product.variables):
        if product[name].dtype.kind == "f":
            # the same arithmetic but for the order of sums, which many iterations carry on
            np.testing.assert_allclose(again[name], product[name], rtol=1e-5, atol=1e-6, err_msg=name)
        else:
            np.testing.assert_array_equal(again[name], product[name], err_msg=name)


def test_the_record_adds_theory_to_what_was_measured(home: Path) -> None:
    """The record of the last stage is the only one that `status` reads."""
    measured, record = read_record(home, "reduce"), read_record(home, "solve_mct")
    assert measured is not None
    assert record is not None
    assert record.status == measured.status
    added = {"mct_state", "mct_relaxation_time_A", "mct_relaxation_time_B", "mct_reason"}
    assert record.summary.keys() - measured.summary.keys() == added
    for name, value in measured.summary.items():
        same = value if isinstance(value, str) else pytest.approx(value, rel=1e-6)
        assert record.summary[name] == same


def test_the_structure_factor_that_was_used_is_the_measured_one(tiny: Campaign, home: Path) -> None:
    """Beyond the main peak, where S changes little within a bin: within five standard errors, and 0.02 of their mean."""
    measured, product = read_netcdf(home / "observables.nc"), read_netcdf(home / "mode_coupling.nc")
    tail = {"k": slice(15.0, 40.0)}
    used, mean = product["mct_structure_factor"].sel(tail), measured["structure_factor"].sel(tail)
    error = measured["structure_factor_error"].sel(tail)
    assert (np.abs(used - mean) < 5 * error + 0.02).all()
    np.testing.assert_allclose((used - mean).mean("k"), 0.0, atol=0.005)
    parameters = tiny.specification.wavenumbers, tiny.specification.system.box_length
    np.testing.assert_allclose(product["mct_structure_factor"], partials_for_theory(measured, *parameters), rtol=1e-12)


def test_density_and_composition_are_those_of_the_particles(home: Path) -> None:
    """412 particles at L = 7 are 330 A and 82 B: S_aa ends at their shares, or c(k) would not end at 0."""
    data = read_netcdf(home / "observables.nc")
    partials = np.outer(np.array([330.0, 0.0, 82.0]) / 412, np.ones(60))
    structure = structure_for_theory(data, partials, WAVENUMBERS, 7.0, liquid_named("lj"))
    assert structure.density == pytest.approx(412 / 343)
    np.testing.assert_allclose(structure.direct_correlation, 0.0, atol=1e-12)


def test_the_simulated_liquid_is_one_for_the_theory(home: Path) -> None:
    """LJ, rho = 1.2, T = 2: far above the critical temperature of 0.9, theory exaggerates the slowing down."""
    record = read_record(home, "solve_mct")
    assert record is not None
    assert (record.summary["mct_state"], record.summary["mct_reason"]) == ("liquid", "")
    for species in "AB":
        assert (
            1.0 < record.summary[f"mct_relaxation_time_{species}"] / record.summary[f"relaxation_time_{species}"] < 10
        )


# --- hard spheres: what the theory says -------------------------------------------------------------------------------


def test_the_product_follows_the_schema(liquid: Solved) -> None:
    data = liquid.data
    assert set(data.data_vars) == set(MODE_COUPLING_VARIABLES)
    for name, variable in MODE_COUPLING_VARIABLES.items():
        assert data[name].dims == variable.dims
        assert data[name].dtype == np.dtype(variable.dtype)
        assert data[name].attrs["units"] == variable.units
    assert dict(data.sizes) == {"pair": 3, "species": 2, "k": 60, "t_mct": mode_coupling_times(MODE_COUPLING).size}
    assert {name: data[name].item() for name in ("potential", "T", "rho", "replica")} == state_coordinates(STATE)
    np.testing.assert_array_equal(data["t_mct"], mode_coupling_times(MODE_COUPLING))
    found = {name: data.attrs[name] for name in ("title", "source", "seed", "campaign", "status", "mct_reason")}
    assert found == {
        "title": STATE.identifier, "source": "lammps 1 (cpu)", "seed": "3", "campaign": "a name", "status": "done",
        "mct_reason": "",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["liquid", "glass"])
def test_everything_begins_where_it_should(name: str, request: pytest.FixtureRequest) -> None:
    """F_ab(k,0) = S_ab(k) and F_s(k,0) = 1, to the float32 of the file; and nothing is missing at any time."""
    data = request.getfixturevalue(name).data
    start = data.isel(t_mct=0)
    np.testing.assert_allclose(start["mct_scattering"], data["mct_structure_factor"], rtol=1e-6)
    np.testing.assert_array_equal(start["mct_self_scattering"], 1.0)
    np.testing.assert_array_equal(start["mct_peak_scattering"], 1.0)
    np.testing.assert_array_equal(start["mct_mean_squared_displacement"], 0.0)
    for variable in MODE_COUPLING_VARIABLES:
        assert np.isfinite(data[variable]).all() or variable == "mct_relaxation_time"


def test_atoms_begin_as_free_particles(liquid: Solved) -> None:
    """Newtonian dynamics: <r²> = 3 k_BT/m t² with k_BT/m = T/48 in units of tau_MD, before anything collides."""
    early = liquid.data.sel(t_mct=slice(0.005, 0.05))
    ballistic = np.broadcast_to(3 * STATE.temperature / 48 * early["t_mct"].values ** 2, (2, early.sizes["t_mct"]))
    np.testing.assert_allclose(early["mct_mean_squared_displacement"], ballistic, rtol=0.02)


def test_a_liquid_forgets_its_structure(liquid: Solved) -> None:
    assert liquid.state == liquid.result.summary["mct_state"] == "liquid"
    for name in ("mct_nonergodicity", "mct_self_nonergodicity"):
        np.testing.assert_array_equal(liquid.data[name], 0.0)
    end = liquid.data.isel(t_mct=-1)
    np.testing.assert_allclose(end["mct_scattering"], 0.0, atol=1e-3)
    tau = liquid.data["mct_relaxation_time"].values
    assert (tau > 0).all()
    assert [liquid.result.summary[f"mct_relaxation_time_{species}"] for species in "AB"] == tau.tolist()
    for species in range(2):
        curve = liquid.data["mct_peak_scattering"][species]
        at_tau = np.interp(np.log(tau[species]), np.log(curve["t_mct"][1:]), curve[1:])
        assert at_tau == pytest.approx(np.exp(-1), abs=0.01)


def test_a_glass_keeps_its_structure(glass: Solved) -> None:
    """The curves end at the long-time limits, which are found without them, to the error of the time grid; no tau exists."""
    assert glass.state == glass.result.summary["mct_state"] == "glass"
    end = glass.data.isel(t_mct=-1)
    scale = float(glass.data["mct_structure_factor"].max())
    assert float(glass.data["mct_nonergodicity"].max()) > 0.5 * scale
    np.testing.assert_allclose(end["mct_scattering"], glass.data["mct_nonergodicity"], atol=1e-3 * scale)
    np.testing.assert_allclose(end["mct_self_scattering"], glass.data["mct_self_nonergodicity"], atol=1e-3)
    assert np.isnan(glass.data["mct_relaxation_time"]).all()
    assert glass.result.summary["mct_relaxation_time_A"] is None
    assert glass.result.status == "done", "whether theory calls it a glass says nothing of the run"
    late = glass.data["mct_mean_squared_displacement"].sel(t_mct=slice(1e3, None))
    np.testing.assert_allclose(late, late[:, -1:].values * np.ones(late.shape), rtol=0.02)  # a cage


def test_dynamics_change_times_and_no_limit(glass: Solved, liquid: Solved, tmp_path: Path) -> None:
    """Overdamped particles begin with <r²> = 6 D t, and end as atoms do."""
    colloids = solved(tmp_path / "state", *hard_spheres(0.53), dynamics="overdamped", diffusivity=0.01)
    np.testing.assert_allclose(colloids.data["mct_nonergodicity"], glass.data["mct_nonergodicity"], rtol=1e-12)
    np.testing.assert_allclose(
        colloids.data["mct_scattering"].isel(t_mct=-1), glass.data["mct_scattering"].isel(t_mct=-1), atol=2e-3
    )
    early = colloids.data.sel(t_mct=slice(0.005, 0.01))
    free = np.broadcast_to(6 * 0.01 * early["t_mct"].values, (2, early.sizes["t_mct"]))
    assert (early["mct_mean_squared_displacement"] < free).all()
    np.testing.assert_allclose(early["mct_mean_squared_displacement"], free, rtol=0.15)
    slow = solved(tmp_path / "slow", *hard_spheres(0.48), dynamics="overdamped", diffusivity=0.01)
    fast = solved(tmp_path / "fast", *hard_spheres(0.48), dynamics="overdamped", diffusivity=0.02)
    ratio = slow.data["mct_relaxation_time"] / fast.data["mct_relaxation_time"]
    np.testing.assert_allclose(ratio, 2.0, rtol=0.01)
    assert not np.allclose(slow.data["mct_relaxation_time"], liquid.data["mct_relaxation_time"], rtol=0.1)


@pytest.mark.parametrize(("n_half", "end_time"), [(38, 1e3), (22, 50.0)], ids=["a bit before", "a bit behind"])
def test_the_last_time_is_there_whatever_the_grid(n_half: int, end_time: float, tmp_path: Path) -> None:
    """The end of the solver's grid differs from the end time in the last bit where n_half is no power of two."""
    found = solved(tmp_path / "state", *hard_spheres(0.40), n_half=n_half, end_time=end_time)
    assert found.data["t_mct"][-1] == end_time
    assert np.isfinite(found.data["mct_scattering"]).all()


def test_a_solution_that_does_not_converge_ends_there(liquid: Solved, tmp_path: Path, monkeypatch) -> None:
    """What was found until then is kept, the rest is NaN and no 0; the state's long-time limit is known all the same."""
    few = functools.partial(theory_solution.mode_coupling_dynamics, most_iterations=2)
    monkeypatch.setattr(theory_solution, "mode_coupling_dynamics", few)
    found = solved(tmp_path / "state", *hard_spheres(0.48))
    assert int(found.data["mct_is_unresolved"]) == 1
    assert (found.result.outcome, found.state) == ("done", "liquid")
    curves = [name for name, variable in MODE_COUPLING_VARIABLES.items() if "t_mct" in variable.dims]
    known = np.isfinite(found.data["mct_peak_scattering"][0].values)
    n = int(known.sum())
    assert 4 < n < known.size
    assert known[:n].all()
    for name in curves:
        is_known = np.isfinite(found.data[name].values).reshape(-1, known.size)
        np.testing.assert_array_equal(is_known, np.broadcast_to(known, is_known.shape))
        np.testing.assert_allclose(found.data[name][..., :n], liquid.data[name][..., :n], rtol=1e-3, atol=1e-4)


# --- what the theory cannot take --------------------------------------------------------------------------------------


def assert_unusable(found: Solved, reason: str) -> None:
    assert found.result.outcome == "done"
    assert found.state == found.result.summary["mct_state"] == "unusable"
    assert reason in found.data.attrs["mct_reason"]
    assert found.result.summary["mct_reason"] == found.data.attrs["mct_reason"]
    assert int(found.data["mct_is_unresolved"]) == 0
    assert set(found.data.data_vars) == set(MODE_COUPLING_VARIABLES)
    for name, variable in MODE_COUPLING_VARIABLES.items():
        assert found.data[name].dims == variable.dims
        if variable.dtype != "int8":
            assert np.isnan(found.data[name]).all() != (name == "mct_structure_factor")
    assert found.result.summary["mct_relaxation_time_A"] is None


def test_a_crystal_is_unusable(tmp_path: Path) -> None:
    found = solved(tmp_path / "state", *hard_spheres(0.48), status="crystallised")
    assert_unusable(found, "crystallised")
    assert found.result.status == found.data.attrs["status"] == "crystallised"


def test_a_run_out_of_equilibrium_is_solved_and_stays_flagged(tmp_path: Path) -> None:
    found = solved(tmp_path / "state", *hard_spheres(0.48), status="not_equilibrated", end_time=10.0)
    assert (found.state, found.result.status) == ("liquid", "not_equilibrated")


def test_noise_is_unusable_and_no_failure(tmp_path: Path) -> None:
    """S_AB beyond sqrt(S_AA S_BB) at one wavenumber: no liquid has such fluctuations."""
    partials, box_length = hard_spheres(0.48)
    partials[1, 300:320] = 2.0
    found = solved(tmp_path / "state", partials, box_length)
    assert_unusable(found, "not positive definite")
    assert found.result.status == "done"


def test_a_stage_whose_state_was_taken_over_ends(tmp_path: Path) -> None:
    def taken_over() -> None:
        raise LeaseLost("taken over")

    partials, box_length = hard_spheres(0.48)
    write_observables(tmp_path, partials)
    with pytest.raises(LeaseLost):
        solve_mct(StageContext(STATE, tables_of(box_length), tmp_path, tmp_path, keep_alive=taken_over))
    assert not (tmp_path / "mode_coupling.nc").exists()


def test_a_campaign_with_noise_in_it_ends_as_done(tiny_copy: Path) -> None:
    """The state is done at the first try, and the cube says why there is no theory of it."""
    campaign = load_campaign(tiny_copy)
    noisy = campaign.states[1]
    home = state_folder(campaign.folder, noisy.identifier)
    observed = read_netcdf(home / "observables.nc")
    observed["structure_factor_fine"][1, 300:] = 2.0
    (home / "observables.nc").unlink()
    write_netcdf(observed, home / "observables.nc", {})
    record = read_record(home, "reduce")
    assert record is not None
    write_record(home, replace(record, files=describe_files(home, ["observables.nc"])))
    send_back(campaign, noisy, "solve_mct", "a test")

    answer = execute(stage_job(campaign, noisy, SOLVE_MCT))
    assert (answer.outcome, answer.status, answer.summary["mct_state"]) == ("done", "done", "unusable")
    assert next_stage(campaign, noisy) is FIT_MEMORY
    assert execute(stage_job(campaign, noisy, FIT_MEMORY)).outcome == "done"
    statuses = list(campaign_status(campaign.folder))
    assert {item.status for item in statuses} == {"done"}
    write_cube(campaign.folder, statuses, campaign.specification, campaign.identity)
    with glassdask.open_campaign(tiny_copy) as cube:
        states = cube.sel(potential="lj", rho=1.2)
        assert [ModeCouplingState.flagged(states["mct_state"].sel(T=T)) for T in (1.0, 2.0)] == ["liquid", "unusable"]
        assert np.isnan(states["mct_scattering"].sel(T=2.0)).all()
        assert np.isfinite(states["structure_factor"].sel(T=2.0)).all()

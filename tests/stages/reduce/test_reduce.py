"""Stage reduce: a plain function of a folder, equal to direct calls of the estimators, in little memory."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import xarray as xr

import glassdask
from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import read_record
from glassdask.datasets.liquids import liquids_of
from glassdask.datasets.netcdf import read_netcdf
from glassdask.errors import InvalidInput
from glassdask.physics.motion.lag_times import frame_steps, lag_grid
from glassdask.physics.structure.spread_frames import spread_frames
from glassdask.simulation.records.trajectory import Trajectory
from glassdask.stages.contract.context import Execution, StageContext
from glassdask.stages.contract.grids import wavenumber_edges
from glassdask.stages.contract.liquid_section import LiquidSection
from glassdask.stages.contract.sections import WavenumbersSection
from glassdask.stages.reduce import STAGE as REDUCE
from glassdask.stages.reduce.run import reduce
from glassdask.stages.reduce.scattering import scattering_of_trajectory
from glassdask.stages.reduce.structure import structure_of_trajectory
from glassdask.state_point import StatePoint
from tests.command_line import python
from tests.stages import synthetic_state

GIB = 1024**3


@pytest.fixture(scope="module")
def state(tiny: Campaign) -> StatePoint:
    return tiny.states[0]


@pytest.fixture(scope="module")
def home(tiny: Campaign, state: StatePoint) -> Path:
    return state_folder(tiny.folder, state.identifier)


@pytest.fixture(scope="module")
def product(home: Path) -> xr.Dataset:
    return read_netcdf(home / "observables.nc")


def test_a_notebook_gets_what_the_campaign_got(
    tiny: Campaign, state: StatePoint, home: Path, product: xr.Dataset, tmp_path: Path
) -> None:
    """No Dask, no lease, no campaign: a context of plain data and two folders."""
    result = reduce(StageContext(state, tiny.specification.only(REDUCE.sections), home, tmp_path))
    assert (result.outcome, result.files) == ("done", ("observables.nc",))
    record = read_record(home, "reduce")
    assert record is not None
    assert result.status == record.status
    before = read_record(home, "simulate")  # whose record the later ones repeat
    assert before is not None
    assert record.summary.keys() == result.summary.keys() | before.summary.keys()
    for name, value in ((name, record.summary[name]) for name in result.summary):
        same = value if isinstance(value, str) else pytest.approx(value, rel=1e-6)
        assert result.summary[name] == same
    again = read_netcdf(tmp_path / "observables.nc")
    for name in map(str, product.variables):
        if product[name].dtype.kind == "f":
            # the same arithmetic; sums of a matrix product may be taken in another order on another core
            np.testing.assert_allclose(again[name], product[name], rtol=1e-5, atol=1e-6, err_msg=name)
        else:
            np.testing.assert_array_equal(again[name], product[name], err_msg=name)


def test_stages_can_be_used_without_dask() -> None:
    """Importing every stage's function loads neither the scheduler nor the command line."""
    code = """
import importlib, json, sys
for name in ("simulate.run", "reduce.run", "solve_mct.run", "collect.run", "report.run", "simulate.pilot"):
    importlib.import_module(f"glassdask.stages.{name}")
print(json.dumps([name for name in ("distributed", "click") if name in sys.modules]))
"""
    assert json.loads(python(code)) == []


@pytest.mark.parametrize("lag", [0, 1, 3, 64, 256, 512, 2048], ids=lambda lag: f"{lag} steps")
def test_scattering_is_the_average_of_direct_calls(lag: int, home: Path, product: xr.Dataset) -> None:
    """Inside a block and between blocks: all pairs of frames whose origin starts a block of 512 base steps."""
    with Trajectory(home / "trajectory.gsd") as trajectory:
        steps = trajectory.steps
        divisor = int(steps[1])  # the first frame after the start is one base step later
        base = steps // divisor
        origins = [i for i, step in enumerate(base) if step % 512 == 0 and step + lag in base]
        ends = [int(np.searchsorted(base, base[i] + lag)) for i in origins]
        positions = np.array(
            [[trajectory[i].unwrapped, trajectory[j].unwrapped] for i, j in zip(origins, ends, strict=True)]
        )
        species = trajectory.species
    frames = positions.reshape(-1, *positions.shape[2:])
    pairs = [(2 * i, 2 * i + 1) for i in range(len(origins))]
    k = product["k"].values
    mean = glassdask.self_intermediate_scattering(frames, species, k, pairs).mean(axis=0)
    displacement = glassdask.mean_squared_displacement(frames, species, pairs).mean(axis=0)
    stored = product.sel(t=lag * 0.03, method="nearest")
    assert float(stored["t"]) == pytest.approx(lag * 0.03)
    assert int(stored["n_origins"]) == len(origins)
    np.testing.assert_allclose(stored["self_intermediate_scattering"], mean, atol=2e-7)  # float32 in the file
    np.testing.assert_allclose(stored["mean_squared_displacement"], displacement, rtol=1e-6, atol=1e-12)
    peak = glassdask.self_intermediate_scattering(frames, species, [float(product["peak_wavenumber"])], pairs)
    np.testing.assert_allclose(stored["peak_scattering"], peak.mean(axis=0)[:, 0], rtol=1e-9)


def test_the_structure_factor_is_that_of_the_estimator(home: Path, product: xr.Dataset) -> None:
    """On the frames that are spread in time; on the coarse grid in bins that hold lattice vectors."""
    _, fine_edges = wavenumber_edges(WavenumbersSection())
    with Trajectory(home / "trajectory.gsd") as trajectory:
        chosen = spread_frames(trajectory.steps, 20)
        positions = np.array([trajectory[int(i)].positions for i in chosen])
        fine = glassdask.structure_factor(positions, trajectory.box_length, trajectory.species, fine_edges)
        coarse = glassdask.structure_factor(positions, trajectory.box_length, trajectory.species, fine_edges[::8])
    np.testing.assert_allclose(product["structure_factor_fine"], fine.partials, atol=1e-6)
    holds = product["structure_factor_is_filled"].values == 0
    np.testing.assert_array_equal(holds, coarse.count > 0)
    np.testing.assert_allclose(product["structure_factor"].values[:, holds], coarse.partials[:, holds], atol=1e-6)
    assert np.isfinite(product["structure_factor"]).all(), "a bin without vectors is filled and marked"


def test_scattering_starts_at_one_and_the_partials_end_at_the_composition(product: xr.Dataset) -> None:
    np.testing.assert_array_equal(product["self_intermediate_scattering"].isel(t=0), 1.0)
    tail = product["structure_factor"].sel(k=slice(30, 40)).mean("k")
    # S_ab -> x_a delta_ab; beyond k = 30 what is left of the order is below 0.02
    np.testing.assert_allclose(tail, [0.8, 0.0, 0.2], atol=0.02)


def test_the_liquid_relaxes_as_a_liquid(product: xr.Dataset) -> None:
    """LJ, rho = 1.2, T = 1: k_p = 7.2, tau_A = 9 tau_MD, the small B faster; 16 tau_A of N = 412 leave some tenths."""
    assert float(product["peak_wavenumber"]) == pytest.approx(7.2, abs=0.3)
    tau_A, tau_B = product["relaxation_time"].values
    assert 5.0 < tau_A < 16.0
    assert 0.0 < tau_B < tau_A


_PEAK_MEMORY = """
import json, re, sys
from pathlib import Path
from glassdask.stages.reduce.run import reduce
from glassdask.stages.reduce.scattering import scattering_of_trajectory
from glassdask.stages.contract.context import StageContext
from glassdask.stages.reduce.structure import structure_of_trajectory
from tests.stages.synthetic_state import STATE, tables
folder = Path(sys.argv[1])
(folder / "work").mkdir()
result = reduce(StageContext(STATE, tables(int(sys.argv[2]), int(sys.argv[3])), folder, folder / "work"))
# not ru_maxrss: a child begins with its parent's
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print(json.dumps([result.outcome, peak * 1024]))
"""


@pytest.mark.parametrize(("block_length", "n_wavenumbers"), [(4096, 100), (2, 40)])
def test_frames_are_streamed(block_length: int, n_wavenumbers: int, tmp_path: Path) -> None:
    """4,000 frames of N = 1800 are 173 MB on disk and 350 MB in float64, twice; the process stays below 1 GiB, libraries included.

    With the shortest blocks, half of the frames are block starts, which are paired over the whole run.
    """
    n_blocks = 4000 // (len(frame_steps(1, block_length, 2.5)) - 1)
    n_frames = synthetic_state.write_state(tmp_path, 1800, n_blocks, block_length)
    assert n_frames == pytest.approx(4000, rel=0.02)
    outcome, peak = json.loads(python(_PEAK_MEMORY, tmp_path, str(block_length), str(n_wavenumbers)))
    assert outcome == "done"
    assert peak < GIB, f"{peak / GIB:.2f} GiB"


@pytest.mark.parametrize(("composition", "majority"), [([1.0], "A"), ([0.3, 0.5, 0.2], "B")])
def test_a_liquid_has_as_many_species_as_it_has(composition: list[float], majority: str, tmp_path: Path) -> None:
    """S_aa(k_p) of each, F_s of each; crystals are sought among those that are most: a lattice of them is one."""
    letters = list("ABC"[: len(composition)])
    table = LiquidSection(species=letters, composition=composition, interaction="WCA", sigma=1.0, epsilon=1.0)
    liquid = table.liquid("own")
    synthetic_state.write_state(tmp_path, 1000, 4, 64, liquid)
    (tmp_path / "work").mkdir()
    sections = synthetic_state.tables(64, 40)
    sections.liquid["own"] = table
    result = reduce(StageContext(StatePoint("own", 1.0, 1.2), sections, tmp_path, tmp_path / "work"))
    data = read_netcdf(tmp_path / "work" / "observables.nc")
    assert data["species"].values.tolist() == letters
    assert data["pair"].values.tolist() == list(liquid.pair_names)
    assert np.isfinite(data["structure_factor"]).all()
    np.testing.assert_allclose(data["structure_factor"].sel(k=slice(14, 16)).mean("k")[0], composition[0], rtol=0.1)
    # among the same sites, the more particles a species has
    assert np.argsort(data["peak_structure_factor"].values).tolist() == np.argsort(composition).tolist()
    assert {f"relaxation_time_{name}" for name in letters} <= result.summary.keys()
    assert liquids_of(data) == {"own": liquid}
    with Trajectory(tmp_path / "trajectory.gsd") as trajectory:
        found = structure_of_trajectory(trajectory, trajectory.steps, sections.wavenumbers, lambda _: None)
    assert found.crystal.species == majority


def test_a_device_gives_the_numbers_of_the_host(xp: ModuleType, tmp_path: Path) -> None:
    """S(k) by float32 tables to 1e-6, F_s and displacements to 1e-12; with batches of several frames."""
    synthetic_state.write_state(tmp_path, 300, 4, 64)
    with Trajectory(tmp_path / "trajectory.gsd") as trajectory:
        base, wavenumbers = trajectory.steps, np.array([2.0, 7.2, 20.2, 33.3])
        section = WavenumbersSection(count=60, structure_frames=40)
        found, expected = (structure_of_trajectory(trajectory, base, section, lambda _: None, m) for m in (xp, np))
        lags = lag_grid(4, 64, 2.5)
        moved, known = (
            scattering_of_trajectory(trajectory, base, lags, 64, wavenumbers, 7.2, lambda _: None, m) for m in (xp, np)
        )
    np.testing.assert_allclose(found.fine, expected.fine, atol=1e-6 if xp is not np else 0)
    np.testing.assert_allclose(found.error, expected.error, atol=1e-6)
    for name in ("grid", "peak", "displacement"):
        np.testing.assert_allclose(getattr(moved, name), getattr(known, name), rtol=1e-12, atol=1e-12)


def test_an_array_module_that_is_not_there_fails_the_stage_and_says_what_to_do(tmp_path: Path) -> None:
    context = StageContext(
        synthetic_state.STATE, synthetic_state.tables(64, 60), tmp_path, tmp_path, execution=Execution(array="cuda")
    )
    with pytest.raises(InvalidInput, match="array is 'cuda'; allowed: 'auto', 'numpy', 'cupy'"):
        reduce(context)

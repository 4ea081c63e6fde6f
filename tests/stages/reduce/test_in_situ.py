"""A campaign that takes S(k) while simulations run: the same numbers as from the trajectory, to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import read_record
from glassdask.campaign.work.execution import execute
from glassdask.campaign.work.stage_inputs import expected_inputs
from glassdask.campaign.work.state_stages import stage_job
from glassdask.datasets.netcdf import read_netcdf
from glassdask.stages.contract.context import Execution, StageContext
from glassdask.stages.reduce import STAGE as REDUCE
from glassdask.stages.reduce.run import reduce
from glassdask.stages.reduce.structure import TakenStructure
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.stages.simulate.run import simulation_request
from tests.command_line import glassdask
from tests.conftest import TINY


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, an_engine: str) -> Path:
    """One small state, simulated and reduced as a worker does it, with its lease and its records."""
    assert an_engine
    text = TINY.replace('potential = "lj"\ndensity = 1.2\ntemperature = [1.0, 2.0]\n[[grid]]\n', "")
    path = tmp_path_factory.mktemp("in-situ") / "campaign.toml"
    path.write_text(text + '[execution]\nreduce = "in situ"\n')
    campaign = load_campaign(path)
    (state,) = campaign.states
    for stage in (SIMULATE, REDUCE):
        assert execute(stage_job(campaign, state, stage)).outcome == "done"
    return path


def test_the_simulation_takes_it_where_its_pool_says(file: Path, tmp_path: Path) -> None:
    campaign = load_campaign(file)
    (state,) = campaign.states
    context = StageContext(state, campaign.specification, tmp_path, tmp_path, execution=Execution(array="numpy"))
    assert simulation_request(context).array == "numpy"


def test_the_state_holds_it_as_a_product_and_reduce_gives_the_same_without_it(file: Path, tmp_path: Path) -> None:
    """To the last bit although the simulation's process has one thread of BLAS and this one perhaps all."""
    campaign = load_campaign(file)
    (state,) = campaign.states
    home = state_folder(campaign.folder, state.identifier)
    record = read_record(home, "simulate")
    assert record is not None
    assert set(record.files) == {"trajectory.gsd", "simulation.nc", "structure.nc"}
    taken = read_netcdf(home / "structure.nc")
    assert 14 <= taken.sizes["frame_step"] <= 29, "about the twenty that were asked for"
    from_taken = read_netcdf(home / "observables.nc")
    (tmp_path / "plain").mkdir()
    for name in ("trajectory.gsd", "simulation.nc"):
        (tmp_path / "plain" / name).symlink_to(home / name)
    (work := tmp_path / "work").mkdir()
    reduce(StageContext(state, campaign.specification, tmp_path / "plain", work, execution=Execution(array="numpy")))
    from_trajectory = read_netcdf(work / "observables.nc")
    for name in map(str, from_trajectory.data_vars):
        np.testing.assert_array_equal(from_taken[name].values, from_trajectory[name].values, err_msg=name)
    np.testing.assert_array_equal(
        taken["frame_structure_factor"].values.mean(axis=0), from_trajectory["structure_factor_fine"].values
    )


def test_how_it_is_reduced_changes_no_inputs(file: Path, tmp_path: Path) -> None:
    """So that a campaign may change its mind."""
    text = file.read_text().replace('"in situ"', '"from trajectory"')
    (tmp_path / "campaign.toml").write_text(text)
    one, other = load_campaign(file), load_campaign(tmp_path / "campaign.toml")
    assert expected_inputs(one, one.states[0], REDUCE) == expected_inputs(other, other.states[0], REDUCE)


def test_other_bins_or_frames_than_were_taken_come_from_the_trajectory() -> None:
    edges = np.arange(5) * 0.5
    centres = 0.5 * (edges[1:] + edges[:-1])
    factors = np.random.default_rng(0).random((3, 3, 4))
    taken = TakenStructure(np.array([0, 8, 16]), centres, factors)
    np.testing.assert_array_equal(taken.of_frames(np.array([0, 16]), edges), factors[[0, 2]])
    assert taken.of_frames(np.array([0, 4]), edges) is None
    assert taken.of_frames(np.array([0, 8]), 1.01 * edges) is None
    assert taken.of_frames(np.array([0, 8]), edges[:-1]) is None


def test_a_word_that_is_no_way_to_reduce_is_refused_with_what_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "campaign.toml"
    path.write_text(TINY + '[execution]\nreduce = "in place"\n')
    done = glassdask("run", path)
    assert done.returncode == 2
    assert "execution.reduce" in done.stderr
    assert "'from trajectory'" in done.stderr
    assert "'in situ'" in done.stderr

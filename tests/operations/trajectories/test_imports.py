"""Imported trajectories are states like any other: reduced, solved, fitted, collected beside simulated ones, and never simulated."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import glassdask
from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files.driver_lock import driver_lock
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import read_record
from glassdask.campaign.files.status import state_status
from glassdask.campaign.work.execution import execute
from glassdask.campaign.work.state_stages import changed_products, next_stage, stage_job
from glassdask.campaign.work.verify import check_product
from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.errors import InvalidInput
from glassdask.operations.trajectories.import_list import read_import_list
from glassdask.operations.trajectories.imports import TrajectoryOfState, import_trajectories
from glassdask.outcome import FailureReason, Outcome, Status
from glassdask.simulation import TRAJECTORY
from glassdask.stages.collect.campaign_cube import write_cube
from glassdask.stages.contract.registry import STATE_STAGES
from glassdask.stages.simulate import IMPORT
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.state_point import StatePoint

STATE = StatePoint("lj", 1.0, 1.2)


@pytest.fixture
def source(tiny: Campaign, tmp_path: Path) -> Path:
    """Somebody's trajectory: that of a state of the tiny campaign, in another place."""
    return Path(shutil.copy(state_folder(tiny.folder, STATE.identifier) / TRAJECTORY, tmp_path / "somebody.gsd"))


@pytest.fixture
def options(tiny: Campaign) -> TrajectoryOptions:
    """Its steps in tau_MD."""
    data = glassdask.open_campaign(tiny.folder)
    step = float(data["time_step"].sel(potential="lj", T=1.0, rho=1.2))
    data.close()
    return TrajectoryOptions(time_step=step)


def imported(file: Path, source: Path, options: TrajectoryOptions, **more) -> list:
    wanted = [TrajectoryOfState(source, STATE)]
    return import_trajectories(wanted, file, options=options, time_unit="tau_MD", say=lambda _: None, **more)


def finish(campaign: Campaign, state: StatePoint) -> None:
    while (stage := next_stage(campaign, state)) is not None:
        answer = execute(stage_job(campaign, state, stage))
        assert answer.outcome is Outcome.DONE, answer


def test_beside_simulated_states(tiny: Campaign, tiny_copy: Path, source: Path, options: TrajectoryOptions) -> None:
    """The same trajectory, imported in the place of the simulation: the same F_s at the lags that both have."""
    before = glassdask.open_campaign(tiny.folder).load()
    assert imported(tiny_copy, source, options, replace_present=True)[0].is_new
    campaign = load_campaign(tiny_copy)
    assert next_stage(campaign, STATE) is not SIMULATE
    finish(campaign, STATE)
    statuses = [state_status(campaign.folder, state) for state in campaign.states]
    assert statuses[[s.state for s in statuses].index(STATE)].status in (Status.DONE, Status.NOT_EQUILIBRATED)
    write_cube(campaign.folder, statuses, campaign.specification, "again")
    after = glassdask.open_campaign(campaign.folder).load()
    for cube in (before, after):
        cube.close()
    here, there = (cube["peak_scattering"].sel(potential="lj", T=1.0, rho=1.2, species="A") for cube in (after, before))
    both = here.dropna("t").sel(t=there.dropna("t")["t"].values[:10], method="nearest")
    assert np.allclose(both, there.dropna("t")[:10], atol=0.01)  # k_p is from other frames
    for name in ("non_gaussian_parameter", "overlap"):
        here, there = (cube[name].sel(potential="lj", T=1.0, rho=1.2, species="A")[1:10] for cube in (after, before))
        assert np.allclose(here, there, rtol=1e-6, atol=1e-9), "of the same pairs of frames"
    others = before["peak_scattering"].sel(potential="wca").dropna("t")
    assert np.array_equal(
        after["peak_scattering"].sel(potential="wca").sel(t=others["t"].values, method="nearest"),
        others,
        equal_nan=True,
    )
    assert np.isnan(after["measured_temperature"].sel(potential="lj", T=1.0, rho=1.2))
    assert np.isfinite(after["memory_loss"].sel(potential="lj", T=1.0, rho=1.2)).any()
    assert [check_product(campaign, STATE, stage.name).verdict for stage in STATE_STAGES] == ["whole"] * len(
        STATE_STAGES
    )


def test_what_simulations_are_asked_for_has_no_part_in_it(
    tiny_copy: Path, source: Path, options: TrajectoryOptions
) -> None:
    imported(tiny_copy, source, options, replace_present=True)
    text = tiny_copy.read_text()
    assert "[equilibration]" in text
    tiny_copy.write_text(text.replace("[equilibration]", "[equilibration]\nthermostat_time = 2.8"))
    changed = load_campaign(tiny_copy)
    assert SIMULATE not in changed_products(changed, STATE)
    assert SIMULATE in changed_products(changed, changed.states[-1])


def test_a_lost_link_is_made_again_and_a_lost_file_is_never_simulated(
    tiny_copy: Path, source: Path, options: TrajectoryOptions
) -> None:
    imported(tiny_copy, source, options, replace_present=True)
    campaign = load_campaign(tiny_copy)
    home = state_folder(campaign.folder, STATE.identifier)
    (home / "trajectory.gsd").unlink()
    assert next_stage(campaign, STATE) is SIMULATE
    assert execute(stage_job(campaign, STATE, SIMULATE)).outcome is Outcome.DONE
    assert (home / "trajectory.gsd").resolve() == source.resolve()
    source.unlink()
    answer = execute(stage_job(campaign, STATE, SIMULATE))
    assert (answer.outcome, answer.reason) == (Outcome.FAILED, FailureReason.INPUT)
    assert "is gone; put it back" in answer.message
    assert source.parent.exists()


def test_a_file_that_has_changed_since_is_told(tiny_copy: Path, source: Path, options: TrajectoryOptions) -> None:
    imported(tiny_copy, source, options, replace_present=True)
    campaign = load_campaign(tiny_copy)
    with source.open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"?")
    assert check_product(campaign, STATE, SIMULATE.name).verdict == "damaged"
    (state_folder(campaign.folder, STATE.identifier) / "simulate.json").unlink()
    assert "has changed since it was imported" in execute(stage_job(campaign, STATE, SIMULATE)).message


def test_a_copy_needs_its_source_no_more(tiny_copy: Path, source: Path, options: TrajectoryOptions) -> None:
    imported(tiny_copy, source, options, replace_present=True, copy=True)
    source.unlink()
    campaign = load_campaign(tiny_copy)
    assert check_product(campaign, STATE, SIMULATE.name).verdict == "whole"
    record = read_record(state_folder(campaign.folder, STATE.identifier), SIMULATE.name)
    assert record is not None
    assert record.provenance["imported"]["source"] == str(source)


def test_without_times_it_is_refused(tmp_path: Path, source: Path) -> None:
    with pytest.raises(InvalidInput, match="counts steps, and a state needs times; give --time-step, in tau_LJ"):
        import_trajectories([TrajectoryOfState(source, STATE)], tmp_path / "m.toml", say=lambda _: None)
    assert not list(tmp_path.rglob(IMPORT))


def test_while_the_campaign_is_driven_it_is_refused(tiny_copy: Path, source: Path, options: TrajectoryOptions) -> None:
    with driver_lock(tiny_copy.with_suffix(""), 60.0), pytest.raises(InvalidInput, match="is being run by process"):
        imported(tiny_copy, source, options, replace_present=True)
    assert not list(tiny_copy.with_suffix("").rglob(IMPORT))


def test_twice_is_once(tiny_copy: Path, source: Path, options: TrajectoryOptions) -> None:
    assert imported(tiny_copy, source, options, replace_present=True)[0].is_new
    assert not imported(tiny_copy, source, options)[0].is_new


def test_a_campaign_file_is_written_where_there_is_none(
    tmp_path: Path, source: Path, options: TrajectoryOptions
) -> None:
    file = tmp_path / "mine.toml"
    imported(file, source, options)
    campaign = load_campaign(file)
    assert campaign.states == (STATE,)
    assert next_stage(campaign, STATE) is not SIMULATE


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (StatePoint("lj", 0.7, 1.2), "does not ask for lj_rho1.2_T0.7_r0"),
        (StatePoint("wca", 2.0, 1.2), "has a simulated trajectory"),
    ],
)
def test_a_state_that_cannot_take_it(
    tiny_copy: Path, source: Path, options: TrajectoryOptions, state: StatePoint, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        import_trajectories([TrajectoryOfState(source, state)], tiny_copy, options=options, say=lambda _: None)
    assert not list(tiny_copy.with_suffix("").rglob(IMPORT))


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (StatePoint("lj", 1.0, 1.4), "has the density 1.2012 .* the state asks for 1.4"),
        (StatePoint("ka21", 1.0, 1.2), "holds 0.801 A, 0.199 B; the liquid 'ka21' is"),
    ],
)
def test_a_file_that_is_no_trajectory_of_the_state(
    tmp_path: Path, source: Path, options: TrajectoryOptions, state: StatePoint, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        import_trajectories(
            [TrajectoryOfState(source, state)], tmp_path / "m.toml", options=options, say=lambda _: None
        )
    assert not list(tmp_path.rglob(IMPORT))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,potential,rho\na,lj,1.2\n", "no column for temperature"),
        ("file,potential,rho,T,colour\na,lj,1.2,1,red\n", "unknown column 'colour'"),
        ("file,potential,rho,T\na,lj,1.2\n", "line 2: it has not one value for each column"),
        ("file,potential,rho,T\na,lj,1.2,hot\n", "line 2: .*hot"),
        ("file,potential,rho,T\na,lj,1.2,1\nb,lj,1.2,1\n", "are both lj_rho1.2_T1.0_r0"),
        ("file,potential,rho,T\n", "names no trajectory"),
    ],
)
def test_a_list_with_a_slip(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=message):
        read_import_list(path)


def test_a_list_names_files_from_its_own_folder(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("trajectory,potential,density,temperature,replica\nx/a.gsd,lj,1.2,1.0,1\n")
    assert read_import_list(path) == [TrajectoryOfState(tmp_path / "x" / "a.gsd", StatePoint("lj", 1.0, 1.2, 1))]

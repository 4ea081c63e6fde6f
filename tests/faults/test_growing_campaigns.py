"""Longer production and equilibration of finished states: they go on from what they kept, whatever happens meanwhile."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.files.products import ProductRecord, read_record
from glassdask.campaign.files.status import campaign_status
from glassdask.campaign.work.changes import describe_changes, redo_changed
from glassdask.campaign.work.execution import execute
from glassdask.campaign.work.growth import is_longer
from glassdask.campaign.work.state_stages import next_stage, stage_job
from glassdask.campaign.work.verify import verify_campaign
from glassdask.datasets.netcdf import read_netcdf
from glassdask.operations.run import preview_run
from glassdask.outcome import Outcome, Status
from glassdask.simulation.records.trajectory import Trajectory
from glassdask.stages.contract.registry import STATE_STAGES
from tests.faults.campaigns import (
    RunningDriver,
    assert_whole,
    checkpointed_step,
    events,
    home,
    job_of,
    kill,
    newest_log,
    run,
    simulations,
    times_of_change,
    write_campaign,
)
from tests.faults.standing_still import standing_still

ONCE, THRICE = {"length": 32.0}, {"length": 96.0}
STAGES = [stage.name for stage in STATE_STAGES]
AGAIN = ["started", "done", "sent_back", "started", "done"]


def work_through(file: Path) -> None:
    """What a driver and its worker do with the states of a campaign, in this process."""
    campaign = load_campaign(file)
    campaign.folder.mkdir(exist_ok=True)
    campaign.write_record()
    for state in campaign.states:
        while (stage := next_stage(campaign, state)) is not None:
            answer = execute(stage_job(campaign, state, stage))
            assert answer.outcome is Outcome.DONE, answer


def record_of(file: Path, stage: str = "simulate") -> ProductRecord:
    """The record of a stage of the state."""
    record = read_record(home(file), stage)
    assert record is not None
    return record


def first_frames(file: Path, n_frames: int) -> np.ndarray:
    """Unwrapped positions of the first frames of the trajectory."""
    with Trajectory(home(file) / "trajectory.gsd") as trajectory:
        return np.array([trajectory[i].unwrapped for i in range(n_frames)])


def verdicts(file: Path) -> set[str]:
    """Of all products of the state."""
    return {check.verdict for check in verify_campaign(load_campaign(file)) if check.state != "all"}


def said(file: Path) -> str:
    """What a run has to say of the file."""
    return describe_changes(load_campaign(file))


@pytest.fixture(scope="module")
def once(an_engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """A campaign of one state, finished with production of 32; to be copied."""
    file = write_campaign(tmp_path_factory.mktemp("once"), production=ONCE)
    work_through(file)
    return file


@pytest.fixture
def file(once: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(once.parent, tmp_path / "copy")
    return tmp_path / "copy" / once.name


def edit(file: Path, **tables) -> None:
    """Writes the campaign's file with other tables."""
    write_campaign(file.parent, **{"production": ONCE, **tables})


def test_longer_production_goes_on_and_equals_one_from_the_start(file, tmp_path):
    """Its inputs have the same hash, its results agree within errors, and of the first third no frame is made again."""
    n_frames = record_of(file).provenance["simulation"]["n_frames"]
    before = first_frames(file, n_frames)
    edit(file, production=THRICE)
    assert "production.length: 32.0 -> 96.0" in said(file)
    assert "1 state is to be longer: production goes on from its end, and what follows from it is made again." in said(
        file
    )
    preview = preview_run(file)
    assert preview.counts == {"longer": 1}
    assert preview.states[0].stages == tuple(STAGES)
    assert preview.states[0].detail == "production"
    work_through(file)
    assert events(file, "simulate") == ["started", "done"] * 2
    for stage in STAGES[1:]:
        assert events(file, stage) == AGAIN
    np.testing.assert_array_equal(first_frames(file, n_frames), before)
    assert verdicts(file) == {"whole"}
    assert preview_run(file).counts == {"done": 1}
    assert said(file) == ""

    whole = write_campaign(tmp_path / "whole", production=THRICE)
    work_through(whole)
    for stage in STAGES:
        assert record_of(whole, stage).inputs == record_of(file, stage).inputs
    one, other = (read_netcdf(home(path) / "observables.nc") for path in (whole, file))
    np.testing.assert_array_equal(other.t, one.t)
    assert_agree(one, other)


def assert_agree(one, other) -> None:
    """F_s(k,t) of two runs of 330 particles, around the main peak of S(k), within their errors."""
    name = "self_intermediate_scattering"
    values = [data[name].isel(k=slice(10, 25)).to_numpy() for data in (one, other)]
    errors = [data[f"{name}_error"].isel(k=slice(10, 25)).to_numpy() for data in (one, other)]
    is_known = np.isfinite(errors[0]) & np.isfinite(errors[1]) & np.isfinite(values[0])
    assert is_known.mean() > 0.5
    difference = np.abs(values[0] - values[1])[is_known]
    # errors of a few blocks are themselves known to a third; 0.03 is half of what one frame of 66 B particles scatters
    assert (difference < 5 * np.hypot(*errors)[is_known] + 0.03).mean() > 0.99


def test_longer_equilibration_goes_on_and_production_is_run_anew(file):
    edit(file, equilibration={"length": 16.0})
    assert said(file).splitlines()[-1].startswith("1 state is to be equilibrated longer: ")
    work_through(file)
    found = record_of(file).provenance["simulation"]
    assert found["equilibration_steps"] * 0.008 == pytest.approx(16.0 * found["divisor"])
    assert events(file, "reduce") == AGAIN
    assert verdicts(file) == {"whole"}


@pytest.mark.slow
def test_the_shorter_run_stands_until_the_longer_is_there_whatever_is_killed(file):
    """The simulation is killed in its continuation, then the driver; another run goes on from their checkpoints."""
    before = times_of_change(home(file))
    end = record_of(file).provenance["simulation"]["n_steps"]
    edit(file, production={"length": 640.0}, execution={"checkpoint_seconds": 0.1})
    with standing_still(file.parent.parent) as hold, RunningDriver(file, "--workers", "1") as driver:
        driver.wait_until(lambda: checkpointed_step(home(file)) > end)
        (found,) = campaign_status(file.with_suffix(""))
        assert (found.status in (Status.DONE, Status.NOT_EQUILIBRATED), found.stage) == (True, "simulate")
        for simulation in simulations(file):
            kill(simulation)
        driver.wait_until(lambda: events(file, "simulate").count("started") == 3)
        driver.wait_until(lambda: "continuing production" in newest_log(home(file)))
        driver.process.kill()
        hold.end()
    assert times_of_change(home(file)).items() >= before.items(), "products of the shorter run are as they were"
    done = run(file)
    assert done.returncode == 0, done.stderr
    assert_whole(file)
    assert record_of(file).provenance["lengths"]["production"]["length"] == 640.0
    assert events(file, "reduce") == AGAIN


@pytest.mark.slow
def test_who_changes_his_mind_has_lost_nothing(file):
    """A longer run that was begun, and the file put back: the shorter one is what is asked for, and is there."""
    before = times_of_change(home(file))
    end = record_of(file).provenance["simulation"]["n_steps"]
    edit(file, production={"length": 640.0}, execution={"checkpoint_seconds": 0.1})
    with standing_still(file.parent.parent), RunningDriver(file, "--workers", "1") as driver:
        driver.wait_until(lambda: checkpointed_step(home(file)) > end)
    edit(file, production=ONCE)
    assert preview_run(file).counts == {"done": 1}
    assert times_of_change(home(file)).items() >= before.items()


def test_without_its_checkpoint_a_state_stays_and_says_so(file):
    shutil.rmtree(home(file) / "checkpoints")
    before = times_of_change(home(file))
    assert verdicts(file) == {"whole"}, "a product is whole without"
    edit(file, production=THRICE)
    assert (
        "checkpoints/produced.npz is gone; what is there is kept as it is, and --redo-changed simulates anew"
        in said(file)
    )
    assert preview_run(file).counts == {"cannot go on": 1}
    assert preview_run(file, redo_changed=True).counts == {"redone": 1}
    work_through(file)
    assert times_of_change(home(file)) == before
    assert redo_changed(load_campaign(file)) == 1
    work_through(file)
    assert events(file, "simulate") == AGAIN
    assert verdicts(file) == {"whole"}


def test_redoing_what_has_changed_goes_on_with_what_is_to_be_longer(file):
    """Nobody who can go on starts anew."""
    edit(file, production=THRICE)
    assert redo_changed(load_campaign(file)) == 0
    assert preview_run(file, redo_changed=True).counts == {"longer": 1}


def test_a_trajectory_that_is_damaged_is_not_gone_on_from(file):
    """The size is right, so that only a look at every byte tells; nothing is run in its place unasked."""
    edit(file, production=THRICE)
    path = home(file) / "trajectory.gsd"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    answer = execute(job_of(file))
    assert answer.outcome is Outcome.FAILED
    assert "trajectory.gsd is gone or damaged" in answer.message
    assert "--redo-changed" in answer.message
    assert (home(file) / "simulate.json").exists()
    assert preview_run(file).counts == {"failed": 1}
    (found,) = campaign_status(file.with_suffix(""))
    assert (found.stage, found.message[:6]) == ("simulate", "input:"), "its status is as it was, with the reason"


def test_a_table_that_changes_more_than_the_length_is_no_longer_run(file):
    """It is told of, and kept, as ever."""
    edit(file, production=THRICE, equilibration={"thermostat_time": 2.0})
    text = "1 state holds products made from other inputs than the file asks for; they are kept as they are."
    assert text in said(file)
    assert preview_run(file).counts == {"changed": 1}
    edit(file, production={"length": 24.0})
    assert text in said(file), "a shorter run, too"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"length": 10.0}, {"length": 20.0}, True),
        ({"length": 20.0}, {"length": 10.0}, False),
        ({"length": 10.0}, {"relaxation_times": 5.0, "minimum_length": 10.0, "maximum_length": 90.0}, True),
        ({"length": 10.0}, {"relaxation_times": 5.0, "minimum_length": 9.0, "maximum_length": 90.0}, False),
        ({"relaxation_times": 5.0, "minimum_length": 9.0, "maximum_length": 90.0}, {"length": 90.0}, True),
        ({"relaxation_times": 5.0, "minimum_length": 9.0, "maximum_length": 90.0}, {"length": 89.0}, False),
    ],
)
def test_a_length_is_longer_where_it_never_ends_before(old, new, expected):
    """Whatever the relaxation time turns out to be."""
    assert is_longer(old, new) is expected

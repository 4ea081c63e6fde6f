"""States that start from given configurations: which file, whether it fits, what of it is kept, and what the hash sees."""

from __future__ import annotations

import shutil
from pathlib import Path

import gsd.hoomd
import numpy as np
import pytest

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import read_record
from glassdask.campaign.work.execution import execute
from glassdask.campaign.work.preview import check_starts
from glassdask.campaign.work.stage_inputs import expected_inputs
from glassdask.campaign.work.state_stages import stage_job
from glassdask.errors import InvalidInput
from glassdask.operations.run import preview_run
from glassdask.outcome import Outcome
from glassdask.simulation.particles.initial_configuration import random_particles
from glassdask.stages.simulate import STAGE as SIMULATE
from tests.campaign.campaign_files import changed

#: N = 330 in a box of 6.5; the engine's first step shows what it began with.
SMALL = (
    ('"lj"', '"wca"'),
    ("temperature = 1.0", "temperature = [2.0, 3.0]"),
    ("box_length = 10.0", 'box_length = 6.5\nstart = "configurations/{potential}_{T}.gsd"'),
    ("length = 20.0", "length = 4.0"),
)


def write_configuration(
    path: Path, box_length: float = 6.5, density: float = 1.2, seed: int = 1, **types
) -> np.ndarray:
    """A GSD file as HOOMD-blue's Python writes it, B particles first; returns the positions."""
    particles = random_particles("wca", 2.0, density, box_length, np.random.default_rng(seed))
    frame = gsd.hoomd.Frame()
    order = np.argsort(-particles.species, kind="stable")
    frame.particles.N = len(order)
    frame.particles.types = types.get("types", ["A", "B"])
    frame.particles.typeid = particles.species[order]
    frame.particles.position = particles.positions[order]
    frame.configuration.box = [box_length, box_length, box_length, 0, 0, 0]
    path.parent.mkdir(exist_ok=True)
    with gsd.hoomd.open(str(path), "w") as file:
        file.append(frame)
    return particles.positions[np.argsort(particles.species, kind="stable")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A campaign of two temperatures with a configuration each."""
    path = tmp_path / "given.toml"
    path.write_text(changed(*SMALL))
    for number, temperature in enumerate(("2.0", "3.0")):
        write_configuration(tmp_path / "configurations" / f"wca_{temperature}.gsd", seed=number)
    return path


def test_a_state_starts_from_its_file(an_engine, file):  # noqa: ARG001
    """From these positions and from no others: of a run that has hardly begun, they're where they were."""
    campaign = load_campaign(file)
    state = campaign.states[1]
    check_starts(campaign, campaign.states)
    job = stage_job(campaign, state, SIMULATE)
    answer = execute(job)
    assert answer.outcome is Outcome.DONE, answer.message
    record = read_record(state_folder(campaign.folder, state.identifier), "simulate")
    assert record is not None
    assert record.provenance["start"]["source"].endswith("configurations/wca_3.0.gsd")
    assert record.inputs == expected_inputs(campaign, state, SIMULATE)
    shutil.rmtree(file.parent / "configurations")
    assert record.inputs == expected_inputs(load_campaign(file), state, SIMULATE), (
        "a file that has gone changes nothing"
    )


def test_the_hash_goes_by_the_bytes_and_not_by_the_name(file):
    campaign = load_campaign(file)
    before = [expected_inputs(campaign, state, SIMULATE) for state in campaign.states]
    shutil.move(file.parent / "configurations", file.parent / "elsewhere")
    file.write_text(file.read_text().replace("configurations/", "elsewhere/"))
    moved = load_campaign(file)
    assert [expected_inputs(moved, state, SIMULATE) for state in moved.states] == before
    write_configuration(file.parent / "elsewhere" / "wca_2.0.gsd", seed=7)
    after = [expected_inputs(moved, state, SIMULATE) for state in moved.states]
    assert after[0] != before[0]
    assert after[1] == before[1]


def test_a_campaign_without_given_starts_has_the_hash_that_it_had(tmp_path):
    """The key is not there where it is not used."""
    path = tmp_path / "short.toml"
    path.write_text(changed())
    assert "start" not in load_campaign(path).tables["system"]


def test_the_folder_knows_where_the_files_are(file):
    campaign = load_campaign(file)
    campaign.folder.mkdir()
    campaign.write_record()
    again = load_campaign(campaign.folder)
    state = campaign.states[0]
    assert expected_inputs(again, state, SIMULATE) == expected_inputs(campaign, state, SIMULATE)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"density": 1.1},
            r"holds 302 particles \(\d+ A, \d+ B\); allowed: the 330 that the state has in its box \(264 A, 66 B\)",
        ),
        (
            {"box_length": 6.6, "density": 330.1 / 6.6**3},
            r"cell with edges of 6\.6, 6\.6, 6\.6; allowed: the cube of system\.box_length = 6\.5",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_runs(file, wrong, message):
    write_configuration(file.parent / "configurations" / "wca_3.0.gsd", **wrong)
    with pytest.raises(InvalidInput, match=message):
        preview_run(file)
    assert not file.with_suffix("").exists()


def test_a_file_that_is_missing_is_named(file):
    (file.parent / "configurations" / "wca_2.0.gsd").unlink()
    with pytest.raises(
        InvalidInput,
        match=r"system\.start: .*wca_2\.0\.gsd, from which wca_rho1\.2_T2\.0_r0 is to start, does not exist",
    ):
        preview_run(file)


def test_a_place_that_no_state_has_is_refused(file):
    file.write_text(file.read_text().replace("{T}", "{temperature}"))
    with pytest.raises(
        InvalidInput,
        match=r"system\.start.*allowed: the name of a file, with \{potential\}, \{T\}, \{rho\}, \{replica\}",
    ):
        load_campaign(file)

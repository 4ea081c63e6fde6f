"""The status of a campaign, read from its files."""

from __future__ import annotations

import json
import os
import resource
import shutil
from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.failure import write_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.lease import Lease
from glassdask.campaign.files.status import STAGE_FILES, campaign_status, counts, recorded_states, state_status
from glassdask.errors import InvalidInput
from glassdask.state_point import StatePoint
from tests.command_line import glassdask
from tests.large_campaign import write_large


@pytest.fixture
def folder(tiny_copy: Path) -> Path:
    return tiny_copy.with_suffix("")


@pytest.fixture
def state(tiny: Campaign) -> StatePoint:
    return tiny.states[0]


def home(folder: Path, state: StatePoint) -> Path:
    return state_folder(folder, state.identifier)


def test_a_finished_campaign(tiny: Campaign) -> None:
    statuses = list(campaign_status(tiny.folder))
    assert [item.state for item in statuses] == list(tiny.states)
    assert sum(counts(statuses).values()) == 3
    assert {item.status for item in statuses} <= {"done", "not_equilibrated"}
    for item in statuses:
        # N = 412 and 150 tau_MD: kinetic temperature within a few percent
        assert item.summary["measured_temperature"] == pytest.approx(item.state.temperature, rel=0.05)
        assert json.dumps(item.as_dict())


@pytest.mark.parametrize(
    ("lost", "stage"),
    [(name, stage) for stage, names in STAGE_FILES.items() for name in names if name != "correlate.json"],
)
def test_a_state_with_a_file_missing_waits(lost: str, stage: str, folder: Path, state: StatePoint) -> None:
    (home(folder, state) / lost).unlink()
    found = state_status(folder, state)
    assert (found.status, found.stage) == ("waiting", stage)


def test_a_state_without_a_folder_waits(folder: Path, state: StatePoint) -> None:
    shutil.rmtree(home(folder, state))
    assert state_status(folder, state).status == "waiting"


def test_a_half_finished_state_shows_what_is_known(folder: Path, state: StatePoint) -> None:
    (home(folder, state) / "reduce.json").unlink()
    found = state_status(folder, state)
    assert (found.status, found.stage) == ("waiting", "reduce")
    assert found.summary["measured_temperature"] == pytest.approx(state.temperature, rel=0.05)
    assert "relaxation_time_A" not in found.summary


def test_a_state_without_its_theory_waits_and_shows_what_was_measured(folder: Path, state: StatePoint) -> None:
    (home(folder, state) / "solve_mct.json").unlink()
    found = state_status(folder, state)
    assert (found.status, found.stage) == ("waiting", "solve_mct")
    assert found.summary["relaxation_time_A"] > 0
    assert "mct_state" not in found.summary


def test_a_state_without_its_memory_waits_and_shows_its_theory(folder: Path, state: StatePoint) -> None:
    assert state_status(folder, state).summary["memory_n_exp_A"] in (1, 2)
    (home(folder, state) / "fit_memory.json").unlink()
    found = state_status(folder, state)
    assert (found.status, found.stage) == ("waiting", "fit_memory")
    assert found.summary["mct_state"] in ("liquid", "glass", "not_converged")
    assert "memory_n_exp_A" not in found.summary


def test_a_state_that_an_older_version_has_finished_is_done_and_shows_what_it_knew(
    folder: Path, state: StatePoint
) -> None:
    whole = state_status(folder, state)
    (home(folder, state) / "correlate.json").unlink()
    found = state_status(folder, state)
    assert (found.status, found.stage) == (whole.status, "correlate")
    assert found.summary.items() < whole.summary.items()
    assert found.summary["memory_n_exp_A"] in (1, 2)


def test_a_state_at_work_shows_phase_and_share(folder: Path, state: StatePoint) -> None:
    here = home(folder, state)
    (here / "simulate.json").unlink()
    Lease.acquire(here / "lease.json", "simulate", 60)
    for number, fraction in ((1, 0.9), (2, 0.25)):
        attempt = here / "work" / "simulate" / "inputs" / f"attempt-{number}"
        attempt.mkdir(parents=True)
        (attempt / "progress.json").write_text(json.dumps({"phase": "production", "fraction": fraction}))
        os.utime(attempt / "progress.json", (number, number))
    found = state_status(folder, state)
    assert (found.status, found.stage, found.phase, found.progress) == ("running", "simulate", "production", 0.25)


def test_a_state_whose_worker_died_waits(folder: Path, state: StatePoint) -> None:
    here = home(folder, state)
    (here / "simulate.json").unlink()
    Lease.acquire(here / "lease.json", "simulate", 60)
    os.utime(here / "lease.json", (1, 1))
    assert state_status(folder, state).status == "waiting"


def test_a_failed_state_says_why(folder: Path, state: StatePoint) -> None:
    here = home(folder, state)
    (here / "simulate.json").unlink()
    write_failure(here, "simulate", "diverged", "the energy is 1e9", 3)
    found = state_status(folder, state)
    assert (found.status, found.stage, found.message) == ("failed", "simulate", "diverged: the energy is 1e9")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_a_damaged_record_counts_as_none(content: bytes, folder: Path, state: StatePoint) -> None:
    """That of the last stage, which is the one that is read."""
    (home(folder, state) / "correlate.json").write_bytes(content)
    found = state_status(folder, state)
    assert (found.status, found.stage) == ("waiting", "correlate")


def test_a_campaign_that_was_not_started_says_how(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"'glassdask run FILE\.toml' starts the campaign"):
        recorded_states(tmp_path)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"states": [["lj", 0, 1.2]]}'])
def test_a_damaged_campaign_record_says_so(content: bytes, folder: Path) -> None:
    (folder / "campaign.json").write_bytes(content)
    with pytest.raises(InvalidInput, match="is damaged"):
        recorded_states(folder)


def test_status_costs_little_more_than_a_look_into_each_folder(tiny: Campaign, tmp_path: Path) -> None:
    """Fault 32. In processor time, less that of a campaign of three states, which is the command's start; its seconds for
    10,000 states are those of benchmarks/campaign_scale.py."""
    states = [StatePoint("lj", 0.5 + 1e-4 * i, 1.2) for i in range(2_000)]
    write_large(tmp_path / "many", tiny, states)
    costs, bare = [], []
    for _ in range(5):
        before = _processor_seconds(resource.RUSAGE_SELF)
        for home in (tmp_path / "many" / "states").iterdir():
            os.listdir(home)  # noqa: PTH208  the bare cost
            json.loads((home / "fit_memory.json").read_bytes())
        bare.append(_processor_seconds(resource.RUSAGE_SELF) - before)
        costs.append(_seconds_of_status(tmp_path / "many", len(states)) - _seconds_of_status(tiny.folder, 3))
    assert min(costs) < 2.5 * min(bare)


def _seconds_of_status(folder: Path, n_states: int) -> float:
    before = _processor_seconds(resource.RUSAGE_CHILDREN)
    done = glassdask("status", folder)
    seconds = _processor_seconds(resource.RUSAGE_CHILDREN) - before
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith(f"{n_states:,} states: ")
    return seconds


def _processor_seconds(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime

"""Everything about one state, for those who show it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files import journal
from glassdask.campaign.files.failure import write_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.lease import Lease
from glassdask.campaign.files.status import STAGE_FILES, state_status
from glassdask.campaign.observe.state_detail import state_detail
from glassdask.simulation.engines.engine_choice import ENGINES
from tests.command_line import python


def test_a_finished_state(tiny: Campaign) -> None:
    state = tiny.states[0]
    detail = state_detail(tiny.folder, state).as_dict()
    assert json.loads(json.dumps(detail, allow_nan=False)) == detail
    assert state_status(tiny.folder, state).as_dict().items() <= detail.items()
    assert detail["attempts"] == dict.fromkeys(STAGE_FILES, 1)
    assert detail["seconds"].keys() == STAGE_FILES.keys()
    assert all(seconds > 0 for seconds in detail["seconds"].values())
    assert detail["engine"] in ENGINES
    assert detail["device"]
    assert detail["steps_per_second"] > 0
    assert [event["event"] for event in detail["events"]] == 5 * ["started", "done"]
    assert (detail["failure"], detail["log"]) == (None, "")
    assert detail["curves"]["F_A"][0] == pytest.approx(1.0)


def test_a_state_at_work(tiny_copy: Path, tiny: Campaign) -> None:
    folder, state = tiny_copy.with_suffix(""), tiny.states[0]
    home = state_folder(folder, state.identifier)
    (home / "simulate.json").unlink()
    Lease.acquire(home / "lease.json", "simulate", 60)
    for number, speed in ((1, 900.0), (2, 1234.5)):
        attempt = home / "work" / "simulate" / "inputs" / f"attempt-{number}"
        attempt.mkdir(parents=True)
        (attempt / "progress.json").write_text(json.dumps({"phase": "production", "steps_per_second": speed}))
        (attempt / "log.txt").write_text("".join(f"line {i} of attempt {number}\n" for i in range(40)))
        for name in ("progress.json", "log.txt"):
            os.utime(attempt / name, (number, number))
    detail = state_detail(folder, state).as_dict()
    assert (detail["status"], detail["phase"], detail["steps_per_second"]) == ("running", "production", 1234.5)
    assert detail["engine"] is None
    lines = detail["log"].splitlines()
    assert (len(lines), lines[-1]) == (30, "line 39 of attempt 2")


def test_a_failed_state_shows_its_failure_and_the_log_that_goes_with_it(tiny_copy: Path, tiny: Campaign) -> None:
    folder, state = tiny_copy.with_suffix(""), tiny.states[0]
    home = state_folder(folder, state.identifier)
    (home / "simulate.json").unlink()
    for name in ("attempt-1", "attempt-2"):
        (home / "work" / "simulate" / "inputs" / name).mkdir(parents=True)
        (home / "work" / "simulate" / "inputs" / name / "log.txt").write_text(f"the log of {name}\n")
    details = {"work": "work/simulate/inputs/attempt-1", "engine": "lammps", "step": 12}
    write_failure(home, "simulate", "diverged", "lost atoms; use a smaller time step", 3, details)
    for i in range(25):
        journal.record_event(home, "simulate", "lost", attempt=i)
    detail = state_detail(folder, state).as_dict()
    assert detail["status"] == "failed"
    assert detail["failure"]["reason"] == "diverged"
    assert (detail["log"], detail["engine"]) == ("the log of attempt-1", "lammps")
    assert [event["attempt"] for event in detail["events"]] == list(range(5, 25))


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_state_without_a_folder_and_one_with_damaged_reports(content: str, tiny: Campaign, tmp_path: Path) -> None:
    state = tiny.states[0]
    detail = state_detail(tmp_path, state).as_dict()
    assert (detail["status"], detail["stage"], detail["attempts"]) == ("waiting", "simulate", {})
    assert detail["curves"] == {"is_so_far": True}
    attempt = state_folder(tmp_path, state.identifier) / "work" / "simulate" / "inputs" / "attempt-1"
    attempt.mkdir(parents=True)
    (attempt / "progress.json").write_text(content)
    assert state_detail(tmp_path, state).steps_per_second is None


def test_without_curves_only_the_standard_library_is_loaded() -> None:
    code = "import glassdask.campaign.observe.state_detail, sys; print({'numpy', 'xarray', 'dask', 'pydantic'} & {*sys.modules})"
    assert python(code).strip() == "set()"

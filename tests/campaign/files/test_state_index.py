"""What is noted of finished states is believed as long as their folders stand still, and no longer."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files import state_index
from glassdask.campaign.files.failure import write_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.state_index import INDEX, IndexLine, StateIndex, add_to_index, at_once, folders_changed
from glassdask.campaign.files.status import StatusReader, campaign_status, state_status
from glassdask.campaign.work.preview import Work, counts_of_work, work_of_states
from glassdask.campaign.work.stock import Stock
from glassdask.stages.contract.registry import STATE_STAGES

LONG_AGO = 1_600_000_000


@pytest.fixture
def campaign(tiny_copy: Path) -> Campaign:
    """A finished campaign that was last changed years ago, and whose index says so."""
    campaign = load_campaign(tiny_copy)
    for home in (campaign.folder / "states").iterdir():
        for path in (*home.iterdir(), home):
            os.utime(path, (LONG_AGO, LONG_AGO))
    Stock(campaign)
    return campaign


def test_a_line_says_what_the_folder_does(campaign: Campaign) -> None:
    index = StateIndex(campaign.folder)
    assert len(index) == len(campaign.states)
    assert all(index.line(state.identifier) for state in campaign.states)
    of_folders = [state_status(campaign.folder, state) for state in campaign.states]
    for path in (campaign.folder / "states").glob("*/correlate.json"):
        seen = path.stat()
        path.write_bytes(b" " * seen.st_size)  # nobody reads it
        os.utime(path, ns=(seen.st_mtime_ns, seen.st_mtime_ns))
    assert list(campaign_status(campaign.folder)) == of_folders


def noted(campaign: Campaign) -> list[IndexLine]:
    return StateIndex(campaign.folder).believed(folders_changed(campaign.folder))


def _is_read(campaign: Campaign, number: int) -> bool:
    return StatusReader(campaign.folder).line(campaign.states[number]) is None


def test_whatever_happens_in_a_folder_is_seen(campaign: Campaign) -> None:
    """A product that is removed, a failure, a folder that is gone, a record that is written into: each by a state's own files."""
    homes = [state_folder(campaign.folder, state.identifier) for state in campaign.states]
    assert not any(_is_read(campaign, number) for number in range(3))
    (homes[0] / "memory.nc").unlink()
    write_failure(homes[1], "simulate", "diverged", "a longer run", 1)
    record = json.loads((homes[2] / "correlate.json").read_text())
    (homes[2] / "correlate.json").write_text(json.dumps(record | {"status": "crystallised"}))
    assert all(_is_read(campaign, number) for number in range(3))
    assert [item.stage for item in campaign_status(campaign.folder)] == ["fit_memory", "simulate", ""]
    assert [item.status for item in campaign_status(campaign.folder)][2] == "crystallised"
    shutil.rmtree(homes[0])
    assert next(campaign_status(campaign.folder)).stage == STATE_STAGES[0].name


def test_without_the_index_or_with_another_nothing_changes(campaign: Campaign) -> None:
    before = list(campaign_status(campaign.folder))
    path = campaign.folder / INDEX
    whole = path.read_text()
    for text in ("", "glassdask states 0\n", whole[: len(whole) // 2], whole.replace("{", "["), whole + "\x00\t.\n"):
        path.write_text(text)
        assert list(campaign_status(campaign.folder)) == before
    path.unlink()
    assert list(campaign_status(campaign.folder)) == before


def test_a_line_that_a_crash_has_cut_costs_no_other(campaign: Campaign) -> None:
    lines = noted(campaign)
    assert len(lines) == 3
    path = campaign.folder / INDEX
    path.write_bytes(path.read_bytes()[:-20])
    assert len(noted(campaign)) == 2
    add_to_index(campaign.folder, lines[-1:])
    assert noted(campaign) == lines


def test_a_run_takes_stock_by_sizes_and_times(campaign: Campaign) -> None:
    """A file that was cut in its place, with the old time of its folder, is found as ever, and its stage would run again."""
    assert Stock(campaign).finished == set(campaign.states)
    home = state_folder(campaign.folder, campaign.states[1].identifier)
    os.truncate(home / "memory.nc", 10)
    os.utime(home, (LONG_AGO, LONG_AGO))
    stock = Stock(campaign)
    assert stock.open == [campaign.states[1]]
    (work,) = [item for item in work_of_states(campaign, campaign.states) if item.work is not Work.DONE]
    assert (work.work, work.stages) == (Work.UNFINISHED, ("fit_memory",))


def test_a_file_that_asks_for_something_else_is_not_taken_for_the_old_one(campaign: Campaign) -> None:
    memory = campaign.specification.memory.model_copy(update={"generations": 7})
    other = Campaign(campaign.specification.model_copy(update={"memory": memory}), campaign.states, campaign.folder)
    stock = Stock(other)
    assert stock.finished == set()
    assert counts_of_work(work_of_states(other, other.states, stock=stock)) == {Work.CHANGED: 3}
    assert not any(_is_read(campaign, number) for number in range(3)), "their status is the same"


def test_a_slow_file_system_is_asked_many_things_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many answers as there are threads come in the time of one; in order all the same."""
    monkeypatch.setattr(state_index, "_FEW", 4)

    def answer(number: int) -> int:
        time.sleep(0.005)
        return -number

    began = time.perf_counter()
    assert at_once(answer, range(1000)) == [-number for number in range(1000)]
    assert time.perf_counter() - began < 2.5, "one by one, it would be 5 s"

"""Status of more states than anybody reads line by line."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.files.failure import write_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.overview import overview
from glassdask.campaign.files.products import remove_product
from glassdask.campaign.files.state_index import INDEX
from glassdask.campaign.files.status import campaign_status, counts, recorded_rows, status_marks
from glassdask.campaign.work.stock import Stock
from glassdask.cli.states import status

LONG_AGO = 1_600_000_000


def test_each_liquid_and_density_has_a_line(call, tiny_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The counts are those of the long table, and stand last; who has failed is named."""
    campaign = load_campaign(tiny_copy)
    home = state_folder(campaign.folder, campaign.states[1].identifier)
    remove_product(home, "simulate")
    write_failure(home, "simulate", "diverged", "the energy has left its range", 2)
    long = call("status", tiny_copy).out.splitlines()
    monkeypatch.setattr(status, "MOST_LINES", 2)
    short = call("status", tiny_copy).out.splitlines()
    counts = next(line for line in long if line.startswith("3 states:"))
    assert short[-1] == counts
    cells = {(state.potential, state.density) for state in campaign.states}
    assert short[0].split()[:4] == ["potential", "rho", "T", "from"]
    assert len(short[1 : short.index("")]) == len(cells)
    assert any(line.startswith(f"{campaign.states[1].identifier}: diverged") for line in short)
    assert "'glassdask ls' lists states one by one" in short


def test_the_sums_are_those_of_the_statuses(tiny_copy: Path) -> None:
    """Of states that are noted, touched since, failed, gone and never begun: however few looks it takes."""
    campaign = load_campaign(tiny_copy)
    Stock(campaign)  # notes nothing yet: the folders are new
    for home in (campaign.folder / "states").iterdir():
        for path in (*home.iterdir(), home):
            os.utime(path, (LONG_AGO, LONG_AGO))
    Stock(campaign)
    homes = [state_folder(campaign.folder, state.identifier) for state in campaign.states]
    for change in (
        lambda: None,
        lambda: (homes[0] / "memory.nc").unlink(),
        lambda: remove_product(homes[1], "simulate"),
        lambda: write_failure(homes[1], "simulate", "diverged", "the energy has left its range", 2),
        lambda: shutil.rmtree(homes[2]),
        lambda: (campaign.folder / INDEX).write_text(""),
        lambda: (campaign.folder / INDEX).unlink(),
    ):
        change()
        statuses = list(campaign_status(campaign.folder))
        found = overview(campaign.folder, *recorded_rows(campaign.folder))
        assert found.counts == counts(statuses)
        assert [item for item in statuses if item.status == "failed"] == list(found.failed)
        assert list(found.notes) == list(status_marks(campaign.folder, statuses).notes)
        for (potential, density), cell in found.cells.items():
            there = [
                item.state for item in statuses if (item.state.potential, item.state.density) == (potential, density)
            ]
            assert cell.counts.total() == len(there)
            assert (cell.coldest, cell.hottest) == (
                min(s.temperature for s in there),
                max(s.temperature for s in there),
            )
    assert {item.status for item in statuses} == {"waiting", "failed"}


def test_a_line_that_is_believed_is_not_read_again(tiny_copy: Path) -> None:
    """What the folders of noted states hold is not looked at."""
    campaign = load_campaign(tiny_copy)
    for home in (campaign.folder / "states").iterdir():
        for path in (*home.iterdir(), home):
            os.utime(path, (LONG_AGO, LONG_AGO))
    Stock(campaign)
    before = overview(campaign.folder, *recorded_rows(campaign.folder)).counts
    for path in (campaign.folder / "states").glob("*/correlate.json"):
        path.write_bytes(b" " * path.stat().st_size)
    assert overview(campaign.folder, *recorded_rows(campaign.folder)).counts == before


@pytest.mark.parametrize("row", [["lj", "warm", 1.2, 0], ["lj", 1.0, 1.2], [], None, ["lj", 1.0, 1.2, "first"]])
def test_a_damaged_record_is_told(call, tiny_copy: Path, row: object) -> None:
    campaign = load_campaign(tiny_copy)
    path = campaign.folder / "campaign.json"
    record = json.loads(path.read_text())
    record["states"][0] = row
    path.write_text(json.dumps(record))
    answer = call("status", campaign.folder)
    said = answer.err
    assert answer.code != 0
    assert "campaign.json is damaged" in said
    assert "run 'glassdask run FILE.toml' again" in said

"""What journals and records say of costs: attempts that did not finish, hours, wall time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.observe.costs import campaign_costs, folder_size, unfinished_attempts
from glassdask.campaign.observe.state_facts import state_facts

START = datetime(2026, 1, 1, tzinfo=UTC)


def event(minutes: float, word: str, stage: str = "simulate") -> dict[str, str]:
    return {"time": (START + timedelta(minutes=minutes)).isoformat(), "stage": stage, "event": word}


@pytest.mark.parametrize(
    ("journal", "seconds"),
    [
        ([event(0, "started"), event(5, "done")], []),
        ([event(0, "started"), event(5, "partial"), event(6, "started"), event(9, "done")], [300.0]),
        ([event(0, "started"), event(2, "lost"), event(3, "started"), event(4, "failed")], [120.0, 60.0]),
        ([event(0, "started"), event(7, "started"), event(9, "done")], [None]),
        ([event(0, "started")], []),
        ([event(0, "started", "reduce"), event(1, "started"), event(2, "failed", "reduce")], []),
        ([{"stage": "simulate", "event": "started", "time": "never"}, event(1, "failed")], [None]),
    ],
    ids=["finished", "went on", "lost and failed", "killed", "still running", "another stage", "damaged"],
)
def test_attempts_that_did_not_finish(journal: list[dict[str, str]], seconds: list[float | None]) -> None:
    assert list(unfinished_attempts(journal, "simulate")) == seconds


def test_the_costs_of_a_campaign_are_those_of_its_records(tiny: Campaign) -> None:
    facts = state_facts(tiny)
    costs = campaign_costs(facts, tiny.folder)
    assert [(one.stage, one.device, one.n_products) for one in costs.stages] == [
        (stage, "cpu", 3) for stage in ("simulate", "reduce", "solve_mct", "fit_memory", "correlate")
    ]
    spent = sum(record.provenance["seconds"] for one in facts for record in one.records.values())
    assert sum(one.hours for one in costs.stages) * 3600 == pytest.approx(spent)
    assert costs.wall_hours is not None
    assert 0 < costs.wall_hours < 1
    trajectories = sum(path.stat().st_size for path in tiny.folder.glob("states/*/trajectory.gsd"))
    assert costs.stages[0].bytes > trajectories
    assert costs.folder_bytes > sum(one.bytes for one in costs.stages)


def test_a_folder_that_is_not_there_takes_no_room(tmp_path: Path) -> None:
    assert folder_size(tmp_path / "nowhere") == 0

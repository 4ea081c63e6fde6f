"""The journal of a state: appended, never rewritten, readable after any crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassdask.campaign.files import journal


def test_events_come_back_in_order_by_stage(tmp_path: Path) -> None:
    journal.record_event(tmp_path, "simulate", "started", attempt=1)
    journal.record_event(tmp_path, "simulate", "done", attempt=1)
    journal.record_event(tmp_path, "reduce", "started", attempt=1)
    assert [event["event"] for event in journal.events(tmp_path)] == ["started", "done", "started"]
    assert [event["event"] for event in journal.events(tmp_path, "reduce")] == ["started"]
    assert {"time", "host", "pid", "attempt"} <= set(journal.events(tmp_path)[0])


def test_there_may_be_no_journal(tmp_path: Path) -> None:
    assert journal.events(tmp_path) == []
    assert (journal.attempts(tmp_path, "simulate"), journal.failures(tmp_path, "simulate")) == (0, 0)


@pytest.mark.parametrize("rubbish", [b'{"stage": "simulate", "ev', b"\xff\xfe\x00", b"[1, 2]", b"17"])
def test_a_line_cut_by_a_crash_costs_no_other_line(rubbish: bytes, tmp_path: Path) -> None:
    journal.record_event(tmp_path, "simulate", "started")
    with (tmp_path / journal.JOURNAL).open("ab") as stream:
        stream.write(rubbish)
    journal.record_event(tmp_path, "simulate", "lost")
    assert [event["event"] for event in journal.events(tmp_path)] == ["started", "lost"]


def test_attempts_count_starts_and_failures_count_until_something_is_new(tmp_path: Path) -> None:
    for event in ("started", "lost", "started", "failed", "started", "failed"):
        journal.record_event(tmp_path, "simulate", event)
    assert journal.attempts(tmp_path, "simulate") == 3
    assert journal.failures(tmp_path, "simulate") == 2, "a lost worker is no failure of the state"
    journal.record_event(tmp_path, "simulate", "sent_back")
    assert journal.failures(tmp_path, "simulate") == 0
    assert journal.attempts(tmp_path, "simulate") == 3

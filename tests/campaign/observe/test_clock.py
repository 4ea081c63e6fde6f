"""The campaign's clock, on plain numbers: what is left, said the same way by everybody."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from glassdask.campaign.files.lease import LeaseRecord
from glassdask.campaign.files.status import StateStatus, counts
from glassdask.campaign.observe.clock import (
    NO_DRIVER,
    ClockReading,
    StageRow,
    makespan,
    read_clock,
    shown_clock,
    write_clock,
)
from glassdask.counted import duration
from glassdask.outcome import Status
from glassdask.state_point import StatePoint

READING = ClockReading(
    share=0.25,
    seconds_left=720.0,
    why="",
    n_workers=2,
    work_seconds=1300.0,
    rows=(StageRow("simulate", 1, 2, 0, 4, 0.5, 0.75, 1000.0), StageRow("reduce", 0, 0, 0, 4, 0.0, 0.25, 300.0)),
    time=1000.0,
)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0 s"),
        (0.42, "0.4 s"),
        (4.0, "4 s"),
        (40.4, "40 s"),
        (99.4, "99 s"),
        (99.6, "2 min"),
        (720.0, "12 min"),
        (5990.0, "1.7 h"),
        (12_240.0, "3.4 h"),
        (36 * 3600.0, "1.5 d"),
        (181_440.0, "2.1 d"),
        (1234 * 86_400.0, "1,234 d"),
    ],
)
def test_a_duration_is_said_in_the_unit_that_suits_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_chains_that_fit_side_by_side_take_as_long_as_the_longest() -> None:
    """One long state is not shared by idle workers: eight workers do not end it sooner than one."""
    assert makespan([100.0], [10.0, 10.0], 8) == 100.0
    assert makespan([], [100.0], 1) == 100.0


def test_many_short_chains_take_their_sum_over_the_workers() -> None:
    assert makespan([], [10.0] * 40, 4) == 100.0
    assert makespan([7.0, 1.0], [10.0] * 40, 4) == pytest.approx(408 / 4, abs=10.0)


def test_a_long_chain_that_waits_begins_when_a_worker_becomes_free() -> None:
    assert makespan([30.0, 50.0], [100.0], 2) == 130.0


def test_more_chains_at_work_than_workers_follow_each_other() -> None:
    """A worker that was lost a moment ago: its state counts as at work until its lease ends."""
    assert makespan([30.0, 30.0, 30.0], [], 2) == 60.0


def test_nothing_left_takes_no_time() -> None:
    assert makespan([], [], 3) == 0.0


def test_what_is_written_is_read_the_same(tmp_path: Path) -> None:
    write_clock(tmp_path, READING)
    assert read_clock(tmp_path, now=1001.0) == READING
    assert READING.words == "about 12 min left with 2 workers"


def test_a_reading_that_nobody_renews_runs_down_and_never_to_nothing(tmp_path: Path) -> None:
    write_clock(tmp_path, READING)
    old, older = read_clock(tmp_path, now=1120.0), read_clock(tmp_path, now=9000.0)
    assert old is not None
    assert old.seconds_left == 600.0
    assert older is not None
    assert older.seconds_left == 1.0


def test_what_has_ended_does_not_run_down(tmp_path: Path) -> None:
    ended = replace(READING, seconds_left=0.0)
    write_clock(tmp_path, ended)
    assert read_clock(tmp_path, now=9000.0) == ended


def test_a_driver_that_has_just_begun_is_not_taken_for_the_one_before(tmp_path: Path) -> None:
    write_clock(tmp_path, replace(READING, time=time.time()))
    waiting = counts([StateStatus(StatePoint("lj", 1.0, 1.2), Status.WAITING, "simulate")])

    def driver(begun: float) -> LeaseRecord:
        since = datetime.fromtimestamp(begun, UTC).isoformat(timespec="seconds")
        return LeaseRecord("", "here", 1, "", since, 60.0, "driver", 1)

    assert shown_clock(tmp_path, driver(time.time() + 10.0), waiting) is None
    shown = shown_clock(tmp_path, driver(time.time() - 100.0), waiting)
    assert shown is not None
    assert shown.words == READING.words
    alone = shown_clock(tmp_path, None, waiting)
    assert alone is not None
    assert (alone.share, alone.seconds_left, alone.words) == (0.25, None, NO_DRIVER)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"share": 1.0}', '{"rows": [{"stage": "reduce"}]}'])
def test_a_damaged_file_is_no_reading(tmp_path: Path, text: str) -> None:
    (tmp_path / "clock.json").write_text(text)
    assert read_clock(tmp_path) is None


def test_words_say_why_the_time_left_is_not_known() -> None:
    unknown = replace(READING, seconds_left=None, why="no worker is there yet")
    assert unknown.words == "no worker is there yet"
    assert replace(READING, seconds_left=0.0).words == "nothing is left to do"

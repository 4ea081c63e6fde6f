"""Batch jobs over time, as the campaign's journal tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from glassdask.campaign.files.journal import JOURNAL, record_event
from glassdask.campaign.observe.job_history import JobHistory, record_job


def write(folder: Path, *events: tuple[int, str, str, dict]) -> None:
    """Journal lines with minutes after noon for times."""
    with (folder / JOURNAL).open("a") as stream:
        for minute, event, job, details in events:
            line = {"time": f"2026-01-01T12:{minute:02d}:00+00:00", "stage": "job", "event": event, "job": job}
            stream.write(json.dumps(line | details) + "\n")


def test_jobs_wait_run_and_end(tmp_path: Path) -> None:
    write(
        tmp_path,
        (0, "submitted", "7", {"pool": "gpu", "gpus": 2}),
        (1, "submitted", "8", {"pool": "cpu", "gpus": 0}),
        (10, "started", "7", {}),
        (40, "ended", "7", {"why": "TIMEOUT (TimeLimit)"}),
        (41, "ended", "7", {"why": "said twice"}),
    )
    history = JobHistory(tmp_path)
    assert history.look()
    now = 60.0 * 60 + history.jobs["7"].submitted
    assert history.counts == {"pending": 1, "running": 0, "ended": 1}
    assert history.jobs["7"].wait == 600
    assert history.jobs["7"].why == "TIMEOUT (TimeLimit)"
    assert history.jobs["8"].as_dict(now)["waited"] is None
    assert history.gpu_hours(now) == pytest.approx(2 * 0.5)
    series = history.series(now)
    assert series["pending"] == [1, 2, 1, 1, 1, 1]
    assert series["running"] == [0, 0, 1, 0, 0, 0]
    assert series["ended"] == [0, 0, 0, 1, 1, 1]
    assert len(history.series(None)["time"]) == len(series["time"]) - 1


def test_only_what_is_new_is_read_and_a_line_in_the_making_waits(tmp_path: Path) -> None:
    history = JobHistory(tmp_path)
    assert not history.look()
    assert history.series(1.0) == {"time": [], "pending": [], "running": [], "ended": []}
    record_event(tmp_path, "driver", "started", site="job.toml")
    record_job(tmp_path, "submitted", "9", pool="gpu", gpus=1)
    assert history.look()
    assert not history.look()
    with (tmp_path / JOURNAL).open("a") as stream:
        stream.write('{"time": "2026-01-01T12:00:00+00:00", "stage": "job", "event": "star')
        stream.flush()
        assert not history.look()
        stream.write('ted", "job": "9"}\n{not json "job"}\n')
    assert history.look()
    assert history.counts["running"] == 1


def test_jobs_of_a_journal_that_has_lost_its_beginning_do_no_harm(tmp_path: Path) -> None:
    write(tmp_path, (0, "ended", "1", {"why": "?"}))
    history = JobHistory(tmp_path)
    history.look()
    assert history.counts == {"pending": 0, "running": 0, "ended": 0}

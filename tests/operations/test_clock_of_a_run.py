"""One clock: terminal, file, `glassdask status` and page of a real run say the same."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import glassdask
from glassdask.campaign.files.driver_lock import live_driver
from glassdask.campaign.files.status import campaign_status, counts
from glassdask.campaign.observe.campaign_clock import CampaignClock
from glassdask.campaign.observe.clock import RENEWED_SECONDS, ClockReading, read_clock, shown_clock
from glassdask.cli.states.status import command as status
from glassdask.operations import progress


def held_by_the_page(folder: Path) -> dict:
    text = (folder / "campaign.html").read_text(encoding="utf-8")
    return json.loads(text.partition('id="held">')[2].partition("</script>")[0].replace("<\\/", "</"))["data"]


def test_terminal_file_status_and_page_say_the_same(
    unfinished: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that the terminal, the file and `status` say was reckoned in one place; the last page holds the last reading. The run
    ends with everything done."""
    reckoned: set[str] = set()
    reading_of = CampaignClock.reading

    def noted(*arguments: Any, **named: Any) -> ClockReading:
        found = reading_of(*arguments, **named)
        reckoned.add(found.words)
        return found

    monkeypatch.setattr(CampaignClock, "reading", noted)
    monkeypatch.setattr(progress, "_LINE_SECONDS", 0.0)
    folder = unfinished.with_suffix("")
    of_file: list[str] = []
    with ThreadPoolExecutor(1) as threads:
        run = threads.submit(glassdask.run_campaign, unfinished, workers=1, dashboard=False)
        while not run.done():
            driver = live_driver(folder)
            reading = driver and shown_clock(folder, driver, counts(campaign_status(folder)))
            if reading and time.time() - reading.time < RENEWED_SECONDS:  # at the end nobody renews it: it runs down
                of_file.append(reading.words)
            time.sleep(0.2)
        assert run.result().failed == {}
    told = capfd.readouterr().err
    lines = [line for line in told.splitlines() if " running" in line and "%" in line]
    assert any("left with 1 worker" in line for line in lines)
    last = read_clock(folder)
    assert last is not None
    assert of_file
    assert set(of_file) <= reckoned
    assert {line.rpartition("  ")[2] for line in lines} <= reckoned
    page = held_by_the_page(folder)
    assert page["stage_rows"] == list(last.as_dict()["rows"])
    assert page["clock"] is None, "nobody is at work any more"
    assert last.work_seconds == last.rows[-1].seconds_left, "what is left is to be collected"
    answer = CliRunner().invoke(status, [str(unfinished), "--json"])
    assert json.loads(answer.output)["clock"] is None, "nobody waits for anything any more"

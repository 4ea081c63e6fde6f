"""What is told while a campaign runs: the share of all work, and the time left at the pace of this run."""

from __future__ import annotations

import time

import pytest

from glassdask.campaign.definition.campaign import Campaign
from glassdask.cluster.driver.progress import Progress
from glassdask.operations.progress import _left, _share, progress_display


@pytest.mark.parametrize(
    ("elapsed", "first", "share", "words"),
    [
        (40.0, 0.0, 0.5, "about 40 s left"),
        (600.0, 0.0, 0.25, "about 30 min left"),
        (36_000.0, 0.0, 0.1, "about 90.0 h left"),
        (60.0, 0.5, 0.75, "about 60 s left"),
        (2.0, 0.0, 0.5, ""),
        (100.0, 0.5, 0.501, ""),
    ],
    ids=["seconds", "minutes", "hours", "what was done before does not count", "too early to say", "too little to say"],
)
def test_the_time_left_follows_from_the_pace_of_this_run(
    elapsed: float, first: float, share: float, words: str
) -> None:
    assert _left(time.monotonic() - elapsed, [first], share) == words


def test_the_share_counts_finished_work(tiny: Campaign) -> None:
    assert _share(tiny.folder, Progress(tiny)) == 1.0
    assert _share(tiny.folder, Progress(tiny, total_cost=8.0, finished_cost=2.0)) == 0.25
    assert _share(tiny.folder, Progress(tiny, total_cost=8.0, finished_cost=2.0, running={tiny.states[0]: 3.0})) == 0.25


def test_without_a_terminal_lines_are_written_and_quiet_means_messages_only(tiny: Campaign, capsys) -> None:
    progress = Progress(tiny, total_cost=8.0, finished_cost=2.0, messages=["reduce of x: retry, why"])
    progress.counts["done"] = 3
    with progress_display(tiny.folder, quiet=False) as show:
        show(progress)
        show(progress)
    assert capsys.readouterr().err.splitlines() == ["reduce of x: retry, why", " 25.0%  0 running, 3 done  "]
    progress.messages.append("again")
    with progress_display(tiny.folder, quiet=True) as show:
        show(progress)
    assert capsys.readouterr().err == "again\n"

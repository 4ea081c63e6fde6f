"""What is told while a campaign runs: what its clock says, and what the user should hear of."""

from __future__ import annotations

from glassdask.campaign.observe.clock import ClockReading
from glassdask.cluster.driver.progress import Progress
from glassdask.operations.progress import progress_display

READING = ClockReading(0.25, 2400.0, "", 2, 4000.0, (), 0.0)


def test_without_a_terminal_lines_are_written_and_quiet_means_messages_only(capsys) -> None:
    progress = Progress(messages=["reduce of x: retry, why"])
    progress.counts["done"] = 3
    with progress_display(lambda: READING, quiet=False) as show:
        show(progress)
        show(progress)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["reduce of x: retry, why", " 25.0%  0 running, 3 done  about 40 min left with 2 workers"]
    progress.messages.append("again")
    with progress_display(lambda: READING, quiet=True) as show:
        show(progress)
    assert capsys.readouterr().err == "again\n"


def test_nothing_is_said_of_time_before_the_first_look(capsys) -> None:
    with progress_display(lambda: None, quiet=False) as show:
        show(Progress(messages=["hear"]))
    assert capsys.readouterr().err == "hear\n"

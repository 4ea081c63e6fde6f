"""``glassdask status --watch``: what fits the screen, until nothing is left to do."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from glassdask.campaign.files.failure import write_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.status import StateStatus
from glassdask.campaign.observe.clock import ClockReading
from glassdask.cli.states.status_watch import screen_lines
from glassdask.outcome import Status
from glassdask.state_point import StatePoint
from tests.command_line import environment
from tests.waiting import HANGS

COMMAND = [sys.executable, "-c", "from glassdask.__main__ import main; main()", "status"]


def many() -> list[StateStatus]:
    """4,000 done, 3,000 waiting, 2,000 at work, 1,000 failed."""
    kinds = [Status.DONE] * 4 + [Status.WAITING] * 3 + [Status.RUNNING] * 2 + [Status.FAILED]
    states = [StatePoint("lj", 1 + 1e-4 * i, 1.2) for i in range(10_000)]
    return [
        StateStatus(s, kind, "simulate", 0.5, "production", message="diverged: " + 30 * "lost atoms ")
        for i, s in enumerate(states)
        for kind in [kinds[i % 10]]
    ]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 60), (40, 10), (20, 3), (80, 1)])
def test_a_screen_is_never_overfull(width: int, height: int) -> None:
    lines = screen_lines(many(), None, width, height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("10,000 states: 4")


def test_the_bar_is_of_the_work_where_the_clock_says_how_much_is_done() -> None:
    clock = ClockReading(0.25, 720.0, "", 2, 1300.0, (), 0.0)
    lines = screen_lines(many(), None, 80, 24, is_ascii=True, clock=clock)
    assert lines[1] == "#######-----------------------  25.0% of the work done"
    assert lines[2] == "about 12 min left with 2 workers   no driver runs"
    assert lines[3] == "at work:"


def test_the_screen_shows_work_before_failures_and_both_in_part() -> None:
    lines = screen_lines(many(), None, 80, 24, is_ascii=True)
    assert lines[1].startswith("###############--------------- ")
    assert lines[1].endswith("50% of the states ended   no driver runs")
    assert lines[2] == "at work:"
    assert "simulate (production) 50%" in lines[3]
    failed = lines.index("failed:")
    assert lines[failed - 1].strip().startswith("and ")
    assert "diverged: lost atoms" in lines[failed + 1]
    assert lines[-1].strip() == f"and {1000 - (len(lines) - failed - 2)} more"
    assert all(line.isascii() for line in lines)


def test_a_finished_campaign_is_shown_once(call, tiny_file: Path) -> None:
    for arguments in (("--watch", tiny_file), (tiny_file, "--watch"), (tiny_file, "--watch", "0.5")):
        answer = call("status", *arguments)
        assert (answer.code, answer.err) == (0, "")
        assert len(answer.out.splitlines()) == 1
        assert "  3 states: " in answer.out


def test_watching_and_data_exclude_each_other(call, tiny_file: Path) -> None:
    answer = call("status", tiny_file, "--watch", "--json")
    assert answer.code == 2
    assert "--watch and --json exclude each other" in answer.err


@pytest.fixture
def unfinished(tiny_copy: Path) -> tuple[Path, Path]:
    """The file of a campaign with one state that waits, and that state's folder."""
    home = state_folder(tiny_copy.with_suffix(""), "lj_rho1.2_T2.0_r0")
    (home / "reduce.json").unlink()
    return tiny_copy, home


def test_counts_are_printed_when_they_change(unfinished: tuple[Path, Path]) -> None:
    file, home = unfinished
    process = subprocess.Popen(
        [*COMMAND, str(file), "--watch", "0.1"], env=environment(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    assert "1 waiting" in first
    time.sleep(0.5)
    write_failure(home, "reduce", "input", "no peak", 1)
    rest, _ = process.communicate(timeout=HANGS)
    assert process.returncode == 0
    assert rest.count("\n") == 1, "once for each change"
    assert "1 failed" in rest


def test_a_terminal_is_drawn_on_until_the_user_leaves(unfinished: tuple[Path, Path]) -> None:
    file, _ = unfinished
    reader, writer = pty.openpty()
    terminal = environment() | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    process = subprocess.Popen([*COMMAND, "--watch", str(file)], env=terminal, stdout=writer, stderr=writer)
    os.close(writer)
    shown = b""
    while b"no driver runs" not in shown:
        shown += os.read(reader, 4096)
    process.send_signal(signal.SIGINT)
    assert process.wait(HANGS) == 0
    try:
        while piece := os.read(reader, 4096):
            shown += piece
    except OSError:  # the other side has closed the terminal
        pass
    os.close(reader)
    assert b"1 waiting" in shown
    assert b"Traceback" not in shown

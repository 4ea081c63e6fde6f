"""``glassdask status --watch``: what is at work and what has failed, as much as fits the screen, again and again."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from glassdask.campaign.files.driver_lock import live_driver
from glassdask.campaign.files.lease import LeaseRecord, suspended
from glassdask.campaign.files.status import StateStatus, counts
from glassdask.campaign.observe.clock import NO_DRIVER, ClockReading, shown_clock
from glassdask.campaign.observe.status_cache import StatusCache
from glassdask.cli.states.status_table import counts_text, status_word
from glassdask.interruption import Interrupted, interruptible
from glassdask.outcome import Status

_BAR_WIDTH = 30
#: Share of the lines that running states may take where there are failures, too.
_RUNNING_SHARE = 0.6


def watch_status(folder: Path, seconds: float) -> None:
    """Shows a campaign until nothing is left to do, or until Ctrl-C; looks every so many seconds."""
    console = Console()
    looks = _looks(folder, seconds)
    with suppress(Interrupted), interruptible(doing=None, signals=(signal.SIGINT,)):  # how one leaves
        if console.is_terminal:
            _draw(folder, console, looks)
        else:
            _print_changes(looks)


def screen_lines(
    statuses: Sequence[StateStatus],
    driver: LeaseRecord | None,
    width: int,
    height: int,
    is_ascii: bool = False,
    clock: ClockReading | None = None,
) -> list[str]:
    """The lines of one screen, at least the counts: counts and progress, states at work, failures with their reasons.

    `driver` runs the campaign, None if nobody does; width and height are in characters. `is_ascii`: the screen knows no
    others. `clock`: what the driver says of work and time, if anything.
    """
    running = [item for item in statuses if item.status is Status.RUNNING]
    failed = [item for item in statuses if item.status is Status.FAILED]
    lines = [counts_text(counts(statuses)), *_progress_lines(statuses, driver, is_ascii, clock)]
    left = max(0, height - len(lines))
    most_running = left if not failed else max(int(left * _RUNNING_SHARE), left - len(failed) - 2)
    running.sort(key=lambda item: item.progress or 0.0, reverse=True)
    block = _block("at work:", [f"  {item.state.identifier}  {status_word(item)}" for item in running], most_running)
    reasons = [f"  {item.state.identifier}  {item.stage}: {item.message}" for item in failed]
    block += _block("failed:", reasons, left - len(block))
    return [_cut(line, width) for line in [*lines, *block]][: max(height, 1)]


def _looks(folder: Path, seconds: float) -> Iterator[list[StateStatus]]:
    """What each look finds; the last is the one that finds nothing left to do."""
    watch = StatusCache(folder)
    while True:
        statuses = watch.look()
        yield statuses
        if not any(item.status in (Status.RUNNING, Status.WAITING) for item in statuses):
            return
        time.sleep(seconds)


def _draw(folder: Path, console: Console, looks: Iterator[list[StateStatus]]) -> None:
    is_ascii = not console.encoding.startswith("utf")
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        for statuses in looks:
            width, height = console.size
            driver = live_driver(folder)
            clock = shown_clock(folder, driver, counts(statuses))
            lines = screen_lines(statuses, driver, width, height - 1, is_ascii, clock)
            live.update(Text("\n".join(lines), no_wrap=True, overflow="crop"), refresh=True)


def _print_changes(looks: Iterator[list[StateStatus]]) -> None:
    before = ""
    for statuses in looks:
        now = counts_text(counts(statuses))
        if now != before:
            click.echo(f"{time.strftime('%FT%T')}  {now}")
            before = now


def _progress_lines(
    statuses: Sequence[StateStatus], driver: LeaseRecord | None, is_ascii: bool, clock: ClockReading | None
) -> list[str]:
    """A bar, of the work where a clock says how much of it is done, and who is at work."""
    n_ended = sum(item.status not in (Status.RUNNING, Status.WAITING) for item in statuses)
    share = clock.share if clock else n_ended / len(statuses) if statuses else 1.0
    n_full = int(share * _BAR_WIDTH)
    full, empty = ("#", "-") if is_ascii else ("█", "░")
    if driver is not None:
        who = f"process {driver.pid} on {driver.host} since {driver.since}{suspended(driver)}"
    else:
        who = "no driver runs" if n_ended < len(statuses) else ""
    bar = f"{full * n_full}{empty * (_BAR_WIDTH - n_full)}"
    if clock is None:
        return [f"{bar} {share:4.0%} of the states ended   {who}".rstrip()]
    also = "" if clock.why == NO_DRIVER else who
    return [f"{bar} {share:6.1%} of the work done", "   ".join(filter(None, (clock.words, also)))]


def _block(title: str, rows: list[str], most: int) -> list[str]:
    """A title and rows in at most so many lines; how many are left out."""
    if not rows or most < 2:
        return []
    if len(rows) + 1 <= most:
        return [title, *rows]
    shown = rows[: most - 2]
    return [title, *shown, f"  and {len(rows) - len(shown)} more"]


def _cut(line: str, width: int) -> str:
    line = line.replace("\n", " ")
    return line if len(line) <= width else line[: max(0, width - 3)] + "..."

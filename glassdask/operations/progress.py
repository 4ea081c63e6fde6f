"""What is told while an operation is at work: lines, and a run's progress as a bar of a terminal or a notebook."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from glassdask.campaign.files.status import state_status
from glassdask.cluster.driver.progress import Progress as DriverProgress

#: Seconds between two lines where the output is not a terminal.
_LINE_SECONDS = 20.0


def tell(line: str) -> None:
    """A line on standard error, now."""
    print(line, file=sys.stderr, flush=True)


def tell_nothing(line: str) -> None:
    """For those who want silence."""


@contextmanager
def progress_display(folder: Path, quiet: bool) -> Iterator[Callable[[DriverProgress], None]]:
    """Gives a function that shows the driver's progress, in a campaign's folder where it reads how far running states
    are; when `quiet`, messages only."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    started = time.monotonic()
    first: list[float] = []
    console = Console(stderr=True)
    if quiet or not (console.is_terminal or console.is_jupyter):
        yield _line_writer(folder, started, first, quiet)
        return
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), TaskProgressColumn(), TimeElapsedColumn())
    bar = Progress(*columns, TextColumn("{task.fields[left]}"), console=console)
    task = bar.add_task("campaign", total=1.0, left="")
    with _in_notebook(bar) if console.is_jupyter else _on_terminal(bar) as (redraw, print_line):

        def show(progress: DriverProgress) -> None:
            for message in _taken(progress):
                print_line(message)
            share = _share(folder, progress)
            bar.update(task, completed=share, description=_doing(progress), left=_left(started, first, share))
            redraw()

        yield show


@contextmanager
def _on_terminal(bar) -> Iterator[tuple[Callable[[], None], Callable[[str], None]]]:
    """The bar draws itself again and again, under the lines."""
    with bar:
        yield lambda: None, lambda line: bar.console.print(line, markup=False)


@contextmanager
def _in_notebook(bar) -> Iterator[tuple[Callable[[], None], Callable[[str], None]]]:
    """One output of the cell, which is replaced: rich's own way would need widgets."""
    from IPython.display import display

    handle = display(bar, display_id=True)
    try:
        yield lambda: handle.update(bar), tell
    finally:
        handle.update(bar)


def _line_writer(folder: Path, started: float, first: list[float], quiet: bool) -> Callable[[DriverProgress], None]:
    last = [-_LINE_SECONDS]

    def show(progress: DriverProgress) -> None:
        for message in _taken(progress):
            tell(message)
        now = time.monotonic()
        if quiet or now - last[0] < _LINE_SECONDS:
            return
        last[0] = now
        share = _share(folder, progress)
        tell(f"{share:6.1%}  {_doing(progress)}  {_left(started, first, share)}")

    return show


def _taken(progress: DriverProgress) -> list[str]:
    messages, progress.messages[:] = list(progress.messages), []
    return messages


def _share(folder: Path, progress: DriverProgress) -> float:
    """Finished work and the finished part of what is running, over all work."""
    done = progress.finished_cost
    for state, cost in list(progress.running.items()):
        done += cost * (state_status(folder, state).progress or 0.0)
    return min(1.0, done / progress.total_cost) if progress.total_cost else 1.0


def _doing(progress: DriverProgress) -> str:
    ended = ", ".join(f"{count} {status}" for status, count in sorted(progress.counts.items()))
    return f"{len(progress.running)} running" + (f", {ended}" if ended else "")


def _left(started: float, first: list[float], share: float) -> str:
    """Time left, from the pace of this run alone: what was finished before it started counts for nothing."""
    if not first:
        first.append(share)
    elapsed, gained = time.monotonic() - started, share - first[0]
    if elapsed < 5 or gained < 0.005:
        return ""
    seconds = elapsed * (1 - share) / gained
    return f"about {_duration(seconds)} left"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"

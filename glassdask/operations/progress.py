"""What is told while an operation is at work: lines, and a run's progress as a bar of a terminal or a notebook."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the lines of other operations need nothing of a run's
    from glassdask.campaign.observe.clock import ClockReading
    from glassdask.cluster.driver.progress import Progress as DriverProgress

#: Seconds between two lines where the output is not a terminal.
_LINE_SECONDS = 20.0


def tell(line: str) -> None:
    """A line on standard error, now."""
    print(line, file=sys.stderr, flush=True)


def tell_nothing(line: str) -> None:
    """For those who want silence."""


@contextmanager
def progress_display(
    clock: Callable[[], ClockReading | None], quiet: bool
) -> Iterator[Callable[[DriverProgress], None]]:
    """Gives a function that shows the driver's progress beside what the campaign's clock says; when `quiet`, messages only."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if quiet or not (console.is_terminal or console.is_jupyter):
        yield _line_writer(clock, quiet)
        return
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), TaskProgressColumn(), TimeElapsedColumn())
    bar = Progress(*columns, TextColumn("{task.fields[left]}"), console=console)
    task = bar.add_task("campaign", total=1.0, left="")
    with _in_notebook(bar) if console.is_jupyter else _on_terminal(bar) as (redraw, print_line):

        def show(progress: DriverProgress) -> None:
            for message in _taken(progress):
                print_line(message)
            reading = clock()
            if reading is not None:
                bar.update(task, completed=reading.share, left=reading.words)
            bar.update(task, description=_doing(progress))
            redraw()

        yield show
        bar.update(
            task, completed=1.0, left=""
        )  # every state has ended; what the campaign as a whole needs has its own line


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


def _line_writer(clock: Callable[[], ClockReading | None], quiet: bool) -> Callable[[DriverProgress], None]:
    last = [-_LINE_SECONDS]

    def show(progress: DriverProgress) -> None:
        for message in _taken(progress):
            tell(message)
        now, reading = time.monotonic(), clock()
        if quiet or reading is None or now - last[0] < _LINE_SECONDS:
            return
        last[0] = now
        tell(f"{reading.share:6.1%}  {_doing(progress)}  {reading.words}")

    return show


def _taken(progress: DriverProgress) -> list[str]:
    messages, progress.messages[:] = list(progress.messages), []
    return messages


def _doing(progress: DriverProgress) -> str:
    ended = ", ".join(f"{count} {status}" for status, count in sorted(progress.counts.items()))
    return f"{len(progress.running)} running" + (f", {ended}" if ended else "")

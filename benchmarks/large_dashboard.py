"""Seconds that the live page of a campaign of 10,000 states takes in a browser, and how late it makes Dask's scheduler.

    PYTHONPATH=. python benchmarks/large_dashboard.py [--states 10000] [--output benchmarks/results/large_dashboard.md]

A quarter of the states each has one, two, three or four finished stages, hard links to those of a real campaign of one
state, which is run first. While Debian's Chromium shows the page, states finish, one a second. An idle process beside it
says how late the machine itself is. The suite asks the same without seconds (tests/cluster/monitor/test_large_dashboard.py).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import side_by_side

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.cluster.monitor.monitoring import start_monitoring
from glassdask.cluster.pools.launch import local_workers
from glassdask.state_point import StatePoint
from tests.chromium import Browser
from tests.faults.campaigns import run, write_campaign
from tests.large_campaign import finish, write_large

#: What issue and faults list ask for.
MOST_DRAWING_SECONDS, MOST_LATE_SECONDS = 3.0, 0.1
#: Loadings of the page, and states that finish.
LOADINGS, LOOKS = 5, 10
_PAINTED = """
return new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(performance.now()), 0)));
"""
#: An idle process that sleeps for 10 ms at a time until its input ends, and says how late it was at most. [s]
_IDLE = """
import select, sys, time
late = 0.0
while not select.select([sys.stdin], [], [], 0)[0]:
    due = time.perf_counter() + 0.01
    time.sleep(0.01)
    late = max(late, time.perf_counter() - due)
print(late)
"""


class Lag:
    """How late an event loop is: a call asked for in 10 ms comes so much later. [s]"""

    def __init__(self, loop: asyncio.AbstractEventLoop):
        self.late: list[float] = []
        self._loop, self._ended = loop, threading.Event()
        loop.call_soon_threadsafe(self._again)

    def _again(self, due: float | None = None) -> None:
        now = time.perf_counter()
        if due is not None:
            self.late.append(now - due)
        if not self._ended.is_set():
            self._loop.call_later(0.01, self._again, now + 0.01)

    def end(self) -> list[float]:
        """All of them, the shortest first."""
        self._ended.set()
        return sorted(self.late)


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        many, finished = write(Path(folder), options.states)
        browser = Browser()
        try:
            rows = measure(many, finished, browser)
        finally:
            browser.close()
    about = (
        f"{side_by_side.circumstances(['distributed'], f'{os.cpu_count()} cores')} "
        f"{options.states:,} states; load of the machine at the end {os.getloadavg()[0]:.1f}."
    )
    table = side_by_side.table(["", "s", "allowed"], rows)
    side_by_side.publish(f"# The page of a large campaign while it runs\n\n{about}\n\n{table}", options.output)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--states", type=int, default=10_000, help="of the campaign (default 10,000)")
    parser.add_argument("--output", type=Path, help="also write the record to this file")
    return parser.parse_args()


def write(folder: Path, n_states: int) -> tuple[Campaign, Campaign]:
    """The large campaign, and the small one that it is made of."""
    file = write_campaign(folder)
    done = run(file)
    if done.returncode:
        raise RuntimeError(done.stderr)
    finished = load_campaign(file)
    states = [StatePoint("wca", 0.5 * 1.03 ** (i // 200), 1 + 0.005 * (i % 200)) for i in range(n_states)]
    write_large(folder / "many", finished, states, lambda number: 1 + number % 4)
    return load_campaign(folder / "many"), finished


def measure(many: Campaign, finished: Campaign, browser: Browser) -> list[list[str]]:
    """Rows of the table."""
    browser.resize(1280, 1400)
    with local_workers(1, is_secure=False) as (workers, lines), start_monitoring(many, workers.scheduler):
        if workers.scheduler is None:
            raise RuntimeError("Dask's scheduler must live in this process")
        address = lines[0].split()[-1]
        browser.open(address)  # once before: code is compiled, files are in memory
        idle = subprocess.Popen([sys.executable, "-c", _IDLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        lag = Lag(workers.scheduler.loop.asyncio_loop)
        drawn = [drawing_seconds(browser, address) for _ in range(LOADINGS)]
        shown = [seconds_until_shown(many, finished, number, browser) for number in range(LOOKS)]
        late, (idle_late, _) = lag.end(), idle.communicate()
    return [
        ["drawn after, median", f"{statistics.median(drawn):.2f}", f"{MOST_DRAWING_SECONDS:g}"],
        ["drawn after, longest", f"{max(drawn):.2f}", ""],
        ["a state that finishes is shown after, median", f"{statistics.median(shown):.2f}", ""],
        ["the event loop is late by, 99 %", f"{late[len(late) * 99 // 100]:.3f}", ""],
        ["the event loop is late by, at most", f"{late[-1]:.3f}", f"{MOST_LATE_SECONDS:g}"],
        ["an idle process is late by, at most", f"{float(idle_late):.3f}", ""],
    ]


def drawing_seconds(browser: Browser, address: str) -> float:
    """From the asking for the page to the painting of its first picture."""
    browser.open(address)
    return float(browser.run(_PAINTED)) / 1000


def seconds_until_shown(many: Campaign, finished: Campaign, number: int, browser: Browser) -> float:
    """From the last file of a state to its count in the browser."""
    before, began = n_done(browser), time.perf_counter()
    finish(many.folder, finished, many.states[4 * number])
    browser.wait(lambda: n_done(browser) > before, "a state that has finished to be shown")
    return time.perf_counter() - began


def n_done(browser: Browser) -> int:
    return int(browser.text("#legend [data-status=done] b"))


if __name__ == "__main__":
    main()

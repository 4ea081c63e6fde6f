"""Seconds that the live page of a campaign of 10,000 states takes in a browser until it is drawn, and from the click on a state
to its curves; and how late it makes Dask's scheduler.

    PYTHONPATH=. python benchmarks/large_dashboard.py [--states 10000] [--output benchmarks/results/large_dashboard.md]

A quarter of the states each has one, two, three or four finished stages, hard links to those of a real campaign of one
state, which is run first. The browser's own processor time stands beside, as other work on the machine makes seconds longer. While Debian's Chromium shows the page, states finish, one a second. An idle process beside it
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
from collections.abc import Iterator
from pathlib import Path

import side_by_side
from selenium.webdriver import Keys

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.cluster.monitor.monitoring import start_monitoring
from glassdask.cluster.pools.launch import local_workers
from glassdask.state_point import StatePoint
from tests.chromium import Browser
from tests.faults.campaigns import run, write_campaign
from tests.large_campaign import finish, write_large

#: What issue and faults list ask for.
MOST_DRAWING_SECONDS, MOST_OPENING_SECONDS, MOST_LATE_SECONDS = 3.0, 1.0, 0.1
#: Loadings of the page, states that are opened, and states that finish.
LOADINGS, OPENINGS, LOOKS = 5, 5, 10
_PAINTED = """
return new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(performance.now()), 0)));
"""
#: Notes when the mouse is pressed, and when the next picture after the curves are there is painted.
_WHEN_CURVES = """
window.painted = 0;
addEventListener("pointerdown", () => { window.clicked = performance.now(); }, { capture: true, once: true });
const look = () => {
  if (!document.querySelector("#curves").hidden && document.querySelector("#structure .line")) requestAnimationFrame(() => setTimeout(() => { window.painted = performance.now(); }, 0));
  else requestAnimationFrame(look);
};
look();
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
        drawn, drawing_work = zip(*(drawing_seconds(browser, address) for _ in range(LOADINGS)), strict=True)
        opened, opening_work = zip(*opening_seconds(many, finished, browser), strict=True)
        shown = [seconds_until_shown(many, finished, number, browser) for number in range(LOOKS)]
        late, (idle_late, _) = lag.end(), idle.communicate()
    return [
        ["drawn after, median", f"{statistics.median(drawn):.2f}", f"{MOST_DRAWING_SECONDS:g}"],
        ["drawn after, longest", f"{max(drawn):.2f}", ""],
        ["drawn with processor time of the page's thread, median", f"{statistics.median(drawing_work):.2f}", ""],
        ["from a click to the curves, median", f"{statistics.median(opened):.2f}", f"{MOST_OPENING_SECONDS:g}"],
        ["from a click to the curves, longest", f"{max(opened):.2f}", ""],
        [
            "from a click to the curves, processor time of the page's thread, median",
            f"{statistics.median(opening_work):.2f}",
            "",
        ],
        ["a state that finishes is shown after, median", f"{statistics.median(shown):.2f}", ""],
        ["the event loop is late by, 99 %", f"{late[len(late) * 99 // 100]:.3f}", ""],
        ["the event loop is late by, at most", f"{late[-1]:.3f}", f"{MOST_LATE_SECONDS:g}"],
        ["an idle process is late by, at most", f"{float(idle_late):.3f}", ""],
    ]


def drawing_seconds(browser: Browser, address: str) -> tuple[float, float]:
    """From the asking for the page to the painting of its first picture, and the processor time of the page's thread."""
    browser.driver.execute_cdp_cmd("Performance.setTimeDomain", {"timeDomain": "threadTicks"})
    browser.driver.execute_cdp_cmd("Performance.enable", {})
    before = work(browser)
    browser.open(address)
    seconds = float(browser.run(_PAINTED)) / 1000
    spent = work(browser) - before
    browser.driver.execute_cdp_cmd("Performance.disable", {})
    return seconds, spent


def work(browser: Browser) -> float:
    """Processor time of the page's thread so far. [s]"""
    metrics = browser.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))


def opening_seconds(many: Campaign, finished: Campaign, browser: Browser) -> Iterator[tuple[float, float]]:
    """From the click on a state with curves, a real one of the mouse, to their painting, and processor time of the page's thread."""
    browser.click("canvas")
    name = browser.text("#chosen")
    home, whole = (
        state_folder(folder, state)
        for folder, state in ((many.folder, name), (finished.folder, finished.states[0].identifier))
    )
    for path in whole.glob("*.nc"):  # whole files in place of empty ones
        (home / path.name).unlink(missing_ok=True)
        os.link(path, home / path.name)
    browser.driver.execute_cdp_cmd("Performance.setTimeDomain", {"timeDomain": "threadTicks"})
    browser.driver.execute_cdp_cmd("Performance.enable", {})
    for _ in range(OPENINGS):
        browser.press(Keys.ESCAPE)
        browser.wait(lambda: not browser.is_visible("#curves"), "the state to be closed")
        browser.run(_WHEN_CURVES)
        before = work(browser)
        browser.click("canvas")
        browser.wait(lambda: browser.run("return window.painted > 0"), "curves")
        yield float(browser.run("return window.painted - window.clicked")) / 1000, work(browser) - before
    browser.driver.execute_cdp_cmd("Performance.disable", {})


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

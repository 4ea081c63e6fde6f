"""The page of 10,000 states: drawn within seconds, new every second, and no burden on the scheduler's event loop."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from glassdask.campaign.campaign import Campaign, load_campaign
from glassdask.campaign.folder import state_folder
from glassdask.campaign.status import STAGE_FILES
from glassdask.cluster.launch import local_workers
from glassdask.cluster.watching import watching
from glassdask.state_point import StatePoint
from tests.chromium import Browser
from tests.machine_speed import slowness

pytestmark = pytest.mark.browser
_N = 10_000


@pytest.fixture
def many(tiny: Campaign, tmp_path: Path) -> Campaign:
    """10,000 states in all conditions: hard links to the records of a real one, empty files for the data."""
    whole = state_folder(tiny.folder, tiny.states[0].identifier)
    empty = tmp_path / "empty"
    empty.touch()
    folder = tmp_path / "many"
    grid = itertools.product(("lj", "wca"), range(50), range(100))
    states = [StatePoint(potential, 0.5 * 1.03**i, 1 + 0.01 * j) for potential, i, j in grid]
    for number, state in enumerate(states):
        _finish(folder, state, whole, empty, number % 5)
    rows = [[state.potential, state.temperature, state.density, state.replica] for state in states]
    record = json.loads((tiny.folder / "campaign.json").read_bytes())
    (folder / "campaign.json").write_text(json.dumps(record | {"states": rows}))
    return load_campaign(folder)


def _finish(folder: Path, state: StatePoint, whole: Path, empty: Path, n_stages: int) -> None:
    here = state_folder(folder, state.identifier)
    if n_stages:
        here.mkdir(parents=True, exist_ok=True)
    for names in list(STAGE_FILES.values())[:n_stages]:
        for name in names:
            if not (here / name).exists():
                os.link(whole / name if name.endswith(".json") else empty, here / name)


class _Lag:
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
        self._ended.set()
        return sorted(self.late)


def test_ten_thousand_states(many: Campaign, tiny: Campaign, browser: Browser, tmp_path: Path) -> None:
    """Drawn within 3 s, news every second, the event loop never late by 0.1 s, while states finish and a worker idles."""
    whole = state_folder(tiny.folder, tiny.states[0].identifier)
    browser.resize(1280, 1400)
    with local_workers(1, is_secure=False) as (workers, lines), watching(many, workers.scheduler):
        assert workers.scheduler is not None
        address = lines[0].split()[-1]
        browser.open(address)  # once before: code is compiled, files are in memory
        idle = subprocess.Popen([sys.executable, "-c", _IDLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        lag = _Lag(workers.scheduler.loop.asyncio_loop)
        drawn = []
        for _ in range(3):
            browser.open(address)
            drawn.append(browser.run(_PAINTED) / 1000)
        n_done, said = _n_done(browser), set()
        for i in range(8):
            _finish(many.folder, many.states[5 * i + 1], whole, tmp_path / "empty", 4)
            said.add(browser.text("#heard"))
            time.sleep(1.0)
        late, (idle_late, _) = lag.end(), idle.communicate()
        browser.wait(lambda: _n_done(browser) >= n_done + 8, "states that have finished to be shown", 10)
    print(
        f"drawn after {drawn} s; late at most {late[-1]:.3f} s, 99 %: {late[len(late) * 99 // 100]:.3f}, idle: {idle_late}"
    )
    assert min(drawn) < 3.0 * slowness()
    assert len(said) >= 6 / slowness(), "eight looks, a second apart"
    assert late[-1] < 0.1 * slowness() + float(idle_late)  # whose lateness is the machine's


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


def _n_done(browser: Browser) -> int:
    return int(browser.text("#legend [data-status=done]").split()[0])


_PAINTED = """
return new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(performance.now()), 0)));
"""

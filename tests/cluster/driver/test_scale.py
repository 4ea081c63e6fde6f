"""Fault 32: what the driver does for a state does not grow with their number, and waiting costs no look at any file.

Workers run the stand-ins of benchmarks/quick_stages.py; benchmarks/campaign_scale.py measures 10,000 states.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dask
import pytest

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.cluster.driver.driver import Driver
from glassdask.cluster.driver.progress import Progress
from glassdask.cluster.driver.stage_queue import StageQueue
from glassdask.cluster.pools.launch import local_workers
from glassdask.cluster.runtime.workers import FixedWorkers
from glassdask.stages.contract.registry import STATE_STAGES
from glassdask.stages.contract.stage import Stage
from glassdask.state_point import StatePoint
from tests.command_line import REPOSITORY

N_STATES = 40
CAMPAIGN = f"""\
[[grid]]
potential = "lj"
density = 1.2
temperature = {{ start = 1.0, stop = {1 + 0.01 * (N_STATES - 1):g}, step = 0.01 }}
[equilibration]
length = 300.0
[production]
length = 300.0
"""
#: Files opened and folders listed by this process while `watched` is open: by the folder that they lie in.
_seen: list[str] | None = None


def _note(event: str, arguments: tuple) -> None:
    if _seen is not None and event in ("open", "os.listdir", "os.scandir"):
        _seen.append(str(arguments[0]))


sys.addaudithook(_note)


@contextmanager
def watched() -> Iterator[list[str]]:
    """The paths of all files that this process opens and of all folders that it lists inside the block."""
    global _seen
    found: list[str] = []
    _seen = found
    try:
        yield found
    finally:
        _seen = None


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    file = tmp_path / "many.toml"
    file.write_text(CAMPAIGN)
    return load_campaign(file)


@pytest.fixture(scope="module")
def workers() -> Iterator[FixedWorkers]:
    preload = {"distributed.worker.preload": [str(REPOSITORY / "benchmarks" / "quick_stages.py")]}
    with dask.config.set(preload), local_workers(2, dashboard=False) as (found, _):
        yield found


def test_every_state_costs_the_driver_a_few_looks_and_little_more_than_dask_does(
    campaign: Campaign, workers: FixedWorkers
) -> None:
    """Each state: whether it is done, has failed, was imported, and is to be longer, once each, however many stages it has.

    Whether a user asks for something is looked for twice a second, in one place. A worker goes on with a state's next stage by
    itself: in processor time the five stages of a state cost the driver less than as many empty tasks of Dask, messages and
    their encryption, though they take longer; benchmarks/campaign_scale.py has milliseconds.
    """
    n_stages = N_STATES * len(STATE_STAGES)
    empty = seconds_of_empty_tasks(workers, n_stages)
    started = time.process_time()
    with watched() as paths:
        progress = Driver(campaign, workers).run()
    seconds = time.process_time() - started
    empty += seconds_of_empty_tasks(workers, n_stages)
    assert progress.counts == {"done": N_STATES}
    record = json.loads((state_folder(campaign.folder, campaign.states[0].identifier) / "simulate.json").read_bytes())
    assert record["provenance"]["engine"] == "stand-in"
    looks = Counter(Path(path).name for path in paths if path.startswith(str(campaign.folder)))
    assert 0 < looks.total() - looks["requests"] <= 4 * N_STATES, looks
    assert seconds < 2.5 * empty / 2  # 0.95 was measured, and 3 to 4 where each stage was a task


def seconds_of_empty_tasks(workers: FixedWorkers, count: int) -> float:
    """Processor time of this process for tasks that do nothing, two at a time."""
    started = time.process_time()
    for i in range(0, count, 2):
        workers.client.gather([workers.client.submit(abs, i + j, pure=False) for j in range(2)])
    return time.process_time() - started


class Enough(Exception):
    """The driver has waited long enough."""


class BusyWorkers(FixedWorkers):
    """Workers that are all taken."""

    def pool_with_room(self, stage: str, in_flight: Counter[str]) -> str | None:  # noqa: ARG002
        """None has room."""
        return None


def test_a_driver_that_waits_looks_at_no_file(campaign: Campaign, workers: FixedWorkers) -> None:
    looks: list[int] = []

    def watch(_: Progress) -> None:
        looks.append(sum(path.startswith(str(campaign.folder / "states")) for path in paths))
        if len(looks) == 4:
            raise Enough

    with watched() as paths, pytest.raises(Enough):
        Driver(campaign, BusyWorkers(workers.client), watch).run()
    assert looks[0] == looks[-1] == 2 * N_STATES, "each state was looked at once before, and never again"


def test_the_queue_gives_ten_thousand_stages_in_the_order_of_their_work() -> None:
    """A heap, no search: ten times as many stages cost some thirteen times as much, where a search would cost a hundred."""
    few, many = (min(seconds_of_queue(n) for _ in range(tries)) for n, tries in ((1_000, 5), (10_000, 2)))
    assert many < 30 * few


def seconds_of_queue(n_stages: int) -> float:
    """Processor time of filling a queue and emptying it."""

    def cost(state: StatePoint, _: Stage) -> float:
        return state.temperature

    queue = StageQueue(cost)
    states = [StatePoint("lj", 1.0 + 1e-4 * (number * 7919 % n_stages), 1.2) for number in range(n_stages)]
    started = time.process_time()
    for state in states:
        queue.add(state, STATE_STAGES[0])
    taken = [queue.pop(STATE_STAGES[0]).temperature for _ in range(len(queue))]
    seconds = time.process_time() - started
    assert taken == sorted(taken, reverse=True)
    return seconds

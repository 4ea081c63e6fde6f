"""States that waited, were at work and were finished, against counting them one by one."""

from __future__ import annotations

import random

from glassdask.campaign.observe.queue_history import QueueHistory


def test_it_counts_as_one_would_by_hand() -> None:
    """Ten states of three stages each, one after the other with pauses, told of in any order; one state still at work."""
    chance = random.Random(1)
    states = []
    for _ in range(10):
        at, stages = chance.uniform(0, 50), []
        for _ in range(3):
            stages.append((at, at := at + chance.uniform(1, 20)))
            at += chance.uniform(0, 2)
        states.append(stages)
    told = [(begun, ended, i == 2) for stages in states for i, (begun, ended) in enumerate(stages)]
    chance.shuffle(told)
    history = QueueHistory()
    for stage in told:
        history.add(*stage)
    found = history.series(12, [90.0], 10, 200.0)
    assert found["time"][0] == min(begun for begun, _, _ in told)
    assert found["time"][-1] == 200.0
    for i, time in enumerate(found["time"][:-1]):
        running = sum(begun <= time < ended for begun, ended, _ in told) + (time >= 90.0)
        finished = sum(stages[-1][1] <= time for stages in states)
        assert (found["running"][i], found["finished"][i]) == (running, finished)
        assert found["waiting"][i] == 12 - running - finished
    assert [found[name][-1] for name in ("waiting", "running", "finished")] == [1, 1, 10]


def test_before_the_first_stage_there_is_nothing_to_show() -> None:
    empty: dict[str, list[float]] = {name: [] for name in ("time", "waiting", "running", "finished")}
    assert QueueHistory().series(5, [], 0, 100.0) == QueueHistory().series(5, [], 0, None) == empty

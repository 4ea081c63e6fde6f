"""Stages that wait: the longest first, and what is taken out never comes."""

from __future__ import annotations

import time

from glassdask.cluster.driver.stage_queue import StageQueue
from glassdask.stages.contract.stage import Stage
from glassdask.stages.reduce import STAGE as REDUCE
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.state_point import StatePoint

STATES = [StatePoint("lj", temperature, 1.2) for temperature in (1.0, 2.0, 3.0, 4.0)]


def hotness(state: StatePoint, stage: Stage) -> float:  # noqa: ARG001
    return state.temperature


def test_a_state_is_taken_out_wherever_it_waits() -> None:
    queue = StageQueue(hotness)
    queue.add(STATES[0], SIMULATE)
    queue.add(STATES[2], SIMULATE)
    queue.add(STATES[1], REDUCE)
    queue.add_later(STATES[3], SIMULATE, 0.01)
    assert queue.discard({STATES[1], STATES[3]}) == {STATES[1], STATES[3]}
    assert queue.discard({STATES[1]}) == set()
    time.sleep(0.02)
    queue.move_due()
    assert queue.waiting() == [SIMULATE]
    assert [queue.pop(SIMULATE) for _ in range(2)] == [STATES[2], STATES[0]]
    assert not queue

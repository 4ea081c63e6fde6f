"""How a campaign's clock is reckoned, on plain numbers: campaigns that cost what was measured end when they were said to."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.campaign.observe.campaign_clock import CampaignClock
from glassdask.campaign.observe.clock import ClockReading
from glassdask.campaign.observe.rates import Rates
from glassdask.stages.contract.run_size import DECLARED_RATE

STAGES: tuple[str, ...] = ("simulate", "reduce")
ALL: dict[tuple[str, ...], int] = {STAGES: 2}
#: What the tests' machine takes for one unit of cost of each stage: not what is declared, and not in the same ratio. [s]
SIMULATE, REDUCE = 2.0 * DECLARED_RATE, 5.0 * DECLARED_RATE
UNIT = 10.0 / DECLARED_RATE


def clock_of(costs: list[list[float]], at_the_end: dict[str, float] | None = None) -> CampaignClock:
    return CampaignClock(STAGES, UNIT * np.array(costs), {name: UNIT * c for name, c in (at_the_end or {}).items()})


def learned(clock: CampaignClock, state: int, cost: list[float]) -> None:
    clock.learn(state, "simulate", UNIT * cost[0] * SIMULATE)
    clock.learn(state, "reduce", UNIT * cost[1] * REDUCE)
    clock.note(state, 2)


def seconds_left(reading: ClockReading) -> float:
    assert reading.seconds_left is not None
    return reading.seconds_left


def test_a_campaign_whose_stages_cost_what_was_measured_ends_when_it_was_said_to() -> None:
    """Twenty states of different lengths on two workers, played through: from the first tenth of the time on, every reading
    is within a tenth of the truth; prior knowledge, wrong by 2 and 5 times, is forgotten as products come in."""
    costs = [[1.0 + 0.2 * (state % 5), 0.3] for state in range(20)]
    lengths = [[UNIT * a * SIMULATE, UNIT * b * REDUCE] for a, b in costs]
    clock = clock_of(costs)
    order = sorted(range(20), key=lambda state: -costs[state][0])
    free, began, ends = [0.0, 0.0], {}, {}
    for state in order:
        worker = int(np.argmin(free))
        began[state] = free[worker]
        free[worker] += sum(lengths[state])
        ends[state] = free[worker]
    end = max(free)
    learnt: set[tuple[int, str]] = set()
    ratios = []
    for now in np.linspace(1.0, 0.95 * end, 200).tolist():
        at_work = []
        for state in order:
            simulated = began[state] + lengths[state][0]
            n_done = int(now >= simulated) + int(now >= ends[state])
            clock.note(state, n_done)
            for place in range(n_done):
                if (state, STAGES[place]) not in learnt:
                    learnt.add((state, STAGES[place]))
                    clock.learn(state, STAGES[place], lengths[state][place])
            if began[state] <= now < ends[state]:
                since = began[state] if n_done == 0 else simulated
                at_work.append((state, (now - since) / lengths[state][n_done]))
        clock.look(at_work, now)
        if now > 0.1 * end:
            ratios.append(seconds_left(clock.reading(ALL, now)) / (end - now))
    assert min(ratios) > 0.85
    assert max(ratios) < 1.15


def test_nothing_is_said_of_time_before_anything_is_measured() -> None:
    reading = clock_of([[1.0, 1.0]] * 4).reading(ALL, 0.0)
    assert reading.seconds_left is None
    assert reading.work_seconds is None
    assert "before something is measured" in reading.words
    assert reading.share == 0.0
    assert [row.weight for row in reading.rows] == [0.5, 0.5], "until then the declared costs weigh"


def test_without_a_driver_or_a_worker_the_reason_is_said() -> None:
    clock = clock_of([[1.0, 1.0]] * 2)
    learned(clock, 0, [1.0, 1.0])
    assert "no driver" in clock.reading(None, 0.0).words
    assert clock.reading({}, 0.0).words == clock.reading({STAGES: 0}, 0.0).words == "no worker is there yet"
    words = clock.reading({("simulate",): 1, ("reduce",): 0}, 0.0).words
    assert words == "no worker for reduce is there at the moment"


def test_stages_weigh_what_they_take_on_this_machine() -> None:
    clock = clock_of([[1.0, 1.0]] * 30)
    for state in range(20):
        learned(clock, state, [1.0, 1.0])
    reading = clock.reading(ALL, 0.0)
    simulate, reduce = reading.rows
    assert reduce.weight / simulate.weight == pytest.approx(REDUCE / SIMULATE, rel=0.02)
    assert reading.share == pytest.approx(2 / 3)
    assert (simulate.done, simulate.running, simulate.failed, simulate.total) == (20, 0, 0, 30)
    assert seconds_left(reading) == pytest.approx(5 * UNIT * (SIMULATE + REDUCE), rel=0.02)


def test_the_longest_state_is_not_shared_by_idle_workers() -> None:
    clock = clock_of([[1.0, 0.1], [10.0, 0.1]])
    learned(clock, 0, [1.0, 0.1])
    clock.look([(1, 0.0)], 0.0)
    alone, many = (seconds_left(clock.reading({STAGES: n}, 0.0)) for n in (1, 64))
    assert alone == many


def test_pools_of_their_own_for_stages_work_side_by_side() -> None:
    """Eight states are left, two workers simulate and one reduces: the slower pool decides."""
    clock = clock_of([[1.0, 1.0]] * 9)
    learned(clock, 0, [1.0, 1.0])
    rates = clock.rates.rates()
    left = seconds_left(clock.reading({("simulate",): 2, ("reduce",): 1}, 0.0))
    assert left == pytest.approx(8 * UNIT * rates["reduce"])


def test_a_failed_state_is_not_waited_for() -> None:
    clock = clock_of([[1.0, 1.0]] * 3)
    learned(clock, 0, [1.0, 1.0])
    before = seconds_left(clock.reading({STAGES: 1}, 0.0))
    clock.note(1, 1, has_failed=True)
    reading = clock.reading({STAGES: 1}, 0.0)
    assert seconds_left(reading) == pytest.approx(before / 2)
    assert reading.rows[1].failed == 1
    clock.note(2, 2)
    assert clock.reading({STAGES: 1}, 0.0).share == 1.0


def test_what_is_made_at_the_end_counts_until_it_is_there() -> None:
    clock = clock_of([[1.0, 1.0]], {"collect": 0.5})
    learned(clock, 0, [1.0, 1.0])
    clock.rates.learn("collect", 0.5 * UNIT, 7.0)
    reading = clock.reading(ALL, 0.0)
    assert reading.rows[-1].stage == "collect"
    assert seconds_left(reading) == pytest.approx(7.0, rel=0.5)
    assert reading.share < 1.0
    done = clock.reading(ALL, 0.0, is_collected=True)
    assert (done.share, done.seconds_left, done.words) == (1.0, 0.0, "nothing is left to do")


def test_a_continued_simulation_counts_only_its_new_part() -> None:
    """Three states are to be three times as long as they are: two thirds of each simulation are left, and all of the rest."""
    clock = clock_of([[3.0, 1.0]] * 3)
    for state in range(3):
        clock.learn(state, "simulate", 3.0 * UNIT * SIMULATE)
        clock.give_head_start(state, 1 / 3)
        clock.note(state, 0)
    row = clock.reading({STAGES: 1}, 0.0).rows[0]
    assert row.share == pytest.approx(1 / 3)
    assert row.seconds_left == pytest.approx(3 * 2.0 * UNIT * SIMULATE, rel=0.1)
    clock.look([(0, 2 / 3)], 0.0)
    assert clock.reading({STAGES: 1}, 0.0).rows[0].seconds_left == pytest.approx(5.0 * UNIT * SIMULATE, rel=0.1)


def test_a_run_that_goes_on_from_a_checkpoint_is_not_taken_for_a_fast_one() -> None:
    """It is seen first at 90 %: nine tenths in no time. Its pace is that of what was seen."""
    clock = clock_of([[1.0, 0.0]] * 2)
    whole = UNIT * SIMULATE
    clock.look([(0, 0.9)], 0.0)
    clock.look([(0, 0.95)], 0.05 * whole)
    left = seconds_left(clock.reading({STAGES: 1}, 0.05 * whole))
    assert left == pytest.approx(1.05 * whole, rel=0.5)


def test_time_in_which_the_driver_stood_still_is_not_the_stages_own() -> None:
    """A laptop that slept for an hour: the pace of what is at work is that of before."""
    clock = clock_of([[1.0, 0.0]])
    whole = UNIT * SIMULATE
    for second in range(10):
        clock.look([(0, second / whole)], float(second))
    before = seconds_left(clock.reading({STAGES: 1}, 9.0))
    for second in range(9, 12):
        clock.look([(0, second / whole)], 3600.0 + second)
    after = seconds_left(clock.reading({STAGES: 1}, 3611.0))
    assert after == pytest.approx(before - 2.0, rel=0.2)


def test_an_attempt_that_says_nothing_is_taken_to_need_what_such_stages_need() -> None:
    clock = clock_of([[1.0, 1.0]] * 2)
    learned(clock, 0, [1.0, 1.0])
    clock.look([(1, None)], 0.0)
    whole = seconds_left(clock.reading({STAGES: 1}, 0.0))
    clock.look([(1, None)], 5.0)
    assert seconds_left(clock.reading({STAGES: 1}, 5.0)) == pytest.approx(whole - 5.0)
    clock.look([(1, None)], 15.0)
    assert seconds_left(clock.reading({STAGES: 1}, 5.0)) > 0


def test_rates_lean_on_the_machine_until_a_stage_is_measured() -> None:
    """Simulations are twice as slow as declared: so, it is supposed, are the other stages; a GPU's speed is not."""
    rates = Rates({"simulate": UNIT, "reduce": UNIT})
    assert rates.rates()["reduce"] == pytest.approx(DECLARED_RATE)
    for _ in range(20):
        rates.learn("simulate", UNIT, 2.0 * UNIT * DECLARED_RATE)
    assert rates.rates()["reduce"] == pytest.approx(2.0 * DECLARED_RATE, rel=0.05)
    on_gpu = Rates({"simulate": UNIT, "reduce": UNIT})
    for _ in range(20):
        on_gpu.learn("simulate", UNIT, 0.01 * UNIT * DECLARED_RATE)
    assert on_gpu.rates()["simulate"] == pytest.approx(0.01 * DECLARED_RATE, rel=0.05)
    assert on_gpu.rates()["reduce"] == pytest.approx(DECLARED_RATE / 3)


def test_one_product_that_slept_does_not_spoil_the_rate() -> None:
    rates = Rates({"simulate": UNIT})
    for _ in range(10):
        rates.learn("simulate", UNIT, 10.0)
    before = rates.rates()["simulate"]
    rates.learn("simulate", UNIT, 36_000.0)
    assert rates.rates()["simulate"] < 1.5 * before

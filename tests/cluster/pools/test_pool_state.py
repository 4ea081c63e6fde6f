"""When a pool submits its next job after bad luck, when it is given up, and what the user hears of it."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from glassdask.cluster.pools.pool_state import LONGEST_PAUSE, MOST_UNKNOWN_REFUSALS, PoolState
from glassdask.cluster.schedulers.jobs import BatchSystemError
from glassdask.cluster.schedulers.protocol import Refusal


def pool(n_jobs: int = 0) -> PoolState:
    """A pool with some jobs in the queue."""
    return PoolState("cpu", jobs={f"cpu-{i}": SimpleNamespace(job_id=str(i)) for i in range(n_jobs)})


def pause(state: PoolState) -> float:
    return state.not_before - time.monotonic()


def test_a_final_refusal_breaks_the_pool_at_once() -> None:
    state = pool(1)
    said = state.note_refusal(BatchSystemError("qsub failed: qsub: Unknown queue", Refusal.FINAL))
    assert said == state.broken
    assert said.startswith("no job of the pool 'cpu' can be submitted: qsub failed: qsub: Unknown queue.")
    assert not state.may_submit()


def test_a_passing_one_is_tried_again_without_end_at_growing_pauses() -> None:
    state = pool()
    error = BatchSystemError("qsub failed: Queue is not enabled", Refusal.PASSING)
    pauses = []
    said = []
    for _ in range(500):
        said.append(state.note_refusal(error))
        pauses.append(round(pause(state)))
    assert pauses[:7] == [1, 2, 4, 8, 16, 32, round(LONGEST_PAUSE)]
    assert max(pauses) == round(LONGEST_PAUSE)
    assert not state.broken
    assert 10 < sum(map(bool, said)) < 100, "it is not told five hundred times"


def test_unknown_words_break_a_pool_that_has_nothing_else() -> None:
    """One whose jobs work goes on with them."""
    error = BatchSystemError("qsub failed: request rejected by filter")
    without, having = pool(), pool(1)
    for _ in range(MOST_UNKNOWN_REFUSALS):
        assert not without.broken
        without.note_refusal(error)
        having.note_refusal(error)
    assert without.broken
    assert not having.broken


def test_a_limit_of_jobs_is_told_once_and_asked_about_again_when_a_job_has_ended() -> None:
    state = pool(1)
    error = BatchSystemError("qsub failed: qsub: would exceed queue one's per-user limit", Refusal.LIMIT)
    said = [state.note_refusal(error) for _ in range(50)]
    assert said[0] == (
        f"pool cpu: no more jobs are allowed for now ({error}); it goes on with 1 job, and asks again now and then"
    )
    assert not any(said[1:])
    assert not state.broken
    assert 0 < pause(state) <= LONGEST_PAUSE
    state.note_room()
    assert state.may_submit()
    state.note_submission("cpu-2", SimpleNamespace(job_id="2"))
    assert state.note_refusal(error) == "", "the next job is in the same place"


def test_room_changes_nothing_for_a_pool_that_waits_for_something_else() -> None:
    state = pool()
    state.note_refusal(BatchSystemError("timed out", Refusal.PASSING))
    state.note_room()
    assert not state.may_submit()


def test_jobs_that_die_at_once_break_the_pool_and_deleted_ones_do_not() -> None:
    dying, deleted = pool(3), pool(30)
    for worker in list(dying.jobs):
        dying.note_end(worker, True, "FAILED", "module cuda/13 is unknown")
    assert "3 jobs of the pool 'cpu' in a row ended before a worker came up" in dying.broken
    assert dying.broken.endswith("module cuda/13 is unknown")
    for worker in list(deleted.jobs):
        assert "ended before its workers came up" in deleted.note_end(worker, False, "CANCELLED", "")
    assert not deleted.broken
    assert deleted.jobs == {}
    assert 0 < pause(deleted) <= LONGEST_PAUSE, "whatever deletes them, no storm of submissions"


@pytest.mark.parametrize("is_own_end", [True, False])
def test_a_worker_that_comes_up_ends_the_row(is_own_end: bool) -> None:
    state = pool(4)
    for worker in ("cpu-0", "cpu-1"):
        state.note_end(worker, True, "FAILED", "")
    state.note_worker("cpu-2")
    assert state.note_end("cpu-2", is_own_end, "CANCELLED", "") == "", "a job that has worked is no news"
    state.note_end("cpu-3", True, "FAILED", "")
    assert not state.broken

"""One attempt of a gang: its ranks go to their workers, are watched, and end together."""

from __future__ import annotations

import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from distributed import Future
from distributed.comm import get_address_host
from distributed.scheduler import KilledWorker

from glassdask.cluster.ranks.rank_side import RankAnswer, RankJob, WorkerPlace, run_rank, signal_rank
from glassdask.cluster.runtime.workers import LOST_WORKER, Workers, release_futures, submit_to
from glassdask.outcome import Outcome

_POLL_SECONDS = 0.5
#: How long ranks may take to write a checkpoint when all of them are there; when one has gone, none can; and how long
#: a worker may take to say that its rank was killed.
_TOGETHER_SECONDS, _APART_SECONDS, _KILLED_SECONDS = 20.0, 5.0, 5.0
#: From one SIGTERM to the next, which may have come before the child could hear it; the longest wait for a worker's ear.
_REPEAT_SECONDS, _SIGNAL_SECONDS = 1.0, 5.0


class GangAttempt:
    """Ranks on chosen workers, one a place; `scale_pools` is called all the time."""

    def __init__(
        self, workers: Workers, places: Sequence[WorkerPlace], request: dict[str, Any], scale_pools: Callable[[], None]
    ):
        self._workers, self._client = workers, workers.client
        self._places, self._request, self._scale_pools = places, request, scale_pools
        self._name = secrets.token_hex(8)
        self._futures: list[Future[Any]] = []
        self._answers: dict[int, RankAnswer] = {}
        self._came_back = threading.Event()

    def run(self, on_poll: Callable[[], None]) -> RankAnswer:
        """Runs the ranks until rank 0 is done or one of them is not to be had; all have ended then. Returns
        the answer of rank 0, or that of the rank that is to blame.
        """
        try:
            self._send()
            while not self._is_decided():
                self._scale_pools()
                on_poll()
                self._await_answers(_POLL_SECONDS)
            are_together = all(answer.outcome in (Outcome.DONE, Outcome.PARTIAL) for answer in self._answers.values())
            self._stop(_TOGETHER_SECONDS if are_together else _APART_SECONDS)
        except BaseException:
            self._stop(_TOGETHER_SECONDS)
            raise
        finally:
            release_futures(self._client, self._futures)
        return self._to_blame()

    def out_of_time(self) -> list[str]:
        """Addresses of workers whose batch jobs end."""
        return [answer.worker for answer in self._answers.values() if answer.is_out_of_time]

    # --- ranks --------------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        main = self._places[0]
        hosts: Counter[str] = Counter()
        on_host = Counter(place.host for place in self._places)
        for rank, place in enumerate(self._places):
            job = RankJob(
                attempt=self._name,
                rank=rank,
                n_ranks=len(self._places),
                local_rank=hosts[place.host],
                n_local_ranks=on_host[place.host],
                main_host=get_address_host(main.address),
                main_port=main.port,
                request=self._request,
            )
            hosts[place.host] += 1
            key, resources = f"train-rank-{rank}-{self._name}", self._workers.resources(place.pool)
            future = submit_to(self._client, place.address, run_rank, job, key=key, resources=resources)
            future.add_done_callback(lambda _: self._came_back.set())
            self._futures.append(future)

    def _is_decided(self) -> bool:
        """Rank 0 alone writes: when it is done, all is."""
        return 0 in self._answers or any(answer.outcome is not Outcome.DONE for answer in self._answers.values())

    def _await_answers(self, seconds: float) -> None:
        """Waits a moment for the next answer, and looks which workers are still there: the future of a rank that waits
        for one that has gone never ends."""
        self._came_back.wait(seconds)
        self._came_back.clear()
        for rank in self._missing():
            if self._futures[rank].done():
                self._answers[rank] = self._answer(rank)
        known = self._known_workers()
        for rank in self._missing():
            if self._places[rank].address not in known:
                self._answers[rank] = self._lost(rank, "has gone")

    def _answer(self, rank: int) -> RankAnswer:
        """What a rank's task has returned or raised."""
        future = self._futures[rank]
        try:
            error = future.exception(timeout=_SIGNAL_SECONDS)
            if error is None:
                answer: RankAnswer = future.result(timeout=_SIGNAL_SECONDS)
                return answer
        except LOST_WORKER as lost:
            error = lost
        if isinstance(error, LOST_WORKER):
            return self._lost(rank, "has gone" if isinstance(error, KilledWorker) else f"is lost: {error}")
        return RankAnswer(rank, Outcome.FAILED, type(error).__name__, str(error))

    def _lost(self, rank: int, what: str) -> RankAnswer:
        message = f"the worker of rank {rank} at {self._places[rank].address} {what}"
        return RankAnswer(rank, Outcome.LOST, "worker", message)

    def _known_workers(self) -> set[str]:
        with suppress(*LOST_WORKER, RuntimeError):  # without a scheduler, futures end by themselves
            return set(self._client.nthreads())
        return {place.address for place in self._places}

    def _missing(self) -> list[int]:
        return [rank for rank in range(len(self._futures)) if rank not in self._answers]

    # --- the end ------------------------------------------------------------------------------------------------------

    def _stop(self, grace: float) -> None:
        """Ends every rank that is still at work: asks for a checkpoint, then kills."""
        for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, _KILLED_SECONDS)):
            end = time.monotonic() + seconds
            while self._missing() and time.monotonic() < end:
                self._signal(number)
                again = min(end, time.monotonic() + _REPEAT_SECONDS)
                while self._missing() and (left := again - time.monotonic()) > 0:
                    self._await_answers(left)
        for rank in self._missing():
            self._answers[rank] = self._lost(rank, "does not answer")

    def _signal(self, number: int) -> None:
        addresses = [self._places[rank].address for rank in self._missing()]
        with suppress(*LOST_WORKER, RuntimeError):
            self._client.run(
                signal_rank,
                self._name,
                number,
                workers=addresses,
                wait=False,
                on_error="ignore",
                callback_timeout=_SIGNAL_SECONDS,  # one of Client.sync: a worker that hangs must not hang the driver
            )

    def _to_blame(self) -> RankAnswer:
        """The answer that tells why the attempt ended: that of a lost rank before those of ranks that it left alone."""
        answers = list(self._answers.values())
        if self._answers[0].outcome is Outcome.DONE:
            return self._answers[0]
        failures = [answer for answer in answers if answer.outcome is Outcome.FAILED]
        own = [answer for answer in failures if not _is_of_others(answer)]
        lost = [answer for answer in answers if answer.outcome is Outcome.LOST and not answer.was_stopped]
        if lost or not failures:
            return (lost or [answer for answer in answers if answer.outcome is Outcome.PARTIAL] or answers)[0]
        if own:
            return replace(own[0], message=f"rank {own[0].rank}: {own[0].message}")
        first = failures[0]
        return replace(first, outcome=Outcome.LOST, message=f"a rank has lost the others: {first.message}")


def _is_of_others(failure: RankAnswer) -> bool:
    """Whether a rank failed because it could not reach the others: torch.distributed's own exceptions, and gloo's, which
    are RuntimeErrors that name its source file."""
    text = failure.message.lower()
    return failure.reason.startswith("Dist") or "gloo" in text or "nccl" in text
